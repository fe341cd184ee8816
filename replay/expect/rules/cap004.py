"""opaque-body

## What it does
Reports a body that is signed or enveloped as PKCS#7.

## Why it matters
Windows can be told to sign or to encrypt its messages. Such a body is kept and not read; what it says cannot be judged.

## Known exceptions
In the window of silence such a request may be the device's: CAP007.

## Good
A body of SyncML.

## Bad
A body of content type application/pkcs7-mime on the management URL.
"""

from collections.abc import Iterable

from replay.capture.turns import OPAQUE
from replay.expect.case import Case, Rule, Spot
from replay.expect.finding import Finding, Party, Severity

RULE = Rule(
    id="CAP004",
    name="opaque-body",
    severity=Severity.INFO,
    party=Party.PROXY,
    source="MDM 3.1.7.2; facts B",
    scope="capture",
)


def check(subject: Case) -> Iterable[Finding]:
    """Findings of CAP004."""
    for turn in subject.traffic.turns:
        if turn.kind == OPAQUE:
            yield subject.finding(RULE, "the body is a PKCS#7 envelope: kept, not read", spot=Spot(turn, "request"))
        elif turn.opaque_response:
            yield subject.finding(RULE, "the body is a PKCS#7 envelope: kept, not read", spot=Spot(turn, "response"))
