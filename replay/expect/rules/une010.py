"""enrolment-stays

## What it does
Reports an alert that says that the directory unjoin failed: Data 2, or AADJ Unregister Failed.

## Why it matters
The device is still enrolled and nothing was cleaned up. A server that takes the alert for a farewell forgets a
device that is still managed. On mobile devices that is what remote unenrolment of a directory-joined device comes
to: wipe it remotely instead.

## Known exceptions
Under --expect unjoin-failed it is what was expected, and an info. UNE011 and UNE014 do not apply: ordinary sessions
go on.

## Good
```xml
<Item><Meta>…</Meta><Data>1</Data></Item>
```

## Bad
```xml
<Item><Meta>…</Meta><Data>2</Data></Item>
```
"""

from collections.abc import Iterable

from replay.expect.case import EpisodeCase, Rule
from replay.expect.enrolments import expects_failure
from replay.expect.finding import Finding, Party, Severity
from replay.expect.rules._alert import alert_spot
from replay.expect.scenarios import UNJOIN_FAILED

RULE = Rule(
    id="UNE010",
    name="enrolment-stays",
    severity=Severity.ERROR,
    party=Party.DEVICE,
    source="facts A1.5, A3",
    scope="episode",
)


def check(subject: EpisodeCase) -> Iterable[Finding]:
    """Findings of UNE010."""
    for seen in subject.episode.alerts:
        if not seen.alert.enrolment_stays:
            continue
        wanted = subject.case.options.expect
        kind = subject.case.options.enrolment
        expected = (wanted is not None and wanted.kind == UNJOIN_FAILED) or expects_failure(kind, subject.episode)
        yield subject.case.finding(
            RULE,
            f"Data {seen.alert.data!r} says that the directory unjoin failed: the device is still enrolled, nothing was cleaned up",
            spot=alert_spot(seen, "Data"),
            episode=subject.episode,
            severity=Severity.INFO if expected else None,
        )
        return
