"""results-without-get

## What it does
Checks that a device's Results refer to a Get, and that the Get was answered by Status 200.

## Why it matters
Results of a command that failed, or of one that has none, contradict the Status. A server that goes by the Status drops
the value, one that goes by the Results takes it.

## Known exceptions
Where items of one Get have different outcomes, one 200 among them is enough. Results of a large object come in several
messages after one Status. Results that refer to nothing are STA002; where the Get has no Status at all that is STA001, where
its code is not defined STA006. Results for an Exec Unenroll are UNE009, Results that a server sends MSG011.

## Good
Status 200 for the Get with CmdID 5, then Results with CmdRef 5.

## Bad
Status 404 for the Get with CmdID 5, then Results with CmdRef 5; or Results for an Exec.
"""

from collections.abc import Iterable

from replay.capture.references import REQUEST
from replay.expect.case import Case, Rule
from replay.expect.dialogue import Answer
from replay.expect.finding import Finding, Severity
from replay.expect.rules._dialogue import CODES, command_name, on_answers
from replay.syncml.model import Command, Results
from replay.syncml.unenrol import execs

RULE = Rule(
    id="STA008",
    name="results-without-get",
    severity=Severity.ERROR,
    party=None,
    source="MDM 3.1.5.1.6; DMRP 6.6.12; facts B15",
    scope="capture",
)


def check(subject: Case) -> Iterable[Finding]:
    """Findings of STA008."""
    for dialogue in subject.dialogues:
        for line in dialogue.judged:
            if line.side == REQUEST:
                found = ((answer, what) for answer in line.carries if (what := _wrong(answer)) is not None)
                yield from on_answers(subject, RULE, found)


def _wrong(answer: Answer) -> str | None:
    """What is wrong with Results; None where nothing is, or another rule says it."""
    command = answer.to.command if answer.to else None
    if not isinstance(answer.command, Results) or command is None or answer.target is None or answer.misnamed:
        return None
    meant = _meant(answer, command)
    name, of = command_name(answer.command), f"of message {answer.target.msg_id}"
    if not meant:
        return None if _is_unenrolment(answer, command) else f"{name} are for {command_name(command)} {of}, no Get"
    codes = [each.code for place in meant for each in answer.target.answers.get(place, ())]
    if not codes or "200" in codes or codes[0] not in CODES:
        return None
    return f"{name} are for {command_name(command)} {of}, which was answered by Status {codes[0]}"


def _meant(answer: Answer, command: Command) -> list[tuple[int, ...]]:
    """The places of the Gets with the CmdID that is referred to; more than one is MSG009."""
    message = answer.target.message if answer.target else None
    if message is None:
        return []
    return [place for place, each in message.walk() if each.name == "Get" and each.cmd_id == command.cmd_id]


def _is_unenrolment(answer: Answer, command: Command) -> bool:
    message = answer.target.message if answer.target else None
    return message is not None and any(each.command is command for each in execs(message))
