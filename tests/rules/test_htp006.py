import io

import pytest

from replay.capture.exchange import Beyond
from replay.capture.journal_reader import read
from replay.capture.turns import terms
from replay.expect.judge import judge
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


def test_another_part_of_the_capture_may_show_that_the_server_was_reachable():
    story = Story()
    story.exchange(story.package_one("2"), None, failure="timeout")
    capture = read(io.BytesIO(story.text()), "story.jsonl")
    assert rules_of(judge(capture)) == ["CAP003"]
    capture.beyond = Beyond(answered={terms(capture.exchanges[0])})
    assert rules_of(judge(capture)) == ["HTP006"]


def found(story: Story, **options) -> list[str]:
    return [str(each.severity) for each in story.judge(**options).findings if each.rule == "HTP006"]


def waiting() -> Story:
    story = Story().ordinary("1")
    story.exchange(story.package_one("2"), None)
    return story.watch(30)


def test_how_long_a_request_may_wait_is_the_quiet_time():
    assert [found(waiting(), quiet=quiet) for quiet in (None, 20, 40)] == [[], ["error"], []]
    assert found(waiting().watch(40), quiet=None) == ["error"]


def test_without_a_clock_nobody_knows_how_long_it_waited():
    capture = read(io.BytesIO(waiting().watch(70).text()), "story.jsonl")
    capture.stretches = []  # nor does one who does not know how long the recorder watched
    assert rules_of(judge(capture)) == []
    for exchange in capture.exchanges:
        exchange.at = None
    assert rules_of(judge(capture)) == []


@pytest.mark.parametrize(
    ("cause", "severities"), [("client-closed", []), ("server-closed", ["error"]), ("timeout", ["error"])]
)
def test_a_device_that_is_leaving_excuses_itself_alone(cause, severities):
    story = Story().ordinary("1").exec("2")
    story.exchange(story.package_one("3"), None, failure=cause)
    assert found(story.alert("4").watch(70)) == severities


def test_a_device_that_drops_the_alert_session_got_no_answer():
    story = Story().ordinary("1").exec("2").alert("3", response=None, failure="client-closed")
    assert found(story.watch(70)) == ["info"]


def test_only_a_message_that_was_read_is_one_without_an_answer():
    story = Story().ordinary("1")
    story.exchange(b"<SyncML", None, failure="timeout")
    other = {"url": "https://mdm.example.test/logo.png", "headers": []}
    story.exchange(None, None, failure="timeout", **other)
    assert found(story) == []


def test_a_proxys_answer_after_the_server_had_closed_is_none_of_the_servers():
    story = Story().ordinary("1")
    story.exchange(story.package_one("2"), b"<html/>", status=502, by="proxy", failure="server-closed")
    story.exchange(story.package_one("3"), b"<html/>", status=502, by="proxy")
    story.exchange(story.package_one("4"), None, failure="connect-failed")
    story.exchange(story.package_one("5"), None, failure="timeout")
    found = [each for each in story.judge().findings if each.rule == "HTP006"]
    assert [(str(each.severity), each.exchange, each.also) for each in found] == [("error", 2, ()), ("error", 5, ())]


def test_a_session_that_was_dropped_before_the_device_was_leaving_is_not_excused():
    story = Story().ordinary("1")
    story.exchange(story.package_one("2"), None, failure="client-closed")
    assert found(story.exec("3").wait(1).alert("4").watch(70)) == ["error"]


def test_another_device_that_drops_its_session_is_not_the_one_that_leaves():
    story = Story().ordinary("1").exec("2")
    story.device, story.client = "OTHER", "10.0.0.9:1"
    story.exchange(story.package_one("7"), None, failure="client-closed")
    story.exchange(
        b'<SyncML xmlns="SYNCML:SYNCML1.2"><SyncBody><Final/></SyncBody></SyncML>', None, failure="client-closed"
    )
    story.device, story.client = Story().device, Story().client
    judged = story.alert("3").watch(70).judge()
    assert judged.errors == []
    (finding,) = [each for each in judged.findings if each.rule == "HTP006"]
    assert (finding.exchange, finding.also) == (3, (4,))
