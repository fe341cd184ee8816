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


def test_the_expected_sequences():
    for events, end in [
        ([Event.ALERT, Event.MESSAGE], State.ALERT_SENT),
        ([Event.EXEC, Event.CLOSES, Event.ALERT], State.ALERT_SENT),
        ([Event.EXEC, Event.ALERT_STAYS, Event.OPENS], State.STAYS),
    ]:
        state = State.MANAGED
        for event in events:
            state, rule = step(state, event)
            assert rule is None
        assert state is end


def test_a_state_says_what_it_would_have_accepted():
    assert accepted_in(State.ALERT_SENT) == [event.value for event in TABLE[State.ALERT_SENT]]
