"""What the evidence of one episode comes to: its end, what failed, what was early, and what is ordinary management."""

import pytest

from replay.capture.evidence import EvidenceFile, Stated
from replay.expect.cleanup import Evidence
from replay.expect.evidence import log_of
from replay.expect.judge import Judgement
from replay.lab import messages
from tests.eventlog import ENROLMENT, Event, app, begun, policy, result, unenrolment
from tests.expect.test_evidence import EXEC, LATER, SERVER_ALERT, USER_ALERT, file_of, phase
from tests.rules.talk import replace
from tests.story import T0, Story, only, rules_of, server, user

OWN_STEPS = ("apps", "certificates", "policies", "configuration")
Items = list[tuple[float, str, str]]


def judge(
    story: Story, events: list[Event] | None = None, items: Items | None = None, offset: float | None = None, **more
) -> Judgement:
    """The judgement with a log, a list, or both."""
    files = [file_of(sorted(events, key=lambda event: event.at))] if events else []
    if items:
        stated = tuple(Stated(at, step, outcome, "said", "list") for at, step, outcome in items)
        files.append(EvidenceFile("list", "json", stated=stated, first=items[0][0], last=items[-1][0]))
    judged = story.judge(evidence=log_of(files), evidence_offset=offset, **more)
    assert judged.errors == []
    return judged


def seen(story: Story, events: list[Event] | None = None, items: Items | None = None, **more) -> Evidence:
    found = judge(story, events, items, **more).episodes[0].case.evidence
    assert found is not None
    return found


def without_times(story: Story) -> Story:
    story.lines = [{**line, "t": None, "mono": None} for line in story.lines if isinstance(line, dict)]
    return story


# -- the end ------------------------------------------------------------------------------------------------------------


def test_a_list_has_ended_with_the_last_of_the_devices_own_steps():
    items = [(USER_ALERT + 12 + number, step, "done") for number, step in enumerate(OWN_STEPS)]
    found = seen(user().watch(70), items=items)
    assert (found.ended.step, found.ended.at, found.ended.source) == ("configuration", USER_ALERT + 15, "list")
    assert seen(user().watch(70), items=items[:3]).ended is None
    assert seen(user().watch(70), items=[*items[:3], (USER_ALERT + 15, "configuration", "failed")]).ended is None
    assert seen(user().watch(70), items=[(USER_ALERT + 12, "end", "failed")]).ended is None
    assert seen(user().watch(70), items=[(USER_ALERT + 11, "end", "done"), *items]).ended.step == "end"


def certificate(at: float) -> Event:
    return Event(at, 601, (("Message1", ENROLMENT), ("Message2", "./Vendor/MSFT/ClientCertificateInstall/X")))


def test_a_log_has_not_ended_because_every_step_is_there():
    events = [*unenrolment(USER_ALERT)[:-2], certificate(USER_ALERT + 1), LATER]
    judged = judge(user().watch(70), events)
    assert {item.step for item in judged.episodes[0].case.evidence.steps} >= set(OWN_STEPS)
    assert "the end of the unenrolment" in only(judged, "UNE013").message
    assert judged.episodes[0].case.evidence.ended is None


def test_an_exec_that_failed_at_first_is_no_failure_of_an_unenrolment_that_ended():
    refused = Event(EXEC + 0.1, 1601, (("Message1", ENROLMENT), ("HRESULT", "0x80004001")))
    events = [refused, *unenrolment(SERVER_ALERT, 60)]
    assert judge(server().watch(70), events).findings == []
    assert [item.step for item in seen(server().watch(70), events[:-2]).failed] == ["trigger"]


def test_the_evidence_reaches_to_the_next_unenrolment_of_the_log():
    events = [*unenrolment(USER_ALERT)[:-2], *unenrolment(USER_ALERT + 100), LATER]
    found = seen(user().watch(400), events, quiet=300.0)
    assert (found.last, found.overdue) == (pytest.approx(USER_ALERT + 99.4), False)
    assert seen(user().watch(400), [*events[:-10], LATER], quiet=300.0).overdue


