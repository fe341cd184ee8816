import pytest

from replay.expect.machine import AFTER, RULE_OF, TABLE, Event, State, accepted_in, step
from replay.expect.rules import registry


def test_every_state_is_in_the_table_and_can_be_reached():
    reached = {State.MANAGED} | {after for events in TABLE.values() for after in events.values()} | set(AFTER.values())
    assert set(TABLE) == set(State) == reached


def test_every_event_is_accepted_somewhere_or_breaks_a_rule():
    accepted = {event for events in TABLE.values() for event in events}
    assert accepted | set(RULE_OF) == set(Event)
    assert set(RULE_OF.values()) <= set(registry())


def test_what_follows_a_departure_is_a_departure_itself():
    for state, event in AFTER:
        assert event not in TABLE[state]
        assert event in RULE_OF


@pytest.mark.parametrize("state", list(State))
@pytest.mark.parametrize("event", list(Event))
def test_a_step_is_accepted_breaks_a_rule_or_cannot_happen(state, event):
    if event in TABLE[state]:
        assert step(state, event) == (TABLE[state][event], None)
    elif event in RULE_OF:
        assert step(state, event) == (AFTER.get((state, event), state), RULE_OF[event])
    else:
        with pytest.raises(KeyError):
            step(state, event)


@pytest.mark.parametrize(
    ("events", "end"),
    [
        ([Event.ALERT, Event.MESSAGE], State.ALERT_SENT),
        ([Event.ALERT, Event.ALERT_RESENT, Event.ALERT_RETRIED, Event.CLOSES, Event.MESSAGE], State.ALERT_SENT),
        ([Event.EXEC, Event.CLOSES, Event.ALERT], State.ALERT_SENT),
        ([Event.EXEC, Event.EXEC, Event.CLOSES, Event.CLOSES], State.EXEC_DELIVERED),
        ([Event.EXEC, Event.OPENS, Event.MESSAGE, Event.CLOSES, Event.EXEC, Event.OPENS], State.WENT_ON),
        ([Event.EXEC, Event.OPENS, Event.ALERT], State.ALERT_SENT),
        ([Event.EXEC, Event.OPENS, Event.ALERT_STAYS], State.STAYS),
        ([Event.EXEC, Event.ALERT_STAYS, Event.OPENS], State.STAYS),
        ([Event.ALERT_STAYS, Event.ALERT_RESENT, Event.ALERT_RETRIED, Event.MESSAGE, Event.CLOSES], State.STAYS),
        ([Event.ALERT_STAYS, Event.OPENS, Event.MESSAGE, Event.OPENS], State.STAYS),
    ],
)
def test_the_expected_sequences(events, end):
    state = State.MANAGED
    for event in events:
        state, rule = step(state, event)
        assert rule is None
    assert state is end


def test_a_broken_silence_is_broken_once():
    state, rule = step(State.ALERT_SENT, Event.OPENS)
    assert (state, rule) == (State.NOT_SILENT, "UNE011")
    for event in (Event.OPENS, Event.MESSAGE, Event.ALERT_RESENT, Event.ALERT_RETRIED, Event.CLOSES):
        assert step(state, event) == (State.NOT_SILENT, None)


@pytest.mark.parametrize("state", [State.MANAGED, State.EXEC_DELIVERED, State.WENT_ON])
@pytest.mark.parametrize("event", [Event.ALERT_LATE, Event.ALERT_IN_OLD_SESSION])
def test_an_alert_in_the_wrong_place_is_sent_all_the_same(state, event):
    assert step(state, event)[0] is State.ALERT_SENT


def test_a_state_says_what_it_would_have_accepted():
    assert accepted_in(State.ALERT_SENT) == [event.value for event in TABLE[State.ALERT_SENT]]
