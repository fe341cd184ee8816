"""What of a capture was not seen, and whose it may have been."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from replay.capture.episodes import Window
from replay.capture.exchange import Beyond, BrokenOff, Connection, Failure, Moment, Trouble
from replay.capture.journal_reader import read
from replay.capture.sessions import Traffic, assemble
from replay.expect.unseen import MOST_NAMED, Missed, Unseen
from tests.rules.talk import OPENED, Talk, header, opening
from tests.story import T0, Story

UNREAD = b"<SyncML xmlns='SYNCML:SYNCML1.2'><"
OWN, OTHERS, UNKNOWN = ({"subject": name, "sha256": name * 32} for name in ("aa", "bb", "cc"))


def traffic(story: Story) -> Traffic:
    return assemble(read(io.BytesIO(story.text()), "x"))


def between_first_and_last(story: Story) -> int | None:
    seen = traffic(story)
    turns = seen.sessions[-1].turns
    return Unseen(seen).between(turns[0], turns[-1])


def unread_of(seen: Traffic) -> list[int]:
    """Numbers of the unread requests that may have been the first enrolment's device's, each found behind the one before."""
    unseen, found = Unseen(seen), []
    after = float("-inf")
    while turn := unseen.first_request(seen.enrolments[0], after):
        found.append(turn.number)
        after = turn.exchange.order
    return found


def around(client: str) -> Story:
    """A session of two messages, with a request that cannot be read between them; another device is known at 10.0.0.9."""
    story = Story()
    story.device, story.client = "OTHER", "10.0.0.9:50000"
    story.ordinary("7")
    story.device, story.client = Story().device, Story().client
    talk = Talk("1", story).say(opening(), OPENED)
    story.client = client
    story.exchange(UNREAD, b"")
    story.client = Story().client
    return talk.say([header()], [header(2)]).story


def test_a_request_that_may_be_the_devices_may_be_a_message():
    assert between_first_and_last(around("10.0.0.5:50001")) == 1
    assert between_first_and_last(around("10.0.0.77:50001")) == 1  # nobody is known there


def test_one_from_another_device_is_none():
    assert between_first_and_last(around("10.0.0.9:50001")) == 0


@pytest.mark.parametrize(
    ("client", "cert", "may_be"),
    [
        ("10.0.0.5:50001", OTHERS, 0),  # both are behind one address
        ("10.0.0.5:50001", OWN, 1),
        ("10.0.0.9:50001", OWN, 1),
        ("10.0.0.5:50001", UNKNOWN, 1),
        ("10.0.0.9:50001", UNKNOWN, 0),
        ("10.0.0.9:50001", {"subject": "aa", "sha256": None}, 0),
    ],
)
def test_a_certificate_that_is_known_says_more_than_an_address(client, cert, may_be):
    story = Story(client="10.0.0.9:50000")
    story.device = "OTHER"
    request = story.package_one("7")
    story.exchange(request, story.answer(request), client_cert=OTHERS)
    story.device, story.client = Story().device, Story().client
    talk = Talk("1", story).say(opening(), OPENED, client_cert=OWN)
    story.exchange(UNREAD, b"", client=client, client_cert=cert)
    assert between_first_and_last(talk.say([header()], [header(2)]).story) == may_be


def test_what_is_no_message_is_none():
    talk = Talk().say(opening(), OPENED)
    form = [["Content-Type", "application/x-www-form-urlencoded"]]
    talk.story.exchange(b"a=1", b"", headers=form, response_headers=form)
    assert between_first_and_last(talk.say([header()], [header(2)]).story) == 0


def test_unread_requests_are_the_hosts_and_the_devices():
    seen = traffic(around("10.0.0.5:50001"))
    unseen = Unseen(seen)
    found = {each.device: unseen.first_request(each) for each in seen.enrolments}
    assert {device: turn and turn.number for device, turn in found.items()} == {"OTHER": None, Story().device: 3}


def test_where_nobody_watched_any_number_may_have_gone():
    talk = Talk().say(opening(), OPENED)
    talk.story.wait(60)
    assert between_first_and_last(talk.say([header()], [header(2)]).story) is None


def test_a_line_that_is_cut_may_have_been_anything():
    talk = Talk().say(opening(), OPENED)
    talk.story.lines.append("{broken")
    assert between_first_and_last(talk.say([header()], [header(2)]).story) is None


def test_a_clock_that_is_set_back_loses_nothing():
    talk = Talk().say(opening(), OPENED)
    talk.story.now -= 2
    talk.story.line("watching")
    assert between_first_and_last(talk.say([header()], [header(2)]).story) == 0


@pytest.mark.parametrize(("exchange", "unseen"), [(None, None), (1, 0)])
def test_a_capture_that_is_cut_nobody_knows_where_may_lack_anything(exchange, unseen):
    seen = traffic(Talk().say(opening(), OPENED).say([header()], [header(2)]).story)
    seen.capture.troubles.append(Trouble("cut", "the file breaks off", exchange=exchange))
    assert Unseen(seen).between(*seen.sessions[0].turns) == unseen


@pytest.mark.parametrize("url", [None, "/mdm"])
def test_a_request_to_an_unknown_host_may_be_a_message_of_any_session(url):
    talk = Talk().say(opening(), OPENED)
    talk.story.exchange(UNREAD, b"", url=url)
    assert between_first_and_last(talk.say([header()], [header(2)]).story) == 1
    seen = traffic(talk.story)
    assert unread_of(seen) == [2]


def test_what_was_not_read_is_told_without_a_clock_too():
    talk = Talk().say(opening(), OPENED)
    talk.story.exchange(UNREAD, b"")
    seen = traffic(talk.say([header()], [header(2)]).story)
    for exchange in seen.capture.exchanges:
        exchange.at = None
    assert Unseen(seen).between(*seen.sessions[0].turns) == 1
    assert unread_of(seen) == [2]


def test_one_to_another_host_may_not():
    talk = Talk().say(opening(), OPENED)
    talk.story.exchange(UNREAD, b"", url="https://other.example.test/mdm")
    assert between_first_and_last(talk.say([header()], [header(2)]).story) == 0


def test_what_was_sent_before_and_after_is_not_between():
    talk = Talk()
    talk.story.exchange(UNREAD, b"")
    talk.say(opening(), OPENED).say([header()], [header(2)])
    talk.story.exchange(UNREAD, b"")
    assert between_first_and_last(talk.story) == 0


def test_a_line_that_is_cut_outside_of_the_two_is_none():
    talk = Talk()
    talk.story.lines.append("{broken")
    talk.say(opening(), OPENED).say([header()], [header(2)]).story.lines.append("{broken")
    assert between_first_and_last(talk.story) == 0


def broken_off_between(
    *failures: str, client: str = "10.0.0.5:9", host: str | None = None, conn: str = "x"
) -> int | None:
    """A message, a connection on which requests ended like this, and another message."""
    talk = Talk()
    talk.say(opening(), OPENED).story.wait(1)
    connect(talk.story, conn, client=client, host=host)
    for cause in failures:
        talk.story.line("failure", id=None, conn=conn, cause=cause, detail="", received=None)
    talk.story.line("disconnect", conn=conn, side="client")
    talk.story.wait(1)
    talk.say([header()], [header(2)])
    return between_first_and_last(talk.story)


@pytest.mark.parametrize(
    ("failures", "messages"),
    [
        ((), 0),
        (("tls-failed",), 0),
        (("connect-failed",), 0),
        (("client-closed",), 1),
        (("client-closed", "connect-failed", "client-closed"), 2),
        (("other",), None),
    ],
)
def test_over_a_connection_that_was_not_read_messages_may_have_gone(failures, messages):
    assert broken_off_between(*failures) == messages


def test_on_one_that_was_read_a_request_that_broke_off_is_one():
    assert broken_off_between("other", "tls-failed", "client-closed", conn="c1") == 2


def test_one_of_another_device_or_to_another_host_carried_none():
    assert broken_off_between("other", host="elsewhere.example.test") == 0
    assert broken_off_between("other", host="mdm.example.test") is None
    seen = around("10.0.0.9:1")
    connect(seen, "x", client="10.0.0.9:2")
    fail(seen, "x")
    seen.exchange(b"", b"", client="10.0.0.5:4711")
    assert Unseen(traffic(seen)).between(traffic(seen).turns[0], traffic(seen).turns[-1]) == 0


def test_one_that_was_open_before_or_after_alone_carried_none():
    talk = Talk()
    connect(talk.story, "x")
    fail(talk.story, "x")
    talk.story.line("disconnect", conn="x", side="client")
    talk.story.wait(1)
    talk.say(opening(), OPENED).say([header()], [header(2)]).story.wait(1)
    connect(talk.story, "y")
    fail(talk.story, "y")
    assert between_first_and_last(talk.story) == 0
    turns = traffic(talk.story).turns
    assert Unseen(traffic(talk.story)).between(None, turns[0]) == 1


# -- in a window ------------------------------------------------------------------------------------------------------------


def missed(story: Story, begin: float = 1, end: float = 100) -> Missed:
    """What was missed of the first enrolment between two times of the story."""
    return missed_of(traffic(story), begin, end)


def missed_of(seen: Traffic, begin: float = 1, end: float = 100) -> Missed:
    window = Window(Moment(T0 + begin, T0 + begin), Moment(T0 + end, T0 + end), "watching")
    return Unseen(seen).in_window(seen.enrolments[0], window) or Missed(0, "")


def connect(
    story: Story, conn: str, *, client: str = "10.0.0.5:9", host: str | None = None, sni: str | None = None
) -> None:
    story.line("connect", conn=conn, client=client, sni=sni, host=host)


def fail(story: Story, conn: str, detail: str = "") -> None:
    story.line("failure", id=None, conn=conn, cause="client-closed", detail=detail, received=None)


def test_unread_requests_are_in_order_whatever_is_known_of_their_host():
    story = Story().ordinary("1").wait(5)
    for url in (None, story.url, None, story.url):
        story.exchange(UNREAD, b"", url=url)
    seen = traffic(story)
    assert unread_of(seen) == [2, 3, 4, 5]
    found = missed_of(seen)
    assert (found.count, [turn.number for turn in found.turns]) == (4, [2, 3, 4, 5])
    assert found.text == "exchange 2 could not be read and may have been the device's"
    found = missed_of(seen, begin=5.25)
    assert (found.count, [turn.number for turn in found.turns]) == (2, [4, 5])


def test_two_at_one_moment_are_two():
    story = Story().ordinary("1").wait(5)
    story.exchange(UNREAD, b"", takes=0.0)
    story.exchange(UNREAD, b"", takes=0.0)
    assert [turn.number for turn in missed(story).turns] == [2, 3]


def test_a_connection_of_another_device_is_none_of_this_ones():
    story = Story().ordinary("1")
    story.device, story.client = "OTHER", "10.0.0.9:1"
    story.ordinary("7").wait(5)
    connect(story, "x", client="10.0.0.9:2")
    assert missed(story) == Missed(0, "")
    connect(story, "y")
    assert missed(story) == Missed(1, "a connection in which no request was read may have been the device's")


def test_a_connection_on_which_requests_broke_off_is_one():
    story = Story().ordinary("1").wait(5)
    connect(story, "x")
    fail(story, "x")
    fail(story, "x", "again")
    assert missed(story) == Missed(1, "a request that was not read (client-closed) may have been the device's")


def test_a_connection_that_was_read_may_have_sent_a_message_where_a_request_broke_off_alone():
    story = Story()
    connect(story, "c1")
    story.ordinary("1").wait(5)
    fail(story, "c1")
    story.wait(20)
    fail(story, "c1")
    assert [missed(story, *each).count for each in [(1, 4), (4, 6), (6, 20), (4, 30)]] == [0, 1, 0, 2]


def test_one_that_was_not_may_have_from_its_beginning_to_its_end():
    story = Story().ordinary("1").wait(5)
    connect(story, "x")
    story.wait(20)
    fail(story, "x")
    story.wait(10).line("disconnect", conn="x", side="client")
    times = [(1, 5), (6, 20), (26, 30), (36, 40)]
    assert [missed(story, *each).count for each in times] == [0, 1, 1, 0]


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30) | st.none()), max_size=8), st.integers(0, 20))
def test_connections_are_found_in_a_window_as_if_all_were_looked_at(spans, begin):
    story = Story().ordinary("1")
    seen = traffic(story)
    for number, (since, lasted) in enumerate(spans):
        at = Moment(T0 + since, T0 + since)
        until = None if lasted is None else Moment(T0 + since + lasted, T0 + since + lasted)
        made = Connection(f"x{number}", "10.0.0.5:9", at=at, until=until)
        seen.capture.broken_off.append(BrokenOff(Failure("client-closed", float(number), str(number), at=at), made))
    expected = [
        (since, number)
        for number, (since, lasted) in enumerate(spans)
        if since <= begin + 5 and (lasted is None or since + lasted > begin)
    ]
    found = missed_of(seen, begin, begin + 5)
    assert found.count == len(expected)
    if expected:
        assert found.text == f"a request that was not read ({min(expected)[1]}) may have been the device's"


def test_of_what_was_missed_a_number_is_named_and_all_are_counted():
    story = Story().ordinary("1").wait(5)
    for _ in range(MOST_NAMED + 2):
        story.exchange(UNREAD, b"")
    connect(story, "x")
    found = missed(story)
    assert found.count == MOST_NAMED + 3
    assert [turn.number for turn in found.turns] == list(range(2, MOST_NAMED + 2))


def test_what_was_missed_from_a_known_place_and_from_an_unknown_one_is_in_one_order():
    story = Story().ordinary("1").wait(5)
    for number, client in enumerate(["10.0.0.5:9", "10.0.0.77:9"] * 2):
        story.exchange(UNREAD, b"", client=client)
        connect(story, f"x{number}", client=client)
    found = missed(story)
    assert (found.count, [turn.number for turn in found.turns]) == (8, [2, 3, 4, 5])
    story = Story().ordinary("1").wait(5)
    for number, client in enumerate(["10.0.0.77:9", "10.0.0.5:9", "10.0.0.77:9"]):
        connect(story, f"x{number}", client=client)
        fail(story, f"x{number}", str(number))
        story.wait(1)
    assert missed(story) == Missed(3, "a request that was not read (0) may have been the device's")


def test_a_request_that_broke_off_on_a_connection_that_nobody_saw_beginning():
    story = Story().ordinary("1").wait(5)
    fail(story, "x")
    story.wait(20)
    assert [missed(story, *each).count for each in [(1, 4), (4, 6), (6, 20)]] == [
        0,
        1,
        1,
    ]  # nor did anybody see its end


def test_a_connection_at_the_very_end_is_in_the_window():
    story = Story().ordinary("1").wait(4.9)
    connect(story, "x")
    assert missed(story, 1, 5).count == 1


def test_a_connection_from_which_another_part_of_the_capture_read_a_request_was_read():
    story = Story().ordinary("1").wait(5)
    connect(story, "c1")
    connect(story, "x")
    connect(story, "y")
    seen = traffic(story)
    seen.capture.beyond = Beyond(opened={(1, "x")})
    assert missed_of(seen).count == 1
    seen.capture.beyond = None
    assert missed_of(seen).count == 2


@pytest.mark.parametrize(
    ("url", "host", "sni", "may_be"),
    [
        ("https://mdm.example.test/mdm", None, None, True),
        ("https://mdm.example.test/mdm", "MDM.example.test", None, True),
        ("https://mdm.example.test/mdm", "mdm.example.test:443", None, True),
        ("https://mdm.example.test/mdm", "192.0.2.1", "mdm.example.test", True),
        ("https://mdm.example.test/mdm", "192.0.2.1", None, False),
        ("https://mdm.example.test:8443/mdm", "mdm.example.test", None, True),
        ("https://[2001:db8::1]/mdm", "2001:db8::1", None, True),
        ("https://[2001:db8::1]/mdm", "[2001:db8::1]:443", None, True),
        ("https://[2001:db8::1]/mdm", "2001:db8::2", None, False),
    ],
)
def test_a_connection_goes_where_its_host_or_its_sni_says(url, host, sni, may_be):
    story = Story(url=url).ordinary("1").wait(5)
    connect(story, "x", host=host, sni=sni)
    assert bool(missed(story).count) == may_be
