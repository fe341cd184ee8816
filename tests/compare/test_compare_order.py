"""In which order a comparison shows things, what belongs to whom, and what is said not to have been compared."""

from collections import Counter

import pytest

from replay.lab import messages
from tests.compare.bare import without_http
from tests.compare.edits import copied
from tests.compare.stories import GUIDS, changes, diff, edited, overtaken, replace, session, told_in
from tests.story import Story


def messages_of(comparison, place=0):
    """Number and side of each message of a session and of its counterpart."""
    return [
        tuple((each.number, each.side) if each is not None else None for each in (message.expected, message.actual))
        for message in comparison.sessions[place].messages
    ]


def numbers_of(comparison):
    return [
        tuple(each.number if each is not None else None for each in (session.expected, session.actual))
        for session in comparison.sessions
    ]


def test_what_only_the_second_has_stands_behind_what_comes_before_it_there():
    one = Story().get_session("1").alert("2")
    other = Story().exec("1").get_session("2").ordinary("3").ordinary("4").alert("5")
    assert numbers_of(diff(one, other)) == [(None, 1), (1, 2), (None, 3), (None, 4), (2, 5)]
    assert numbers_of(diff(other, one)) == [(1, None), (2, 1), (3, None), (4, None), (5, 2)]


def test_sessions_of_two_devices_stand_in_the_order_of_time():
    def mixed() -> Story:
        story = Story(device="A").ordinary("1")
        story.device = "B"
        story.get_session("2")
        story.device = "A"
        return story.exec("3")

    assert numbers_of(diff(mixed(), mixed())) == [(1, 1), (2, 2), (3, 3)]
    other = edited(mixed(), "Lab device", "Another", 1)
    assert numbers_of(diff(mixed(), other)) == [(1, 1), (2, 2), (3, 3)]


def test_messages_stand_in_their_order_with_the_missing_ones_in_their_places():
    both = [((n, "request"), (m, "request")) for n, m in ((1, 1), (2, 2), (3, 4), (4, 5))]
    want = [pair for request in both for pair in (request, tuple((n, "response") for n, _ in request))]
    new = [(None, (3, "request")), (None, (3, "response"))]
    assert messages_of(diff(told_in("ABC"), told_in("AXBC"))) == want[:4] + new + want[4:]
    gone = [(pair[1], pair[0]) for pair in want[:4] + new + want[4:]]
    assert messages_of(diff(told_in("AXBC"), told_in("ABC"))) == gone


def test_what_only_the_second_has_stands_behind_what_comes_before_it_there_though_that_moved():
    found = messages_of(diff(told_in("ABCDE"), told_in("BCDEAXY")))
    requests = [tuple(each and each[0] for each in pair) for pair in found if "request" in str(pair)]
    assert requests == [(1, 1), (2, 6), (None, 7), (None, 8), (3, 2), (4, 3), (5, 4), (6, 5)]

    def gets(*names: str) -> Story:
        story = Story()
        for number, name in enumerate(names, 1):
            session(story, str(number), messages.get(9, f"./{name}"), messages.get(10, f"./{name}/x"))
        return story

    found = numbers_of(diff(gets("a", "b", "c", "d"), gets("b", "c", "d", "a", "x", "y")))
    assert found == [(1, 4), (None, 5), (None, 6), (2, 1), (3, 2), (4, 3)]


def test_an_answer_that_only_the_second_has_stands_behind_its_request():
    one, other = Story(), Story()
    request = one.package_one("1")
    one.exchange(request, None, failure="timeout")
    one.go_on("1", 2)
    other.exchange(request, other.answer(request))
    other.go_on("1", 2)
    found = messages_of(diff(one, other))
    assert found[:3] == [
        ((1, "request"), (1, "request")),
        (None, (1, "response")),
        ((2, "request"), (2, "request")),
    ]


def test_an_answer_that_is_missing_stands_behind_its_request_whatever_came_instead():
    one, other = Story(), Story()
    request = one.package_one("1")
    one.exchange(request, one.answer(request))
    other.exchange(request, None, failure="timeout")
    other.go_on("1", 2, replace(9, "./Mine", "x"))
    for number, story in ((2, one), (3, other)):
        story.go_on("1", number, messages.results(5, "1", "9", "./A", "a"))
    requests = [((1, "request"), (1, "request")), (None, (2, "request")), ((2, "request"), (3, "request"))]
    answers = [((1, "response"), None), (None, (2, "response")), ((2, "response"), (3, "response"))]
    both = [each for pair in zip(requests, answers, strict=True) for each in pair]
    assert messages_of(diff(one, other)) == both
    assert messages_of(diff(other, one)) == [(there, here) for here, there in both]


def test_what_belongs_to_no_session_stands_at_the_end():
    one, other = Story(), Story()
    for story in (one, other):
        story.exchange(b"<SyncML><a", b"")
        story.ordinary("1")
    other.ordinary("2")
    assert numbers_of(diff(one, other)) == [(1, 1), (None, 2), (None, None)]


