"""scenario-absent

## What it does
Checks that a capture holds an episode of the scenario that --expect names.

## Why it matters
A test that recorded the wrong thing, or nothing, must not pass.

## Known exceptions
For the scenario user it is inconclusive: its alert is best effort, and a device may leave without a word. So it is
where messages could not be read that may have held it. Without --expect the rule does not apply.

## Good
--expect server, and the capture holds an Exec Unenroll with the alert that follows it.

## Bad
--expect server, and the capture holds ordinary sessions only.
"""

from collections.abc import Iterable

from replay.capture.turns import DM, OPAQUE, Turn
from replay.expect.case import Case, Rule
from replay.expect.finding import Finding, Party, Severity
from replay.expect.scenarios import SERVER, USER

RULE = Rule(
    id="UNE021",
    name="scenario-absent",
    severity=Severity.ERROR,
    party=Party.DEVICE,
    source="UNENR; rules, the expected sequence",
    scope="capture",
)


def check(subject: Case) -> Iterable[Finding]:
    """Findings of UNE021."""
    wanted = subject.options.expect
    if wanted is None or any(each.episode.scenario == wanted.kind for each in subject.episodes):
        return
    found = (
        ", ".join(f"episode {e.episode.number}: {e.episode.scenario}" for e in subject.episodes)
        or "no unenrolment at all"
    )
    message = f"an unenrolment of the scenario {wanted.kind!r} was expected; the capture holds {found}"
    unread = [turn.number for turn in subject.traffic.turns if _may_show(turn, wanted.kind)]
    if unread:
        more = f" and {len(unread) - 1} more" if len(unread) > 1 else ""
        message += f"; but exchange {unread[0]}{more} could not be read"
    severity = Severity.INCONCLUSIVE if unread or wanted.kind == USER else None
    yield subject.finding(RULE, message, severity=severity)


def _may_show(turn: Turn, kind: str) -> bool:
    """Whether what could not be read in an exchange may be what shows an unenrolment of a kind: the Exec in a response, or the
    alert in a request."""
    if turn.kind == OPAQUE:
        return True
    if kind != SERVER:
        return turn.request_error is not None or (turn.kind == DM and turn.exchange.body is None)
    return turn.kind == DM and turn.response_unread
