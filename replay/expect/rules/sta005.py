"""answered-twice

## What it does
Checks that a command, or SyncHdr, gets one Status; or several that speak of different items, each with its TargetRef
or SourceRef.

## Why it matters
Two answers to one command may contradict each other. Often one of them was meant for another command, which stays
without.

## Known exceptions
101 (in progress) is followed by another Status. A message that is sent again, or whose SyncHdr was refused, counts
once. Of two commands with one CmdID (MSG009) each may be answered. One that has the wrong name is STA003.

## Good
Two Status elements for one Get, with `<TargetRef>./DevInfo/Man</TargetRef>` and `<TargetRef>./DevInfo/Mod</TargetRef>`.

## Bad
Two Status elements for one Alert, both without TargetRef.
"""

from collections.abc import Iterable

from replay.expect.case import Case, Rule
from replay.expect.dialogue import Answer
from replay.expect.finding import Finding, Severity
from replay.expect.rules._dialogue import command_name, on_answers

RULE = Rule(
    id="STA005",
    name="answered-twice",
    severity=Severity.ERROR,
    party=None,
    source="MDM 2.2.6.1; facts B10",
    scope="capture",
)


def check(subject: Case) -> Iterable[Finding]:
    """Findings of STA005."""
    for dialogue in subject.unsettled:
        if not dialogue.twice:
            continue
        for line in dialogue.judged:
            twice = ((answer, _what(answer)) for answer in line.carries if answer.twice)
            yield from on_answers(subject, RULE, twice)


def _what(answer: Answer) -> str:
    to = answer.to.command if answer.to else None
    msg_ref = answer.target.msg_id if answer.target else ""
    about = [*answer.command.target_refs, *answer.command.source_refs]
    of_item = f", for {', '.join(about)}" if about else ""
    return f"{command_name(answer.command)} answers {command_name(to)} of message {msg_ref} again{of_item}"
