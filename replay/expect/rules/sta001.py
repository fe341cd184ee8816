"""status-missing

## What it does
Checks that SyncHdr and every command of a message get a Status, those inside Atomic and Sequence too. The Status for
SyncHdr is due in the next message of the other side, and so is the one for Alert 1222, which asks for that message;
the others are due by the end of the package that answers (Final). The finding falls to the one who owes the answer,
and names everything that one message is owed.

## Why it matters
A command without a Status may have been carried out or not: the one who sent it cannot know, and sends it again or
never.

## Known exceptions
Nothing is owed for Status, for Results, for a command or header with NoResp, and for the Exec Unenroll. The commands
of a message whose SyncHdr was refused or challenged were not carried out and need no Status, nor do those inside an
Atomic or Sequence that was itself refused. The message that follows a challenge may be package 1 as it was, without a
Status. A closed connection, an empty 200 and an HTTP error owe nothing, nor does a device that sends nothing more.
After an Alert 1223 nobody owes anything, after an Exec Unenroll the device does not. A Status that comes later than
it should is there all the same. Where the capture lacks a message that may have held it, nothing is said.
A missing Status for the Replace of DevInfo is a warning: samples of [MS-MDM] lack it.

## Good
`<Alert><CmdID>2</CmdID>…` in message 1; the answer has `<CmdRef>0</CmdRef>` and `<CmdRef>2</CmdRef>`.

## Bad
The same Alert; the answer has `<CmdRef>0</CmdRef>` alone.
"""

from collections.abc import Iterable

from replay.expect.case import Case, Rule, Spot
from replay.expect.finding import Finding, Severity
from replay.expect.owed import Debt, debts
from replay.expect.rules._dialogue import command_name, in_a_row, message_name, party_of
from replay.syncml.model import Command

RULE = Rule(
    id="STA001",
    name="status-missing",
    severity=Severity.ERROR,
    party=None,
    source="MDM 2.2.6.1; DMP 6.2, 8; facts B10, B12, A1.22",
    scope="capture",
)


def check(subject: Case) -> Iterable[Finding]:
    """Findings of STA001."""
    for dialogue in subject.unsettled:
        for debt in debts(dialogue):
            yield _finding(subject, debt)


def _finding(subject: Case, debt: Debt) -> Finding:
    names = in_a_row([command_name(command) for _, command in debt.commands])
    line, due = debt.line, debt.due
    message = (
        f"no Status for {names} of {message_name(line)}; due by the {due.speaker}'s message {due.msg_id} "
        f"in exchange {due.turn.number}"
    )
    only_info = all(_is_dev_info(command) for _, command in debt.commands)
    return subject.finding(
        RULE,
        message,
        spot=Spot(line.turn, line.side, debt.commands[0][0], () if debt.commands[0][0] else ("SyncHdr",)),
        severity=Severity.WARNING if only_info else None,
        party=party_of(due),
    )


def _is_dev_info(command: Command | None) -> bool:
    """Whether a command is the Replace of DevInfo (DMP 8.3)."""
    return (
        command is not None
        and command.name == "Replace"
        and any(((item.source.uri if item.source else None) or "").startswith("./DevInfo") for item in command.items)
    )
