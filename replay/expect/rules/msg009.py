"""command-id-twice

## What it does
Checks that no CmdID stands on two commands of a message. Commands inside Atomic and Sequence count, and so do Status and
Results.

## Why it matters
A Status for that CmdID answers either of the two, or neither.

## Known exceptions
None is known. CmdIDs begin anew in every message.

## Good
<Get><CmdID>5</CmdID>…</Get><Get><CmdID>6</CmdID>…</Get>

## Bad
<Get><CmdID>6</CmdID>…</Get><Get><CmdID>6</CmdID>…</Get>
"""

from collections.abc import Iterable, Iterator

from replay.expect.case import Rule, Said
from replay.expect.finding import Finding, Severity
from replay.expect.rules._dialogue import in_a_row
from replay.expect.rules._said import fault

RULE = Rule(
    id="MSG009",
    name="command-id-twice",
    severity=Severity.ERROR,
    party=None,
    source="MDM 2.2.3.2; facts B7",
    scope="message",
)


def check(subject: Said) -> Iterable[Finding]:
    """Findings of MSG009."""
    return () if subject.contents.parts.own_ids else _found(subject)


def _found(subject: Said) -> Iterator[Finding]:
    first: dict[str, str] = {}
    again: dict[str, list[str]] = {}
    where: tuple[int, ...] | None = None
    for place, command in subject.commands:
        known = command.cmd_id
        if not known or known == "0":  # MSG008
            continue
        if known in first:
            again.setdefault(known, [first[known]]).append(command.name)
            where = place if where is None else where
        first.setdefault(known, command.name)
    if where is not None:
        texts = [
            f"CmdID {known!r} stands on {len(names)} commands ({in_a_row(names)})" for known, names in again.items()
        ]
        yield fault(subject, RULE, in_a_row(texts), places=where, tail=("CmdID",))
