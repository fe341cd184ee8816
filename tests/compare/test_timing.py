import pytest
from msgspec import structs

from replay.capture.readers import read as read_any
from replay.capture.sessions import assemble
from replay.compare.timing import gap_change, taken, waited
from replay.compare.views import view
from tests.compare.stories import traffic
from tests.story import Story


@pytest.mark.parametrize(
    ("expected", "actual", "differs"),
    [
        (1.0, 1.0, False),
        (1.0, 2.0, False),
        (1.0, 2.1, True),
        (10.0, 15.0, False),
        (10.0, 15.1, True),
        (15.1, 10.0, True),
        (0.0, 1.0, False),
        (-5.0, 0.5, False),
        (-5.0, 1.5, True),
        (1.5, -5.0, True),
        (0.0, 1.1, True),
        (1.1, 0.0, True),
        (None, 5.0, False),
        (5.0, None, False),
    ],
)
def test_when_gaps_differ(expected, actual, differs):
    found = gap_change("HTTP/gap", expected, actual)
    assert (found is not None) is differs
    if found is not None:
        assert (found.kind, found.of) == ("changed", "timing")
        assert found.expected_path == found.actual_path == "HTTP/gap"
        assert (found.expected, found.actual) == (f"{expected:.1f} s", f"{actual:.1f} s")


def test_what_is_measured():
    story = Story().ordinary("1").wait(30)
    story.exchange(story.package_one("2"), None)
    first, second = (session.exchanges[0] for session in view(traffic(story)).chains[0].sessions)
    assert taken(first) == pytest.approx(0.1)
    assert waited(first, second) == pytest.approx(30)


def test_what_is_not_known_is_not_measured(tmp_path):
    """A folder of messages says nothing of time."""
    story = Story().ordinary("1").ordinary("2")
    for number, line in enumerate(line for line in story.lines if line["type"] in ("request", "response")):
        (tmp_path / f"{number // 2:02}_{line['type']}.xml").write_text(line["body"]["text"])
    sessions = view(assemble(read_any(str(tmp_path)))).chains[0].sessions
    first, second = (session.exchanges[0] for session in sessions)
    assert taken(first) is None
    assert waited(first, second) is None
    timed = view(traffic(story)).chains[0].sessions[1].exchanges[0]
    assert waited(first, timed) is None
    assert waited(timed, second) is None


@pytest.mark.parametrize("unknown", ["begin", "end"])
def test_what_has_no_beginning_or_no_end_took_nothing(unknown):
    (session,) = view(traffic(Story().ordinary("1"))).chains[0].sessions
    exchange = session.exchanges[0].turn.exchange
    if unknown == "begin":
        exchange.at = None
    else:
        exchange.response = structs.replace(exchange.response, at=None)
    assert taken(session.exchanges[0]) is None
