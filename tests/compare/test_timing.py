import pytest

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
        (None, 5.0, False),
        (5.0, None, False),
    ],
)
def test_when_gaps_differ(expected, actual, differs):
    found = gap_change("HTTP/gap", expected, actual)
    assert (found is not None) is differs
    if found is not None:
        assert (found.kind, found.of, found.path) == ("changed", "timing", "HTTP/gap")
        assert (found.expected, found.actual) == (f"{expected:.1f} s", f"{actual:.1f} s")


def test_what_is_measured():
    story = Story().ordinary("1").wait(30)
    story.exchange(story.package_one("2"), None)
    first, second = (session.exchanges[0] for session in view(traffic(story)).chains[0].sessions)
    assert taken(first) == pytest.approx(0.1)
    assert waited(first, second) == pytest.approx(30)
