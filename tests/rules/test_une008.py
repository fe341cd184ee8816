import pytest

from replay.lab import messages
from tests.story import Story, only, rules_of, server

ABORT = "<Alert><CmdID>2</CmdID><Data>1223</Data></Alert>"
GET_STATUS = messages.status(2, "1", "9", "Get", "200")


def test_passes_where_the_sessions_end():
    assert server().watch(70).judge().findings == []


def test_fails_where_an_earlier_session_goes_on_after_the_alert():
    finding = only(Story().get_session("1").alert("2").wait(1).go_on("1", 2, GET_STATUS).watch(70).judge(), "UNE008")
    assert (finding.severity, finding.party, finding.exchange, finding.session) == ("error", "device", 3, 1)
    assert "after the alert session began" in finding.message


def test_fails_where_the_session_of_the_exec_goes_on():
    judged = Story().exec("1").go_on("1", 2).alert("2").watch(70).judge()
    assert "after the Exec was delivered" in only(judged, "UNE008").message


def test_goes_on_twice_is_one_finding():
    story = Story().get_session("1").alert("2").go_on("1", 2, GET_STATUS).go_on("1", 3).watch(70)
    only(story.judge(), "UNE008")


def test_a_closing_1223_is_not_going_on():
    assert rules_of(Story().get_session("1").alert("2").go_on("1", 2, ABORT).watch(70).judge()) == []


@pytest.mark.parametrize(("after", "severity"), [(5.0, "warning"), (11.0, "error")])
def test_another_session_may_finish_within_ten_seconds_of_the_exec(after, severity):
    story = Story().get_session("1").exec("2").wait(after).go_on("1", 2, GET_STATUS).alert("3").watch(70)
    assert only(story.judge(), "UNE008").severity == severity


def test_a_session_opened_between_exec_and_alert_that_goes_on_after_it():
    story = Story().exec("1").wait(1).get_session("2").wait(1).alert("3").go_on("2", 2, GET_STATUS).watch(70)
    assert only(story.judge(), "UNE008").session == 2


def test_one_that_did_not_finish_is_the_error_and_not_the_warning():
    story = (
        Story().get_session("1").exec("2").wait(2).go_on("1", 2, GET_STATUS).wait(25).go_on("1", 3).alert("3").watch(70)
    )
    assert only(story.judge(), "UNE008").severity == "error"
    story = Story().get_session("1").exec("2").wait(2).go_on("1", 2, GET_STATUS).alert("3").go_on("1", 3).watch(70)
    assert only(story.judge(), "UNE008").severity == "error"


def test_a_session_that_goes_on_after_it_answered_the_exec():
    answered = Story().exec("1").go_on("1", 2, messages.status(2, "1", "9", "Exec", "200")).wait(1).alert("2")
    assert rules_of(answered.watch(30).go_on("1", 3).watch(70).judge()) == ["UNE009", "UNE008"]


def test_an_exec_again_in_the_old_session_is_the_same_unenrolment():
    story = Story().exec("1").wait(1).alert("2")
    again = story.to_server("1", 2, [messages.status(1, "1", "0", "SyncHdr", "200")])
    story.exchange(again, story.answer(again, messages.unenrol_exec(9, "P")))
    judged = story.watch(70).judge()
    only(judged, "UNE008")
    assert len(judged.episodes) == 1


def test_a_device_that_goes_on_after_the_exec_and_sends_no_alert():
    found = Story().exec("1").go_on("1", 2).watch(90).judge().findings
    messages = [each.message for each in found if each.rule == "UNE008"]
    assert messages == ["session 1 (SessionID 1) goes on with MsgID 2 after the Exec was delivered"]


def test_says_that_a_session_finished_in_time():
    story = Story().get_session("1").exec("2").wait(5).go_on("1", 2, GET_STATUS).alert("3").watch(70)
    assert only(story.judge(), "UNE008").message == (
        "session 1 (SessionID 1) goes on with MsgID 2 after the Exec was delivered, within the 10 s that another session is "
        "given to finish"
    )
