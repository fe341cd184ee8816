import pytest

from replay.compare import words
from replay.compare.views import view
from replay.lab import messages
from replay.syncml.read import read
from tests.compare.stories import replace, session, traffic
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
