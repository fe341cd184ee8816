import pytest

from replay.capture.evidence import EvidenceFile, Stated
from replay.expect.evidence import log_of
from replay.lab import messages
from tests.eventlog import Event, app, begun, policy, result, unenrolment
from tests.expect.test_evidence import SERVER_ALERT, USER_ALERT, judge, listed, phase, steps
from tests.story import T0, Story, only, rules_of, server, user


def early(alert: float, *events: Event, trigger: int = 61) -> list[Event]:
    """A log in which something comes between the trigger and the alert, 9 s later."""
    return [begun(alert - 9, trigger), *events, *unenrolment(alert, trigger)[1:]]


def test_passes_when_everything_comes_after_the_alert():
    assert judge(user().watch(70), unenrolment(USER_ALERT)).findings == []


def test_fails_with_a_step_before_the_alert_was_handed_over():
    judged = judge(user().watch(70), early(USER_ALERT, policy(USER_ALERT - 8), app(USER_ALERT - 7, 1923)))
    finding = only(judged, "UNE012")
    assert (finding.severity, finding.party, finding.exchange, finding.episode) == ("error", "device", 2, 1)
    assert (
        "dates policies (event 819, log, line 2, and 1 more) 5.9 s or more before the alert was sent" in finding.message
    )
    assert "estimated from event 61 and 48" in finding.message
    assert phase(judged).status == "contradicted"


def test_fails_by_the_server_too():
    story = server().watch(70)  # a second between the Exec and the alert
    events = [begun(SERVER_ALERT - 0.9, 60), policy(SERVER_ALERT - 0.5), *unenrolment(SERVER_ALERT)[1:]]
    assert judge(story, events).findings == []  # the clocks are known to half a second
    slow = Story().ordinary("1").watch(30).exec("2").wait(10).alert("3").watch(70)
    alert = T0 + 40.2
    assert rules_of(judge(slow, early(alert, policy(alert - 8), trigger=60))) == ["UNE012"]


def test_a_log_that_contradicts_the_capture_proves_nothing():
    # the capture has a second between Exec and alert, the log nine between 60 and 48: one of the two was written late
    judged = judge(server().watch(70), early(SERVER_ALERT, policy(SERVER_ALERT - 8), trigger=60))
    assert judged.findings == []
    assert "which disagree" in phase(judged).detail


@pytest.mark.parametrize("shift", [-600.0, 0.0, 600.0])
def test_a_clock_that_is_wrong_changes_nothing_where_the_alert_was_handed_over(shift):
    assert judge(user().watch(70), unenrolment(USER_ALERT + shift)).findings == []
    only(judge(user().watch(70), early(USER_ALERT + shift, policy(USER_ALERT + shift - 8))), "UNE012")


@pytest.mark.parametrize(("before", "found"), [(1.9, []), (2.3, ["UNE012"])])
def test_the_difference_has_to_exceed_the_uncertainty(before, found):
    events = [begun(USER_ALERT - 5), policy(USER_ALERT - before), Event(USER_ALERT, 48), Event(USER_ALERT + 2, 74)]
    judged = judge(user().watch(70), events)
    assert rules_of(judged) == found
    assert ("too near to the alert to tell" in phase(judged).detail) == (not found)


@pytest.mark.parametrize(
    "event",
    [
        result(USER_ALERT - 8, 67, "0x80070005"),  # the work account: before the alert, by design
        Event(USER_ALERT - 8, 20, (("Message1", "x"),)),
        Event(USER_ALERT - 8, 600, (("Message1", "./Vendor"), ("HRESULT", "0x0"))),
        Event(USER_ALERT - 8, 700, (("Message1", "a.exe"), ("HRESULT", "0x0"))),
    ],
    ids=lambda event: str(event.id),
)
def test_what_removes_nothing_may_come_before(event):
    assert "UNE012" not in rules_of(judge(user().watch(70), early(USER_ALERT, event)))


def test_ordinary_management_before_the_trigger_is_none():
    assert (
        judge(
            user().watch(70), [policy(USER_ALERT - 30), app(USER_ALERT - 20, 1923), *unenrolment(USER_ALERT)]
        ).findings
        == []
    )


