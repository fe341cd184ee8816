"""command-not-allowed

## What it does
Checks that each side sends only what it may. A device sends Alert, Replace, Results and Status; a server sends Add,
Alert, Atomic, Copy, Delete, Exec, Get, Replace, Sequence and Status. Alerts 1200, 1201, 1224 and 1226 are the device's
alone, 1100 to 1104 the server's. Map, Move, Put, Search and Sync, and the elements NoResp, NoResults, Archive, Lang, SftDel,
NumberOfChanges and MapItem, are of SyncML, but not of OMA DM. What is no command at all has no place in SyncBody.

## Why it matters
The peer does not carry it out, and what was meant does not happen. Windows answers what is no command with Status 400.

## Known exceptions
What a Replace of the device is about does not matter: Windows sends other nodes than DevInfo in it.

## Good
Status, Results and Alert from the device; Get and Exec from the server.

## Bad
Get from the device; Put from anybody; Alert 1201 from the server.
"""

from collections.abc import Iterable, Iterator
from typing import Final

from replay.capture.references import REQUEST, RESPONSE
from replay.expect.case import Rule, Said
from replay.expect.finding import Finding, Severity
from replay.expect.rules._dialogue import command_name, in_a_row
from replay.expect.rules._said import fault
from replay.syncml.model import Alert, Command, Unknown
from replay.syncml.names import CLIENT_EVENT, CLIENT_INITIATED, GENERIC_ALERT, GROUPS, SERVER_INITIATED

RULE = Rule(
    id="MSG011",
    name="command-not-allowed",
    severity=Severity.ERROR,
    party=None,
    source="DMP 8; DMRP 6.6, 7; facts B16, B22, B23",
    scope="message",
)
_COMMANDS: Final = {
    REQUEST: frozenset({"Alert", "Replace", "Results", "Status"}),
    RESPONSE: frozenset({"Add", "Alert", "Atomic", "Copy", "Delete", "Exec", "Get", "Replace", "Sequence", "Status"}),
}
_NOT_OF_DM: Final = frozenset({"Map", "Move", "Put", "Search", "Sync"})
#: Elements of SyncML inside commands (facts B16); NoResp, which the model knows, is one as well.
_ELEMENTS: Final = frozenset({"Archive", "Lang", "MapItem", "NoResults", "NumberOfChanges", "SftDel"})
#: Alert codes that the other side may not send.
_ALERTS: Final = {
    REQUEST: frozenset(str(code) for code in range(1100, 1105)),
    RESPONSE: frozenset({SERVER_INITIATED, CLIENT_INITIATED, CLIENT_EVENT, GENERIC_ALERT}),
}
#: What is wrong, in words, and where.
_Wrong = tuple[str, tuple[int, ...], tuple[str, ...]]


def check(subject: Said) -> Iterable[Finding]:
    """Findings of MSG011."""
    return () if _is_plain(subject) else _found(subject)


def _found(subject: Said) -> Iterator[Finding]:
    wrong = list(_wrong(subject))
    if wrong:
        _, places, tail = wrong[0]
        yield fault(subject, RULE, in_a_row([text for text, _, _ in wrong]), places=places, tail=tail)


def _is_plain(said: Said) -> bool:
    """Whether a message has nothing but commands and alerts that its sender may send, with nothing unusual in them."""
    message, contents = said.message, said.contents
    if message.header.no_resp or message.body_unknown or contents.parts.extras:
        return False
    return contents.names <= _COMMANDS[said.side] and not contents.has_alert(_ALERTS[said.side])


def _wrong(said: Said) -> Iterator[_Wrong]:
    if said.message.header.no_resp:
        yield "SyncHdr has NoResp, which DM does not use", (), ("SyncHdr", "NoResp")
    for place, command in said.commands:
        text = _command(command, said)
        if text is not None:
            yield text, place, ()
        else:
            yield from _parts(command, place)
    for unknown in said.message.body_unknown:
        yield f"{unknown.name} in SyncBody is no command", (), ("SyncBody", unknown.name)


def _command(command: Command, said: Said) -> str | None:
    """What is wrong with a command as such, in words."""
    if command.name in _NOT_OF_DM:
        return f"{command_name(command)}, which DM does not use"
    if command.name not in _COMMANDS[said.side]:
        return f"{command_name(command)}, which a {said.party} does not send"
    if isinstance(command, Alert) and command.code in _ALERTS[said.side]:
        return f"{command_name(command)} with the code {command.code}, which a {said.party} does not send"
    return None


def _parts(command: Command, place: tuple[int, ...]) -> Iterator[_Wrong]:
    """What a command holds that DM does not use, or, in Atomic and Sequence, that is no command."""
    which = command_name(command)
    if command.no_resp:
        yield f"{which} has NoResp, which DM does not use", place, ("NoResp",)
    for part in command.unknown:
        if part.name in _ELEMENTS:
            yield f"{which} has {part.name}, which DM does not use", place, (part.name,)
        elif command.name in GROUPS and not _is_known(part):
            yield f"{part.name} in {which} is no command", place, (part.name,)


def _is_known(part: Unknown) -> bool:
    """Whether an element that a group holds besides commands is one of its own, only twice or oddly filled."""
    return part.name in ("CmdID", "Meta", "Cred", "NoResp")
