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
<!-- from the device -->
<Target><LocURI>https://mdm.example.test/omadm</LocURI></Target>
<Source><LocURI>0123456789ABCDEF</LocURI></Source>

## Bad
<!-- from the device -->
<Target><LocURI>0123456789ABCDEF</LocURI></Target>
<Source><LocURI>https://mdm.example.test/omadm</LocURI></Source>
"""

from collections.abc import Iterable, Iterator

from replay.expect.case import Rule, Said
from replay.expect.finding import Finding, Party, Severity
from replay.expect.rules._direction import addresses, swapped
from replay.expect.rules._said import fault

RULE = Rule(
    id="MSG005",
    name="direction-swapped",
    severity=Severity.ERROR,
    party=None,
    source="DMP 8.3 to 8.6; facts B4",
    scope="message",
)


def check(subject: Said) -> Iterable[Finding]:
    """Findings of MSG005."""
    return _found(subject) if swapped(subject.turn, subject.side) else ()


def _found(subject: Said) -> Iterator[Finding]:
    target, source = addresses(subject.message)
    if subject.party is Party.DEVICE:
        text = f"Source is the server ({source!r}), and Target {target!r}; expected the device's id as Source"
        yield fault(subject, RULE, text, tail=("SyncHdr", "Source", "LocURI"))
    else:
        text = f"Target is the server ({target!r}), and Source {source!r}; expected the device's id as Target"
        yield fault(subject, RULE, text, tail=("SyncHdr", "Target", "LocURI"))
