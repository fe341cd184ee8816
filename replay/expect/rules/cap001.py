"""made-by-proxy

## What it does
Reports a response that the proxy made or altered.

## Why it matters
It is never judged as the server's: a 502 of the proxy is silence of the server.

## Known exceptions
None is known.

## Good
Every response came from the server.

## Bad
The server closed the connection, and the proxy sent 502 to the device.
"""

from collections.abc import Iterable

from replay.capture.turns import OTHER
from replay.expect.case import Case, Rule, Spot
from replay.expect.finding import Finding, Party, Severity

RULE = Rule(
    id="CAP001",
    name="made-by-proxy",
    severity=Severity.INFO,
    party=Party.PROXY,
    source="contract, journal",
    scope="capture",
)


def check(subject: Case) -> Iterable[Finding]:
    """Findings of CAP001."""
    for turn in subject.traffic.turns:
        response = turn.exchange.response
        if turn.kind != OTHER and response is not None and response.by == "proxy":
            message = (
                f"HTTP {response.status} was made by the proxy, not by the server; it is not judged as the server's"
            )
            yield subject.finding(RULE, message, spot=Spot(turn, "response"))
