"""What a finding says of its place, and what is worked out of a capture once."""

from replay.expect.case import name_sessions
from replay.expect.finding import Party
from replay.expect.judge import Scope
from tests.rules.talk import GET, Talk, header, opening, status
from tests.story import Story, only, user


def test_a_finding_says_where_it_is():
    story = Story().ordinary("1")
    alert = "<Alert>\n<CmdID>3</CmdID>\n<Data>1226</Data>\n<Item><Meta>\n<Type>x</Type></Meta>\n<Data>1</Data></Item></Alert>"
    story.alert("2", text=alert.replace("x", "com.microsoft:mdm.unenrollment.userrequest"))
    finding = next(each for each in story.watch(70).judge().findings if each.rule == "UNE004")
    assert (finding.exchange, finding.side, finding.session, finding.episode) == (2, "request", 2, 1)
    assert (finding.path, finding.line) == ("SyncBody/Alert[3]/Item/Meta/Type", 5)
    assert finding.source == "UNENR; facts A1.4"


def test_a_finding_on_a_whole_message_has_no_place_in_it():
    story = Story()
    story.exchange(story.package_one("1"), b"", status=500)
    finding = only(story.judge(), "HTP003")
    assert (finding.exchange, finding.side, finding.path, finding.line) == (1, "response", None, None)
    assert (finding.session, finding.episode) == (1, None)
    story = Story()
    story.exchange(story.package_one("1"), None, failure="timeout")
    finding = only(story.judge(), "CAP003")
    assert (finding.exchange, finding.path, finding.line) == (1, None, None)


def test_the_finding_on_a_later_session_is_on_its_episode():
    judged = user().watch(5).ordinary("3").watch(5).ordinary("4").watch(70).judge()
    finding = only(judged, "UNE011")
    assert (finding.session, finding.episode, judged.episodes[0].findings) == (3, 1, [0])
    assert "opens session 3 (SessionID 3), and 1 more after" in finding.message
    assert name_sessions(judged.sessions[2:3]) == "session 3 (SessionID 3)"


def test_a_missing_answer_falls_to_the_one_who_owes_it():
    """The place is in the message that was not answered, the party the one who did not."""
    finding = Talk().open(GET).say([header()], [header(2)]).only("STA001")
    assert (finding.side, finding.party) == ("response", Party.DEVICE)


def test_what_the_proxy_made_is_not_judged():
    """Nobody is blamed for it; the same of the server's would be."""
    answer = [header(), status("1/77", "Alert")]
    assert "STA002" in {each.rule for each in Talk().say(opening(), answer).judge().findings}
    judged = Talk().say(opening(), answer, by="proxy").judge()
    assert [each.rule for each in judged.findings] == ["CAP003", "CAP001"]


def test_the_other_device_is_left_out_but_not_what_is_nobodys():
    story = user().watch(70)
    story.device, story.client = "OTHER", "10.0.0.6:1"
    story.exchange(story.package_one("9").replace(b"SYNCML:SYNCML1.2", b"SYNCML:SYNCML1.1"), b"")
    story.exchange(b"<SyncML", b"")
    rules = [each.rule for each in story.judge(scope=Scope(device="OTHER")).findings if each.severity != "info"]
    assert rules == ["MSG002", "MSG001"]
