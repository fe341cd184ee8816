from replay.compare.likeness import Features
from replay.compare.sessions import pair_sessions
from replay.compare.views import view
from replay.lab import messages
from tests.compare.stories import session, traffic
from tests.story import Story, user


def pairs(one: Story, other: Story):
    sides = (view(traffic(each)).chains[0].sessions for each in (one, other))
    return pair_sessions(*sides, Features())


def numbers(one: Story, other: Story) -> list[tuple[int | None, int | None, bool]]:
    return [(p.one and p.one.number, p.other and p.other.number, p.moved) for p in pairs(one, other)]


def gets(*names: str) -> Story:
    story = Story()
    for number, name in enumerate(names, 1):
        session(story, str(number), messages.get(9, f"./{name}"))
    return story


def test_equal_sessions_go_first_whatever_comes_between():
    found = numbers(gets("a", "b"), gets("x", "a", "y", "b"))
    assert (1, 2, False) in found
    assert (2, 4, False) in found
    assert (None, 1, False) in found


def test_a_session_that_lost_its_alert_is_the_same_session():
    assert numbers(user(), Story().ordinary("1").watch(30).ordinary("2"))[1] == (2, 2, False)


def test_exchanges_are_paired_by_place_where_sessions_are_equal():
    (pair,) = pairs(Story().get_session("1").go_on("1", 2), Story().get_session("1").go_on("1", 2))
    assert pair.same
    assert [(each.one.request.turn, each.other.request.turn) for each in pair.exchanges] == [(0, 0), (1, 1)]
    assert len(pair.messages) == 4


def test_a_message_that_is_missing_has_no_pair():
    (pair,) = pairs(Story().get_session("1").go_on("1", 2), Story().get_session("1"))
    assert not pair.same
    assert [(mine is None, theirs is None, both is None) for mine, theirs, both in pair.messages] == [
        (False, False, False),
        (False, False, False),
        (False, True, True),
        (False, True, True),
    ]
