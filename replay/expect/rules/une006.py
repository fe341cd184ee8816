"""alert-data

## What it does
Checks that Data of the alert's item is 1 (the device leaves), or one of the two values that say that the directory
unjoin failed: 2, and AADJ Unregister Failed.

## Why it matters
Data decides whether the server may forget the device. Of another value nobody can say which it means.

## Known exceptions
None is known.

## Good
```xml
<Item><Meta>…</Meta><Data>1</Data></Item>
```

## Bad
```xml
<Item><Meta>…</Meta><Data>true</Data></Item>
```
No Data, or two of them in one Item.
"""

from collections.abc import Iterable

from replay.expect.case import EpisodeCase, Rule
from replay.expect.finding import Finding, Party, Severity
from replay.expect.rules._alert import alert_spot
from replay.syncml.names import LEAVES, STAYS, UNJOIN_FAILED, UNJOIN_FAILED_TEXT

RULE = Rule(
    id="UNE006",
    name="alert-data",
    severity=Severity.ERROR,
    party=Party.DEVICE,
    source="UNENR; facts A1.4, A1.5",
    scope="episode",
)


def check(subject: EpisodeCase) -> Iterable[Finding]:
    """Findings of UNE006."""
    for seen in subject.episode.alerts:
        data = seen.alert.data
        twice = any(part.name == "Data" for part in seen.alert.item.unknown)
        if (data == LEAVES or data in STAYS) and not twice:
            continue
        what = "missing" if data is None else f"{data!r}, and stands there again" if twice else repr(data)
        yield subject.case.finding(
            RULE,
            f"Data is {what}; expected {LEAVES!r}, {UNJOIN_FAILED!r} or {UNJOIN_FAILED_TEXT!r}",
            spot=alert_spot(seen, "Data"),
            episode=subject.episode,
        )
        return
