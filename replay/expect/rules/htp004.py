"""body-cut

## What it does
Reports a response that broke off: fewer bytes came than Content-Length promised.

## Why it matters
What was cut off was not read by the device either; no part of it is judged.

## Known exceptions
In the answer to an alert it is a warning, because nothing depends on that answer. Where it was the recorder that
was stopped, or the HTTP status is 400 or more, it says nothing.

## Good
Content-Length 1736, and 1736 bytes.

## Bad
Content-Length 23730, and 21399 bytes.
"""

from collections.abc import Iterable

from replay.capture.exchange import header
from replay.capture.turns import DM
from replay.expect.case import Case, Rule, Spot
from replay.expect.finding import Finding, Party, Severity

RULE = Rule(
    id="HTP004",
    name="body-cut",
    severity=Severity.ERROR,
    party=Party.SERVER,
    source="MDM 2.1; HTTP",
    scope="capture",
)


def check(subject: Case) -> Iterable[Finding]:
    """Findings of HTP004."""
    for turn in subject.traffic.turns:
        exchange = turn.exchange
        response = exchange.response
        if turn.kind != DM or not exchange.cut or exchange.failure is None or response is None or not exchange.answered:
            continue
        if response.status >= 400 or exchange.failure.cause == "proxy-stopped":
            continue
        severity = Severity.WARNING if turn.number in subject.alert_carriers else None
        came = (
            f"{exchange.failure.received} bytes came" if exchange.failure.received is not None else "fewer bytes came"
        )
        promised = header(response.headers, "content-length")
        if exchange.failure.received is not None:
            of = f" of the {promised} that were promised" if promised else ""
        else:
            of = f" than the {promised} that were promised" if promised else " than there should be"
        message = f"the response is cut: {came}{of} ({exchange.failure.detail or exchange.failure.cause})"
        yield subject.finding(RULE, message, spot=Spot(turn, "response"), severity=severity)
