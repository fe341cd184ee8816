"""Device evidence: which unenrolment it belongs to, and what it says of the clean-up."""

import pytest

from replay.capture.evidence import EvidenceError, EvidenceFile, Logged, Stated
from replay.expect.evidence import log_of
from tests.eventlog import ENROLMENT, Event, app, begun, policy, result, unenrolment
from tests.story import T0, Story, rules_of, server, user

USER_ALERT, EXEC, SERVER_ALERT = T0 + 30.1, T0 + 30.2, T0 + 31.2
OTHER = "FEDCBA9876543210FEDCBA9876543210"
LATER = Event(USER_ALERT + 3600, 209, (("HRESULT", "0x0"),))


def file_of(events: list[Event], **more) -> EvidenceFile:
    logged = tuple(
        Logged(
            each.at, each.id, each.values, each.message or None, each.computer, "Admin", number, f"log, line {number}"
        )
        for number, each in enumerate(events, 1)
    )
    times = [each.at for each in events]
    return EvidenceFile("log", "xml", logged, first=min(times), last=max(times), **more)


def judge(story: Story, events: list[Event], offset: float | None = None, **more):
    return story.judge(evidence=log_of([file_of(events, **more)]), evidence_offset=offset)


def listed(story: Story, *items: tuple[float, str, str], offset: float | None = None):
    stated = tuple(Stated(at, step, outcome, "said", "list") for at, step, outcome in items)
    times = [at for at, _, _ in items]
    file = EvidenceFile("list", "json", stated=stated, first=min(times), last=max(times))
    return story.judge(evidence=log_of([file]), evidence_offset=offset)


def phase(judged, name: str = "cleanup"):
    return next(each for each in judged.episodes[0].phases if each.name == name)


def steps(judged) -> list[tuple[str, int | None, str]]:
    return [(item.step, item.event, item.outcome) for item in judged.episodes[0].case.evidence.steps]


# -- the clean-up ---------------------------------------------------------------------------------------------------------


def test_the_clean_up_is_observed_with_its_end():
    judged = judge(user().watch(70), unenrolment(USER_ALERT))
    assert judged.findings == []
    seen = phase(judged)
    assert seen.status == "observed"
    assert "done: apps, policies, configuration, report; nothing speaks of certificates; ended (event 74" in seen.detail
    assert seen.at.wall == pytest.approx(USER_ALERT + 1.7)
    assert steps(judged) == [
        ("report", 48, "done"),
        ("apps", 1921, "done"),
        ("apps", 1923, "done"),
        ("policies", 819, "done"),
        ("configuration", 1120, "done"),
        ("configuration", 64, "done"),
    ]


def test_by_the_server_too():
    judged = judge(server().watch(70), unenrolment(SERVER_ALERT, 60))
    assert judged.findings == []
    assert phase(judged).status == "observed"


def test_a_failed_step_contradicts_it():
    events = [*unenrolment(USER_ALERT), policy(USER_ALERT + 1, 818)]
    judged = judge(user().watch(70), events)
    assert rules_of(judged) == ["UNE013"]
    assert (phase(judged).status, "policies failed" in phase(judged).detail) == ("contradicted", True)


def test_traffic_after_the_alert_contradicts_it_whatever_the_device_says():
    judged = judge(user().watch(20).ordinary("3").watch(70), unenrolment(USER_ALERT))
    assert rules_of(judged) == ["UNE011"]
    assert phase(judged).status == "contradicted"
    assert "by traffic after it: session 3" in phase(judged).detail


def test_a_log_that_says_nothing_of_the_clean_up_leaves_the_silence():
    judged = judge(user().watch(70), [begun(USER_ALERT - 1), Event(USER_ALERT, 48)])
    assert judged.findings == []
    assert phase(judged).status == "inferred"
    assert phase(judged).detail.startswith("from the silence; the device's evidence: done: report")


def test_evidence_without_silence_is_observed_all_the_same():
    judged = judge(user().watch(5), unenrolment(USER_ALERT))
    assert rules_of(judged) == ["UNE014"]
    assert phase(judged).status == "observed"


def test_an_uninstall_that_began_has_the_outcome_of_its_end():
    def of(*more: Event) -> list[tuple[str, int | None, str]]:
        judged = judge(user().watch(70), [begun(USER_ALERT), app(USER_ALERT + 1, 1921), *more])
        return [each for each in steps(judged) if each[0] == "apps"]

    assert of(app(USER_ALERT + 2, 1923)) == [("apps", 1921, "done"), ("apps", 1923, "done")]
    assert of(app(USER_ALERT + 2, 1925)) == [("apps", 1921, "failed"), ("apps", 1925, "failed")]
    assert of(app(USER_ALERT + 2, 1923, code="{OTHER}")) == [("apps", 1923, "done")]
    assert of(Event(USER_ALERT + 2, 74)) == [("apps", 1921, "done")]
    assert of() == []