def test_a_list_reaches_to_its_last_item_and_a_log_beside_it_farther():
    items = [(USER_ALERT + 5, "apps", "done")]
    assert not seen(user().watch(70), items=items).overdue
    found = seen(user().watch(70), [*unenrolment(USER_ALERT)[:-2], LATER], items)
    assert (found.last, found.overdue) == (LATER.at, True)


@pytest.mark.parametrize(("after", "overdue"), [(64.5, False), (65.3, True)])
def test_the_quiet_time_begins_with_the_end_of_the_alert_session(after, overdue):
    story = Story().ordinary("1").watch(30).alert("2", takes=5.0).watch(70)
    events = [*unenrolment(USER_ALERT)[:-2], Event(USER_ALERT + after, 209)]
    assert seen(story, events).overdue is overdue


def test_without_a_clock_in_the_capture_the_quiet_time_begins_with_the_alert():
    events = [*unenrolment(USER_ALERT)[:-2], Event(USER_ALERT + 60.4, 209)]
    assert seen(without_times(user()), events).overdue
    assert not seen(without_times(user()), [*events[:-1], Event(USER_ALERT + 50, 209)]).overdue


def test_a_list_alone_with_a_capture_without_a_clock_is_taken_as_it_is():
    found = seen(
        without_times(user()), items=[(USER_ALERT + 900, "apps", "done"), (USER_ALERT + 901, "apps", "failed")]
    )
    assert (found.clock, found.early, found.near, found.overdue) == (None, (), 0, False)
    assert [item.outcome for item in found.failed] == ["failed"]
    assert found.words == (
        "done: apps; nothing speaks of certificates, policies, configuration, report; its end is not there"
    )


def test_a_log_that_speaks_of_no_unenrolment_is_no_evidence_of_one_without_a_clock():
    assert seen(without_times(user()), [policy(USER_ALERT), LATER]).items == ()


def test_what_makes_the_lack_of_an_end_mean_nothing():
    assert seen(user().watch(70), [policy(USER_ALERT + 5), LATER]).unsure.startswith("nothing in the log speaks of")
    listed = seen(user().watch(70), [policy(USER_ALERT + 5), LATER], [(USER_ALERT + 5, "apps", "done")])
    assert listed.unsure == ""  # the list does


def test_an_episode_of_which_the_evidence_says_nothing():
    story = Story().exec("1").alert("2", data="2").watch(1000).exec("3").alert("4", data="2").watch(70)
    for events, items in [(unenrolment(T0 + 0.2), None), (None, [(T0 + 5, "apps", "done")])]:
        first, second = (each.case.evidence for each in judge(story, events, items).episodes)
        assert (bool(first.items), second.items, second.ended) == (True, (), None)


# -- what failed --------------------------------------------------------------------------------------------------------


def commanded(gap: float = 9) -> tuple[Story, float, float]:
    """The server deletes something and unenrols in one message; the alert comes later. Times of the Exec and the alert."""
    story = Story().ordinary("1").watch(30)
    request = story.package_one("2")
    delete = "<Delete><CmdID>9</CmdID><Item><Target><LocURI>./Vendor/MSFT/X</LocURI></Target></Item></Delete>"
    story.exchange(request, story.answer(request, delete, messages.unenrol_exec(10, "MS DM Server")))
    at = T0 + story.now
    story.wait(gap).alert("3").watch(70)
    return story, at, at + gap


@pytest.mark.parametrize(
    ("failed", "tolerated"),
    [
        (lambda exec_at, alert: policy(exec_at + 1, 818), True),  # the server's Delete
        (lambda exec_at, alert: policy(alert + 1, 818), False),
        (lambda exec_at, alert: app(exec_at + 1, 1925, code="{X}", result="0x80070643"), True),
        (lambda exec_at, alert: app(alert + 1, 1925, code="{X}", result="0x80070643"), True),  # it takes its time
        (lambda exec_at, alert: result(exec_at + 1, 65, "0x80070005"), False),  # none but an unenrolment writes it
    ],
)
def test_a_command_of_the_server_may_be_what_failed(failed, tolerated):
    story, exec_at, alert = commanded()
    events = [begun(exec_at + 0.1, 60), failed(exec_at, alert), *unenrolment(alert)[1:]]
    found = seen(story, events)
    assert (len(found.failed), len(found.tolerated)) == ((0, 1) if tolerated else (1, 0))


