"""uri

## What it does
Checks that no LocURI in a command begins with a slash.

## Why it matters
Addresses in the management tree are relative (./Vendor/MSFT/…); under one that begins with a slash Windows finds no
node.

## Known exceptions
The Exec Unenroll is UNE016's. An address that a device only gives back, in Results or in an Alert, is its server's.

## Good
<LocURI>./DevDetail/SwV</LocURI>

## Bad
<LocURI>/DevDetail/SwV</LocURI>
"""

from collections.abc import Iterable, Iterator

from replay.expect.case import Case, Rule, Said
from replay.expect.finding import Finding, Party, Severity
from replay.expect.rules._dialogue import command_name, in_a_row
from replay.expect.rules._said import fault
from replay.syncml.model import Command, Exec, Results
from replay.syncml.unenrol import is_unenroll_node

RULE = Rule(
    id="MSG014",
    name="uri",
    severity=Severity.ERROR,
    party=None,
    source="OMADM; facts B8",
    scope="capture",
)
#: A place, the names that lead to LocURI there, the address, and its command.
_Found = tuple[tuple[int, ...], tuple[str | tuple[str, int], ...], str, Command]


def check(subject: Case) -> Iterable[Finding]:
    """Findings of MSG014."""
    by_server: dict[int | None, set[str]] = {}
    for said in subject.said:
        if not said.contents.parts.slash:
            continue
        found = list(_with_slash(said))
        named = by_server.setdefault(said.session.enrolment.number if said.session else None, set())
        if said.party is Party.SERVER:
            named |= {uri for _, _, uri, _ in found}
            found = [each for each in found if not _is_une016s(each)]
        else:
            found = [each for each in found if each[2] not in named]
        if found:
            places, tail, _, _ = found[0]
            texts = [f"{uri!r} in {command_name(command)}" for _, _, uri, command in found]
            text = f"{in_a_row(texts)}: an address in a command does not begin with '/'"
            yield fault(said, RULE, text, places=places, tail=tail)


def _with_slash(said: Said) -> Iterator[_Found]:
    for place, command in said.commands:
        if isinstance(command, Results):
            continue
        for number, item in enumerate(command.items, 1):
            for name, address in (("Target", item.target), ("Source", item.source)):
                if address is not None and address.uri is not None and address.uri.startswith("/"):
                    yield place, (("Item", number), name, "LocURI"), address.uri, command


def _is_une016s(found: _Found) -> bool:
    """Whether UNE016 speaks of a server's address: it is the target of an Exec Unenroll."""
    _, tail, uri, command = found
    return isinstance(command, Exec) and "Target" in tail and is_unenroll_node(uri)
