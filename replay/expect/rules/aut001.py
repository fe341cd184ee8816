"""cred-misplaced

## What it does
Checks that credentials (Cred) stand in SyncHdr and nowhere else, and that a MAC is not among them: that one comes in
the HTTP header `x-syncml-hmac`.

## Why it matters
Credentials in another place are not looked at, so that the message comes without any. A MAC covers the bytes of the
message and cannot be part of them.

## Known exceptions
None is known. A message that is sent again is judged once.

## Good
`<SyncHdr>…<Cred><Meta><Type xmlns="syncml:metinf">syncml:auth-md5</Type></Meta><Data>…</Data></Cred></SyncHdr>`

## Bad
`<Alert><CmdID>2</CmdID><Cred>…</Cred></Alert>`; or `syncml:auth-MAC` as the Type of a Cred.
"""

from collections.abc import Iterable, Iterator

from replay.expect.case import Case, Rule, Spot
from replay.expect.dialogue import Line
from replay.expect.finding import Finding, Severity
from replay.expect.rules._dialogue import command_name, in_a_row, message_name
from replay.syncml.credentials import MAC, auth_type
from replay.syncml.model import Command, Cred, Message, Unknown

RULE = Rule(
    id="AUT001",
    name="cred-misplaced",
    severity=Severity.ERROR,
    party=None,
    source="DMRP 6.1.2; DMS 5.4; facts B, Authentication",
    scope="capture",
)
#: The place of an element: that of its command, and the names below it.
_Place = tuple[tuple[int, ...], tuple[str, ...]]


def check(subject: Case) -> Iterable[Finding]:
    """Findings of AUT001."""
    for dialogue in subject.dialogues:
        for line in dialogue.judged:
            yield from _on(subject, line)


def _on(subject: Case, line: Line) -> Iterator[Finding]:
    found = list(_misplaced(line.message)) if line.message is not None else []
    if found:
        places, tail = found[0][0]
        text = f"in {message_name(line)}: {in_a_row([what for _, what in found])}"
        yield subject.finding(RULE, text, spot=Spot(line.turn, line.side, places, tail))


def _misplaced(message: Message) -> Iterator[tuple[_Place, str]]:
    cred = message.header.cred
    if cred is not None and _is_mac(cred):
        yield ((), ("SyncHdr", "Cred")), "syncml:auth-MAC in Cred; it belongs into the HTTP header x-syncml-hmac"
    if _has_cred(message.unknown) or _has_cred(message.body_unknown):
        yield ((), ("SyncBody", "Cred")), "Cred outside of SyncHdr"
    for place, command in message.walk():
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