def test_nothing_to_remove_is_a_failure_of_what_removes_alone():
    gone = "0x80070002"
    for event, tolerated in [
        (app(USER_ALERT + 1, 1925, code="{X}", result="1605"), True),
        (policy(USER_ALERT + 1, 818, result=gone), True),
        (Event(USER_ALERT + 1, 845, (("Message1", "x"), ("HRESULT", gone))), True),
        (result(USER_ALERT + 1, 65, gone), True),
        (Event(USER_ALERT + 1, 1121, (("Message1", ENROLMENT), ("Message2", ENROLMENT), ("HRESULT", gone))), True),
        (Event(USER_ALERT + 1, 1122, (("Message1", "x"), ("HRESULT", gone))), False),
        (result(USER_ALERT + 1, 64, gone), False),
    ]:
        found = seen(user().watch(70), [*unenrolment(USER_ALERT), event])
        assert (bool(found.tolerated), bool(found.failed)) == (tolerated, not tolerated), event.id


@pytest.mark.parametrize(
    ("code", "tolerated"),
    [
        ("0x80070002", True),  # the file
        ("0x80070003", True),  # the path
        ("0x80070490", True),  # the element
        ("0x80070424", True),  # the service
        ("0x86000002", True),  # the node
        ("0x80070645", True),  # the product, as an HRESULT
        ("1605", True),  # the product
        ("1604", False),
        ("0x80070001", False),
        ("0x80070004", False),
        ("0x80070005", False),
        ("0x80070491", False),
        ("0x80070425", False),
        ("0x86000003", False),
        ("0x80070646", False),
    ],
)
def test_which_results_say_that_something_is_not_there(code, tolerated):
    found = seen(user().watch(70), [*unenrolment(USER_ALERT), policy(USER_ALERT + 1, 818, result=code)])
    assert (bool(found.tolerated), bool(found.failed)) == (tolerated, not tolerated)


def test_an_uninstall_that_began_and_found_nothing_failed_no_more_than_its_end():
    begin = app(USER_ALERT + 1, 1921, code="{X}")
    for code, severity in [("1605", "warning"), ("0x80070643", "error")]:
        events = [*unenrolment(USER_ALERT), begin, app(USER_ALERT + 1.2, 1925, code="{X}", result=code)]
        assert only(judge(user().watch(70), events), "UNE013").severity == severity


def test_a_report_that_failed_by_a_list_is_best_effort_of_the_user_alone():
    for story, alert, word in [(user(), USER_ALERT, "tolerated"), (server(), SERVER_ALERT, "failed")]:
        found = seen(story.watch(70), items=[(alert + 1, "report", "failed"), (alert + 5, "end", "done")])
        assert [item.step for item in getattr(found, word)] == ["report"]


def test_an_uninstall_that_began_twice_and_never_ended_says_nothing():
    events = [begun(USER_ALERT - 1), app(USER_ALERT + 1, 1921), app(USER_ALERT + 2, 1921)]
    assert seen(user().watch(70), events).steps == ()
    nameless = [begun(USER_ALERT - 1), Event(USER_ALERT + 1, 1921), Event(USER_ALERT + 2, 1923)]
    assert [item.event for item in seen(user().watch(70), nameless).steps] == [1921, 1923]


# -- what was early -----------------------------------------------------------------------------------------------------


