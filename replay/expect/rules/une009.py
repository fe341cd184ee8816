"""exec-answered

## What it does
Checks that no Status and no Results refer to the Exec Unenroll.

## Why it matters
No reply is expected: the server gets the alert in a new session instead. A server that waits for the Status,
because some device gave one, waits for ever with the others.

## Known exceptions
None is known.

## Good
Exec in session 3; the next message of the device opens session 4.

## Bad
Exec with CmdID 5 in session 3; the device answers in session 3 with Status, CmdRef 5, 200.
"""

from collections.abc import Iterable

from replay.expect.case import EpisodeCase, Rule
from replay.expect.finding import Finding, Party, Severity
from replay.syncml.model import Status

RULE = Rule(
    id="UNE009",
    name="exec-answered",
    severity=Severity.ERROR,
    party=Party.DEVICE,
    source="UNENR; facts A2.5",
    scope="episode",
)


def check(subject: EpisodeCase) -> Iterable[Finding]:
    """Findings of UNE009."""
    departures = subject.run.by_rule(RULE.id)
    if not departures:
        return
    answer = departures[0].command
    code = f" {answer.code}" if isinstance(answer, Status) else ""
    name = answer.name if answer else "Status"
    times = f"; {len(departures)} messages do" if len(departures) > 1 else ""
    message = f"{name}{code} answers the Exec Unenroll, for which no reply is expected{times}"
    yield subject.case.departure(RULE, departures[0], message, subject.episode)
