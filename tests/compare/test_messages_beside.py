"""Messages that differ, and what is known of them from what stands beside: aliases, headers, namespaces, answers."""

import re

import pytest

from replay.lab import messages
from tests.compare.stories import GUIDS, diff, edited, replace, session
from tests.story import Story


def told(one, other) -> list[tuple[str, str, str | None, str | None]]:
    return [(each.kind.value, each.path, each.expected, each.actual) for each in diff(one, other).changes]


def paths(one, other) -> list[str]:
    """The paths of what changed; fails where the other way round there are others."""
    found = sorted(each.path for each in diff(one, other).changes)
    assert found == sorted(each.path for each in diff(other, one).changes)
    return found


IDS = [replace(20 + number, f"./N{number}", GUIDS[0]) for number in range(3)]


def test_an_alias_is_known_by_messages_of_its_session_that_are_equal():
    def story(name: str, word: str) -> Story:
        made = session(Story(), "1", *IDS)
        request = made.to_server("1", 2, [messages.status(1, "1", "0", "SyncHdr", "200")])
        made.exchange(request, made.answer(request, replace(9, "./Id", name), replace(10, "./Word", word)))
        return made

    word = "SyncBody/Replace[2]/Item/Data"
    assert paths(story(GUIDS[0], "x"), story(GUIDS[0], "y")) == [word]
    assert paths(story(GUIDS[0], "x"), story(GUIDS[1], "y")) == ["SyncBody/Replace[1]/Item/Data", word]


def test_an_alias_is_known_by_commands_of_its_message_that_are_equal():
    def story(name: str, word: str) -> Story:
        return session(Story(), "1", *IDS, replace(9, "./Id", name), replace(10, "./Word", word))

    word = "SyncBody/Replace[5]/Item/Data"
    assert paths(story(GUIDS[0], "x"), story(GUIDS[0], "y")) == [word]
    assert paths(story(GUIDS[0], "x"), story(GUIDS[1], "y")) == ["SyncBody/Replace[4]/Item/Data", word]


def with_headers(*each: tuple[str, dict[str, str]]) -> Story:
    """A session for each model of the device, with these headers in its request; of a model in capitals something is asked."""
    story = Story()
    for number, (model, headers) in enumerate(each, 1):
        request = story.package_one(str(number)).replace(b"Lab device", model.encode())
        pairs = [["Content-Type", story.content_type], *(list(pair) for pair in headers.items())]
        gets = [messages.get(9 + place, f"./{place}") for place in range(9 if model.isupper() else 0)]
        story.exchange(request, story.answer(request, *gets), headers=pairs)
    return story


def correlated(vector: str, name: str, **more: str) -> dict[str, str]:
    return {"MS-CV": vector, "client-request-id": name, **more}


def test_aliases_of_headers_have_other_numbers_where_others_came_before():
    one = with_headers(("x", correlated("abc.1", "R")))
    other = with_headers(("A", correlated("new.1", "N")), ("y", correlated("xyz.1", "S")))
    model = ("changed", "SyncBody/Replace/Item[3]/Data")
    assert [each for each in told(one, other) if each[0] != "added"] == [(*model, "x", "y")]
    assert [each for each in told(other, one) if each[0] != "removed"] == [(*model, "y", "x")]


def test_a_vector_that_goes_on_after_one_more_step_is_the_same_in_a_message_that_changed():
    one = with_headers(*((model, {"MS-CV": f"abc.{step}"}) for step, model in enumerate("abx", 1)))
    other = with_headers(*((model, {"MS-CV": f"abc.{step}"}) for step, model in enumerate("abCy", 1)))
    found = [each[:2] for each in told(one, other)]
    assert sorted(found) == [("added", "session"), ("changed", "SyncBody/Replace/Item[3]/Data")]


def test_a_step_after_one_of_another_vector_is_another():
    def story(*vectors: str) -> Story:
        return with_headers(*(("m", {"MS-CV": each}) for each in vectors))

    one, other = story("abc.1", "abc.2", "def.1", "def.2"), story("xyz.1", "xyz.2", "xyz.3", "xyz.4")
    assert paths(one, other) == ["HTTP/ms-cv", "HTTP/ms-cv"]


def test_a_header_that_is_written_like_an_alias_is_none():
    one = with_headers(("x", correlated("abc.1", "R", **{"User-Agent": "{R}"})))
    other = with_headers(("x", correlated("abc.1", "R", **{"User-Agent": "{R1}"})))
    assert told(one, other) == [("changed", "HTTP/user-agent", "{R}", "{R1}")]


def test_the_namespace_around_an_element_is_that_of_its_own_side():
    def story(version: str, new: str) -> bytes:
        made = session(Story(), "1", replace(9, "./A", "1"))
        text = edited(made, "</CmdID><Item>", f"</CmdID>{new}<Item>")
        return text.replace(b"SYNCML:SYNCML1.2", f"SYNCML:SYNCML{version}".encode())

    path = "SyncBody/Replace/New/@xmlns"
    inside, outside = story("1.2", "<New>1</New>"), story("1.1", '<New xmlns="urn:x">1</New>')
    assert ("changed", path, "SYNCML:SYNCML1.2", "urn:x") in told(inside, outside)
    assert ("changed", path, "urn:x", "SYNCML:SYNCML1.2") in told(outside, inside)


def test_a_message_without_a_namespace():
    story = Story().ordinary("1")
    bare = edited(story, ' xmlns="SYNCML:SYNCML1.2"', "", 1)
    assert told(story, bare) == [("changed", "@xmlns", "SYNCML:SYNCML1.2", "")]
    assert told(bare, story) == [("changed", "@xmlns", "", "SYNCML:SYNCML1.2")]


def test_a_part_that_neither_side_has_is_no_row():
    def story(name: str) -> Story:
        made = Story()
        request = made.package_one("1")
        answer = made.answer(request, messages.get(9, name))
        made.exchange(request, re.sub(b"<SyncHdr>.*</SyncHdr>", b"", answer))
        return made

    (found,) = [m for s in diff(story("./A"), story("./B")).sessions for m in s.messages if m.rows]
    assert all(row.expected or row.actual for row in found.rows)
    assert "SyncHdr" not in [row.expected for row in found.rows]


def test_the_words_of_an_answer_to_what_only_its_own_side_has():
    def story(name: str, code: str) -> Story:
        made = session(Story(), "1", messages.get(9, "./A"), messages.get(10, name))
        return made.go_on("1", 2, messages.status(2, "1", "10", "Get", code))

    (row,) = [
        row
        for each in diff(story("./B", "200"), story("./C", "404")).sessions[0].messages
        for row in each.rows
        if row.changes and "Status" in (row.expected or "")
    ]
    assert (row.expected, row.actual) == ("Status 200 for Get ./B", "Status 404 for Get ./C")


@pytest.mark.parametrize("number", [1, 2])
def test_what_an_answer_refers_to_is_said_whatever_is_odd_about_it(number):
    """Also of one whose CmdID was used before."""

    def story(reference: str) -> Story:
        made = session(Story(), "1", messages.get(9, "./A"), messages.get(10, "./B"))
        return made.go_on("1", 2, messages.status(number, "1", reference, "Get", "200"))

    assert told(story("9"), story("10")) == [
        ("changed", "SyncBody/Status[2]/CmdRef", "{message 1, Get[1]}", "{message 1, Get[2]}"),
    ]