def test_a_result_that_says_failed_counts_more_than_the_event():
    judged = judge(
        user().watch(70), [begun(USER_ALERT), result(USER_ALERT + 1, 64, "0x80070005"), Event(USER_ALERT + 2, 74)]
    )
    assert ("configuration", 64, "failed") in steps(judged)
    assert rules_of(judged) == ["UNE013"]
    judged = judge(
        user().watch(70), [begun(USER_ALERT), app(USER_ALERT + 1, 1923, result="3010"), Event(USER_ALERT + 2, 74)]
    )
    assert ("apps", 1923, "done") in steps(judged)  # done, and a restart is due


def test_an_event_with_two_readings_says_so():
    judged = judge(user().watch(70), [*unenrolment(USER_ALERT), Event(USER_ALERT + 1, 1903, (("Message1", "{C}"),))])
    texts = {item.event: item.text for item in judged.episodes[0].case.evidence.items}
    assert texts[819].endswith("; a server's Delete in an ordinary session is logged alike")
    assert texts[1903].endswith("anybody may have removed the app")
    assert texts[48].endswith("that the server has it only the traffic shows")


def test_the_rendered_text_is_the_text():
    events = [
        begun(USER_ALERT),
        Event(USER_ALERT + 2, 74),
        Event(USER_ALERT + 1, 915, (), "MDM PolicyManager: dormant."),
    ]
    assert any(
        item.text.startswith("MDM PolicyManager: dormant.")
        for item in judge(user().watch(70), events).episodes[0].case.evidence.items
    )


@pytest.mark.parametrize("number", [216, 256])
def test_an_alert_event_counts_only_for_this_alert(number):
    types = ["com.microsoft:mdm.unenrollment.userrequest", "com.microsoft:mdm.refresh"]
    named = [Event(USER_ALERT, number, (("Message1", each), ("HRESULT", "0x2"))) for each in types]
    judged = judge(user().watch(70), [*unenrolment(USER_ALERT), *named])
    assert [each for each in steps(judged) if each[1] == number] == [("report", number, "done")]


# -- whose it is ----------------------------------------------------------------------------------------------------------


def test_ordinary_management_before_and_after_is_no_evidence():
    events = [policy(USER_ALERT - 7200), app(USER_ALERT - 7000, 1925), *unenrolment(USER_ALERT)]
    events += [policy(USER_ALERT + 900, 818), Event(USER_ALERT + 950, 1120)]
    judged = judge(user().watch(70), events)
    assert judged.findings == []
    assert ("policies", 818, "failed") not in steps(judged)


def test_what_came_shortly_before_the_trigger_is_no_evidence():
    judged = judge(user().watch(70), [policy(USER_ALERT - 20), *unenrolment(USER_ALERT)])
    assert judged.findings == []
    assert len([each for each in steps(judged) if each[1] == 819]) == 1


def test_another_enrolment_of_the_device_is_another():
    begin = begun(SERVER_ALERT - 0.9, 1600)
    events = [begin, *unenrolment(SERVER_ALERT, 60), policy(SERVER_ALERT + 1, 818, enrolment="{SOMEBODY-ELSE}")]
    assert judge(server().watch(70), events).findings == []
    same = [begin, *unenrolment(SERVER_ALERT, 60), policy(SERVER_ALERT + 1, 818, enrolment=f"{{{ENROLMENT.lower()}}}")]
    assert rules_of(judge(server().watch(70), same)) == ["UNE013"]


def test_the_nearest_unenrolment_of_a_log_is_the_one():
    earlier = unenrolment(USER_ALERT - 86_400)
    failed = [begun(USER_ALERT + 700), result(USER_ALERT + 701, 65, "0x80070005")]
    judged = judge(user().watch(70), [*earlier, *unenrolment(USER_ALERT), *failed])
    assert judged.findings == []
    assert judged.episodes[0].case.evidence.clock.offset[0] == pytest.approx(-0.1)


def test_another_time_is_an_error_that_says_what_to_do():
    judged = judge(user().watch(70), unenrolment(USER_ALERT - 7200))
    assert judged.verdict.word == "error"
    assert "event 48, log, line 2) is 7200.1 s before the capture's" in judged.errors[0]
    assert "give --evidence-offset -7200.1" in judged.errors[0]
    assert judge(user().watch(70), unenrolment(USER_ALERT - 7200), offset=-7200.1).verdict.word == "pass"


def test_a_log_without_unenrolment_of_another_time_is_an_error():
    judged = judge(user().watch(70), [Event(T0 - 9000, 208), Event(T0 - 8000, 209)])
    assert "has no unenrolment, and ends or begins 8030.1 s away" in judged.errors[0]


def test_two_that_are_as_near_are_an_error_until_the_offset_is_given():
    events = [*unenrolment(USER_ALERT - 300), *unenrolment(USER_ALERT + 350)]
    assert "several unenrolments near the time" in judge(user().watch(70), events).errors[0]
    assert judge(user().watch(70), events, offset=350).verdict.word == "pass"


