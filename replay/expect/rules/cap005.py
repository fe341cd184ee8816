"""clock

## What it does
Reports that time runs backwards in the capture.

## Why it matters
Times shown to people are wrong around there. Windows are computed from the steady clock, where the format has one.

## Known exceptions
None is known.

## Good
Every line is later than the one before.

## Bad
A line is an hour earlier than the one before it.
"""

from collections.abc import Iterable

from replay.expect.case import Case, Rule
from replay.expect.finding import Finding, Party, Severity

RULE = Rule(
    id="CAP005",
    name="clock",
    severity=Severity.WARNING,
    party=Party.PROXY,
    source="contract, journal",
    scope="capture",
)


def check(subject: Case) -> Iterable[Finding]:
    """Findings of CAP005."""
    troubles = [trouble for trouble in subject.traffic.capture.troubles if trouble.kind == "clock"]
    if troubles:
        more = f", and {len(troubles) - 1} times more" if len(troubles) > 1 else ""
        yield subject.finding(RULE, troubles[0].text + more)
