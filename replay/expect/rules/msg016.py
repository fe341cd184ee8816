"""reserved-alert

## What it does
Checks that every Alert has a code that OMA DM defines: 1100 to 1104, 1200, 1201, 1222 to 1226. 1202 to 1220 and those
from 1227 on are reserved; others it does not have.

## Why it matters
What a reserved code means is for a later version of the protocol to say; a peer does not know it.

## Known exceptions
1221, which asks for results in SyncML, is not reported.

## Good
<Alert><CmdID>2</CmdID><Data>1201</Data></Alert>

## Bad
<Alert><CmdID>2</CmdID><Data>1227</Data></Alert>
"""

from collections.abc import Iterable
from typing import Final

from replay.expect.case import Rule, Said
from replay.expect.finding import Finding, Severity
from replay.expect.rules._dialogue import command_name, in_a_row
from replay.expect.rules._said import fault
from replay.syncml.model import Alert

RULE = Rule(
    id="MSG016",
    name="reserved-alert",
    severity=Severity.WARNING,
    party=None,
    source="DMRP 7; MDM 2.2.7.2; facts B",
    scope="message",
)
_DEFINED: Final = frozenset(str(code) for code in (*range(1100, 1105), 1200, 1201, *range(1221, 1227)))
_FIRST_RESERVED: Final = range(1202, 1221)
_RESERVED_FROM: Final = 1227
_DIGITS: Final = 18


def check(subject: Said) -> Iterable[Finding]:
    """Findings of MSG016."""
    wrong = [(place, alert) for place, alert in subject.contents.alerts if alert.code not in _DEFINED]
    return [_finding(subject, wrong)] if wrong else ()


def _finding(subject: Said, wrong: list[tuple[tuple[int, ...], Alert]]) -> Finding:
    text = in_a_row([f"{command_name(alert)} {_fault_of(alert.code)}" for _, alert in wrong])
    return fault(subject, RULE, text, places=wrong[0][0], tail=("Data",))


def _fault_of(code: str | None) -> str:
    if not code:
        return "has no code"
    number = int(code) if code.isascii() and code.isdigit() and len(code) <= _DIGITS else 0
    if number in _FIRST_RESERVED or number >= _RESERVED_FROM:
        return f"has the code {code!r}, which is reserved"
    return f"has the code {code!r}, which DM does not define"
