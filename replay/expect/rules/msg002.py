"""namespace

## What it does
Checks that the root is in the namespace SYNCML:SYNCML1.2. In WBXML the public id of the document decides.

## Why it matters
The namespace says which version of the language the message is written in. A strict peer refuses another one, and
what it means cannot be known.

## Known exceptions
SYNCML:SYNCML1.1 is a warning: peers write it, and Windows accepts it. Where VerDTD or VerProto say 1.1 too, the
message is of that version, and MSG003 alone says so.

## Good
<SyncML xmlns="SYNCML:SYNCML1.2">

## Bad
<SyncML xmlns="SYNCML:SYNCML1.3">
"""

from collections.abc import Iterable, Iterator

from replay.expect.case import Rule, Said
from replay.expect.finding import Finding, Severity
from replay.expect.rules._header import is_of_version_11
from replay.expect.rules._said import fault
from replay.syncml.names import SYNCML_11, SYNCML_12

RULE = Rule(
    id="MSG002",
    name="namespace",
    severity=Severity.ERROR,
    party=None,
    source="MDM 2.2.2; facts B1, D",
    scope="message",
)


def check(subject: Said) -> Iterable[Finding]:
    """Findings of MSG002."""
    message = subject.message
    if message.namespace == SYNCML_12 or is_of_version_11(message):
        return ()
    return _found(subject)


def _found(subject: Said) -> Iterator[Finding]:
    message = subject.message
    found = f"in the namespace {message.namespace!r}" if message.namespace else "in no namespace"
    severity = Severity.WARNING if message.namespace == SYNCML_11 else None
    yield fault(subject, RULE, f"the root is {found}; expected {SYNCML_12!r}", severity=severity)
