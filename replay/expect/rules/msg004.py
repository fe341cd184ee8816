"""header-incomplete

## What it does
Checks that SyncHdr has SessionID, MsgID, Target and Source, and that none of them is empty.

## Why it matters
Without them a message belongs to no session, cannot be answered, and names nobody who could answer it.

## Known exceptions
Of a message in a namespace that is not SyncML's nothing is read, and MSG002 alone says so. Documents print messages
without SyncHdr; on the wire there are none.

## Good
<SessionID>1</SessionID>
<MsgID>1</MsgID>
<Target><LocURI>https://mdm.example.test/omadm</LocURI></Target>
<Source><LocURI>0123456789ABCDEF</LocURI></Source>

## Bad
<Source><LocURI></LocURI></Source>
"""

from collections.abc import Iterable, Iterator

from replay.expect.case import Rule, Said
from replay.expect.finding import Finding, Severity
from replay.expect.rules._dialogue import in_a_row
from replay.expect.rules._header import lacking
from replay.expect.rules._said import fault
from replay.syncml.model import Address

RULE = Rule(
    id="MSG004",
    name="header-incomplete",
    severity=Severity.ERROR,
    party=None,
    source="RP DTD; facts B2",
    scope="message",
)


def check(subject: Said) -> Iterable[Finding]:
    """Findings of MSG004."""
    message = subject.message
    header = message.header
    if header.session_id and header.msg_id and _has_uri(header.target) and _has_uri(header.source):
        return ()
    return _found(subject)


def _found(subject: Said) -> Iterator[Finding]:
    message = subject.message
    if message.is_foreign:
        return
    if not message.has_header:
        yield fault(subject, RULE, "there is no SyncHdr; expected one with SessionID, MsgID, Target and Source")
        return
    missing = lacking(message)
    if missing:
        yield fault(subject, RULE, in_a_row(missing), tail=("SyncHdr", missing[0].split()[0]))


def _has_uri(address: Address | None) -> bool:
    return address is not None and bool(address.uri)
