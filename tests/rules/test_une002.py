from replay.lab import messages
from tests.story import Story, only, user

ALERT = messages.unenrol_alert().replace("{id}", "7")


def challenged(story: Story, session: str, *, alert_first: bool = True) -> Story:
    alert = messages.unenrol_alert()
    first = story.package_one(session, alert=alert if alert_first else None)
    story.exchange(first, story.answer(first, code="407", header_code="407"))
    cred = '<Cred><Meta><Type xmlns="syncml:metinf">syncml:auth-basic</Type></Meta><Data>dTpw</Data></Cred></SyncHdr>'
    again = story.package_one(session, alert=alert, number=2).replace(b"</SyncHdr>", cred.encode(), 1)
    story.exchange(again, story.answer(again, header_code="212"))
    return story


def test_passes_in_message_one():
    assert user().watch(70).judge().verdict.word == "pass"


def test_passes_in_the_re_send_after_a_challenge():
    judged = challenged(Story().ordinary("1"), "2").watch(70).judge()
    assert judged.findings == []
    assert len(judged.traffic.sessions) == 2


def test_fails_in_message_two():
    story = Story().ordinary("1").go_on("1", 2, ALERT).watch(70)
    finding = only(story.judge(), "UNE002")
    assert (finding.severity, finding.party, finding.exchange, finding.path) == ("error", "device", 2, "SyncBody/Alert")
    assert "the alert in package 1 of a new session" in finding.message  # what would have been accepted


def test_fails_where_the_session_begins_with_message_two():
    story = Story()
    request = story.package_one("1", alert=messages.unenrol_alert(), number=2)
    story.exchange(request, story.answer(request))
    only(story.watch(70).judge(), "UNE002")
