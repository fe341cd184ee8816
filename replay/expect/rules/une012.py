"""cleanup-before-alert

## What it does
With --evidence: checks that no clean-up step is dated before the alert was sent. The device's clock is reconciled with
the recorder's first: by --evidence-offset, else by event 48 (the alert is handed over), 60 or 1600 (the Exec arrived).

## Why it matters
The alert is sent before enterprise data is deleted. A device that begins with its clean-up may have no certificate, no
account and no policy left with which the alert could still be sent.

## Known exceptions
A step that is closer to the alert than the clocks are known is none: the phase says that it cannot be told. Deletions
before the unenrolment began are ordinary management, and an event that may be either is inconclusive where the server
sent commands that would cause it. So is a step that is more than a quarter of an hour off by clocks that are only
assumed to agree. The work account may be deleted before the alert (event 67).

## Good
Event 48 at 12:00:00.1, event 819 (a policy deleted) at 12:00:00.9.

## Bad
Event 61 (begun by the user) at 12:00:00, event 819 at 12:00:01, event 48 at 12:00:09.
"""

from collections.abc import Iterable

from replay.capture.times import iso
from replay.expect.case import EpisodeCase, Rule, Spot
from replay.expect.finding import Finding, Party, Severity

RULE = Rule(
    id="UNE012",
    name="cleanup-before-alert",
    severity=Severity.ERROR,
    party=Party.DEVICE,
    source="UNENR; facts A1.1, A1.3, E",
    scope="episode",
)


def check(subject: EpisodeCase) -> Iterable[Finding]:
    """Findings of UNE012."""
    evidence, alert = subject.evidence, subject.episode.alert
    if evidence is None or evidence.clock is None or alert is None or not evidence.early:
        return
    first, clock = evidence.early[0], evidence.clock
    more = f", and {len(evidence.early) - 1} more" if len(evidence.early) > 1 else ""
    message = (
        f"the evidence dates {first.step} ({first.source}{more}) {clock.earliest - first.at:.1f} s or more before the alert was "
        f"sent: {iso(first.at)} by the device's clock; {clock.words}"
    )
    severity = None
    if evidence.far_off:
        severity, why = Severity.INCONCLUSIVE, "that much may be the clocks'; give --evidence-offset"
        message += f": {why}"
    elif evidence.doubtful:
        severity = Severity.INCONCLUSIVE
        message += (
            ". It may also be ordinary management: the server sent commands before, or they may not have been recorded"
        )
    spot = Spot(alert.turn, "request", alert.alert.place)
    yield subject.case.finding(RULE, message, spot=spot, severity=severity, episode=subject.episode)
