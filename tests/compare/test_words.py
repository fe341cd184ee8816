import pytest

from replay.compare import words
from replay.compare.views import view
from replay.lab import messages
from replay.normal.nodes import Node
from replay.syncml.read import read
from tests.compare.stories import diff, replace, session, traffic
from tests.story import Story, server, user

ATOMIC = f"<Atomic><CmdID>9</CmdID>{replace(10, './A', '1')}{replace(11, './B', '2')}</Atomic>"


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (messages.get(9, "./A"), "Get ./A"),
        (replace(9, "./A", "1"), "Replace ./A = 1"),
        (ATOMIC, "Atomic of Replace ./A = 1, Replace ./B = 2"),
        ("<Delete><CmdID>9</CmdID></Delete>", "Delete"),
    ],
)
def test_commands(command, said):
    (found,) = view(traffic(session(Story(), "1", command))).chains[0].sessions
    assert words.lines_of_message(found.exchanges[0].response)[-1] == said
    story = Story()
    message = read(story.answer(story.package_one("1"), command))
    assert words.of_model(message.commands[-1]) == said


def test_messages_and_sessions():
    ordinary, alert = view(traffic(user())).chains[0].sessions
    assert words.of_session(ordinary) == "ordinary session of 1 exchange"
    request, response = alert.exchanges[0].sides
    assert "Alert 1226 com.microsoft:mdm.unenrollment.userrequest = 1" in words.lines_of_message(request)
    assert words.of_message(response).startswith("response (HTTP 200): Status 200 for SyncHdr, Status 200 for Alert")


def test_messages_without_any():
    story = server()
    story.exchange(story.package_one("9"), b"")
    story.exchange(story.package_one("10"), b"<SyncML><broken")
    empty, broken = (each.exchanges[0].response for each in view(traffic(story)).chains[0].sessions[-2:])
    assert words.of_message(empty) == "response (HTTP 200) without a message"
    assert words.of_message(broken).startswith("response (HTTP 200): a message that cannot be read (15 bytes")
    assert words.lines_of_message(empty) == []


def test_sessions_of_several_exchanges():
    (found,) = view(traffic(Story().get_session("1").go_on("1", 2))).chains[0].sessions
    assert words.of_session(found) == "ordinary session of 2 exchanges"


def test_what_one_side_sends():
    story = Story()
    story.exchange(story.to_server("1", 1, []), None)
    story.exchange(b"<SyncML><broken", story.to_device("2", 1, []))
    one, other = (each.exchanges[0] for each in view(traffic(story)).chains[0].sessions)
    assert words.of_message(one.request) == "request without commands"
    assert words.of_message(other.response) == "response (HTTP 200) without commands"
    (line,) = words.lines_of_message(other.request)
    assert words.of_message(other.request) == f"request: {line}"
    assert line.startswith("a message that cannot be read (15 bytes")


def test_what_a_status_answers_stands_beside_it():
    def story(data: str) -> Story:
        answers = messages.status(5, "1", "9", "Get", data), messages.results(6, "1", "9", "./A", data)
        return session(Story(), "1", messages.get(9, "./A")).go_on("1", 2, *answers)

    found = diff(story("405"), story("406"))
    (message,) = (each for session_ in found.sessions for each in session_.messages if not each.equal)
    said = {row.expected for row in message.rows}
    assert {"Status 405 for Get ./A", "Status 200 for SyncHdr", "Results of Get: ./A = 405"} <= said


def test_what_a_status_answers_may_have_no_node():
    def story(data: str) -> Story:
        return session(Story(), "1", "<Get><CmdID>9</CmdID></Get>").go_on(
            "1", 2, messages.status(5, "1", "9", "Get", data)
        )

    found = diff(story("405"), story("406"))
    said = {row.expected for session_ in found.sessions for each in session_.messages for row in each.rows}
    assert "Status 405 for Get" in said


def element(name: str, *children: Node | str) -> Node:
    texts = [each for each in children if isinstance(each, str)]
    return Node(name, text=texts[0] if texts else None, children=tuple(each for each in children if each not in texts))


A = element("Target", element("LocURI", "./A"))


@pytest.mark.parametrize(
    ("children", "said"),
    [
        ([element("Item", A)], "./A"),
        ([element("Item", element("Source", element("LocURI", "./B")), element("Data", "1"))], "./B = 1"),
        ([element("Item", A), element("Item"), element("Item", A, element("Data", "1"))], "./A; ./A = 1"),
        ([element("Item", A, element("Data", element("x")))], "./A = …"),
        ([element("Item", A, element("Data"))], "./A = "),
        ([element("Item", A, Node("Data", text="x", sign="{time}"))], "./A = {time}"),
        ([element("Item", A, element("Meta", element("Type", "t")), element("Data", "1"))], "./A t = 1"),
        ([element("Item", element("Data", "1"))], "= 1"),
        (
            [element("Cred", element("Meta", element("Type", "t")), element("Data", "secret")), element("Item", A)],
            "./A",
        ),
        ([element("Data", "no alert's"), element("Get", element("Item", A)), element("Item", A)], "./A"),
    ],
)
def test_elements(children, said):
    assert words.of_element(element("Replace", *children)) == f"Replace {said}"


def test_what_results_are_of():
    item = element("Item", A, element("Data", "1"))
    assert words.of_element(element("Results", item)) == "Results of Get: ./A = 1"
    assert words.of_element(element("Results", element("Cmd", "Search"), item)) == "Results of Search: ./A = 1"
