"""meta-namespace

## What it does
Checks that every child of Meta is in the namespace syncml:metinf: in items, commands, challenges, credentials and the
header. In WBXML the code page decides.

## Why it matters
Type, Format, Size, NextNonce and the others are of another vocabulary than the rest of the message. A strict peer
does not find them where they are not.

## Known exceptions
Type and Format in a server's command are a warning: servers leave the namespace out, and Windows accepts that. The
Type of the unenrolment alert is UNE004's.

## Good
<Meta><Format xmlns="syncml:metinf">int</Format></Meta>

## Bad
<Meta><Format xmlns="syncml:metinfo">int</Format></Meta>
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Final

from msgspec import Struct

from replay.expect.case import Rule, Said
from replay.expect.finding import Finding, Party, Severity
from replay.expect.rules._dialogue import in_a_row
from replay.expect.rules._said import fault
from replay.syncml.model import Meta, Status
from replay.syncml.names import METINF
from replay.syncml.unenrol import alerts

RULE = Rule(
    id="MSG012",
    name="meta-namespace",
    severity=Severity.ERROR,
    party=None,
    source="RP; facts B, D",
    scope="message",
)
_ACCEPTED: Final = frozenset({"Type", "Format"})


class _Child(Struct, frozen=True):
    """A child of Meta that is in the wrong namespace, and where."""

    name: str
    namespace: str
    places: tuple[int, ...]
    tail: tuple[str | tuple[str, int], ...]
    accepted: bool


def check(subject: Said) -> Iterable[Finding]:
    """Findings of MSG012."""
    return _found(subject) if subject.contents.parts.wrong_meta else ()


def _found(subject: Said) -> Iterator[Finding]:
    wrong = list(_wrong(subject))
    types = _types_of_alerts(subject)
    for accepted in (False, True):
        found = [child for child in wrong if child.accepted is accepted and (child.places, child.tail) not in types]
        if found:
            text = f"{_named(found)}; expected {METINF!r}"
            if accepted:
                text += " (Windows accepts that in a server's command)"
            severity = Severity.WARNING if accepted else None
            yield fault(subject, RULE, text, places=found[0].places, tail=found[0].tail, severity=severity)


def _named(found: list[_Child]) -> str:
    """The children in words, each once."""
    counts = Counter((child.name, child.namespace) for child in found)
    return in_a_row(
        [
            f"{name} is in {f'the namespace {namespace!r}' if namespace else 'no namespace'}"
            + (f" ({count} times)" if count > 1 else "")
            for (name, namespace), count in counts.items()
        ]
    )


def _wrong(said: Said) -> Iterator[_Child]:
    header, server = said.message.header, said.party is Party.SERVER
    yield from _of(header.meta, (), ("SyncHdr", "Meta"))
    if header.cred is not None:
        yield from _of(header.cred.meta, (), ("SyncHdr", "Cred", "Meta"))
    for place, command in said.commands:
        if isinstance(command, Status):
            yield from _of(command.chal, place, ("Chal", "Meta"))
        if command.cred is not None:
            yield from _of(command.cred.meta, place, ("Cred", "Meta"))
        yield from _of(command.meta, place, ("Meta",), lenient=server)
        for number, item in enumerate(command.items, 1):
            yield from _of(item.meta, place, (("Item", number), "Meta"), lenient=server)


def _of(
    meta: Meta | None, places: tuple[int, ...], tail: tuple[str | tuple[str, int], ...], *, lenient: bool = False
) -> Iterator[_Child]:
    """The children of one Meta that are in the wrong namespace; `lenient` says that Type and Format are accepted there."""
    if meta is None:
        return
    for name, leaf in (
        ("Type", meta.type),
        ("Format", meta.format),
        ("Mark", meta.mark),
        ("Size", meta.size),
        ("NextNonce", meta.next_nonce),
        ("MaxMsgSize", meta.max_msg_size),
        ("MaxObjSize", meta.max_obj_size),
        ("Version", meta.version),
    ):
        if leaf is not None and leaf.namespace != METINF:
            yield _Child(name, leaf.namespace, places, (*tail, name), lenient and name in _ACCEPTED)
    for unknown in meta.unknown:
        if unknown.namespace != METINF:
            yield _Child(unknown.name, unknown.namespace, places, (*tail, unknown.name), False)


def _types_of_alerts(said: Said) -> set[tuple[tuple[int, ...], tuple[str | tuple[str, int], ...]]]:
    """Where the Types of a device's unenrolment alerts are, of which UNE004 speaks."""
    if said.party is Party.SERVER:
        return set()
    return {(each.place, (("Item", each.item_number), "Meta", "Type")) for each in alerts(said.message)}
