"""alert-status

## What it does
Checks that the Status for a generic alert (1226) is 200 or 202, where it was taken, else 401, 406, 407, 412, 415 or
500.

## Why it matters
A device that reports something goes by this code. DMP leaves these alone to the server; DMRP adds 406 for data that it
cannot process.

## Known exceptions
A code that SyncML does not define is STA006. A Status of 400 or more for the unenrolment alert is UNE020, whichever it
is.

## Good
`<Cmd>Alert</Cmd><Data>202</Data>`

## Bad
`<Cmd>Alert</Cmd><Data>204</Data>`
"""

from collections.abc import Iterable
from typing import Final

from replay.expect.case import Case, Rule
from replay.expect.dialogue import Answer
from replay.expect.finding import Finding, Severity
from replay.expect.rules._dialogue import CODES, command_name, on_answers
from replay.syncml.model import Alert
from replay.syncml.names import GENERIC_ALERT
from replay.syncml.unenrol import alerts

_FITTING: Final = frozenset({"200", "202", "401", "406", "407", "412", "415", "500"})

RULE = Rule(
    id="STA007",
    name="alert-status",
    severity=Severity.WARNING,
    party=None,
    source="DMP 8.7; DMRP 6.6.2; facts A1.21",
    scope="capture",
)


def check(subject: Case) -> Iterable[Finding]:
    """Findings of STA007."""
    for dialogue in subject.dialogues:
        for line in dialogue.judged:
            unfitting = ((answer, _what(answer)) for answer in line.carries if _is_unfitting(answer))
            yield from on_answers(subject, RULE, unfitting, "Data")


def _is_unfitting(answer: Answer) -> bool:
    command = answer.to.command if answer.to else None
    if not isinstance(command, Alert) or command.code != GENERIC_ALERT or answer.misnamed or answer.stray:
        return False
    if answer.code in _FITTING or answer.code not in CODES:
        return False
    return (answer.code or "") < "400" or not _is_unenrolment(answer)


def _is_unenrolment(answer: Answer) -> bool:
    """Whether it is the unenrolment alert that is answered."""
    message, to = answer.target.message if answer.target else None, answer.to
    return message is not None and to is not None and any(alert.command is to.command for alert in alerts(message))


def _what(answer: Answer) -> str:
    to = answer.to.command if answer.to else None
    return f"{command_name(answer.command)} answers the generic {command_name(to)} with {answer.code}"
