"""The device's clock against the recorder's: what each event says about it, and how sure that is."""

import pytest

from replay.capture.evidence import Logged
from replay.expect.case import Case, Options
from replay.expect.clocks import clock_of
from tests.story import T0, Story, server, user

USER_ALERT, EXEC, SERVER_ALERT = T0 + 30.1, T0 + 30.2, T0 + 31.2


def episode(story):
    from io import BytesIO

    from replay.capture.journal_reader import read
    from replay.capture.sessions import assemble

    return Case(assemble(read(BytesIO(story.text()), "x.jsonl")), Options()).episodes[0].episode


def offset(story, *events: tuple[float, int], given: float | None = None):
    clock = clock_of(episode(story), [Logged(at, event) for at, event in events], given)
    return clock.kind, tuple(round(each, 3) for each in clock.offset)


def test_an_offset_that_is_given_is_taken_as_it_is():
    assert offset(user(), given=-3600.0) == ("given", (-3600.0, -3601.0, -3599.0))


def test_an_event_that_speaks_against_an_offset_is_named():
    clock = clock_of(episode(user()), [Logged(USER_ALERT, 48)], 3600.0)
    assert "event 48 speaks against it" in clock.words


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
    assert offset(user(), (USER_ALERT - 4, 61)) == ("assumed", (0.0, -4.0, 10.0))
    assert offset(user(), (USER_ALERT + 40, 61)) == ("assumed", (40.0, 40.0, 50.0))


def test_events_that_contradict_each_other_make_it_less_sure():
    kind, (_, least, most) = offset(server(), (EXEC + 0.5, 60), (SERVER_ALERT + 300, 48))
    assert (kind, least, most) == ("estimated", -0.5, 310.0)  # either may be right
    clock = clock_of(episode(server()), [Logged(EXEC + 0.5, 60), Logged(SERVER_ALERT + 300, 48)], None)
    assert "which disagree" in clock.words


def test_the_first_of_several_alerts_counts():
    story = user().watch(5)
    assert offset(story.alert("2").watch(70), (USER_ALERT + 5, 48))[1][0] == 5.0


def test_without_an_alert_the_exec_is_what_is_dated():
    story = Story().ordinary("1").watch(30).exec("2").watch(70)
    assert offset(story, (EXEC + 2, 60)) == ("estimated", (-3.0, -8.0, 2.0))


def test_the_words():
    clock = clock_of(episode(user()), [Logged(USER_ALERT + 5, 48)], None)
    assert clock.words == "the device's clock is 5.0 s ahead (+3.0 to +15.0 s; estimated from event 48)"
    assert clock_of(episode(user()), [], 0.0).words.startswith("the device's clock agrees with the recorder's (-1.0")
    assert round(clock.on_recorder(USER_ALERT + 6).wall - USER_ALERT, 3) == 1.0
