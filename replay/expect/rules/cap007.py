"""unseen-request

## What it does
Reports a request or a connection inside the window that could not be read and may have been the device's: it went
to the enrolment's host, and neither its client address nor its certificate shows that it came from another device.

## Why it matters
It may have been a further session of the device. Silence is unobservable then.

## Known exceptions
Where the silence is contradicted by a session that was read, nothing is added.

## Good
Everything in the window that went to the host was read.

## Bad
40 s after the alert a request with an undecodable body comes from the device's address.
"""

from collections.abc import Iterable

from replay.expect.case import EpisodeCase, Rule, Spot
from replay.expect.finding import Finding, Party, Severity

RULE = Rule(
    id="CAP007",
    name="unseen-request",
    severity=Severity.INCONCLUSIVE,
    party=Party.PROXY,
    source="contract, window; rules, phases",
    scope="episode",
)


def check(subject: EpisodeCase) -> Iterable[Finding]:
    """Findings of CAP007."""
    silence = subject.silence
    if silence is None or silence.broken_by or silence.unseen is None:
        return
    missed = silence.unseen
    more = f"; {missed.count} such in all" if missed.count > 1 else ""
    spot = Spot(missed.turns[0], "request") if missed.turns else None
    yield subject.case.finding(RULE, missed.text + more, spot=spot, episode=subject.episode)
