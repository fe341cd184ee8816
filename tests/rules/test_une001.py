import pytest

from tests.rules.test_une011 import enrol
from tests.story import Story, only, server


def test_passes_where_the_alert_follows():
    assert server().watch(70).judge().verdict.word == "pass"


def test_fails_where_the_device_goes_on_with_ordinary_sessions():
    judged = Story().exec("1").watch(20).ordinary("2").watch(70).judge()
    finding = only(judged, "UNE001")
    assert (finding.severity, finding.party, finding.exchange, finding.side) == ("error", "device", 1, "response")
    assert finding.episode == 1
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
    assert finding.message.startswith("the Exec was delivered, no alert followed, and the device went on with session ")
    assert "but exchange 3 could not be read, and may have been the alert" in finding.message


@pytest.mark.parametrize(
    ("client", "host", "severity"),
    [
        ("10.0.0.5:9", "mdm.example.test", "inconclusive"),
        ("10.0.0.5:9", "telemetry.example.test", "error"),
        ("10.0.0.9:9", "mdm.example.test", "error"),
    ],
)
def test_inconclusive_where_the_alert_may_have_been_sent_on_a_connection_that_was_not_read(client, host, severity):
    story = Story()
    story.device, story.client = "OTHER", "10.0.0.9:50000"
    story.ordinary("7")
    story.device, story.client = Story().device, "10.0.0.5:50000"
    story.exec("1").watch(5)
    story.line("connect", conn="x", client=client, sni=None, host=host)
    judged = story.watch(20).ordinary("2").watch(70).judge()
    assert [f.severity for f in judged.findings if f.rule == "UNE001"] == [severity]


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


def test_fails_where_that_request_came_before_the_exec_or_after_the_end():
    story = Story().ordinary("1").watch(5)
    story.exchange(UNREAD, None, failure="server-closed")
    story.exec("2").watch(20).ordinary("4").watch(20)
    enrol(story, f"<Envelope>{story.device}</Envelope>".encode()).watch(5)
    story.exchange(UNREAD, None, failure="server-closed")
    finding = next(each for each in story.watch(70).judge().findings if each.rule == "UNE001")
    assert finding.severity == "error"
    assert finding.message.startswith("the Exec was delivered, no alert followed, and the device went on with session ")


def test_inconclusive_where_it_may_have_been_enrolled_again():
    """Whose enrolment request it was cannot be told: two devices share the host."""
    story = Story(client="10.0.0.5:1").ordinary("1")
    story.device, story.client = "OTHER", "10.0.0.6:1"
    story.ordinary("8")
    story.device, story.client = Story().device, "10.0.0.5:1"
    story.exec("2").watch(5)
    enrol(story, client="10.0.0.7:1")
    assert only(story.watch(20).ordinary("3").watch(70).judge(), "UNE001").severity == "inconclusive"


def test_inconclusive_where_that_request_came_before_it_was_enrolled_again():
    story = Story().ordinary("1").watch(5).exec("2").wait(1)
    story.exchange(UNREAD, None, failure="server-closed")
    enrol(story.watch(5).ordinary("4").watch(5), f"<Envelope>{story.device}</Envelope>".encode())
    findings = story.watch(70).judge().findings
    assert [each.severity for each in findings if each.rule == "UNE001"] == ["inconclusive"]
