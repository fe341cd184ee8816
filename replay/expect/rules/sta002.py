"""dangling-reference

## What it does
Checks that MsgRef and CmdRef of every Status and Results name a message and a command that the other side has sent
before in this session. One finding names all that is wrong in one message.

## Why it matters
An answer to nothing is no answer: what it was meant for stays unanswered.

## Known exceptions
Results without MsgRef refer to message 1. Windows answers a command without a CmdID with Status 400 and an empty
CmdRef. A CmdRef is only held against the message that it names; and a MsgRef only where the capture has everything that
the other side said from the beginning of the session on. A Status for an Exec Unenroll in another session is UNE009.

## Good
`<MsgRef>1</MsgRef><CmdRef>5</CmdRef>`, where the server's message 1 has a command with CmdID 5.

## Bad
`<MsgRef>1</MsgRef><CmdRef>9</CmdRef>`, where the server's message 1 has no command with CmdID 9.
"""

from collections.abc import Iterable, Iterator

from replay.expect.case import Case, Rule
from replay.expect.dialogue import Answer, Dialogue, Line
from replay.expect.finding import Finding, Severity
from replay.expect.rules._dialogue import command_name, on_answers
from replay.syncml.model import Status

RULE = Rule(
    id="STA002",
    name="dangling-reference",
    severity=Severity.ERROR,
    party=None,
    source="MDM 2.2.3.3, 2.2.3.7, 2.2.7.8; facts B7, B13",
    scope="capture",
)


def check(subject: Case) -> Iterable[Finding]:
    """Findings of STA002."""
    elsewhere = {
        id(departure.command) for each in subject.episodes for departure in each.run.by_rule("UNE009")
    }  # fmt: skip
    for dialogue in subject.unsettled:
        if not dialogue.dangling:
            continue
        for line in dialogue.judged:
            yield from on_answers(subject, RULE, _dangling(dialogue, line, elsewhere))


def _dangling(dialogue: Dialogue, line: Line, elsewhere: set[int]) -> Iterator[tuple[Answer, str]]:
    for answer in line.carries:
        if answer.to is None and id(answer.command) not in elsewhere:
            what = _wrong(dialogue, answer)
            if what is not None:
                yield answer, f"{command_name(answer.command)} {what}"


def _wrong(dialogue: Dialogue, answer: Answer) -> str | None:
    """What is wrong with a reference that names nothing that is known; None where it may be right."""
    command, peer = answer.command, answer.line.peer
    if not command.msg_ref and isinstance(command, Status):
        return "has no MsgRef"
    named = dialogue.named_by(answer)
    msg_ref = command.msg_ref or "1"
    if named:
        if not command.cmd_ref:
            return f"has no CmdRef (MsgRef {msg_ref})"
        return f"answers CmdRef {command.cmd_ref}, and the {peer}'s message {msg_ref} has no command with that CmdID"
    if dialogue.whole_until(answer.line):
        return f"answers MsgRef {msg_ref}, and the {peer} had sent no message with that MsgID"
    return None
