"""empty-reply

## What it does
Reports a response 200 without a body to a device's message.

## Why it matters
By DMP 8 a server always answers with a message. Windows takes an empty reply for the end of the session, so it is
tolerated.

## Known exceptions
None is known.

## Good
200 with a message that holds the Status for SyncHdr, and Final.

## Bad
HTTP/1.1 200 OK with Content-Length 0.
"""

from collections.abc import Iterable

from replay.capture.turns import DM
from replay.expect.case import Case, Rule, Spot
from replay.expect.finding import Finding, Party, Severity

RULE = Rule(
    id="HTP005",
    name="empty-reply",
    severity=Severity.INFO,
    party=Party.SERVER,
    source="DMP 8; facts A1.24",
    scope="capture",
)


def check(subject: Case) -> Iterable[Finding]:
    """Findings of HTP005."""
    for turn in subject.traffic.turns:
        response = turn.exchange.response
        if turn.kind != DM or response is None or response.by == "proxy" or turn.exchange.cut:
            continue
        if turn.request is not None and response.status == 200 and not response.body:
            message = "200 without a body: taken for the end of the session"
            yield subject.finding(RULE, message, spot=Spot(turn, "response"))
