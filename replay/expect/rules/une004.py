"""alert-type

## What it does
Checks that Type of the alert's item is exactly com.microsoft:mdm.unenrollment.userrequest, in the namespace
syncml:metinf. A Type that differs in case, white space or namespace, stands in the Meta of the Alert and not of its Item,
or is missing while Data is that of an unenrolment, counts as the alert of its episode, and is an error.

## Why it matters
Servers compare the Type to the letter; a leading blank, as the document's own sample has it, makes the alert
unknown to them.

## Known exceptions
Another vendor's Type is another alert and never taken for this one, such as
org.openmobilealliance.dm.firmwareupdate.userrequest.

## Good
```xml
<Meta><Type xmlns="syncml:metinf">com.microsoft:mdm.unenrollment.userrequest</Type>…</Meta>
```

## Bad
```xml
<Meta><Type xmlns="syncml:metinfo"> com.microsoft:mdm.unenrollment.userrequest</Type>…</Meta>
```
The namespace has a letter too many, and there is a blank before the text.
"""

from collections.abc import Iterable

from replay.expect.case import EpisodeCase, Rule, Spot
from replay.expect.finding import Finding, Party, Severity
from replay.expect.rules._alert import alert_spot
from replay.syncml.names import METINF, UNENROL_TYPE

RULE = Rule(
    id="UNE004",
    name="alert-type",
    severity=Severity.ERROR,
    party=Party.DEVICE,
    source="UNENR; facts A1.4",
    scope="episode",
)


def check(subject: EpisodeCase) -> Iterable[Finding]:
    """Findings of UNE004."""
    for seen in subject.episode.alerts:
        kind = seen.alert.type
        spot = alert_spot(seen, "Meta", "Type")
        if seen.alert.type_beside is not None:
            message = "Type is in the Meta of the Alert; expected it in the Meta of its Item"
            spot = Spot(seen.turn, "request", seen.alert.place, ("Meta", "Type"))
        elif kind is None or not kind.text.strip():
            message = f"Type is {'missing' if kind is None else 'empty'}; expected {UNENROL_TYPE!r} in {METINF}"
        elif kind.text != UNENROL_TYPE:
            message = f"Type is {kind.text!r}; expected exactly {UNENROL_TYPE!r}"
        elif kind.namespace != METINF:
            message = f"Type is in the namespace {kind.namespace!r}; expected {METINF!r}"
        else:
            continue
        yield subject.case.finding(RULE, message, spot=spot, episode=subject.episode)
        return
