"""device-id

## What it does
Compares Source of a device's message with ./DevInfo/DevId, where the message gives it, letter by letter.

## Why it matters
The server knows the device by one of the two; where they differ it may keep two devices, or find none.

## Known exceptions
It is a warning, because B4 is a recommendation. Where Target and Source are swapped, MSG005 speaks.

## Good
<Source><LocURI>0123456789ABCDEF</LocURI></Source>
<Item><Source><LocURI>./DevInfo/DevId</LocURI></Source><Data>0123456789ABCDEF</Data></Item>

## Bad
<Source><LocURI>DEV1</LocURI></Source>
<Item><Source><LocURI>./DevInfo/DevId</LocURI></Source><Data>0123456789ABCDEF</Data></Item>
"""

from collections.abc import Iterable, Iterator

from replay.expect.case import Rule, Said
from replay.expect.finding import Finding, Party, Severity
from replay.expect.rules._direction import swapped
from replay.expect.rules._said import fault

RULE = Rule(
    id="MSG015",
    name="device-id",
    severity=Severity.WARNING,
    party=None,
    source="DMP 8.3; facts B4",
    scope="message",
)


def check(subject: Said) -> Iterable[Finding]:
    """Findings of MSG015."""
    found, source = subject.contents.parts.dev_id, subject.message.header.source
    return () if found is None or source is None or found[2] == source.uri else _found(subject, source.uri, *found)


def _found(subject: Said, source: str | None, place: tuple[int, ...], number: int, given: str) -> Iterator[Finding]:
    if subject.party is not Party.DEVICE or not source or swapped(subject.turn, subject.side):
        return
    text = f"./DevInfo/DevId is {given!r}, and Source {source!r}; expected the same"
    yield fault(subject, RULE, text, places=place, tail=(("Item", number), "Data"))
