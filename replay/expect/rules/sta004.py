"""order

## What it does
Checks that the Status for SyncHdr is the first element of SyncBody, and that the others are in the order of the
commands that they answer, message by message.

## Why it matters
[MS-MDM] asks for it, and simple servers count instead of looking at CmdRef. OMA lets the order vary.

## Known exceptions
Results, Alerts and other commands may stand between the Status elements. The one for an Atomic or Sequence may come
before or after those for the commands inside. References that are wrong in other ways (STA002, STA003, STA005) are left
out.

## Good
Status for CmdRef 0, 2, 3, 4.

## Bad
Status for CmdRef 0, 3, 2, 4; or for CmdRef 2, 0.
"""

from collections.abc import Iterable, Iterator
from typing import Final

from replay.expect.case import Case, Rule
from replay.expect.dialogue import Answer, Line
from replay.expect.finding import Finding, Severity
from replay.expect.rules._dialogue import command_name, on_answers
from replay.syncml.model import Status

#: The place of the first element of SyncBody.
_FIRST: Final = (0,)

RULE = Rule(
    id="STA004",
    name="order",
    severity=Severity.WARNING,
    party=None,
    source="MDM 2.2.6.1; facts B10, B11",
    scope="capture",
)


def check(subject: Case) -> Iterable[Finding]:
    """Findings of STA004."""
    for dialogue in subject.unsettled:
        for line in dialogue.judged:
            yield from on_answers(subject, RULE, _out_of_order(line))


def _out_of_order(line: Line) -> Iterator[tuple[Answer, str]]:
    counted = [each for each in line.carries if isinstance(each.command, Status) and not _is_doubtful(each)]
    header = next((each for each in counted if each.to_header), None)
    if header is not None and header.sent.place != _FIRST:
        yield header, f"{_name(header)} is not the first element of SyncBody"
    last: dict[int, Answer] = {}
    for answer in counted:
        if answer.to_header or answer.to is None or answer.target is None:
            continue
        before = last.get(answer.target.place)
        if before is None or before.to is None or answer.to.place >= before.to.place:
            last[answer.target.place] = answer
        elif not _is_inside(before.to.place, answer.to.place):
            yield answer, f"{_name(answer)} comes after {_name(before)}"


def _is_doubtful(answer: Answer) -> bool:
    """Whether an answer is wrong in another way, or another answer to the same command is."""
    to, target = answer.to, answer.target
    if to is None or target is None or answer.misnamed:
        return True
    return to.place in target.muddled


def _is_inside(place: tuple[int, ...], group: tuple[int, ...]) -> bool:
    """Whether a command is inside of a group."""
    return place[: len(group)] == group


def _name(answer: Answer) -> str:
    to = answer.to.command if answer.to else None
    return f"the Status for {command_name(to)}"
