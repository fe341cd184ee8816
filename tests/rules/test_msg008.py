import pytest

from replay.lab import messages
from tests.story import Story, only, rules_of

GET = messages.get(9, "./DevDetail/SwV")


def answered_with(*commands):
    story = Story()
    request = story.package_one("1")
    story.exchange(request, story.answer(request, *commands))
    return story.judge()


@pytest.mark.parametrize("known", ["9", "a7", "0009", "00", "-1"])
def test_passes_with_any_text(known):
    assert answered_with(messages.get(known, "./DevDetail/SwV")).findings == []


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ("", "has no CmdID"),
        ("<CmdID/>", "has an empty CmdID"),
        ("<CmdID> </CmdID>", "empty"),
        ("<CmdID>0</CmdID>", "CmdID 0"),
    ],
)
def test_fails_without_one(wrong, says):
    finding = only(answered_with(GET.replace("<CmdID>9</CmdID>", wrong)), "MSG008")
    assert (finding.severity, finding.party) == ("error", "server")
    assert says in finding.message
    assert finding.path == "SyncBody/Get" + ("/CmdID" if wrong else "")


def test_inside_of_a_group_too():
    inner = "<Replace><Item><Target><LocURI>./A</LocURI></Target><Data>1</Data></Item></Replace>"
    finding = only(answered_with(f"<Atomic><CmdID>9</CmdID>{inner}</Atomic>"), "MSG008")
    assert finding.path == "SyncBody/Atomic/Replace"


def test_a_status_needs_one_too():
    story = Story()
    request = story.package_one("1")
    story.exchange(request, story.answer(request).replace(b"<Status><CmdID>2</CmdID>", b"<Status>"))
    assert only(story.judge(), "MSG008").path == "SyncBody/Status[2]"


def test_several_in_a_message_are_one_finding():
    wrong = GET.replace("<CmdID>9</CmdID>", "")
    finding = only(answered_with(wrong, GET.replace(">9<", ">0<")), "MSG008")
    assert "Get has no CmdID and Get has the CmdID 0" in finding.message


def test_a_message_that_is_sent_again_is_not_reported_again():
    story = Story()
    request = story.package_one("1").replace(b"<CmdID>2</CmdID>", b"")
    story.exchange(request, None, failure="server-closed")
    story.wait(5).exchange(request, story.answer(request))
    assert rules_of(story.judge()).count("MSG008") == 1
