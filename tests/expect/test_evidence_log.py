"""The files of one device as one log: what counts once, which unenrolments it tells of, and to which episode each belongs."""

import io

import pytest

from replay.capture.episodes import Episode
from replay.capture.evidence import EvidenceError, EvidenceFile, Logged, Stated
from replay.capture.journal_reader import read
from replay.capture.sessions import assemble
from replay.expect.case import Case, Options
from replay.expect.evidence import Attachment, Log, attach, log_of
from tests.expect.test_evidence import USER_ALERT
from tests.story import T0, Story, user


def log(*events: Logged, **more) -> Log:
    times = [each.at for each in events]
    return log_of([EvidenceFile("log", "xml", events, first=min(times), last=max(times), **more)])


def told(*events: tuple[float, int]) -> list[tuple[float, float]]:
    """From when until when the unenrolments of a log are, in seconds since T0."""
    found = log(*(Logged(T0 + at, event, record=number) for number, (at, event) in enumerate(events, 1)))
    return [(run.start - T0, run.until - T0) for run in found.runs]


@pytest.mark.parametrize(
    ("events", "runs"),
    [
        ([(0, 61), (1, 48), (2, 74)], [(0, 62)]),
        ([(0, 61), (1, 48)], [(0, 601)]),
        ([(0, 61), (1, 48), (30, 61)], [(0, 630)]),  # one more try
        ([(0, 61), (62, 61)], [(0, 62), (62, 662)]),
        ([(0, 61), (62, 60)], [(0, 62), (62, 662)]),
        ([(0, 61), (60, 61)], [(0, 660)]),
        ([(0, 61), (62, 48)], [(0, 662)]),
        ([(0, 61), (2, 74), (10, 61)], [(0, 10), (10, 610)]),
        ([(0, 61), (2, 74), (10, 48)], [(0, 70)]),
        ([(0, 61), (2, 73), (10, 60)], [(0, 610)]),
        ([(0, 61), (600, 48)], [(0, 1200)]),
        ([(0, 61), (601, 48)], [(0, 600), (601, 1201)]),
        ([(0, 61), (2, 74), (300, 61), (301, 48), (302, 74), (900, 1600)], [(0, 62), (300, 362), (900, 1500)]),
        ([(0, 819), (1, 208)], []),
    ],
)
def test_what_is_one_unenrolment(events, runs):
    assert told(*events) == runs


def test_events_of_one_moment_are_in_the_order_of_their_records():
    events = [Logged(T0, event, record=record) for event, record in [(48, 7), (61, 5), (74, 6)]]
    assert [each.event for each in log(*events, Logged(T0, 60)).events] == [60, 61, 74, 48]


def test_one_record_is_one_event_whatever_the_exports_make_of_its_time():
    assert len(log(Logged(T0 + 0.0001, 48, record=1), Logged(T0 + 0.0002, 48, record=1)).events) == 1
    for other in (
        Logged(T0 + 0.01, 48, record=1),
        Logged(T0, 61, record=1),
        Logged(T0, 48, record=2),
        Logged(T0, 48, record=1, channel="Debug"),
    ):
        assert len(log(Logged(T0, 48, record=1), other).events) == 2
    assert len(log(Logged(T0, 48), Logged(T0, 48)).events) == 2  # without a number nobody knows


def test_a_computer_that_is_not_named_may_be_any():
    assert len(log(Logged(T0, 48, computer="PC1"), Logged(T0, 61)).events) == 2


def test_a_file_without_anything_in_it_tells_of_no_time():
    full = EvidenceFile("log", "xml", (Logged(T0, 48),), first=T0, last=T0 + 5, unread=1)
    found = log_of([EvidenceFile("none", "xml", unread=2), full])
    assert (found.first, found.last, found.unread) == (T0, T0 + 5, 3)
    with pytest.raises(EvidenceError, match="none: has no event with a time"):
        log_of([EvidenceFile("none", "xml")])


def test_the_old_build_is_told_by_two_texts_alone():
    text = "MDM Unenroll: something"
    assert [log(Logged(T0, event, (), text)).old_build for event in (53, 54, 74)] == [True, True, False]
    assert not log(Logged(T0, 54)).old_build
    assert not log(Logged(T0, 54, (), "MDM Enroll: something")).old_build


def test_the_enrolment_is_named_by_the_exec_where_it_is_there():
    (run,) = log(Logged(T0, 61, (("Message1", "x"),)), Logged(T0 + 1, 1600, (("Message1", "{AB-1}"),))).runs
    assert run.enrolment == "ab-1"
    (run,) = log(Logged(T0, 1600), Logged(T0 + 1, 1601, (("Message1", "{AB-2}"),))).runs
    assert run.enrolment == "ab-2"
    (run,) = log(Logged(T0, 1600)).runs
    assert run.enrolment is None


@pytest.mark.parametrize(
    ("events", "anchor"),
    [
        ([61, 60, 48], 48),
        ([61, 1600, 60], 60),
        ([61, 1600], 1600),
        ([86, 61], 61),
        ([60], 60),
        ([1600], 1600),
        ([86], 86),
    ],
)
def test_the_event_that_is_nearest_to_the_alert(events, anchor):
    (run,) = log(*(Logged(T0 + number, event, record=number) for number, event in enumerate(events, 1))).runs
    assert (run.anchor.event, run.begins) == (anchor, events != [86])


