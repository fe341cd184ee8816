"""The device's clock against the recorder's: what each event says about it, and how sure that is."""

import json
from io import BytesIO

import pytest

from replay.capture.episodes import Episode
from replay.capture.evidence import Logged
from replay.capture.journal_reader import read
from replay.capture.sessions import assemble
from replay.expect.case import Case, Options
from replay.expect.clocks import clock_of
from tests.story import T0, Story, server, user

USER_ALERT, EXEC, SERVER_ALERT = T0 + 30.1, T0 + 30.2, T0 + 31.2


def episode(story: Story | bytes) -> Episode:
    text = story if isinstance(story, bytes) else story.text()
    return Case(assemble(read(BytesIO(text), "x.jsonl")), Options()).episodes[0].episode


def without_times(story: Story) -> bytes:
    """The same where nothing says when it was."""
    lines = [json.loads(line) for line in story.text().splitlines()]
    return b"".join(json.dumps(line | {"t": None, "mono": None}).encode() + b"\n" for line in lines)


def words(story: Story | bytes, *events: tuple[float, int], given: float | None = None) -> str:
    return clock_of(episode(story), [Logged(at, event) for at, event in events], given).words


def offset(story, *events: tuple[float, int], given: float | None = None):
    clock = clock_of(episode(story), [Logged(at, event) for at, event in events], given)
    return clock.kind, tuple(round(each, 3) for each in clock.offset)


def test_an_offset_that_is_given_is_taken_as_it_is():
    assert offset(user(), given=-3600.0) == ("given", (-3600.0, -3601.0, -3599.0))


def test_an_event_that_speaks_against_an_offset_is_named():
    assert "event 48 speaks against it" in words(user(), (USER_ALERT, 48), given=3600.0)
    doubted = [
        late
        for late in (-14, -10.5, 0, 2.5, 4)
        if "speaks against it" in words(user(), (USER_ALERT + late, 48), given=0.0)
    ]
    assert doubted == [-14, 4]
    assert "speaks" not in words(user(), (USER_ALERT - 70, 61), given=0.0)


def test_the_alert_is_sent_about_when_it_was_handed_over():
    assert offset(user(), (USER_ALERT + 5, 48)) == ("estimated", (5.0, 3.0, 15.0))


def test_the_users_begin_is_before_the_alert():
    assert offset(user(), (USER_ALERT + 4.5, 61), (USER_ALERT + 5, 48)) == ("estimated", (5.0, 4.5, 15.0))


@pytest.mark.parametrize("trigger", [60, 1600])
def test_the_engines_begin_is_between_exec_and_alert(trigger):
    kind, (likely, least, most) = offset(server(), (EXEC + 0.2 + 7, trigger))
    assert (kind, least, most) == ("estimated", 6.2, 7.2)
    assert least <= likely <= most
    assert most - least == pytest.approx(SERVER_ALERT - EXEC)


def test_both_together_are_the_narrowest():
    assert offset(server(), (EXEC + 7.1, 60), (SERVER_ALERT + 7.05, 48)) == ("estimated", (7.05, 6.1, 7.1))


def test_without_any_the_clocks_are_assumed_to_agree():
    assert offset(user()) == ("assumed", (0.0, -10.0, 10.0))
    assert words(user()).endswith("(-10.0 to +10.0 s; assumed to agree)")
    assert offset(user(), (USER_ALERT - 4, 61)) == ("assumed", (0.0, -4.0, 10.0))
    assert offset(user(), (USER_ALERT + 40, 61)) == ("assumed", (40.0, 40.0, 50.0))
    assert offset(user(), (USER_ALERT - 40, 61)) == ("assumed", (0.0, -10.0, 10.0))
    assert words(user(), (USER_ALERT - 4, 61)).endswith("(-4.0 to +10.0 s; assumed to agree; not before event 61)")


def test_the_engines_begin_without_an_exec_is_before_the_alert():
    assert offset(user(), (USER_ALERT - 4, 60)) == ("assumed", (0.0, -4.0, 10.0))


def test_events_that_contradict_each_other_make_it_less_sure():
    kind, (_, least, most) = offset(server(), (EXEC + 0.5, 60), (SERVER_ALERT + 300, 48))
    assert (kind, least, most) == ("estimated", -0.5, 310.0)  # either may be right
    told = words(server(), (EXEC + 0.5, 60), (SERVER_ALERT + 300, 48))
    assert told.endswith("; estimated from event 60 and 48, which disagree)")


def test_an_alert_at_once_after_the_exec_is_no_contradiction():
    story = Story().ordinary("1").watch(30).exec("2").alert("3")
    assert offset(story, (EXEC + 5, 60)) == ("estimated", (5.0, 5.0, 5.0))
    assert "disagree" not in words(story, (EXEC + 5, 60))


def test_a_capture_without_times_has_the_devices_clock_alone():
    told = without_times(server())
    assert clock_of(episode(told), [], 5.0) is None
    for event, about, least, most in [(60, 95.0, 90.0, 100.0), (61, 95.0, 90.0, 100.0), (48, 90.0, 88.0, 100.0)]:
        clock = clock_of(episode(told), [Logged(90.0, event)], 5.0)
        assert (clock.likely, clock.earliest, clock.latest) == (about, least, most)
        assert (clock.kind, clock.offset, clock.on_recorder(91.0)) == (
            "estimated" if event == 48 else "assumed",
            None,
            None,
        )
    assert words(told, (90.0, 48)).startswith("the capture has no clock; the alert is dated by the device's own (")


def test_the_first_of_several_alerts_counts():
    story = user().watch(5)
    assert offset(story.alert("2").watch(70), (USER_ALERT + 5, 48))[1][0] == 5.0


def test_without_an_alert_the_exec_is_what_is_dated():
    story = Story().ordinary("1").watch(30).exec("2").watch(70)
    assert offset(story, (EXEC + 2, 60)) == ("estimated", (-3.0, -8.0, 2.0))


def test_the_words():
    clock = clock_of(episode(user()), [Logged(USER_ALERT + 5, 48)], None)
    assert clock.words == "the device's clock is 5.0 s ahead (+3.0 to +15.0 s; estimated from event 48)"
    for given in (-0.04, 0.0, 0.04):
        agrees = "the device's clock agrees with the recorder's (-1.0 to +1.0 s; as given)"
        assert words(user(), given=given) == agrees
    assert words(user(), given=0.4) == "the device's clock is 0.4 s ahead (-0.6 to +1.4 s; as given)"
    assert words(user(), given=-1.0) == "the device's clock is 1.0 s behind (-2.0 to +0.0 s; as given)"
    assert words(user(), given=-1.02).endswith("(-2.0 to +0.0 s; as given)")
    sent = clock.reference
    seen = clock.on_recorder(USER_ALERT + 6)
    assert (round(seen.wall - sent.wall, 3), round(seen.clock - sent.clock, 3)) == (1.0, 1.0)