def test_of_several_devices_the_one_has_to_be_named():
    story = user()
    story.device, story.client = OTHER, "10.0.0.6:50000"
    story.ordinary("8").alert("9").watch(70)
    assert "give --device" in judge(story, unenrolment(USER_ALERT)).errors[0]
    from replay.expect.judge import Scope

    judged = story.judge(scope=Scope(device=OTHER), evidence=log_of([file_of(unenrolment(T0 + 30.4))]))
    assert judged.errors == []
    assert phase(judged).status == "observed"


def test_of_several_devices_the_only_one_near_is_the_one():
    story = user().watch(7200)
    story.device, story.client = OTHER, "10.0.0.6:50000"
    at = T0 + story.now
    judged = judge(story.ordinary("8").alert("9").watch(70), unenrolment(at + 0.1))
    assert judged.errors == []
    assert [each.case.evidence is not None for each in judged.episodes] == [False, True]


def test_two_episodes_have_each_their_own():
    story = user().watch(70)
    body = f"<Value>{story.device}</Value>".encode()
    url, head = "https://mdm.example.test/EnrollmentServer/Enrollment.svc", [["Content-Type", "application/soap+xml"]]
    story.exchange(body, b"<Envelope/>", url=url, headers=head)
    story.ordinary("3").watch(7200)
    again = T0 + story.now
    story.alert("4").watch(70)
    failed = [begun(again - 0.5), Event(again, 48), policy(again + 1, 818), Event(again + 2, 74)]
    judged = judge(story, [*unenrolment(USER_ALERT), *failed])
    assert [finding.episode for finding in judged.findings if finding.rule == "UNE013"] == [2]
    judged = listed(story, (USER_ALERT + 1, "apps", "done"), (again + 1, "apps", "failed"))
    assert [finding.episode for finding in judged.findings if finding.rule == "UNE013"] == [2]


def test_without_an_unenrolment_there_is_nothing_to_compare_with():
    judged = judge(Story().ordinary("1").watch(70), unenrolment(USER_ALERT))
    assert (judged.episodes, judged.errors, judged.verdict.word) == ([], [], "pass")


def test_a_capture_without_a_clock():
    from replay.capture.exchange import Capture, Exchange
    from replay.expect.case import Options
    from replay.expect.judge import judge as judge_capture

    exchange = Exchange(number=1, id="1", order=1.0, method="POST", body=Story().package_one("2", alert=_alert()))
    capture = Capture(path="one.xml", format="message", exchanges=[exchange])
    early = [begun(USER_ALERT - 9), policy(USER_ALERT - 8), *unenrolment(USER_ALERT)[1:]]
    judged = judge_capture(capture, Options(evidence=log_of([file_of(early)])))
    assert rules_of(judged) == ["UNE012"]  # the device's own clock is enough
    two = log_of([file_of([*unenrolment(USER_ALERT), *unenrolment(USER_ALERT + 7200)])])
    assert "the capture has no clock" in judge_capture(capture, Options(evidence=two)).errors[0]


def _alert() -> str:
    from replay.lab import messages

    return messages.unenrol_alert("1", "int")


# -- several files --------------------------------------------------------------------------------------------------------


def test_what_two_exports_have_in_common_counts_once():
    events = unenrolment(USER_ALERT)
    log = log_of([file_of(events), file_of(events[:4])])
    assert len(log.events) == len(events)


def test_logs_of_two_computers_are_refused():
    with pytest.raises(EvidenceError, match=r"several computers: desktop-1 .*; desktop-2"):
        log_of([file_of([Event(T0, 48), Event(T0, 48, computer="DESKTOP-2.contoso.com")])])


def test_a_computer_may_lose_its_domain_while_it_leaves():
    assert log_of([file_of([Event(T0, 48, computer="PC1.contoso.com"), Event(T0 + 1, 74, computer="pc1")])])


# -- lists ----------------------------------------------------------------------------------------------------------------


def test_a_list_of_every_step_is_the_whole_clean_up():
    items = [(USER_ALERT + 12, step, "done") for step in ("apps", "certificates", "policies", "configuration")]
    judged = listed(user().watch(70), *items)
    assert judged.findings == []
    assert phase(judged).status == "observed"
    assert "assumed to agree" in phase(judged).detail


def test_a_list_that_ends():
    assert (
        listed(user().watch(70), (USER_ALERT + 12, "policies", "done"), (USER_ALERT + 90, "end", "done")).findings == []
    )
    judged = listed(user().watch(70), (USER_ALERT + 12, "policies", "done"), (USER_ALERT + 90, "end", "failed"))
    assert rules_of(judged) == ["UNE013"]


def test_a_report_alone_is_no_clean_up():
    judged = listed(user().watch(70), (USER_ALERT + 1, "report", "done"))
    assert phase(judged).status == "inferred"


def test_steps_too_near_to_tell_are_said_to_be():
    judged = listed(user().watch(70), (USER_ALERT - 5, "policies", "done"), (USER_ALERT + 5, "end", "done"))
    assert judged.findings == []
    assert "1 of the steps are too near to the alert to tell which came first" in phase(judged).detail
