"""How a number is counted that follows on something odd: no number, the same again, a wrong one (MSG007)."""

import pytest

from replay.lab import messages
from tests.rules.test_msg007 import found, numbers
from tests.story import Story


def device_says(*numbered):
    """A session in which the device gives its messages after the first these MsgIDs."""
    story = Story().get_session("1")
    for place, number in enumerate(numbered, 2):
        request = story.to_server("1", 2, []).replace(b"<MsgID>2<", f"<MsgID>{number}<".encode())
        story.exchange(request, story.to_device("1", place, []))
    return story


def wrong(story):
    """The exchanges that MSG007 speaks of."""
    findings = [f for f in story.judge().findings if f.rule == "MSG007"]
    return sorted(number for f in findings for number in (f.exchange, *f.also))


@pytest.mark.parametrize(
    ("numbered", "expected"),
    [
        (("x", "3"), [2]),
        (("x", "2"), [2]),
        (("x", "4"), [2, 3]),
        (("x", "y", "4"), [2, 3]),
        (("x", "y", "5"), [2, 3, 4]),
        (("", "3"), []),
        (("", "4"), [3]),
    ],
)
def test_what_is_no_number_stands_for_one(numbered, expected):
    story = device_says(*numbered)
    assert found(story) or not expected
    assert wrong(story) == expected


def test_the_same_again_is_counted_no_second_time():
    story = numbers((1, 1), (2, 2), (3, 3))
    story.exchange(story.to_server("1", 2, []), story.to_device("1", 4, []))
    story.exchange(story.to_server("1", 4, []), story.to_device("1", 5, []))
    assert found(story) == [("device", "warning", 4)]


def test_after_a_wrong_number_it_is_counted_from_there():
    story = numbers((1, 1), (2, 2), (3, 3))
    story.exchange(story.to_server("1", 2, [messages.results(1, "1", "9", "./A", "x")]), story.to_device("1", 4, []))
    story.exchange(story.to_server("1", 3, []), story.to_device("1", 5, []))
    assert found(story) == [("device", "error", 4)]


def test_what_is_asked_for_again_keeps_its_number():
    story = Story().get_session("1")
    story.exchange(story.to_server("1", 2, []), b"", status=401)
    story.exchange(story.to_server("1", 4, []), story.to_device("1", 2, []))
    assert found(story) == [("device", "error", 3)]


def test_an_answer_to_the_same_again_may_be_the_same_and_no_other():
    story = numbers((1, 1), (2, 2), (2, 5))
    assert found(story) == [("device", "warning", 3), ("server", "error", 3)]