def test_a_change_says_on_which_side_and_in_which_session_it_is():
    one = Story().exec("1").alert("2")
    other = edited(one, "<Data>1</Data>", "<Data>2</Data>")
    (change,) = diff(one, other).changes
    assert (change.side, change.role) == ("request", "alert")
    (change,) = diff(Story().exec("1"), edited(Story().exec("1"), "MS DM Server", "Another")).changes
    assert (change.side, change.role) == ("response", "exec")
    other = Story().ordinary("1")
    other.exchange(b"<SyncML><a", b"")
    (change,) = diff(Story().ordinary("1"), other).changes
    assert (change.side, change.role) == ("request", "")
    assert ("capture", "", "") in [(each.path, each.side, each.role) for each in diff(one, other.text()[:-40]).changes]


# -- what belongs to whom ---------------------------------------------------------------------------------------------


def test_devices_that_belong_together_are_the_same_however_often_another_stands_there():
    """What the server wrote was the other device's id, and is this device's own now: that is what differs, and not who it is."""

    def written(whose: str) -> Story:
        story = Story(device="B").ordinary("1")
        story.device = "A"
        return session(story, "1", *(replace(9 + place, f"./N{place}", whose) for place in range(12)))

    found = diff(written("B"), written("A"))
    assert {change.path for change in found.changes} == {f"SyncBody/Replace[{n}]/Item/Data" for n in range(1, 13)}


def ids(*values: str) -> Story:
    commands = [replace(9 + place, f"./N{place}", value) for place, value in enumerate(values)]
    return session(Story(), "1", *commands)


def written(*pairs: tuple[str, str]) -> Story:
    return session(Story(), "1", *(replace(9 + place, f"./{name}", value) for place, (name, value) in enumerate(pairs)))


def asked_twice(answers: str) -> Story:
    """The same asked twice, with one answer each, in either order."""
    story = session(Story(), "1", messages.get(9, "./A"), messages.get(10, "./A"))
    said = {"a": messages.status(2, "1", "9", "Get", "200"), "b": messages.status(3, "1", "10", "Get", "404")}
    return story.go_on("1", 2, *(said[each] for each in answers))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (ids(GUIDS[0], GUIDS[1], GUIDS[2], GUIDS[0]), ids(GUIDS[0], GUIDS[1], GUIDS[2], GUIDS[2])),
        (ids("x", GUIDS[0], GUIDS[0]), ids(GUIDS[0], GUIDS[1], GUIDS[0])),
        (written(("P", "1"), ("Q", "2")), written(("Q", "2"), ("P", "1"))),
        (overtaken(0, 1), overtaken(1, 0)),
        (overtaken(0, 1), edited(overtaken(1, 0), "Lab device", "Another")),
        (written(("P", GUIDS[0]), ("Q", GUIDS[0])), written(("Q", GUIDS[1]), ("P", GUIDS[2]))),
        (asked_twice("ab"), edited(asked_twice("ba"), "<VerProto>DM/1.2</VerProto>", "<VerProto>DM/1.3</VerProto>")),
        (Story().get_session("1").exec("2").alert("3"), Story().exec("1").alert("2").get_session("3")),
    ],
)
def test_the_other_way_round_the_same_is_said(one, other):
    there = [(each.expected_path, each.actual_path, each.expected, each.actual) for each in diff(one, other).changes]
    back = [(each.actual_path, each.expected_path, each.actual, each.expected) for each in diff(other, one).changes]
    assert there
    assert Counter(there) == Counter(back)


# -- what was not compared --------------------------------------------------------------------------------------------


def test_a_capture_without_http_beside_one_with_it():
    story = Story().get_session("1").go_on("1", 2)
    bare = without_http(story)
    said = "carries no HTTP: URLs, headers and status were not compared"
    assert diff(bare, story).apart == (f"EXPECTED {said}",)
    assert diff(story, bare).apart == (f"ACTUAL {said}",)
    assert diff(story, story).apart == diff(bare, bare).apart == ()


def test_a_capture_that_carries_http_for_some_messages():
    story = Story().get_session("1").go_on("1", 2)
    partly = copied(story)
    partly.lines[3].update(url=None, method=None, http=None, headers=[])
    said = "carries no HTTP for some messages: their URLs, headers and status were not compared"
    assert diff(partly, story).equal
    assert diff(partly, story).apart == (f"EXPECTED {said}",)
    assert diff(story, partly).apart == (f"ACTUAL {said}",)


def test_headers_of_a_message_that_is_not_there_count():
    def with_agent(name: str) -> Story:
        story = copied(Story().ordinary("1"))
        story.lines[1].update(url=None, method=None, body=None, headers=[["User-Agent", name]])
        return story

    assert changes(diff(with_agent("one"), with_agent("two"))) == [("changed", "http", "HTTP/user-agent")]


def test_a_capture_without_a_message_says_nothing_of_http():
    assert diff(Story(), Story().ordinary("1")).apart == ()
    assert diff(Story().ordinary("1"), Story()).apart == ()
