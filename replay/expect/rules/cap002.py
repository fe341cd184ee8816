"""capture-cut

## What it does
Reports a capture that ends in the middle of a record, and records in it that are broken or missing.

## Why it matters
What was cut off may be what mattered. Everything up to the cut is judged.

## Known exceptions
None is known.

## Good
The last line of a journal is whole.

## Bad
The last line of a journal ends in the middle.
"""

from collections.abc import Iterable

from replay.expect.case import Case, Rule
from replay.expect.finding import Finding, Party, Severity

RULE = Rule(
    id="CAP002",
    name="capture-cut",
    severity=Severity.INCONCLUSIVE,
    party=Party.PROXY,
    source="contract, captures",
    scope="capture",
)


def check(subject: Case) -> Iterable[Finding]:
    """Findings of CAP002."""
    for trouble in subject.traffic.capture.troubles:
        if trouble.kind == "cut":
            yield subject.finding(RULE, trouble.text)
    for note in subject.traffic.capture.notes:
        if note.name == "recorder-failed":  # the recorder's own mark: it says so of itself
            yield subject.finding(RULE, f"something may be missing: {note.text}")
