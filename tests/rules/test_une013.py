import pytest

from tests.eventlog import Event, app, begun, policy, result, unenrolment
from tests.expect.test_evidence import LATER, SERVER_ALERT, USER_ALERT, judge, listed, phase
from tests.story import T0, Story, only, rules_of, server, user


def log(alert: float, *events: Event, trigger: int = 61) -> list[Event]:
    """A log of an unenrolment that goes well but for what is put in."""
    return sorted([*unenrolment(alert, trigger), *events], key=lambda event: event.at)


def test_passes_with_its_end():
    assert judge(user().watch(70), log(USER_ALERT, LATER)).findings == []


@pytest.mark.parametrize(
    ("event", "step"),
    [
        (policy(USER_ALERT + 1, 818), "policies"),
        (app(USER_ALERT + 1, 1925, code="{X}", result="0x80070643"), "apps"),
        (
            Event(USER_ALERT + 1, 1121, (("Message1", "x"), ("Message2", "y"), ("HRESULT", "0x80070005"))),
            "configuration",
        ),
        (result(USER_ALERT + 1, 65, "0x80070005"), "configuration"),
    ],
    ids=lambda value: str(getattr(value, "id", value)),
)
def test_fails_with_a_step_that_failed(event, step):
    judged = judge(user().watch(70), log(USER_ALERT, event))
    finding = only(judged, "UNE013")
    assert (finding.severity, finding.party, finding.episode, finding.exchange) == ("error", "device", 1, 2)
    assert finding.message.startswith(f"the evidence reports as failed: {step}, ")
    assert f"event {event.id}, log" in finding.message
    assert "more" not in finding.message
    assert phase(judged).status == "contradicted"


def test_without_evidence_it_says_nothing():
    assert rules_of(user().watch(70).judge()) == []


def test_several_failures_are_one_finding():
    judged = judge(user().watch(70), log(USER_ALERT, policy(USER_ALERT + 1, 818), policy(USER_ALERT + 1.1, 818)))
    assert only(judged, "UNE013").message.endswith("; and 1 more")


def test_fails_without_the_end():
    judged = judge(user().watch(70), [*unenrolment(USER_ALERT)[:-2], LATER])
    finding = only(judged, "UNE013")
    assert finding.severity == "error"
    assert "by the device's clock (the device's clock is " in finding.message
    assert ", past the quiet time, and the end of the unenrolment" in finding.message
    assert finding.message.endswith("is not in it")
    assert phase(judged).status == "contradicted"


def test_either_event_is_the_end():
    assert judge(user().watch(70), [*unenrolment(USER_ALERT)[:-1], LATER]).findings == []  # 73 alone


@pytest.mark.parametrize(("after", "found"), [(59, []), (62, ["UNE013"])])
def test_the_evidence_has_to_reach_past_the_quiet_time(after, found):
    events = [*unenrolment(USER_ALERT)[:-2], Event(USER_ALERT + after, 209)]
    assert rules_of(judge(user().watch(70), events)) == found


def test_a_failure_and_no_end_are_one_finding():
    events = [*unenrolment(USER_ALERT)[:-2], policy(USER_ALERT + 1, 818), LATER]
    assert "reports as failed" in only(judge(user().watch(70), sorted(events, key=lambda e: e.at)), "UNE013").message


def test_an_exec_that_could_not_be_carried_out():
    story = Story().ordinary("1").watch(30).exec("2").watch(70)
    events = [Event(T0 + 30.3, 1601, (("Message1", "x"), ("HRESULT", "0x80004001")))]
    judged = judge(story, events)
    assert judged.errors == []
    assert [finding.exchange for finding in judged.findings if finding.rule == "UNE013"] == [2]


# -- what is no failure of the clean-up -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "event",
    [
        result(USER_ALERT - 0.3, 67, "0x80070002"),
        result(USER_ALERT + 0.3, 49, "0x1"),  # the user's report is best effort
        policy(USER_ALERT + 1, 818, result="0x86000002"),  # there was nothing to delete
        result(USER_ALERT + 1, 65, "0x80070424"),
    ],
    ids=lambda event: str(event.id),
)
def test_warns_of_a_failure_that_ends_nothing(event):
    judged = judge(user().watch(70), log(USER_ALERT, event))
    assert only(judged, "UNE013").severity == "warning"
    assert judged.verdict.word == "pass"
    assert phase(judged).status == "observed"


def test_warns_of_a_report_that_the_capture_shows_to_have_been_sent():
    events = [begun(SERVER_ALERT - 0.9, 60), result(SERVER_ALERT, 49, "0x1"), Event(SERVER_ALERT + 3, 74)]
    assert only(judge(server().watch(70), events), "UNE013").severity == "warning"


def test_fails_with_a_report_that_was_not_sent():
    story = Story().ordinary("1").watch(30).exec("2").watch(70)
    events = [begun(T0 + 30.3, 60), result(T0 + 31, 49, "0x1"), Event(T0 + 33, 74)]
    found = {finding.rule: finding.severity for finding in judge(story, events).findings}
    assert found == {"UNE001": "inconclusive", "UNE013": "error"}


def test_inconclusive_where_nothing_speaks_of_the_unenrolment():
    judged = judge(user().watch(70), [Event(USER_ALERT - 500, 208), LATER])
    finding = only(judged, "UNE013")
    assert finding.severity == "inconclusive"
    assert "may be another device's log, or the wrong channel" in finding.message
    assert phase(judged).status == "inferred"


def test_inconclusive_where_records_could_not_be_read():
    judged = judge(user().watch(70), [*unenrolment(USER_ALERT)[:-2], LATER], unread=3)
    assert only(judged, "UNE013").severity == "inconclusive"


def test_inconclusive_with_the_build_that_logs_no_end():
    old = Event(USER_ALERT - 0.5, 54, (), "MDM Unenroll: Authentication successful: Got token from STS.")
    judged = judge(user().watch(70), [*log(USER_ALERT)[:2], old, LATER])
    assert only(judged, "UNE013").severity == "inconclusive"
    new = Event(USER_ALERT - 0.5, 54, (), "MDM Enroll: Authentication successful: Got token from STS.")
    judged = judge(user().watch(70), [*log(USER_ALERT)[:2], new, LATER])
    assert only(judged, "UNE013").severity == "error"


def test_an_enrolment_that_stays_cleans_nothing_up():
    story = Story().ordinary("1").watch(30).exec("2").wait(1).alert("3", "2").watch(70)
    events = [begun(SERVER_ALERT - 0.9, 60), Event(SERVER_ALERT, 48), LATER]
    assert "UNE013" not in rules_of(judge(story, events))


def test_a_list():
    good = [(USER_ALERT + 2, "apps", "done"), (USER_ALERT + 300, "end", "done")]
    assert listed(user().watch(70), *good).findings == []
    assert rules_of(listed(user().watch(70), (USER_ALERT + 2, "certificates", "failed"))) == ["UNE013"]
    late = [(USER_ALERT + 2, "apps", "done"), (USER_ALERT + 300, "policies", "done")]
    assert "its end" in phase(listed(user().watch(70), *late)).detail
    assert rules_of(listed(user().watch(70), *late)) == ["UNE013"]
