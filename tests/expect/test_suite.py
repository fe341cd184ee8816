"""What the journal of a disturbed trial says of the device."""

import pytest

from replay.expect.finding import Party, Verdict
from replay.expect.judge import Scope, unreadable
from replay.expect.suite import DELAY, Trial, row_of, trials, verdict_of
from replay.lab import messages
from replay.play import faults
from tests.story import Story

FAULT = Trial("busy", "busy@alert", "is HTTP 503")
NONE = Trial("none", None, "is as recorded")


def row(story: Story, trial: Trial = FAULT, expect: str = "user", *, note: bool = True):
    if note:
        story.line("note", name="fault", text="busy@alert: exchange 1: done")
    judged = story.watch(70).close().judge(scope=Scope(parties=(Party.DEVICE, Party.PROXY)), expect=expect)
    return row_of(trial, judged, "busy.jsonl")


def refused(session: str = "2", **more) -> Story:
    """An ordinary session, then the alert, which the proxy answers with 503."""
    return Story().ordinary("1").alert(session, response=b"", status=503, by="proxy", **more)


def test_every_fault_of_the_suite_is_one():
    for trial in trials(0.001):
        fault = faults.parse(trial.fault) if trial.fault else None
        assert fault is None or fault.where.kind == "alert"
    names = [each.name for each in trials()]
    assert names == ["none", "dropped", "late", "500", "reset", "empty", "malformed", "busy"]
    assert next(each for each in trials(0.5) if each.name == "late").late == DELAY / 2
    assert faults.parse(trials()[2].fault).value == DELAY > 60


def test_a_device_that_does_it_right():
    found = row(refused())
    assert found.verdict is Verdict.PASS
    assert (found.unenrolled, found.alerts, found.retried, found.silence) == (True, 1, False, "observed")
    assert (found.answer, found.applied, found.breaks) == ("HTTP 503", True, ())
    assert found.window == pytest.approx(70, abs=1)


def test_a_device_that_tries_again():
    found = row(refused().alert("3", response=b"", status=503, by="proxy"))
    assert (found.verdict, found.alerts, found.retried) == (Verdict.FAIL, 2, True)
    assert "UNE007" in found.breaks


def test_a_device_that_goes_on():
    found = row(refused().watch(5).ordinary("3"))
    assert (found.verdict, found.retried, found.silence) == (Verdict.FAIL, False, "contradicted")
    assert found.breaks == ("UNE011",)


def test_a_device_that_never_came():
    story = Story()
    found = row(story, note=False)
    assert (found.unenrolled, found.answer, found.silence, found.window) == (False, "", "nothing to see", None)
    assert (found.verdict, found.applied) == (Verdict.NONE, False)
    assert row(story, NONE, note=False).applied


@pytest.mark.parametrize("note", [True, False])
def test_an_alert_that_was_not_delivered_is_no_pass(note):
    found = row(Story().ordinary("1").alert("2", response=None, failure="connect-failed"), note=note)
    assert (found.verdict, found.unenrolled, found.alerts) == (Verdict.INCONCLUSIVE, False, 0)
    assert (found.answer, found.silence, found.window, found.breaks) == ("nothing", "nothing to see", None, ())


def test_a_journal_that_could_not_be_read():
    found = row_of(FAULT, unreadable("busy.jsonl", "is cut"), "busy.jsonl")
    assert (found.verdict, found.applied, found.answer) == (Verdict.ERROR, False, "")


def test_a_device_that_went_on_after_the_exec_without_an_alert():
    found = row(Story().exec("1").wait(1).ordinary("2"), expect="server", note=False)
    assert (found.verdict, found.unenrolled) == (Verdict.FAIL, False)
    assert "UNE001" in found.breaks


def test_a_device_that_stays():
    story = Story().exec("1").wait(1)
    found = row(story.alert("2", "2", response=b"", status=503, by="proxy"), expect="server")
    assert (found.unenrolled, found.stays, found.silence) == (False, True, "not due")
    assert found.verdict is Verdict.FAIL


def test_a_fault_that_was_not_applied_proves_nothing():
    found = row(Story().ordinary("1").alert("2"), note=False)
    assert (found.applied, found.verdict) == (False, Verdict.INCONCLUSIVE)
    assert row(Story().ordinary("1").alert("2"), NONE, note=False).verdict is Verdict.PASS


@pytest.mark.parametrize("response", [None, b"cut"])
@pytest.mark.parametrize(("cause", "answer"), [("other", "nothing"), ("client-closed", "nothing, it hung up")])
def test_what_the_device_got(cause, answer, response):
    assert row(Story().ordinary("1").alert("2", response=response, failure=cause)).answer == answer


def test_a_journal_that_ends_before_the_answer():
    assert row(Story().ordinary("1").alert("2", response=None)).answer == "nothing"


def test_what_the_server_does_wrong_is_not_the_devices():
    story = Story().ordinary("1")
    request = story.package_one("2", alert=messages.unenrol_alert())
    found = row(story.alert("2", response=story.to_device("2", 1, [messages.status(1, "9", "0", "SyncHdr", "200")])))
    assert request
    assert found.verdict is Verdict.PASS


def test_the_worst_decides_and_nothing_seen_is_no_pass():
    good, bad, silent = row(refused()), row(refused().ordinary("3")), row(Story(), note=False)
    assert verdict_of([good, good]) is Verdict.PASS
    assert verdict_of([good, bad]) is Verdict.FAIL
    assert verdict_of([]) is Verdict.NONE
    assert verdict_of([good, silent]) is Verdict.INCONCLUSIVE
    assert verdict_of([bad, silent]) is Verdict.FAIL
    assert verdict_of([silent]) is Verdict.NONE
