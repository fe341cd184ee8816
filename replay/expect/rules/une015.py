"""exec-data

## What it does
Checks that the Data of the Exec Unenroll is the ProviderID: present, not empty, and the same as the one in the target
path, once that is decoded. A target without a ProviderID (DMClient/Unenroll) leaves nothing to compare with.

## Why it matters
Data must be the provisioned ProviderID by the documents. Windows ignores it from version 10 on, so the device leaves
all the same; earlier ones, and other clients, may not, or may leave another server.

## Known exceptions
Nothing is compared with a placeholder in the path: that is UNE016, and the same cause.

## Good
```xml
<Target><LocURI>./Vendor/MSFT/DMClient/Provider/MS%20DM%20Server/Unenroll</LocURI></Target>
<Meta><Format xmlns="syncml:metinf">chr</Format></Meta>
<Data>MS DM Server</Data>
```

## Bad
```xml
<Target><LocURI>./Vendor/MSFT/DMClient/Provider/MS%20DM%20Server/Unenroll</LocURI></Target>
<Meta><Format xmlns="syncml:metinf">chr</Format></Meta>
<Data>MS%20DM%20Server</Data>
```
"""

from collections.abc import Iterable
from urllib.parse import unquote

from replay.expect.case import Case, Rule
from replay.expect.finding import Finding, Party, Severity
from replay.expect.rules._exec import ExecSent, on_every_exec

RULE = Rule(
    id="UNE015",
    name="exec-data",
    severity=Severity.WARNING,
    party=Party.SERVER,
    source="UNENR; DMC; facts A2.2, A2.3",
    scope="capture",
)


def check(subject: Case) -> Iterable[Finding]:
    """Findings of UNE015."""
    return on_every_exec(subject, RULE, _mistake, "Data")


def _mistake(sent: ExecSent) -> str | None:
    data, inside = sent.item.data, sent.item.embedded
    provider = None if sent.provider is None or sent.has_placeholder else unquote(sent.provider)
    expected = f"the ProviderID {provider!r} of the target path" if provider else "the ProviderID"
    if data is None or (not data.strip() and not inside):
        return f"Data of the Exec Unenroll is {'missing' if data is None else 'empty'}; expected {expected}"
    if inside:
        return f"Data of the Exec Unenroll holds the element {inside[0].name}; expected {expected} as text"
    if provider is not None and data != provider:
        return f"Data of the Exec Unenroll is {data!r}; expected {expected}"
    return None
