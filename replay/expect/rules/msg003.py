"""version

## What it does
Checks that VerDTD is 1.2 and VerProto DM/1.2.

## Why it matters
These two say which protocol the rest of the message follows. A peer that knows only DM 1.2 answers another one with
Status 505 or 513, or not at all.

## Known exceptions
Where the header is missing, or has nothing in it that names the message, MSG004 alone says so.

## Good
<VerDTD>1.2</VerDTD><VerProto>DM/1.2</VerProto>

## Bad
<VerDTD>1.1</VerDTD><VerProto>DM/1.1</VerProto>
"""

from collections.abc import Iterable, Iterator

from replay.expect.case import Rule, Said
from replay.expect.finding import Finding, Severity
from replay.expect.rules._header import VERSIONS, is_of_version_11, wrong_versions
from replay.expect.rules._said import fault

RULE = Rule(
    id="MSG003",
    name="version",
    severity=Severity.ERROR,
    party=None,
    source="MDM 2.2.3.13, 2.2.3.14; DMP 8.3; facts B3",
    scope="message",
)


def check(subject: Said) -> Iterable[Finding]:
    """Findings of MSG003."""
    header = subject.message.header
    if header.ver_dtd == VERSIONS["VerDTD"] and header.ver_proto == VERSIONS["VerProto"]:
        return ()
    return _found(subject)


def _found(subject: Said) -> Iterator[Finding]:
    wrong = list(wrong_versions(subject.message))
    if wrong:
        also = f"; the namespace is {subject.message.namespace!r}" if is_of_version_11(subject.message) else ""
        yield fault(subject, RULE, "; ".join(text for _, text in wrong) + also, tail=("SyncHdr", wrong[0][0]))
