"""alert-not-in-first-package

## What it does
Checks that the alert is in package 1 of its session: in the message with MsgID 1, or in its re-send after a
challenge.

## Why it matters
A server that looks for the alert where it belongs does not see it elsewhere, and the sequence says that a session
is opened for it.

## Known exceptions
After a challenge package 1 is sent again with the next MsgID (DMP 9): that is package 1 still. In a session that
carried commands of the server UNE003 speaks instead.

## Good
MsgID 1 carries Alert 1201, Alert 1224, Alert 1226 and Replace of DevInfo.

## Bad
MsgID 1 carries Alert 1201 and Replace; MsgID 2 carries Alert 1226.
"""

from collections.abc import Iterable

from replay.expect.case import EpisodeCase, Rule
from replay.expect.finding import Finding, Party, Severity
from replay.expect.machine import accepted_in

RULE = Rule(
    id="UNE002",
    name="alert-not-in-first-package",
    severity=Severity.ERROR,
    party=Party.DEVICE,
    source="UNENR; MDM 2.2.3.6; facts A1.2",
    scope="episode",
)


def check(subject: EpisodeCase) -> Iterable[Finding]:
    """Findings of UNE002."""
    for departure in subject.run.by_rule(RULE.id):
        message = (
            f"the alert comes in the message with MsgID {departure.turn.message_id}, not in package 1 (MsgID 1) of its session; "
            f"where the sequence stood ({departure.state}) these would have been accepted: "
            + "; ".join(accepted_in(departure.state))
        )
        yield subject.case.departure(RULE, departure, message, subject.episode)