def commanded(gap: float = 5) -> tuple[Story, float]:
    """The server deletes something and unenrols in one message; the alert comes later."""
    story = Story().ordinary("1").watch(30)
    request = story.package_one("2")
    commands = ["<Delete><CmdID>9</CmdID><Item><Target><LocURI>./Vendor/MSFT/X</LocURI></Target></Item></Delete>"]
    story.exchange(request, story.answer(request, *commands, messages.unenrol_exec(10, "MS DM Server")))
    at = T0 + story.now
    return story.wait(gap).alert("3").watch(70), at


def test_inconclusive_where_the_server_sent_a_command_that_would_cause_it():
    story, exec_at = commanded(9)
    events = [begun(exec_at + 0.1, 60), policy(exec_at + 0.5), *unenrolment(exec_at + 9)[1:]]
    judged = judge(story, events)
    finding = only(judged, "UNE012")
    assert finding.severity == "inconclusive"
    assert (finding.exchange, finding.side) == (3, "request")
    assert finding.message.startswith("the evidence dates policies (event 819, log, line 2) ")
    assert "may also be ordinary management" in finding.message
    assert phase(judged).status == "observed"


def test_a_command_of_long_ago_excuses_nothing():
    story = Story()
    request = story.package_one("1")
    command = "<Delete><CmdID>9</CmdID><Item><Target><LocURI>./Vendor/MSFT/X</LocURI></Target></Item></Delete>"
    story.exchange(request, story.answer(request, command))
    alert = T0 + 7200.1
    finding = only(judge(story.watch(7200).alert("2").watch(70), early(alert, policy(alert - 8))), "UNE012")
    assert finding.severity == "error"


def test_without_a_trigger_in_the_log_the_capture_decides():
    events = [policy(USER_ALERT - 8), *unenrolment(USER_ALERT)[1:]]
    assert only(judge(user().watch(70), events), "UNE012").severity == "error"  # it saw no command of the server
    gone = Event(USER_ALERT - 8, 1903, (("Message1", "{C}"),))
    finding = only(judge(user().watch(70), [gone, *unenrolment(USER_ALERT)[1:]]), "UNE012")
    assert finding.severity == "inconclusive"  # anybody may have removed it
    short = Story().alert("2").watch(70)  # begins with the alert: what came before, it did not see
    assert only(judge(short, [policy(T0 - 8), *unenrolment(T0)[1:]]), "UNE012").severity == "inconclusive"


def test_a_list_by_a_clock_that_is_given():
    items = [(USER_ALERT - 3, "certificates", "done"), (USER_ALERT + 5, "end", "done")]
    assert only(listed(user().watch(70), *items, offset=0.0), "UNE012").severity == "error"
    assert listed(user().watch(70), *items, offset=-4.0).findings == []
    assert listed(user().watch(70), *items).findings == []  # assumed to agree: too small a difference


def test_a_list_by_clocks_that_are_assumed_to_agree():
    end = (USER_ALERT + 5, "end", "done")
    finding = only(listed(user().watch(70), (USER_ALERT - 30, "certificates", "done"), end), "UNE012")
    assert finding.severity == "error"
    assert "assumed to agree" in finding.message
    finding = only(listed(user().watch(70), (USER_ALERT - 3600, "certificates", "done"), end), "UNE012")
    assert finding.severity == "inconclusive"
    assert finding.message.startswith("the evidence dates certificates (")
    assert finding.message.endswith(": that much may be the clocks'; give --evidence-offset")


def test_a_failed_step_before_the_alert_is_early_too():
    file = EvidenceFile("l", "json", stated=(Stated(USER_ALERT - 60, "apps", "failed"),), first=0.0, last=USER_ALERT)
    assert rules_of(user().watch(70).judge(evidence=log_of([file]))) == ["UNE012", "UNE013"]


def test_without_an_alert_nothing_can_be_before_it():
    story = Story().ordinary("1").watch(30).exec("2").watch(70)
    events = [begun(T0 + 30.3, 60), policy(T0 + 31), Event(T0 + 32, 73)]
    judged = judge(story, events)
    assert rules_of(judged) == ["UNE001"]
    assert ("policies", 819, "done") in steps(judged)


def test_without_evidence_it_says_nothing():
    assert rules_of(user().watch(70).judge()) == []
