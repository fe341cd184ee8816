"""server-refused-alert

## What it does
Reports that the server refused the alert: by an HTTP status of 400 or more, or by a Status of 400 or more for the
alert or for its message.

## Why it matters
The device leaves all the same, because the alert is best effort. The server will go on believing that it is
enrolled.

## Known exceptions
401 and 407 are challenges, to which the device answers by sending package 1 again: they refuse nothing. A response
that the proxy made is not the server's.

## Good
HTTP 200 with Status 200 for the alert; or no answer at all.

## Bad
HTTP 500; or Status 406 for the alert.
"""

from collections.abc import Iterable

from replay.expect.case import EpisodeCase, Rule, Spot
from replay.expect.finding import Finding, Party, Severity
from replay.expect.rules._alert import refusals, turns_of_alerts
from replay.syncml.names import CHALLENGES

RULE = Rule(
    id="UNE020",
    name="server-refused-alert",
    severity=Severity.WARNING,
    party=Party.SERVER,
    source="DMP 8.7; facts A1.21",
    scope="episode",
)


def check(subject: EpisodeCase) -> Iterable[Finding]:
    """Findings of UNE020."""
    for turn in turns_of_alerts(subject.episode):
        response = turn.exchange.response
        if response is None or response.by == "proxy":
            continue
        if response.status >= 400 and str(response.status) not in CHALLENGES:
            message = f"HTTP {response.status} {response.reason}".rstrip() + " refuses the alert"
            yield subject.case.finding(RULE, message, spot=Spot(turn, "response"), episode=subject.episode)
            return
    for sent, status in refusals(subject.episode):
        what = "the message that carries the alert" if status.cmd_ref == "0" else "the alert"
        message = f"Status {status.code} refuses {what}: the server will go on believing that the device is enrolled"
        spot = Spot(sent.turn, "response", sent.place, ("Data",))
        yield subject.case.finding(RULE, message, spot=spot, episode=subject.episode)
        return
