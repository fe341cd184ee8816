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
