from replay.lab import messages
from tests.story import Story, only, user


def test_passes_with_200():
    assert user().watch(70).judge().findings == []


def test_fails_with_500():
    story = Story()
    story.exchange(story.package_one("1"), b"oops", status=500)
    finding = only(story.judge(), "HTP003")
    assert (finding.severity, finding.party, finding.side) == ("error", "server", "response")


def test_429_with_retry_after_is_an_info():
    story = Story().ordinary("1")
    story.exchange(story.package_one("2"), b"", status=429, response_headers=[["Retry-After", "30"]])
    assert [(f.rule, f.severity) for f in story.judge().findings] == [("HTP003", "info")]


def test_other_traffic_is_left_alone():
    story = Story().ordinary("1")
    story.exchange(None, b"", status=404, url="https://mdm.example.test/favicon.ico", headers=[], response_headers=[])
    assert story.judge().findings == []


def test_an_error_in_a_later_message_of_the_alert_session_is_one():
    story = user()
    request = story.to_server("2", 2, [messages.status(1, "1", "0", "SyncHdr", "200")])
    story.exchange(request, b"x", status=500)
    assert only(story.watch(70).judge(), "HTP003").severity == "error"


def test_a_message_that_nobody_can_read_may_be_refused():
    story = Story().ordinary("1")
    story.exchange(b"<SyncML><", b"bad request", status=400)
    only(story.judge(), "MSG001")
