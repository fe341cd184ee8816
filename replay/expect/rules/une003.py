"""alert-in-old-session

## What it does
Checks that the alert comes in a session of its own, not in the one that carried the Exec or other commands of the
server.

## Why it matters
All sessions of the enrolment end at once, to avoid deadlocks; the alert opens a new one with MsgID 1. A device that
answers in the old session has not ended it.

## Known exceptions
None is known.

## Good
Exec in session 3 (MsgID 2); Alert 1226 in session 4 (MsgID 1).

## Bad
Exec in session 3 (MsgID 2); Alert 1226 in session 3 (MsgID 3).
"""

from collections.abc import Iterable

from replay.expect.case import EpisodeCase, Rule
from replay.expect.finding import Finding, Party, Severity

RULE = Rule(
    id="UNE003",
    name="alert-in-old-session",
    severity=Severity.ERROR,
    party=Party.DEVICE,
    source="UNENR; facts A1.2, A2.5",
    scope="episode",
)


def check(subject: EpisodeCase) -> Iterable[Finding]:
    """Findings of UNE003."""
    for departure in subject.run.by_rule(RULE.id):
        message = (
            f"the alert comes in session {departure.session.number} (SessionID {departure.session.session_id}, MsgID "
            f"{departure.turn.message_id}), in which the server had sent commands; a new session with MsgID 1 was due"
        )
        yield subject.case.departure(RULE, departure, message, subject.episode)
