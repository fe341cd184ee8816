"""command-id

## What it does
Checks that every command has a CmdID that is neither empty nor 0. Commands inside Atomic and Sequence count, and so do
Status and Results.

## Why it matters
A Status refers to a command by its CmdID; 0 stands for SyncHdr. Windows answers a command without one with Status 400
and an empty CmdRef.

## Known exceptions
A CmdID is text: it need not be a number, nor begin with 1, nor grow.

## Good
<Get><CmdID>5</CmdID><Item>…</Item></Get>

## Bad
<Get><Item>…</Item></Get>
"""

from collections.abc import Iterable, Iterator

from replay.expect.case import Rule, Said
from replay.expect.finding import Finding, Severity
from replay.expect.rules._dialogue import in_a_row
from replay.expect.rules._said import fault

RULE = Rule(
    id="MSG008",
    name="command-id",
    severity=Severity.ERROR,
    party=None,
    source="MDM 2.2.3.2; facts B7",
    scope="message",
)
_WRONG = {None: "has no CmdID", "": "has an empty CmdID", "0": "has the CmdID 0"}


def check(subject: Said) -> Iterable[Finding]:
    """Findings of MSG008."""
    return () if subject.contents.parts.own_ids else _found(subject)


def _found(subject: Said) -> Iterator[Finding]:
    wrong = [(place, command) for place, command in subject.commands if command.cmd_id in _WRONG]
    if wrong:
        text = in_a_row([f"{command.name} {_WRONG[command.cmd_id]}" for _, command in wrong])
        yield fault(subject, RULE, f"{text}; expected a text of its own", places=wrong[0][0], tail=("CmdID",))
