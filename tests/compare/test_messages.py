import re
from functools import partial

import pytest

from replay.compare.messages import alone, http_row
from replay.compare.views import view
from replay.lab import messages
from tests.compare.edits import copied
from tests.compare.stories import GUIDS, diff, edited, replace, session, traffic, with_header
from tests.story import Story, user


def rows(one, other):
    (found,) = [m for s in diff(one, other).sessions for m in s.messages if m.rows]
    return [(row.expected, row.actual, len(row.changes), row.depth) for row in found.rows]


def test_every_part_stands_beside_its_counterpart():
    one = session(Story(), "1", messages.get(9, "./A"), replace(10, "./B", "1"))
    found = rows(one, session(Story(), "1", replace(10, "./B", "2")))
    assert found[0] == ("HTTP 200", "HTTP 200", 0, 0)
    assert found[1][:2] == ("SyncHdr", "SyncHdr")
    assert found[-2:] == [("Get ./A", None, 1, 0), ("Replace ./B = 1", "Replace ./B = 2", 1, 0)]


def test_messages_that_are_equal_have_no_rows():
    assert all(m.rows == () for s in diff(user(), user(device="X")).sessions for m in s.messages)


def test_what_is_in_a_group_is_deeper():
    atomic = f"<Atomic><CmdID>9</CmdID>{replace(10, './A', '1')}</Atomic>"
    one = session(Story(), "1", atomic)
    assert rows(one, edited(one, "./A", "./B"))[-1][3] == 1


def test_what_http_says():
    request, response = view(traffic(user())).chains[0].sessions[0].exchanges[0].sides
    assert http_row(request) == "POST {server}/ManagementServer/MDM.svc?mode=Maintenance&Platform=WoA"
    assert http_row(response) == "HTTP 200"
    proxy = Story()
    proxy.exchange(proxy.package_one("1"), b"", status=502, by="proxy")
    assert http_row(view(traffic(proxy)).chains[0].sessions[0].exchanges[0].response) == "HTTP 502 made by the proxy"


def test_a_message_that_only_one_side_has():
    request = view(traffic(user())).chains[0].sessions[0].exchanges[0].request
    row = alone(request, second=True)
    assert (row.expected, row.actual is None) == (None, False)
    assert [(each.kind, each.of, each.path) for each in row.changes] == [("added", "sequence", "SyncML")]
    assert [each.kind for each in alone(request, second=False).changes] == ["removed"]


# -- aliases in messages that differ --------------------------------------------------------------------------------------


def told(one, other) -> list[tuple[str, str, str | None, str | None]]:
    return [(each.kind.value, each.path, each.expected, each.actual) for each in diff(one, other).changes]


def with_headers(data: str, **headers: str) -> Story:
    story = Story()
    request = story.package_one("1").replace(b"Lab device", data.encode())
    names = {"cv": "MS-CV", "request_id": "client-request-id"}
    kinds = [["Content-Type", story.content_type], *([names[name], value] for name, value in headers.items())]
    story.exchange(request, story.answer(request), headers=kinds)
    return story


NEW = replace(30, "./New", GUIDS[2])  # an id before the others: they have other numbers there


def test_an_alias_within_a_command_that_changed_is_known_by_its_place():
    def story(kind: str, value: str, *before: str) -> Story:
        item = f'<Meta><Type xmlns="syncml:metinf">{kind}</Type></Meta><Data>{value}</Data>'
        target = "<Target><LocURI>./A</LocURI></Target>"
        made = session(Story(), "7", *before) if before else Story()
        gets = [messages.get(40 + place, f"./Mine/{place}") for place in range(4)]
        return session(made, "1", *gets, f"<Replace><CmdID>9</CmdID><Item>{target}{item}</Item></Replace>")

    found = told(story("x", GUIDS[0]), story("y", GUIDS[1], NEW))
    assert [each[0] for each in found] == ["added", "changed"]
    assert found[1][1:] == ("SyncBody/Replace/Item/Meta/Type", "x", "y")


