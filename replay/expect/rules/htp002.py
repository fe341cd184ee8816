"""method

## What it does
Checks that OMA DM is spoken with POST.

## Why it matters
With another method a server, or a proxy on the way, may refuse the message, take it for a repetition, or answer from a
cache.

## Known exceptions
Exchanges that are not OMA DM are left alone. Where the source does not say the method the rule is silent.

## Good
POST /ManagementServer/MDM.svc?mode=Maintenance&Platform=WoA

## Bad
PUT /ManagementServer/MDM.svc?mode=Maintenance&Platform=WoA
"""

from collections.abc import Iterable

from replay.capture.references import REQUEST
from replay.capture.turns import DM
from replay.expect.case import Case, Rule, Spot
from replay.expect.finding import Finding, Party, Severity

RULE = Rule(
    id="HTP002",
    name="method",
    severity=Severity.ERROR,
    party=Party.DEVICE,
    source="MDM 2.1; facts HTTP",
    scope="capture",
)


def check(subject: Case) -> Iterable[Finding]:
    """Findings of HTP002."""
    for turn in subject.traffic.turns:
        method = turn.exchange.method
        if turn.kind == DM and method is not None and method != "POST":
            yield subject.finding(RULE, f"the method is {method!r}; expected 'POST'", spot=Spot(turn, REQUEST))