def test_what_is_early_by_a_given_clock_is_early_however_far():
    items = [(USER_ALERT - 3600, "certificates", "done"), (USER_ALERT + 5, "end", "done")]
    given = judge(user().watch(70), items=items, offset=0.0)
    assert only(given, "UNE012").severity == "error"
    assert phase(given).status == "contradicted"
    assert "certificates came before the alert" in phase(given).detail
    assumed = judge(user().watch(70), items=items)
    assert only(assumed, "UNE012").severity == "inconclusive"
    assert phase(assumed).status == "observed"
    soon = judge(user().watch(70), items=[(USER_ALERT - 30, "certificates", "done"), items[1]])
    assert phase(soon).status == "contradicted"


def test_without_an_alert_nothing_is_early_nor_near():
    story = Story().ordinary("1").watch(30).exec("2").watch(70)
    found = seen(story, items=[(EXEC - 100, "policies", "done"), (EXEC - 5, "apps", "done")])
    assert (found.early, found.near, found.clock.kind) == ((), 0, "assumed")


def test_a_report_a_trigger_and_an_end_clean_nothing():
    items = [(USER_ALERT - 100, step, "done") for step in ("report", "trigger", "end")]
    found = seen(user().watch(70), items=items)
    assert (len(found.items), found.early, found.near) == (3, (), 0)


def test_before_the_earliest_is_early_and_before_the_likeliest_near():
    items = [(USER_ALERT + late, "apps", "done") for late in (-11, -9, -1, 1)]
    found = seen(user().watch(70), items=items)
    assert (len(found.early), found.near) == (1, 2)


# -- what belongs to it -------------------------------------------------------------------------------------------------


def ids(found: Evidence) -> list[int | None]:
    return [item.event for item in found.items]


def test_without_a_trigger_a_minute_before_the_first_event_belongs_to_it():
    own = [Event(USER_ALERT, 48), Event(USER_ALERT + 2, 74)]
    around = [policy(USER_ALERT - 61), app(USER_ALERT - 59, 1923), app(USER_ALERT + 61, 1923), policy(USER_ALERT + 63)]
    assert ids(seen(user().watch(70), [*own, *around])) == [1923, 48, 74, 1923]


def test_without_any_event_of_its_own_ten_minutes_after_the_alert_may_hold_it():
    events = [policy(USER_ALERT - 1), app(USER_ALERT + 1, 1923), policy(USER_ALERT + 599), app(USER_ALERT + 601, 1923)]
    assert ids(seen(user().watch(70), events)) == [1923, 819]


def test_where_the_log_lacks_the_trigger_the_exec_of_the_capture_is_one():
    story = Story().ordinary("1").watch(30).exec("2").wait(100).alert("3").watch(70)
    alert = EXEC + 100
    events = [policy(alert - 103), app(alert - 80, 1923), Event(alert, 48), Event(alert + 2, 74)]
    found = seen(story, events)  # the Exec was there a hundred seconds before the alert, or up to ten fewer
    assert ids(found) == [1923, 48, 74]
    assert [item.doubtful for item in found.items] == [False, False, False]
    assert rules_of(judge(story, events)) == ["UNE012"]


def test_another_enrolments_events_are_told_by_its_id():
    begin = begun(SERVER_ALERT - 0.9, 1600)
    events = [begin, *unenrolment(SERVER_ALERT, 60)]
    other = policy(SERVER_ALERT + 1, enrolment="{SOMEBODY-ELSE}")
    assert len(seen(server().watch(70), [*events, other]).items) == len(events)
    for mine in (f"{{{ENROLMENT.lower()}}}", "", "{}"):
        assert (
            len(seen(server().watch(70), [*events, policy(SERVER_ALERT + 1, enrolment=mine)]).items) == len(events) + 1
        )
    short = Event(SERVER_ALERT + 1, 819, (("Message1", "x"), ("Message2", "y")))
    assert len(seen(server().watch(70), [*events, short]).items) == len(events) + 1


# -- what may be ordinary management ------------------------------------------------------------------------------------


def sent(command: str, *, before: float) -> tuple[Story, float]:
    """The server sends a command so long before the user's alert; the time of that."""
    story = Story()
    request = story.package_one("1")
    story.exchange(request, story.answer(request, command))
    story.watch(before - 0.1).alert("2").watch(70)
    return story, T0 + before