def test_an_alias_in_a_command_beside_one_that_changed_is_known_by_its_place():
    def story(value: str, name: str, *before: str) -> Story:
        return session(Story(), "1", *before, replace(9, "./A", value), replace(10, "./B", name))

    found = told(story(GUIDS[0], "x"), story(GUIDS[1], "y", NEW))
    assert [each[0] for each in found] == ["added", "changed"]
    assert found[1][1:] == ("SyncBody/Replace[2]/Item/Data", "x", "y")


def test_an_alias_in_the_headers_of_a_message_that_changed_is_known_by_its_place():
    model = ("changed", "SyncBody/Replace/Item[3]/Data")
    one, other = with_headers("x", cv="abc.1", request_id="R"), with_headers("y", cv="xyz.1", request_id="S")
    assert told(one, other) == [(*model, "x", "y")]
    assert told(one, with_headers("y", cv="xyz.2", request_id="S")) == [
        ("changed", "HTTP/ms-cv", "{CV1}.1", "{CV1}.2"),
        (*model, "x", "y"),
    ]
    assert told(one, with_headers("y", request_id="S")) == [
        ("removed", "HTTP/ms-cv", "{CV1}.1", None),
        (*model, "x", "y"),
    ]
    assert told(with_headers("x"), with_headers("y", cv="a.0")) == [
        ("added", "HTTP/ms-cv", None, "{CV1}.0"),
        (*model, "x", "y"),
    ]


def test_an_alias_in_the_headers_that_is_another_on_one_side():
    story = partial(with_header, "client-request-id")
    (change,) = diff(story("R", "R", "R"), story("S", "S", "T")).changes
    assert (change.path, change.kind.value, change.of.value) == ("HTTP/client-request-id", "changed", "http")
    assert change.expected != change.actual
    assert told(story("R", "R", "R"), story("S", "S", "S")) == []


def test_a_step_is_no_step_where_the_vector_is_another():
    story = partial(with_header, "MS-CV")
    one = story("abc.1", "abc.2", "abc.3", "def.1")
    assert told(one, story("xyz.1", "xyz.2", "xyz.3", "uvw.1")) == []
    assert told(one, story("xyz.5", "xyz.6", "xyz.7", "uvw.1")) == [("changed", "HTTP/ms-cv", "{CV1}.1", "{CV1}.5")]
    (change,) = diff(one, story("xyz.1", "xyz.2", "xyz.3", "xyz.4")).changes
    assert change.path == "HTTP/ms-cv"


# -- what is said of commands and messages --------------------------------------------------------------------------------


def test_a_command_that_moved_says_where_it_stands():
    gets = [messages.get(9 + place, f"./{name}") for place, name in enumerate("ABCD")]
    one, other = session(Story(), "1", *gets), session(Story(), "1", *gets[1:], gets[0])
    (change,) = diff(one, other).changes
    assert (change.expected_path, change.actual_path) == ("SyncBody/Get[1]", "SyncBody/Get[4]")
    assert (change.expected, change.actual, change.of.value) == (
        "number 5 in SyncBody",
        "number 8 in SyncBody",
        "sequence",
    )
    inside = session(Story(), "1", *gets[1:], f"<Atomic><CmdID>20</CmdID>{gets[0]}</Atomic>")
    (moved,) = [each for each in diff(one, inside).changes if each.kind == "moved"]
    assert (moved.expected, moved.actual, moved.of.value) == (
        "number 5 in SyncBody",
        "number 1 in SyncBody/Atomic",
        "structure",
    )


def test_final_that_is_not_last_says_where_it_stands():
    story = Story().ordinary("1")
    alert = "<Alert><CmdID>2</CmdID><Data>1201</Data></Alert>"
    text = edited(story, f"<SyncBody>{alert}", f"<SyncBody><Final/>{alert}").replace(
        b"</Replace><Final/>", b"</Replace>"
    )
    assert told(story, text) == [("moved", "SyncBody/Final", "last", "before other elements")]
    assert told(text, story) == [("moved", "SyncBody/Final", "before other elements", "last")]
    assert told(text, text) == []


