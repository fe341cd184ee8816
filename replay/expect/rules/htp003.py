"""http-status

## What it does
Reports an HTTP status of 400 or more in answer to a device's message. The body of such a response is not judged.

## Why it matters
The session ends there, whatever it was about.

## Known exceptions
In the answer to an alert it is a warning, because nothing depends on that answer; where it refuses the alert,
UNE020 says so instead. 429 with Retry-After is an info. A message that nobody can read is the device's mistake (MSG001),
and a server may refuse it. A response that the proxy made is not the server's (CAP001).

## Good
HTTP/1.1 200 OK, with a message.

## Bad
HTTP/1.1 500 Internal Server Error, with a web page.
"""

from collections.abc import Iterable

from replay.capture.exchange import header
from replay.capture.turns import DM
from replay.expect.case import Case, Rule, Spot
from replay.expect.finding import Finding, Party, Severity
from replay.syncml.names import CHALLENGES

RULE = Rule(
    id="HTP003",
    name="http-status",
    severity=Severity.ERROR,
    party=Party.SERVER,
    source="MDM 2.1, 3.1.6",
    scope="capture",
)


def check(subject: Case) -> Iterable[Finding]:
    """Findings of HTP003."""
    for turn in subject.traffic.turns:
        response = turn.exchange.response
        if turn.kind != DM or response is None or response.status < 400 or response.by == "proxy":
            continue
        carries_alert = turn.number in subject.alert_carriers
        if (carries_alert and str(response.status) not in CHALLENGES) or turn.request_error is not None:
            continue  # that it refuses the alert is UNE020's
        severity = Severity.WARNING if carries_alert else None
        if response.status == 429 and header(response.headers, "retry-after"):
            severity = Severity.INFO
        message = f"HTTP {response.status} {response.reason}".rstrip() + " in answer to the device's message"
        yield subject.finding(RULE, message, spot=Spot(turn, "response"), severity=severity)
