"""alert-mark

## What it does
Reports a Mark of the alert that is not `critical`.

## Why it matters
Windows marks its alert critical, which also brings the header MDM-GenericAlert. Another Mark shows another client, or one that
has changed; it asks nothing else of the server.

## Known exceptions
No sample in the documents has a Mark: none at all is as good as `critical`.

## Good
```xml
<Mark xmlns="syncml:metinf">critical</Mark>
```

## Bad
```xml
<Mark xmlns="syncml:metinf">informational</Mark>
```
"""

from collections.abc import Iterable
from typing import Final

from replay.expect.case import EpisodeCase, Rule
from replay.expect.finding import Finding, Party, Severity
from replay.expect.rules._alert import alert_spot

RULE = Rule(
    id="UNE019",
    name="alert-mark",
    severity=Severity.INFO,
    party=Party.DEVICE,
    source="DMP 8.7.1; facts A1.6, B23",
    scope="episode",
)
_MARK: Final = "critical"


def check(subject: EpisodeCase) -> Iterable[Finding]:
    """Findings of UNE019."""
    for seen in subject.episode.alerts:
        mark = seen.alert.item.meta.mark if seen.alert.item.meta else None
        if mark is not None and mark.text != _MARK:
            message = f"Mark of the alert is {mark.text!r}; Windows writes {_MARK!r}, or none"
            yield subject.case.finding(RULE, message, spot=alert_spot(seen, "Meta", "Mark"), episode=subject.episode)
            return
