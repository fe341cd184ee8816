from functools import partial

import pytest

from replay.compare.likeness import Features
from replay.compare.sessions import pair_sessions
from replay.compare.views import view
from replay.lab import messages
from tests.compare.bare import without_http
from tests.compare.edits import copied
from tests.compare.stories import changes, diff, replace, session, told_in, traffic
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


def answered(answer: bytes | None) -> Story:
    """A session of which the last exchange has this answer; the server's own where it is "full"."""
    story = Story().get_session("1")
    request = story.to_server("1", 2, [messages.status(1, "1", "0", "SyncHdr", "200")])
    story.exchange(request, story.answer(request) if answer == b"full" else answer)
    return story


@pytest.mark.parametrize("answer", [b"", b"full", b"<SyncML"])
def test_an_answer_that_only_one_side_has(answer):
    """One without a message is nothing beside a format that carries no such thing, and something beside every other."""
    with_it, without = answered(answer), answered(None)
    one, other = [("removed", "sequence", "SyncML")], [("added", "sequence", "SyncML")]
    assert (changes(diff(with_it, without)), changes(diff(without, with_it))) == (one, other)
    bare = without_http(without)
    unknown = answer == b""
    assert changes(diff(with_it, bare)) == ([] if unknown else one)
    assert changes(diff(bare, with_it)) == ([] if unknown else other)
    assert changes(diff(without_http(with_it), bare)) == ([] if unknown else one)


def test_answers_without_a_message_stand_beside_each_other_in_every_format():
    bare = without_http(answered(b""))
    (found,) = diff(bare, bare).sessions
    assert [(each.expected.side, each.actual.side) for each in found.messages][-2:] == [
        ("request", "request"),
        ("response", "response"),
    ]


def with_request(value: str, **members: object) -> Story:
    """A session in which the server writes this, with these members of the request's line."""
    story = session(Story(), "1", messages.get(9, "./A"))
    request = story.to_server("1", 2, [messages.status(1, "1", "0", "SyncHdr", "200")])
    story.exchange(request, story.answer(request, replace(20, "./X", value)))
    story = copied(story)
    story.lines[3].update(members)
    return story


def test_an_answer_is_looked_at_whatever_is_there_of_its_request():
    unseen = partial(with_request, url=None, method=None, http=None, body=None, headers=[])
    value = [("changed", "value", "SyncBody/Replace/Item/Data")]
    assert changes(diff(unseen("1"), unseen("2"))) == value
    assert changes(diff(with_request("1", body=None), unseen("2"))) == value  # a request without a message
    assert changes(diff(unseen("1"), with_request("2", body=None))) == value


@pytest.mark.parametrize("order", ["AB", "CD", "EF", "GH"])
def test_of_two_exchanges_that_changed_places_one_has_moved(order):
    assert changes(diff(told_in(order), told_in(order[::-1]))) == [("moved", "sequence", "SyncML")]


def test_a_session_that_changed_and_goes_on_after_the_alert():
    def story(value: str, *, late: bool) -> Story:
        made = session(Story(), "1", messages.get(9, "./A"))
        if late:
            made.alert("2")
        made.go_on("1", 2, messages.results(5, "1", "9", "./A", value))
        return made if late else made.alert("2")

    for one, other in ((False, True), (True, False)):
        assert sorted(changes(diff(story("a", late=one), story("b", late=other)))) == [
            ("changed", "value", "SyncBody/Results/Item/Data"),
            ("moved", "sequence", "SyncML"),
        ]


def test_a_jump_after_a_message_that_only_the_second_has_is_said_there_alone():
    story = session(Story(), "1", messages.get(9, "./A"))
    story.go_on("1", 2, messages.status(2, "1", "9", "Get", "200")).go_on("1", 3).go_on("1", 4)
    short = Story()
    short.lines = [line for line in story.lines if line.get("id") != "2"]
    assert changes(diff(short, story)) == [("added", "sequence", "SyncML"), ("added", "sequence", "SyncML")]


def test_of_sessions_with_the_same_commands_each_is_beside_the_one_of_its_place():
    def written(*values: str) -> Story:
        story = Story()
        for number, value in enumerate(values, 1):
            session(story, str(number), replace(9, "./A", value))
        return story

    assert numbers(written("1", "2", "3"), written("1", "4", "3")) == [(1, 1, False), (2, 2, False), (3, 3, False)]
    assert numbers(written("1", "2"), written("2", "1")) in (
        [(1, 2, True), (2, 1, False)],
        [(1, 2, False), (2, 1, True)],
    )
