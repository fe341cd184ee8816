"""When something may have been sent over connections that were not read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from replay.capture.exchange import BrokenOff, Capture, Connection, Exchange, Failure, Moment
from replay.expect.unopened import Unopened, open_of, unopened_of


def moment(clock: float | None) -> Moment | None:
    return None if clock is None else Moment(clock, clock)


def unopened(begin: float, lasted: float | None) -> Unopened:
    end = moment(None if lasted is None else begin + lasted)
    return Unopened(Connection("x", None), Moment(begin, begin), end, "x", 1)


times = st.integers(0, 12)


@given(st.lists(st.tuples(times, times | st.none()), max_size=9), times, times)
def test_what_was_open_is_told_as_if_each_were_looked_at(spans, since, lasted):
    until = since + lasted
    all_of_them = [unopened(*each) for each in spans]
    found = open_of(all_of_them)
    begun = [each for each in all_of_them if each.begin.clock <= until]
    after = [each for each in begun if each.ended > since]
    assert found.between(since, until) == sum(each.ended >= since for each in begun)
    assert found.after(since, until) == len(after)
    if after:
        assert found.first_after(since) is min(after, key=lambda each: each.begin.clock)


@pytest.mark.parametrize(
    ("host", "sni", "hosts"),
    [
        (None, None, set()),
        ("MDM.example.test:443", None, {"mdm.example.test"}),
        ("192.0.2.1", "mdm.example.test", {"192.0.2.1", "mdm.example.test"}),
        ("[2001:db8::1]:443", "", {"2001:db8::1"}),
        (":443", None, {""}),
    ],
)
def test_it_may_have_gone_where_its_host_or_its_sni_says(host, sni, hosts):
    made = Connection("x", None, host=host, sni=sni)
    assert Unopened(made, Moment(1, 1), None, "x", None).hosts == hosts


def capture(*causes: str, at: float | None = 5, begin: float | None = 1, until: float | None = 9) -> Capture:
    """A connection on which requests ended like this, none of them read."""
    found = Capture("x", "omadm-journal")
    made = Connection("c", None, at=moment(begin), until=moment(until))
    found.connections.append(made)
    found.broken_off += [BrokenOff(Failure(cause, 1.0, at=moment(at)), made) for cause in causes]
    return found


def shown(found: Capture) -> list[tuple[float, float, int | None]]:
    return [(each.begin.clock, each.ended, each.messages) for each in unopened_of(found)]


def test_a_connection_without_a_request_counts_when_it_began():
    assert shown(capture()) == [(1, 1, 0)]
    assert shown(capture(begin=None)) == []


def test_one_on_which_requests_broke_off_is_one_and_may_have_sent_as_many_all_the_time():
    assert shown(capture("client-closed", "timeout", "tls-failed")) == [(1, 9, 2)]
    assert shown(capture("client-closed", begin=None, until=None)) == [(5, float("inf"), 1)]
    for causes in (("client-closed", "other"), ("other", "client-closed")):
        assert shown(capture(*causes)) == [(1, 9, None)]
    assert shown(capture("client-closed", begin=None, at=None)) == []


def test_on_one_that_was_read_each_request_that_broke_off_is_one_when_it_did():
    found = capture("client-closed", "tls-failed")
    found.exchanges.append(Exchange(1, "1", 2.0, conn="c"))
    assert shown(found) == [(5, 5, 1), (5, 5, 0)]
    assert unopened_of(found)[0].text == "a request that was not read (client-closed)"
