import pytest

from tests.story import DEVICE, URL, Story, only, rules_of, user

SERVER = URL.split("?", 1)[0]
TARGET = f"<Target><LocURI>{DEVICE}</LocURI></Target>"
SOURCE = f"<Source><LocURI>{SERVER}</LocURI></Source>"


def answered_by(old, new):
    story = Story()
    request = story.package_one("1")
    answer = story.answer(request)
    assert old.encode() in answer
    story.exchange(request, answer.replace(old.encode(), new.encode()))
    return story.judge()


def test_passes_with_all_of_them():
    assert user().watch(70).judge().findings == []


@pytest.mark.parametrize(
    ("old", "new", "says", "path"),
    [
        ("<SessionID>1</SessionID>", "", "SessionID is missing", "SyncHdr"),
        ("<SessionID>1</SessionID>", "<SessionID> </SessionID>", "SessionID is empty", "SyncHdr/SessionID"),
        ("<MsgID>1</MsgID>", "", "MsgID is missing", "SyncHdr"),
        ("<MsgID>1</MsgID>", "<MsgID/>", "MsgID is empty", "SyncHdr/MsgID"),
        (TARGET, "", "Target is missing", "SyncHdr"),
        (TARGET, "<Target><LocName>x</LocName></Target>", "Target has no LocURI", "SyncHdr/Target"),
        (SOURCE, "<Source><LocURI></LocURI></Source>", "Source has an empty LocURI", "SyncHdr/Source"),
        (SOURCE, "<Source/>", "Source has no LocURI", "SyncHdr/Source"),
    ],
)
def test_fails_without_one(old, new, says, path):
    finding = only(answered_by(old, new), "MSG004")
    assert (finding.severity, finding.party, finding.path) == ("error", "server", path)
    assert says in finding.message


def test_several_are_one_finding():
    finding = only(answered_by(TARGET + SOURCE, ""), "MSG004")
    assert "Target is missing and Source is missing" in finding.message


@pytest.mark.parametrize("header", ["", "<SyncHdr/>", "<SyncHdr><VerDTD>1.1</VerDTD></SyncHdr>"])
def test_no_header_to_speak_of_is_this_alone(header):
    story = Story()
    request = story.package_one("1")
    answer = story.answer(request).decode()
    begin, end = answer.index("<SyncHdr>"), answer.index("<SyncBody>")
    story.exchange(request, (answer[:begin] + header + answer[end:]).encode())
    assert rules_of(story.judge()) == ["MSG004"]


def test_a_message_without_a_number_breaks_no_counting():
    story = Story().get_session("1")
    request = story.to_server("1", 2, [])
    story.exchange(request.replace(b"<MsgID>2</MsgID>", b"<MsgID></MsgID>"), b"", status=200)
    assert "MSG007" not in rules_of(story.judge())
