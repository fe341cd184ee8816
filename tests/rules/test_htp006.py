import pytest

from tests.story import Story, only, rules_of, user


def test_passes_where_everything_is_answered():
    assert user().watch(70).judge().findings == []


@pytest.mark.parametrize("cause", ["server-closed", "server-reset", "timeout", "client-closed"])
def test_fails_where_a_reachable_server_gives_no_answer(cause):
    story = Story().ordinary("1")
    story.exchange(story.package_one("2"), None, failure=cause)
    finding = only(story.judge(), "HTP006")
    assert (finding.severity, finding.party, finding.exchange) == ("error", "server", 2)
    assert cause in finding.message


def test_an_info_in_the_alert_session():
    judged = Story().ordinary("1").alert("2", response=None, failure="server-closed").watch(70).judge()
    assert [(f.rule, f.severity) for f in judged.findings] == [("HTP006", "info")]
    assert judged.verdict.word == "pass"


def test_says_nothing_of_a_request_that_never_got_there():
    story = Story().ordinary("1")
    story.exchange(story.package_one("2"), None, failure="connect-failed")
    assert rules_of(story.judge()) == []


def test_says_nothing_where_the_device_dropped_its_session_to_leave():
    story = Story().ordinary("1").exec("2")
    story.exchange(story.package_one("3"), None, failure="client-closed")
    assert rules_of(story.alert("4").watch(70).judge()) == []


def test_a_request_that_waits_when_the_recording_ends():
    story = Story().ordinary("1")
    story.exchange(story.package_one("2"), None)
    assert rules_of(story.watch(10).judge()) == []
    only(story.watch(60).judge(), "HTP006")


def test_a_later_recording_in_the_same_file_is_no_waiting():
    story = Story().ordinary("1")
    story.exchange(story.package_one("2"), None)
    story.wait(3600).line(
        "open", format="omadm-journal", version=1, tool="t", mode="regular", redacted=False, interval=5
    )
    assert rules_of(story.watch(100).judge()) == []