@pytest.mark.parametrize(
    ("command", "before", "doubtful"),
    [
        (replace(9), 100.0, True),
        (replace(9), 599.0, True),
        (replace(9), 601.0, False),
        (messages.get(9, "./A"), 100.0, False),
        ("<Alert><CmdID>9</CmdID><Data>1100</Data></Alert>", 100.0, False),
        (f"<Sequence><CmdID>9</CmdID>{messages.get(10, './A')}</Sequence>", 100.0, False),
        (f"<Atomic><CmdID>9</CmdID>{replace(10)}</Atomic>", 100.0, True),
    ],
)
def test_a_command_that_changes_something_shortly_before_the_alert(command, before, doubtful):
    story, alert = sent(command, before=before)
    early = [begun(alert - 9), policy(alert - 8), *unenrolment(alert)[1:]]
    assert only(judge(story, early), "UNE012").severity == ("inconclusive" if doubtful else "error")


def test_every_message_before_the_alert_is_looked_at_for_commands():
    twice = Story()
    request = twice.package_one("1")
    twice.exchange(request, None, failure="server-closed")
    twice.exchange(request, twice.answer(request, replace(9)))
    long = Story().ordinary("1").watch(200)
    request = long.to_server("1", 2, [messages.status(1, "1", "0", "SyncHdr", "200")])
    long.exchange(request, long.answer(request, replace(9)))
    for story in (twice, long):
        story.watch(500).alert("2").watch(70)
        alert = T0 + story.now - 70.1
        found = judge(story, [begun(alert - 9), policy(alert - 8), *unenrolment(alert)[1:]])
        assert {each.severity for each in found.findings if each.rule == "UNE012"} == {"inconclusive"}


def test_what_the_log_has_after_its_trigger_is_no_ordinary_management():
    events = [begun(T0 - 9), policy(T0 - 8), *unenrolment(T0)[1:]]
    assert only(judge(Story().alert("2").watch(70), events), "UNE012").severity == "error"
    without = [policy(USER_ALERT - 1), Event(USER_ALERT, 48), policy(USER_ALERT + 1), Event(USER_ALERT + 2, 74)]
    assert [item.doubtful for item in seen(without_times(user()), without).items] == [True, False, False, False]


def test_any_event_of_an_unenrolment_shows_that_it_had_begun():
    story, alert = Story().exec("1").wait(1).alert("2").watch(70), T0 + 1.1  # begins too late to show what came before
    failed = app(alert + 2, 1925, code="{X}", result="0x80070643")
    for trigger in ([], [begun(alert - 0.9, 60)]):
        events = [*trigger, Event(alert, 48), failed, Event(alert + 3, 74)]
        assert only(judge(story, events), "UNE013").severity == "error"


def test_a_command_in_the_answer_to_the_alert_comes_too_late_for_that():
    story = Story().ordinary("1").watch(30)
    request = story.package_one("2", alert=messages.unenrol_alert())
    story.exchange(request, story.answer(request, replace(9)))
    early = [begun(USER_ALERT - 9), policy(USER_ALERT - 8), *unenrolment(USER_ALERT)[1:]]
    found = {each.rule: each.severity for each in judge(story.watch(70), early).findings}
    assert found == {"UNE012": "error", "UNE018": "warning"}


def test_without_an_alert_a_command_may_come_until_the_end():
    story = Story().ordinary("1").watch(30).exec("2").watch(5)
    request = story.package_one("3")
    story.exchange(request, story.answer(request, replace(9)))
    found = seen(story.watch(70), [begun(EXEC + 0.1, 60), policy(EXEC + 1)])
    assert [item.doubtful for item in found.items] == [False, True]


def test_a_recorder_that_was_there_ten_seconds_before_saw_no_command():
    for before, severity in [(1.0, "inconclusive"), (2.5, "error")]:
        story = Story().wait(0).watch(before + 16).alert("2").watch(70)
        alert = T0 + before + 16
        events = [policy(alert - 8), *unenrolment(alert)[1:]]
        assert only(judge(story, events), "UNE012").severity == severity, before
