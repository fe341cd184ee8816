import pytest

from replay.lab import messages
from tests.rules.test_une002 import challenged
from tests.story import Story, only, rules_of, user


def test_passes_where_the_alert_is_sent_once():
    assert user().watch(70).judge().findings == []


def test_passes_where_a_challenge_made_the_device_send_it_again():
    assert challenged(Story().ordinary("1"), "2").watch(70).judge().findings == []


def test_fails_in_another_session():
    judged = user().watch(30).alert("3").watch(70).judge()
    finding = only(judged, "UNE007")
    assert (finding.severity, finding.party, finding.exchange) == ("error", "device", 3)
    assert "session 3 (SessionID 3)" in finding.message
    assert len(judged.episodes) == 1


@pytest.mark.parametrize("cause", ["server-closed", "client-closed", "timeout"])
def test_fails_by_retransmission(cause):
    story = Story().ordinary("1").alert("2", response=None, failure=cause).watch(20).alert("2").watch(70)
    judged = story.judge()
    assert "in a retransmission" in only(judged, "UNE007").message
    assert len(judged.traffic.sessions) == 2


def test_three_times_is_one_finding():
    judged = user().watch(10).alert("3").watch(10).alert("4").watch(70).judge()
    assert "2 times in all" in only(judged, "UNE007").message


@pytest.mark.parametrize("cause", ["connect-failed", "tls-failed"])
def test_a_second_try_after_one_that_was_not_delivered_is_none(cause):
    story = Story().ordinary("1").alert("2", response=None, failure=cause).watch(20).alert("3").watch(70)
    assert rules_of(story.judge()) == []


def test_the_alert_after_a_new_exec_is_another_unenrolment():
    judged = user().watch(10).exec("3").wait(1).alert("4").watch(70).judge()
    assert len(judged.episodes) == 2
    assert rules_of(judged) == ["UNE011"]


def test_twice_in_one_session_without_a_challenge():
    again = messages.unenrol_alert().replace("{id}", "7")
    only(user().go_on("2", 2, again).watch(70).judge(), "UNE007")


def test_a_redirect_made_the_device_send_it_again():
    story = Story().ordinary("1")
    request = story.package_one("2", alert=messages.unenrol_alert())
    story.exchange(request, b"", status=307, response_headers=[["Location", "https://two.example.test/mdm"]])
    story.url = "https://two.example.test/mdm"
    story.exchange(request, story.answer(request))
    assert rules_of(story.watch(70).judge()) == []


def test_a_502_of_the_proxy_delivers_nothing():
    story = Story().ordinary("1")
    story.alert("2", response=b"", status=502, by="proxy", failure="connect-failed")
    assert rules_of(story.watch(20).alert("3").watch(70).judge()) == []


def test_one_session_is_one_cause_though_its_first_try_was_not_delivered():
    story = user().watch(20)
    request = story.package_one("3", alert=messages.unenrol_alert())
    story.exchange(request, None, failure="connect-failed")
    story.wait(2).exchange(request, story.answer(request))
    only(story.watch(70).judge(), "UNE007")


def test_a_challenge_to_a_try_that_was_repeated_because_nobody_was_there():
    story = Story().ordinary("1")
    request = story.package_one("2", alert=messages.unenrol_alert())
    story.exchange(request, None, failure="connect-failed")
    challenged(story, "2")
    assert story.watch(70).judge().findings == []


@pytest.mark.parametrize("answer", [b"<SyncML>", b"\x30\x80\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x03"])
def test_an_answer_that_cannot_be_read_may_have_been_a_challenge(answer):
    story = Story().ordinary("1")
    story.exchange(story.package_one("2", alert=messages.unenrol_alert()), answer)
    again = story.package_one("2", alert=messages.unenrol_alert(), number=2)
    story.exchange(again, story.answer(again))
    assert "UNE007" not in rules_of(story.watch(70).judge())


def test_an_empty_answer_is_none():
    story = Story().ordinary("1").alert("2", response=b"")
    again = story.package_one("2", alert=messages.unenrol_alert(), number=2)
    story.exchange(again, story.answer(again))
    assert "UNE007" in rules_of(story.watch(70).judge())


def test_fails_where_it_stands_twice_in_one_message():
    twice = "".join(messages.unenrol_alert().replace("{id}", number) for number in ("50", "51"))
    judged = Story().ordinary("1").alert("2", text=twice).watch(70).judge()
    assert "in the same message" in only(judged, "UNE007").message
    silence = next(phase for phase in judged.episodes[0].phases if phase.name == "silence")
    assert silence.status == "observed"
