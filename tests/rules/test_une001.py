from tests.story import Story, only, server


def test_passes_where_the_alert_follows():
    assert server().watch(70).judge().verdict.word == "pass"


def test_fails_where_the_device_goes_on_with_ordinary_sessions():
    judged = Story().exec("1").watch(20).ordinary("2").watch(70).judge()
    finding = only(judged, "UNE001")
    assert (finding.severity, finding.party, finding.exchange, finding.side) == ("error", "device", 1, "response")
    assert "session 2 (SessionID 2)" in finding.message
    assert finding.path == "SyncBody/Exec"
    assert judged.verdict.word == "fail"


def test_inconclusive_where_the_device_went_silent():
    judged = Story().exec("1").watch(90).judge()
    assert only(judged, "UNE001").severity == "inconclusive"
    assert judged.verdict.word == "inconclusive"


def test_an_exec_that_never_reached_the_device_is_no_trigger():
    story = Story()
    request = story.package_one("1")
    story.exchange(request, None, failure="server-closed")
    assert story.watch(70).judge().episodes == []


def test_a_second_exec_before_the_alert_is_the_same_unenrolment():
    judged = Story().exec("1").watch(20).exec("2").wait(1).alert("3").watch(70).judge()
    assert len(judged.episodes) == 1
    assert judged.verdict.word == "pass"


UNREAD = b"<SyncML xmlns='SYNCML:SYNCML1.2'><SyncHdr>"


def test_inconclusive_where_a_request_that_could_not_be_read_may_have_been_the_alert():
    story = Story().ordinary("1").watch(5).exec("2").wait(1)
    story.exchange(UNREAD, None, failure="server-closed")
    judged = story.watch(20).ordinary("4").watch(70).judge()
    finding = next(finding for finding in judged.findings if finding.rule == "UNE001")
    assert finding.severity == "inconclusive"
    assert "but exchange 3 could not be read, and may have been the alert" in finding.message


def test_fails_where_that_request_came_from_another_device():
    story = Story().ordinary("1").watch(5)
    story.device, story.client = "OTHER", "10.0.0.9:50000"
    story.ordinary("7")
    story.device, story.client = Story().device, Story().client
    story.exec("2").wait(1)
    story.client = "10.0.0.9:50000"
    story.exchange(UNREAD, None, failure="server-closed")
    story.client = Story().client
    judged = story.watch(20).ordinary("4").watch(70).judge()
    assert [f.severity for f in judged.findings if f.rule == "UNE001"] == ["error"]


def test_inconclusive_where_nobody_was_watching_after_the_exec():
    judged = Story().exec("1").wait(60).ordinary("2").watch(70).judge()
    finding = next(finding for finding in judged.findings if finding.rule == "UNE001")
    assert (finding.severity, "the recording lacks something" in finding.message) == ("inconclusive", True)