def test_messages_that_are_none_on_one_side_or_on_both():
    def story(answer: bytes | None) -> Story:
        made = Story()
        request = made.package_one("1")
        made.exchange(request, made.answer(request) if answer is None else answer)
        return made

    def found(one: bytes | None, other: bytes | None) -> list[tuple[str, str]]:
        return [(each.kind.value, each.of.value) for each in diff(story(one), story(other)).changes]

    assert found(None, b"<SyncML") == found(b"<SyncML", None) == [("changed", "structure")]
    assert found(b"<SyncML", b"<SyncMX") == [("changed", "structure")]
    assert found(b"<SyncML", b"") == [("removed", "sequence")]
    assert found(b"", None) == [("added", "sequence")]
    assert found(b"<SyncML", b"<SyncML") == found(b"", b"") == []
    row = next(
        r for s in diff(story(None), story(b"<SyncML")).sessions for m in s.messages for r in m.rows if r.changes
    )
    assert row.expected.startswith("response (HTTP 200): Status 200 for SyncHdr")
    assert row.actual.startswith("a message that cannot be read")


def test_how_a_request_ended_says_nothing_where_one_was_answered():
    def ended(answer: bytes | None, cause: str | None) -> Story:
        made = Story()
        request = made.package_one("1")
        made.exchange(request, made.answer(request) if answer is not None else None, failure=cause)
        return made

    assert [each[:2] for each in told(ended(b"x", None), ended(None, "timeout"))] == [("removed", "SyncML")]
    assert [each[:2] for each in told(ended(None, "timeout"), ended(None, "server-closed"))] == [
        ("changed", "HTTP/end")
    ]
    assert [each[:2] for each in told(ended(b"x", None), ended(b"x", "server-closed"))] == [
        ("added", "HTTP/end"),
        ("removed", "SyncML"),  # what came of it is no whole message
    ]


def test_the_words_of_an_answer_that_differs_are_those_of_its_own_side():
    one = session(Story(), "1", messages.get(9, "./A"), messages.get(10, "./B"))
    one.go_on("1", 2, messages.status(2, "1", "9", "Get", "200"))
    other = session(Story(), "1", messages.get(9, "./A"), messages.get(10, "./B"))
    other.go_on("1", 2, messages.status(2, "1", "10", "Get", "200"))
    (found,) = [row for row in rows(one, other) if row[2]]
    assert found[:2] == ("Status 200 for Get ./A", "Status 200 for Get ./B")
    (change,) = diff(one, other).changes
    assert (change.expected, change.actual) == ("{message 1, Get[1]}", "{message 1, Get[2]}")
    assert change.expected_path == change.actual_path == "SyncBody/Status[2]/CmdRef"


@pytest.mark.parametrize(("part", "said"), [("SyncHdr", 0), ("SyncBody", 5)])
def test_a_part_that_only_one_side_has(part, said):
    """Its commands are missing one by one before it; where only one has a header, the commands are compared all the same."""

    def story(*, whole: bool) -> Story:
        made = Story()
        request = made.package_one("1")
        answer = made.answer(request, messages.get(9, "./A"))
        made.exchange(request, answer if whole else re.sub(f"<{part}>.*</{part}>".encode(), b"", answer))
        return made

    one, other = story(whole=True), story(whole=False)
    *commands, last = told(one, other)
    assert [each[0] for each in commands] == ["removed"] * said
    assert last[:2] == ("removed", part)
    assert last[2].startswith(f"<{part}>")
    assert told(other, one) == [("added", path, None, text) for _, path, text, _ in told(one, other)]
    for (row,), mine in (
        ([row for row in rows(one, other) if part in row[:2]], (part, None)),
        ([row for row in rows(other, one) if part in row[:2]], (None, part)),
    ):
        assert row == (*mine, 1, 0)
    assert told(other, other) == []


