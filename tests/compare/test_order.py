from replay.compare.order import SESSION
from replay.lab import messages
from tests.compare.stories import changes, diff, session
from tests.story import Story, user


def gets(*names: str) -> Story:
    story = Story()
    for number, name in enumerate(names, 1):
        session(story, str(number), messages.get(9, f"./{name}"), messages.get(10, f"./{name}/x"))
    return story


def test_of_sessions_in_another_order_as_few_as_can_be_have_moved():
    assert changes(diff(gets("a", "b", "c"), gets("b", "c", "a"))) == [("moved", "sequence", SESSION)]
    assert len(changes(diff(gets("a", "b", "c"), gets("c", "b", "a")))) == 2
    assert changes(diff(gets("a", "b"), gets("a", "b"))) == []


def test_an_exchange_that_another_session_overtook():
    def story(*order: int) -> Story:
        made = Story().get_session("1")
        steps = [lambda: made.go_on("1", 2), lambda: made.alert("2")]
        for step in order:
            steps[step]()
        return made

    assert changes(diff(story(0, 1), story(1, 0))) == [("moved", "sequence", "SyncML")]
    assert changes(diff(story(1, 0), story(1, 0))) == []


def test_a_whole_session_is_one_change_at_its_first_message():
    found = diff(user(), Story().ordinary("1"))
    assert changes(found) == [("removed", "sequence", SESSION)]
    (change,) = found.changes
    assert change.expected == "alert session of 1 exchange"
    assert (change.role, change.side) == ("alert", "request")


def test_the_gap_before_what_only_one_side_has_is_not_compared():
    one = Story().ordinary("1").wait(10).ordinary("2")
    other = Story().ordinary("1").wait(300).get_session("7").wait(3).ordinary("2")
    assert ("changed", "timing", "HTTP/gap") not in changes(diff(one, other, timing=True))
