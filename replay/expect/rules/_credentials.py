"""What several rules ask of the credentials in a message: whether there are any, and whether they stand in the wrong place."""

from collections.abc import Iterator

from replay.capture.contents import Contents
from replay.capture.exchange import header
from replay.expect.dialogue import Line
from replay.expect.rules._dialogue import command_name
from replay.syncml.credentials import HMAC_HEADER, MAC, auth_type
from replay.syncml.model import Command, Cred, Unknown

#: The place of an element: that of its command, and the names below it.
Place = tuple[tuple[int, ...], tuple[str, ...]]


def has_credentials(line: Line) -> bool:
    """Whether a message comes with credentials: Cred in SyncHdr, or a MAC in its HTTP header."""
    message = line.message
    return message is not None and (
        message.header.cred is not None or header(line.turn.exchange.headers, HMAC_HEADER) is not None
    )


def misplaced(contents: Contents) -> Iterator[tuple[Place, str]]:
    """Every Cred of a message that stands outside of SyncHdr or holds a MAC, and what is wrong with it."""
    message = contents.message
    cred = message.header.cred
    if cred is not None and _is_mac(cred):
        yield ((), ("SyncHdr", "Cred")), "syncml:auth-MAC in Cred; it belongs into the HTTP header x-syncml-hmac"
    if not contents.parts.cred:
        return
    if _has_cred(message.unknown) or _has_cred(message.body_unknown):
        yield ((), ("SyncBody", "Cred")), "Cred outside of SyncHdr"
    for place, command in contents.commands:
        if _carries_cred(command):
            yield (place, ("Cred",)), f"Cred in {command_name(command)}, outside of SyncHdr"


def _carries_cred(command: Command) -> bool:
    if command.cred is not None or (command.unknown and _has_cred(command.unknown)):
        return True
    return any(item.unknown and _has_cred(item.unknown) for item in command.items)


def _has_cred(elements: tuple[Unknown, ...]) -> bool:
    return any(each.name == "Cred" and each.namespace[:6].lower() in ("", "syncml") for each in elements)


def _is_mac(cred: Cred) -> bool:
    return auth_type(cred).casefold() == MAC.casefold()