def test_another_namespace_of_the_whole_message():
    story = Story().ordinary("1")
    other = edited(story, "SYNCML:SYNCML1.2", "SYNCML:SYNCML1.1", 1)
    assert told(story, other) == [("changed", "@xmlns", "SYNCML:SYNCML1.2", "SYNCML:SYNCML1.1")]
    assert told(other, story) == [("changed", "@xmlns", "SYNCML:SYNCML1.1", "SYNCML:SYNCML1.2")]
    third = edited(story, "SYNCML:SYNCML1.2", "SYNCML:SYNCML1.3", 1)
    assert told(third, other) == [("changed", "@xmlns", "SYNCML:SYNCML1.3", "SYNCML:SYNCML1.1")]


def test_rows_are_there_only_where_something_differs():
    """The number after a message that is missing differs, and that is said there; the other message has nothing to show."""
    story = session(Story(), "1", messages.get(9, "./A"))
    story.go_on("1", 2, messages.status(2, "1", "9", "Get", "200")).go_on("1", 3).go_on("1", 4)
    short = Story()
    short.lines = [line for line in story.lines if line.get("id") != "2"]
    for found in (diff(story, short), diff(short, story)):
        (session_,) = found.sessions
        assert [len(message.rows) for message in session_.messages] == [0, 0, 1, 1, 0, 0, 0, 0]


def test_messages_that_are_equal_have_no_rows_where_an_alias_elsewhere_is_in_doubt():
    def story(*values: str) -> Story:
        made = Story()
        for number, each in enumerate(values, 1):
            session(made, str(number), replace(9, "./A", each))
        return made

    found = diff(story(GUIDS[0], GUIDS[0], GUIDS[0], GUIDS[1]), story(GUIDS[0], GUIDS[1], GUIDS[0], GUIDS[1]))
    shown = [message for each in found.sessions for message in each.messages if message.rows]
    assert [message.expected.number for message in shown] == [2]
    assert sum(found.summary.values()) == 1


def test_a_namespace_inside_of_a_command_is_named_on_both_sides():
    story = Story().ordinary("1")
    wrong = edited(story, 'Type xmlns="syncml:metinf">com.m', 'Type xmlns="syncml:metinfo">com.m', 1)
    path = "SyncBody/Alert[2]/Item/Meta/Type/@xmlns"
    assert told(story, wrong) == [("changed", path, "syncml:metinf", "syncml:metinfo")]


def test_behind_a_message_that_is_missing_a_number_that_is_left_out_goes_without_saying():
    """What else is odd about that number does not."""
    whole = Story().get_session("1").go_on("1", 2, messages.results(5, "1", "9", "./DevDetail/SwV", "1")).go_on("1", 3)
    less = copied(whole)
    less.lines = [line for line in less.lines if line.get("id") != "2"]
    assert [each[:2] for each in told(whole, less)] == [("removed", "SyncML"), ("removed", "SyncML")]
    unnumbered = told(whole, edited(less, "<MsgID>3</MsgID>", ""))
    assert ("added", "SyncHdr/MsgID", None, "{none}") in unnumbered
    named = edited(less, "<VerProto>DM/1.2", "<VerProto>{does not go on}")
    assert told(whole, named).count(("changed", "SyncHdr/VerProto", "DM/1.2", "{does not go on}")) == 4


def test_a_correlation_vector_that_goes_on_hides_no_other_header():
    def of(base: str, agent: str) -> Story:
        story = Story()
        for number, step in enumerate((1, 2), 1):
            request = story.package_one(str(number))
            headers = [["MS-CV", f"{base}.{step}"], ["User-Agent", agent if number == 2 else "one"]]
            story.exchange(request, story.answer(request), headers=headers)
        return story

    assert told(of("a", "one"), of("b", "one")) == []
    assert told(of("a", "one"), of("b", "two")) == [("changed", "HTTP/user-agent", "one", "two")]
