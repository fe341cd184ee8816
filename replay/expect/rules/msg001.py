"""unreadable

## What it does
Reports a body that is no SyncML message: XML that is not well-formed, WBXML that cannot be decoded, or a root that
is not SyncML. It says where, and shows the bytes there. The finding falls to the sender.

## Why it matters
What cannot be read cannot be judged. The rest of the capture is.

## Known exceptions
The body of a response with an HTTP status of 400 or more is not judged. Under
--lenient a message that could be repaired is an info. A body signed or enveloped as PKCS#7 is
CAP004, one that broke off HTP004.

## Good
<SyncML xmlns="SYNCML:SYNCML1.2"><SyncHdr>…</SyncHdr><SyncBody>…</SyncBody></SyncML>

## Bad
<SyncML xmlns="SYNCML:SYNCML1.2"><SyncHdr>…</SyncHdr><SyncBo
"""

from collections.abc import Iterable

import msgspec

from replay.capture.references import REQUEST, RESPONSE
from replay.capture.turns import Turn
from replay.expect.case import Case, Rule, Spot
from replay.expect.finding import Finding, Severity
from replay.syncml.errors import UnreadableMessageError

RULE = Rule(
    id="MSG001",
    name="unreadable",
    severity=Severity.ERROR,
    party=None,
    source="MDM 2.2.2; facts B1, D",
    scope="capture",
)


def check(subject: Case) -> Iterable[Finding]:
    """Findings of MSG001."""
    for turn in subject.traffic.turns:
        response = turn.exchange.response
        yield from _repaired(subject, turn)
        if turn.request_error is not None:
            yield _finding(subject, Spot(turn, REQUEST), turn.request_error)
        if turn.response_error is not None and response is not None and response.by != "proxy":
            yield _finding(subject, Spot(turn, RESPONSE), turn.response_error)


def _finding(subject: Case, spot: Spot, error: UnreadableMessageError) -> Finding:
    found = subject.finding(RULE, f"no SyncML message: {error}", spot=spot)
    return msgspec.structs.replace(found, line=error.line)


def _repaired(subject: Case, turn: Turn) -> Iterable[Finding]:
    """What a lenient reader repaired: said as an info, never silently."""
    for side, message in ((REQUEST, turn.request), (RESPONSE, turn.response)):
        if message is not None and message.repairs:
            text = f"not well-formed, and repaired as asked: {'; '.join(message.repairs)}"
            yield subject.finding(RULE, text, spot=Spot(turn, side), severity=Severity.INFO)
