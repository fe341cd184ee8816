"""alert-format

## What it does
Checks that Format of the alert's item is int, or chr where Data is the text of a failed directory unjoin.

## Why it matters
DMP 8.7.1 requires Format; a server that types Data by it rejects the alert.

## Known exceptions
None is known.

## Good
```xml
<Item><Meta>…<Format xmlns="syncml:metinf">int</Format></Meta><Data>1</Data></Item>
<Item><Meta>…<Format xmlns="syncml:metinf">chr</Format></Meta><Data>AADJ Unregister Failed</Data></Item>
```

## Bad
```xml
<Item><Meta>…<Format xmlns="syncml:metinf">chr</Format></Meta><Data>1</Data></Item>
```
"""

from collections.abc import Iterable

from replay.expect.case import EpisodeCase, Rule
from replay.expect.finding import Finding, Party, Severity
from replay.expect.rules._alert import alert_spot
from replay.syncml.names import UNJOIN_FAILED_TEXT

RULE = Rule(
    id="UNE005",
    name="alert-format",
    severity=Severity.ERROR,
    party=Party.DEVICE,
    source="UNENR; DMP 8.7.1; facts A1.4, A1.5",
    scope="episode",
)


def check(subject: EpisodeCase) -> Iterable[Finding]:
    """Findings of UNE005."""
    for seen in subject.episode.alerts:
        given = seen.alert.format
        expected = "chr" if seen.alert.data == UNJOIN_FAILED_TEXT else "int"
        if given is not None and given.text == expected:
            continue
        what = "missing" if given is None else repr(given.text)
        yield subject.case.finding(
            RULE,
            f"Format is {what}; expected {expected!r} with Data {seen.alert.data!r}",
            spot=alert_spot(seen, "Meta", "Format"),
            episode=subject.episode,
        )
        return
