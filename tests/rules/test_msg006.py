import pytest

from tests.story import Story, only, user


@pytest.mark.parametrize("short", ["1", "2DF", "9999", "éé", "a b"])
def test_passes_with_four_bytes(short):
    assert Story().ordinary(short).judge().findings == []


@pytest.mark.parametrize(("long", "size"), [("55230", 5), ("ééé", 6), ("{1E08C6E9-5D8B}", 15)])
def test_warns_of_more_once_a_session(long, size):
    judged = Story().get_session(long).go_on(long, 2).judge()
    finding = next(f for f in judged.findings if f.rule == "MSG006")
    assert [f.also for f in judged.findings if f.rule == "MSG006"] == [()]
    assert (finding.severity, finding.party, finding.path) == ("warning", "device", "SyncHdr/SessionID")
    assert f"{size} bytes" in finding.message


def test_every_session_is_one():
    judged = Story().ordinary("10000").ordinary("10001").judge()
    assert [(f.rule, f.exchange, f.also) for f in judged.findings] == [("MSG006", 1, (2,))]


def test_a_server_that_makes_one_up_is_to_blame_itself():
    story = Story()
    request = story.package_one("1")
    story.exchange(request, story.answer(request).replace(b"<SessionID>1<", b"<SessionID>123456<"))
    assert only(story.judge(), "MSG006").party == "server"


def test_it_changes_no_verdict():
    assert user().watch(70).judge().verdict == Story().ordinary("55230").judge().verdict


def test_a_message_without_one_is_msg004s():
    story = Story()
    request = story.package_one("1")
    story.exchange(request.replace(b"<SessionID>1</SessionID>", b""), story.answer(request))
    assert only(story.judge(), "MSG004").party == "device"


def test_the_same_of_another_device_is_another():
    story = Story().ordinary("10000")
    story.device = "ANOTHER"
    found = [f for f in story.ordinary("10000").judge().findings if f.rule == "MSG006"]
    assert [(f.exchange, f.also) for f in found] == [(1, ()), (2, ())]
