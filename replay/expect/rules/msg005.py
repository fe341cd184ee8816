"""direction-swapped

## What it does
Checks that a device's message names the device as Source and the server as Target, and a server's the other way
round. The server is told by its URL; where neither address is one, by the DevId that the device gives.

## Why it matters
A server finds the device's enrolment by Source. With the two swapped it finds none, or another.

## Known exceptions
An answer that goes back to where a swapped message said that it came from is not reported besides. Names that are no
URLs, with nothing that tells whose they are, are not judged.

## Good
<Target><LocURI>https://mdm.example.test/omadm</LocURI></Target>
<Source><LocURI>0123456789ABCDEF</LocURI></Source> from the device.

## Bad
<Target><LocURI>0123456789ABCDEF</LocURI></Target>
<Source><LocURI>https://mdm.example.test/omadm</LocURI></Source> from the device.
"""

from collections.abc import Iterable

from replay.expect.case import Case, Rule, Said
from replay.expect.finding import Finding, Party, Severity
from replay.expect.rules._direction import addresses, swapped
from replay.expect.rules._faults import Fault, findings_of

RULE = Rule(
    id="MSG005",
    name="direction-swapped",
    severity=Severity.ERROR,
    party=None,
    source="DMP 8.3 to 8.6; facts B4",
    scope="capture",
)


def check(subject: Case) -> Iterable[Finding]:
    """Findings of MSG005."""
    return findings_of(subject, RULE, _faults)


def _faults(said: Said) -> Iterable[Fault]:
    if not swapped(said.turn, said.side):
        return
    target, source = addresses(said.message)
    if said.party is Party.DEVICE:
        text = f"Source is the server ({source!r}), and Target {target!r}; expected the device's id as Source"
        yield Fault(text, tail=("SyncHdr", "Source", "LocURI"))
    else:
        text = f"Target is the server ({target!r}), and Source {source!r}; expected the device's id as Target"
        yield Fault(text, tail=("SyncHdr", "Target", "LocURI"))
