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
from replay.expect.dialogue import Answer, Line
from replay.expect.finding import Finding, Severity
from replay.expect.owed import is_unenrolment
from replay.expect.rules._dialogue import CODES, command_name, on_answers
from replay.syncml.model import Results

RULE = Rule(
    id="STA008",
    name="results-without-get",
    severity=Severity.ERROR,
    party=None,
    source="MDM 3.1.5.1.6; DMRP 6.6.12; facts B15",
    scope="capture",
)


#: Of a message's Gets by CmdID (more than one is MSG009): the codes that they were answered by.
_Codes = dict[str | None, dict[str | None, None]]


def check(subject: Case) -> Iterable[Finding]:
    """Findings of STA008."""
    for dialogue in subject.unsettled:
        if not dialogue.has_results:
            continue
        gets: dict[int, _Codes] = {}
        for line in dialogue.judged:
            if line.side == REQUEST:
                found = ((answer, what) for answer in line.carries if (what := _wrong(answer, gets)) is not None)
                yield from on_answers(subject, RULE, found)


def _wrong(answer: Answer, gets: dict[int, _Codes]) -> str | None:
    """What is wrong with Results; None where nothing is, or another rule says it. `gets` holds the messages that were looked at."""
    command, target = answer.to.command if answer.to else None, answer.target
    if not isinstance(answer.command, Results) or command is None or target is None or answer.misnamed:
        return None
    if target.place not in gets:
        gets[target.place] = _gets(target)
    codes = gets[target.place].get(command.cmd_id)
    name, of = command_name(answer.command), f"of message {target.msg_id}"
    if codes is None:
        return None if is_unenrolment(command) else f"{name} are for {command_name(command)} {of}, no Get"
    code = next(iter(codes), None)
    if "200" in codes or code not in CODES:
        return None
    return f"{name} are for {command_name(command)} {of}, which was answered by Status {code}, not 200"


def _gets(line: Line) -> _Codes:
    found: _Codes = {}
    for place, command in line.commands:
        if command.name == "Get":
            codes = found.setdefault(command.cmd_id, {})
            codes.update(dict.fromkeys(answer.code for answer in line.answers.get(place, ())))
    return found
