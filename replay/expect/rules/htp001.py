"""content-type

## What it does
Checks that requests and responses with a message in them are application/vnd.syncml.dm+xml or
application/vnd.syncml.dm+wbxml, whichever form the message has. Another type is an error. Case and parameters do not matter.

## Why it matters
Windows reads a response of these two types, or of application/octet-stream, and ends the session at any other.

## Known exceptions
application/vnd.syncml+xml and +wbxml, which older peers write, are a warning; so are application/octet-stream in a
response, and the type of the other form (+xml over WBXML). An empty response has no type to be judged, nor has an HTTP
error, a signed or enveloped body (CAP004), or a body that is no message (MSG001). Where the source has no headers the
rule is silent.

## Good
Content-Type: application/vnd.syncml.dm+xml; charset=utf-8

## Bad
Content-Type: text/xml
"""

from collections.abc import Iterable, Iterator
from typing import Final

from replay.capture.references import REQUEST
from replay.expect.case import Rule, Said
from replay.expect.finding import Finding, Severity
from replay.expect.rules._said import fault
from replay.syncml.media import media_type

RULE = Rule(
    id="HTP001",
    name="content-type",
    severity=Severity.WARNING,
    party=None,
    source="MDM 2.1; facts HTTP",
    scope="message",
)
_EXPECTED: Final = {"xml": "application/vnd.syncml.dm+xml", "wbxml": "application/vnd.syncml.dm+wbxml"}
_OLD: Final = frozenset({"application/vnd.syncml+xml", "application/vnd.syncml+wbxml"})
_BYTES: Final = "application/octet-stream"


def check(subject: Said) -> Iterable[Finding]:
    """Findings of HTP001."""
    return () if subject.content_type == _EXPECTED[subject.message.form] else _found(subject)


def _found(subject: Said) -> Iterator[Finding]:
    given, expected = subject.content_type, _EXPECTED[subject.message.form]
    if not subject.headers:
        return
    kind = media_type(given)
    if kind == expected:
        return
    accepted = kind in _OLD or kind in _EXPECTED.values() or (kind == _BYTES and subject.side != REQUEST)
    found = f"is {given!r}" if given is not None else "is missing"
    text = f"Content-Type {found}; expected {expected!r} for {subject.message.form.upper()}"
    yield fault(subject, RULE, text, severity=None if accepted else Severity.ERROR)
