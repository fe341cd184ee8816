import pytest

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


def test_a_challenge_to_the_alert_is_a_warning_and_a_refusal_is_une020s():
    story = Story().ordinary("1").alert("2", response=b"", status=401).alert("2")
    finding = only(story.watch(70).judge(), "HTP003")
    assert (finding.severity, finding.exchange) == ("warning", 2)
    story = Story().ordinary("1").alert("2", response=b"", status=403)
    only(story.watch(70).judge(), "UNE020")


RETRY = {"response_headers": [["Retry-After", "30"]]}


@pytest.mark.parametrize(
    ("status", "more", "severities"),
    [
        (399, {}, []),
        (400, {}, ["error"]),
        (429, {}, ["error"]),
        (429, RETRY, ["info"]),
        (503, RETRY, ["error"]),
        (502, {"by": "proxy"}, []),
    ],
)
def test_what_the_server_answers_with(status, more, severities):
    story = Story().ordinary("1")
    story.exchange(story.package_one("2"), b"", status=status, **more)
    assert [str(each.severity) for each in story.judge().findings if each.rule == "HTP003"] == severities


def test_what_is_not_this_rules_hides_nothing_that_is():
    story = Story().ordinary("1").alert("2", response=b"", status=403)
    story.exchange(story.package_one("3"), None, failure="timeout")
    story.exchange(story.package_one("4"), b"", status=500)
    assert [each.exchange for each in story.judge().findings if each.rule == "HTP003"] == [4]
