"""scenario-absent

## What it does
Checks that a capture holds an episode of the scenario that --expect names.

## Why it matters
A test that recorded the wrong thing, or nothing, must not pass.

## Known exceptions
For the scenario user it is inconclusive: its alert is best effort, and a device may leave without a word. Without
--expect the rule does not apply.

## Good
--expect server, and the capture holds an Exec Unenroll with the alert that follows it.

## Bad
--expect server, and the capture holds ordinary sessions only.
"""

from collections.abc import Iterable

from replay.expect.case import Case, Rule
from replay.expect.finding import Finding, Party, Severity

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
    yield subject.finding(
        RULE,
        f"an unenrolment of the scenario {wanted.kind!r} was expected; the capture holds {found}",
        severity=Severity.INCONCLUSIVE if wanted.kind == "user" else None,
    )
