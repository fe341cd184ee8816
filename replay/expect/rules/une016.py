"""exec-target

## What it does
Checks how the Exec addresses the DMClient Unenroll node: not under ./User, without a leading /, with the ProviderID
encoded as a part of a URI, and with a ProviderID, not the placeholder that documents have in its place.

## Why it matters
An Exec on a node that the device does not have is refused, and the device stays enrolled. There is no Unenroll node under
./User, no LocURI of a command begins with /, and the ProviderID stands in the path as a URI has it.

## Known exceptions
No prefix means the device, as ./Device does; both are right, with a ProviderID and without. What is wrong here is an
Exec Unenroll all the same: the device that leaves because of it is judged.

## Good
```xml
<LocURI>./Device/Vendor/MSFT/DMClient/Provider/MS%20DM%20Server/Unenroll</LocURI>
```

## Bad
```xml
<LocURI>./User/Vendor/MSFT/DMClient/Provider/MS DM Server/Unenroll</LocURI>
<LocURI>/Vendor/MSFT/DMClient/Provider/{ProviderID}/Unenroll</LocURI>
```
"""

import re
from collections.abc import Iterable, Iterator
from typing import Final

from replay.expect.case import Case, Rule
from replay.expect.finding import Finding, Party, Severity
from replay.expect.rules._exec import ExecSent, on_every_exec

RULE = Rule(
    id="UNE016",
    name="exec-target",
    severity=Severity.ERROR,
    party=Party.SERVER,
    source="DMC; DDF; OMADM; facts A2.1, A2.2, B8",
    scope="capture",
)

_USER: Final = re.compile(r"(?:\.?/)?User/", re.IGNORECASE)
#: What a part of a path may not hold: anything but RFC 3986's `pchar`, and a % that encodes nothing.
_NOT_ENCODED: Final = re.compile(r"%(?![0-9A-Fa-f]{2})|[^A-Za-z0-9\-._~!$&'()*+,;=:@%]")


def check(subject: Case) -> Iterable[Finding]:
    """Findings of UNE016."""
    return on_every_exec(subject, RULE, _mistake, "Target", "LocURI")


def _mistake(sent: ExecSent) -> str | None:
    faults = "; ".join(_faults(sent))
    return f"the Exec Unenroll addresses {sent.target!r}: {faults}" if faults else None


def _faults(sent: ExecSent) -> Iterator[str]:
    if sent.target.startswith("/"):
        yield "a LocURI must not begin with /, expected ./"
    if _USER.match(sent.target):
        yield "there is no Unenroll node under ./User, expected ./Vendor or ./Device"
    if sent.has_placeholder:
        yield f"{sent.provider!r} is a placeholder, expected the ProviderID"
    elif wrong := list(dict.fromkeys(_NOT_ENCODED.findall(sent.provider or ""))):
        yield f"{', '.join(map(repr, wrong))} in the ProviderID is not encoded, expected {_encoded(sent.provider or '')!r}"


def _encoded(provider: str) -> str:
    from urllib.parse import quote

    return _NOT_ENCODED.sub(lambda found: quote(found.group(), safe=""), provider)
