"""wrong-command

## What it does
Checks that Cmd of a Status is the name of the command that MsgRef and CmdRef lead to, `SyncHdr` for CmdRef 0; and that
Cmd of Results is, where it is there. One finding names all that is wrong in one message.

## Why it matters
Reference and name contradict each other. Whoever goes by the name takes the answer for another command's.

## Known exceptions
Of two commands with one CmdID (MSG009) the one of that name is meant. A command with CmdID 0 (MSG008) is meant where
the name is its. Results need no Cmd.

## Good
`<CmdRef>5</CmdRef><Cmd>Get</Cmd>`, where the command with CmdID 5 is a Get.

## Bad
`<CmdRef>5</CmdRef><Cmd>Replace</Cmd>` for the same Get.
"""

from collections.abc import Iterable

from replay.expect.case import Case, Rule
from replay.expect.dialogue import Answer
from replay.expect.finding import Finding, Severity
from replay.expect.rules._dialogue import command_name, on_answers

RULE = Rule(
    id="STA003",
    name="wrong-command",
    severity=Severity.ERROR,
    party=None,
    source="MDM 2.2.6.1, 2.2.3.1; facts B13, B17",
    scope="capture",
)


def check(subject: Case) -> Iterable[Finding]:
    """Findings of STA003."""
    for dialogue in subject.unsettled:
        if not dialogue.misnamed:
            continue
        for line in dialogue.judged:
            misnamed = ((answer, _what(answer)) for answer in line.carries if answer.misnamed)
            yield from on_answers(subject, RULE, misnamed, "Cmd")


def _what(answer: Answer) -> str:
    command = answer.command
    given = f"says Cmd {command.cmd!r}" if command.cmd else "has no Cmd"
    ref = f"CmdRef {command.cmd_ref} of message {command.msg_ref or '1'}"
    return f"{command_name(command)} {given} for {ref}, which is {answer.expected_name}"
