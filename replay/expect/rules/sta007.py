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
    for dialogue in subject.unsettled:
        if dialogue.codes <= _FITTING:
            continue
        own: dict[int, set[int]] = {}
        for line in dialogue.judged:
            unfitting = ((answer, _what(answer)) for answer in line.carries if _is_unfitting(answer, own))
            yield from on_answers(subject, RULE, unfitting, "Data")


def _is_unfitting(answer: Answer, own: dict[int, set[int]]) -> bool:
    """Whether the code of an answer to a generic alert does not fit. `own` holds the unenrolment alerts of messages that were
    looked at."""
    command = answer.to.command if answer.to else None
    if not isinstance(command, Alert) or command.code != GENERIC_ALERT or answer.misnamed or answer.stray:
        return False
    if answer.code in _FITTING or answer.code not in CODES:
        return False
    target = answer.target
    if (answer.code or "") < "400" or target is None or target.message is None:
        return True
    if target.place not in own:
        own[target.place] = {id(alert.command) for alert in alerts(target.message)}
    return id(command) not in own[target.place]


def _what(answer: Answer) -> str:
    to = answer.to.command if answer.to else None
    return (
        f"{command_name(answer.command)} answers the generic {command_name(to)} with {answer.code}; expected 200 or 202, "
        "or 401, 406, 407, 412, 415 or 500"
    )
