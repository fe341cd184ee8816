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

from collections.abc import Iterable

from replay.expect.case import Case, Rule, Said
from replay.expect.finding import Finding, Severity
from replay.expect.rules._faults import Fault, findings_of
from replay.expect.rules._header import is_of_version_11, wrong_versions

RULE = Rule(
    id="MSG003",
    name="version",
    severity=Severity.ERROR,
    party=None,
    source="MDM 2.2.3.13, 2.2.3.14; DMP 8.3; facts B3",
    scope="capture",
)


def check(subject: Case) -> Iterable[Finding]:
    """Findings of MSG003."""
    return findings_of(subject, RULE, _faults)


def _faults(said: Said) -> Iterable[Fault]:
    wrong = list(wrong_versions(said.message))
    if wrong:
        also = f"; the namespace is {said.message.namespace!r}" if is_of_version_11(said.message) else ""
        yield Fault("; ".join(text for _, text in wrong) + also, tail=("SyncHdr", wrong[0][0]))
