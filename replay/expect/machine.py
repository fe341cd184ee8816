"""The sequence machine: what may follow what in an unenrolment (UNENR; facts A1, A2).

One enrolment is followed from its trigger. Everything that the device or the server does is an event; `TABLE` says for
every state which events are accepted, and what state they lead to. The table is the only truth: the picture in the docs
is drawn from it, and an event that has no entry departs from the sequence. `RULE_OF` names the rule that a departing
event breaks, and `AFTER` where the sequence stands afterwards, so that one departure is one finding and judging goes on.

    managed ──exec──▶ exec-delivered ──alert──▶ alert-sent ── (silence)
       └──────────────alert────────────────────────▲

Where the table is not enough:

- *No alert at all* (UNE001) and *silence* (UNE014) are not events. They are decided when the episode closes, from the state
  that the machine was left in and from the window of the recording.
- *Which* event a message is depends on its session: was it opened before the trigger, is it the alert's own? `sequence.py`
  decides that, and that other sessions may take 10 s to finish between Exec and alert (UNE008).
"""

import enum
from typing import Final


class State(enum.StrEnum):
    """Where an unenrolment stands."""

    MANAGED = "managed"
    EXEC_DELIVERED = "exec delivered"
    WENT_ON = "exec delivered, ordinary sessions went on"
    ALERT_SENT = "alert sent"
    NOT_SILENT = "alert sent, sessions went on"
    STAYS = "alert sent, the enrolment stays"


class Event(enum.StrEnum):
    """What is seen of an enrolment. A session is *earlier* when it was opened before the Exec or the alert session."""

    EXEC = "the server's Exec Unenroll"
    ALERT = "the alert in package 1 of a new session"
    ALERT_STAYS = "the alert that the directory unjoin failed"
    ALERT_LATE = "the alert after package 1"
    ALERT_IN_OLD_SESSION = "the alert in a session that carried commands"
    ALERT_RESENT = "the alert again after a challenge"
    ALERT_RETRIED = "the alert again after it could not be delivered"
    ALERT_AGAIN = "the alert again"
    EXEC_ANSWERED = "an answer to the Exec"
    OPENS = "a new session without the alert"
    MESSAGE = "a later message of a session opened since"
    GOES_ON = "a message of an earlier session"
    FINISHES = "a message of another earlier session within 10 s of the Exec"
    CLOSES = "an Alert 1223 that closes an earlier session"


_S, _E = State, Event

TABLE: Final[dict[State, dict[Event, State]]] = {
    _S.MANAGED: {
        _E.EXEC: _S.EXEC_DELIVERED,
        _E.ALERT: _S.ALERT_SENT,
        _E.ALERT_STAYS: _S.STAYS,
    },
    _S.EXEC_DELIVERED: {
        _E.EXEC: _S.EXEC_DELIVERED,
        _E.CLOSES: _S.EXEC_DELIVERED,
        _E.OPENS: _S.WENT_ON,  # judged when the episode closes: is there an alert after all (UNE001)?
        _E.ALERT: _S.ALERT_SENT,
        _E.ALERT_STAYS: _S.STAYS,
    },
    _S.WENT_ON: {
        _E.EXEC: _S.WENT_ON,
        _E.CLOSES: _S.WENT_ON,
        _E.OPENS: _S.WENT_ON,
        _E.MESSAGE: _S.WENT_ON,
        _E.ALERT: _S.ALERT_SENT,
        _E.ALERT_STAYS: _S.STAYS,
    },
    _S.ALERT_SENT: {
        _E.MESSAGE: _S.ALERT_SENT,
        _E.ALERT_RESENT: _S.ALERT_SENT,
        _E.ALERT_RETRIED: _S.ALERT_SENT,
        _E.CLOSES: _S.ALERT_SENT,
    },
    _S.NOT_SILENT: {
        _E.OPENS: _S.NOT_SILENT,  # the first of them broke the silence; the others follow from it
        _E.MESSAGE: _S.NOT_SILENT,
        _E.ALERT_RESENT: _S.NOT_SILENT,
        _E.ALERT_RETRIED: _S.NOT_SILENT,
        _E.CLOSES: _S.NOT_SILENT,
    },
    _S.STAYS: {
        _E.OPENS: _S.STAYS,
        _E.MESSAGE: _S.STAYS,
        _E.ALERT_RESENT: _S.STAYS,
        _E.ALERT_RETRIED: _S.STAYS,
        _E.CLOSES: _S.STAYS,
    },
}

#: The rule that an event breaks in a state that does not accept it.
RULE_OF: Final[dict[Event, str]] = {
    _E.ALERT_LATE: "UNE002",
    _E.ALERT_IN_OLD_SESSION: "UNE003",
    _E.ALERT_AGAIN: "UNE007",
    _E.GOES_ON: "UNE008",
    _E.FINISHES: "UNE008",
    _E.EXEC_ANSWERED: "UNE009",
    _E.OPENS: "UNE011",
}

#: Where the sequence stands after a departure; where nothing is said it stands where it stood.
AFTER: Final[dict[tuple[State, Event], State]] = {
    **{(state, _E.ALERT_LATE): _S.ALERT_SENT for state in (_S.MANAGED, _S.EXEC_DELIVERED, _S.WENT_ON)},
    **{(state, _E.ALERT_IN_OLD_SESSION): _S.ALERT_SENT for state in (_S.MANAGED, _S.EXEC_DELIVERED, _S.WENT_ON)},
    (_S.ALERT_SENT, _E.OPENS): _S.NOT_SILENT,
}


def step(state: State, event: Event) -> tuple[State, str | None]:
    """The state after an event, and the rule that it breaks, None where the table accepts it.

    Raises KeyError for an event that neither the table nor RULE_OF knows in this state: a fault of the caller, which made
    an event that cannot happen there.
    """
    accepted = TABLE[state]
    if event in accepted:
        return accepted[event], None
    return AFTER.get((state, event), state), RULE_OF[event]


def accepted_in(state: State) -> list[str]:
    """Everything that would have been accepted in a state, in words."""
    return [event.value for event in TABLE[state]]
