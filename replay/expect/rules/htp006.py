"""no-answer

## What it does
Reports a device's message that got no response, though the server is known to have been reachable: it answered
another exchange with the same scheme, host and port, made with the same certificate.

## Why it matters
A server always answers a device's message; a session that is left hanging ends in the device's time-out.

## Known exceptions
In the alert session it is an info: nothing depends on that answer. Where the server may not have been reachable at
all, CAP003 speaks instead. A message that was still waiting when the recording ended, for less than the quiet time,
and one that the device gave up because it was leaving, say nothing about the server.

## Good
Every message of the device has a response.

## Bad
The server closes the connection after the request; an earlier session on the same host was answered.
"""

from collections.abc import Iterable

from replay.expect.case import Case, Rule, Spot
from replay.expect.finding import Finding, Party, Severity
from replay.expect.rules._answers import excused, how_it_ended, reachable, unanswered

RULE = Rule(
    id="HTP006",
    name="no-answer",
    severity=Severity.ERROR,
    party=Party.SERVER,
    source="DMP 8; facts B14",
    scope="capture",
)


def check(subject: Case) -> Iterable[Finding]:
    """Findings of HTP006."""
    for turn in unanswered(subject):
        if not reachable(subject, turn) or excused(subject, turn):
            continue
        severity = Severity.INFO if turn.number in subject.alert_turns else None
        yield subject.finding(RULE, f"no response: {how_it_ended(turn)}", spot=Spot(turn, "request"), severity=severity)