# -- which episode it belongs to ------------------------------------------------------------------------------------------


def episodes(story: Story) -> list[Episode]:
    return [each.episode for each in Case(assemble(read(io.BytesIO(story.text()), "x")), Options()).episodes]


def attached(story: Story, found: Log, given: float | None = None) -> Attachment:
    return attach(found, episodes(story), given)


def stays(*, times: int, apart: float) -> tuple[Story, list[float]]:
    """A device that stays enrolled each time that it is told to leave, and when it said so."""
    story, at = Story(), []
    for number in range(times):
        story.exec(str(2 * number + 1))
        at.append(T0 + story.now)
        story.alert(str(2 * number + 2), data="2").watch(apart)
    return story, at


def unenrolments(*alerts: float) -> Log:
    return log(*(Logged(at + late, event) for at in alerts for late, event in [(-1, 61), (0, 48), (1, 74)]))


def test_without_an_episode_there_is_nothing_that_it_could_belong_to():
    assert attached(Story().ordinary("1"), unenrolments(T0)).by_episode == {}


def test_each_run_belongs_to_the_episode_that_it_is_nearest_to():
    story, (first, second) = stays(times=2, apart=400.0)
    for alerts, runs in [((second - 5,), [None, 0]), ((first + 5,), [0, None]), ((first + 5, second - 5), [0, 1])]:
        found = unenrolments(*alerts)
        by_episode = attached(story, found).by_episode
        assert [by_episode[number].run for number in (1, 2)] == [None if n is None else found.runs[n] for n in runs]


@pytest.mark.parametrize(
    ("one", "other", "told"),
    [(-50, 100, True), (-100, 500, True), (-100, 330, False), (-300, 350, False), (70, -1000, True)],
)
def test_of_two_runs_the_nearer_is_the_one_where_it_is_much_nearer(one, other, told):
    found = unenrolments(*sorted([USER_ALERT + one, USER_ALERT + other]))
    outcome = attached(user(), found)
    assert (outcome.problem is None) is told
    if told:
        assert outcome.by_episode[1].run.anchor.at == USER_ALERT + one
    assert attached(user(), found, given=20.0).problem is None


def test_what_is_of_another_time():
    for late, side in [(7200, "after"), (-7200, "before")]:
        problem = attached(user(), unenrolments(USER_ALERT + late)).problem
        assert f"7200.0 s {side} the capture's" in problem
    ordinary = log(Logged(USER_ALERT - 500, 208), Logged(USER_ALERT + 100, 209))
    assert attached(user(), ordinary).problem is None


@pytest.mark.parametrize(("away", "near"), [(899.9, True), (-899.9, True), (900.1, False), (-900.1, False)])
def test_what_is_within_a_quarter_of_an_hour_is_near(away, near):
    assert (attached(user(), unenrolments(USER_ALERT + away)).by_episode[1].run is not None) is near


def listed(*times: float) -> EvidenceFile:
    stated = tuple(Stated(at, "apps", "done", "", "list") for at in times)
    return EvidenceFile("list", "json", stated=stated, first=times[0], last=times[-1])


def test_a_list_was_made_for_this_whenever_it_says_so():
    assert attached(user(), log_of([listed(USER_ALERT + 7200)])).problem is None


def test_the_items_of_a_list_belong_to_the_last_episode_that_had_begun():
    story, at = stays(times=3, apart=1000.0)
    items = [at[0] - 50, at[0] + 5, at[1] - 20, at[1] + 5, at[2] - 5, at[2] + 5]
    by_episode = attached(story, log_of([listed(*items)])).by_episode
    assert [[item.at for item in by_episode[number].stated] for number in (1, 2, 3)] == [
        items[:3],
        items[3:4],
        items[4:],
    ]


def two_devices() -> tuple[Story, float]:
    story = user().watch(7200)
    story.device, story.client = "OTHER", "10.0.0.6:50000"
    at = T0 + story.now
    return story.ordinary("8").alert("9").watch(70), at


def test_of_several_devices_it_says_which():
    story, at = two_devices()
    for found in (unenrolments(T0 - 9000), log_of([listed(at), *unenrolments(at).files])):
        assert f"the capture has several ({Story().device}, OTHER): give --device" in attached(story, found).problem
    assert set(attached(story, unenrolments(at)).by_episode) == {2}


def test_without_a_clock_there_can_be_one_episode_and_one_run():
    story, _ = stays(times=2, apart=10.0)
    for line in story.lines:
        line.update(t=None, mono=None)
    assert "the capture has no clock" in attached(story, unenrolments(T0)).problem
    one = user()
    for line in one.lines:
        line.update(t=None, mono=None)
    assert attached(one, unenrolments(T0)).by_episode[1].run is not None
    assert attached(one, log(Logged(T0, 208))).by_episode[1].run is None
    assert "the capture has no clock" in attached(one, unenrolments(T0, T0 + 900)).problem
