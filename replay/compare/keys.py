"""Keys: what the normal form of a session depends on, found without making it.

Devices and servers say the same few things over and over, and most of a capture is equal to something else in it. Two sessions of
one capture with one key have the same normal form but for the numbers of their aliases, so it is made once; those numbers stand
beside the key. A key is made of the parsed message with signs in place of the values that do not count; numbers (MsgID, CmdID and
references) stay in it as they are. What nobody expects in a message stays in it to the letter. So sessions of two keys may have
equal normal forms all the same, and that is found when these are made.
"""

import re
from collections.abc import Hashable
from typing import Final

from msgspec import Struct, structs

from replay.capture.references import REQUEST, RESPONSE
from replay.capture.sessions import Session
from replay.capture.turns import Turn
from replay.compare.shapes import Mark, mark_of, shape_of
from replay.normal.form import MessageNormaliser, Normaliser, without_host
from replay.normal.sides import SENDER, headers_of, problem_of
from replay.syncml.model import (
    Address,
    Alert,
    Command,
    Cred,
    Exec,
    Group,
    Header,
    Item,
    Leaf,
    Message,
    Meta,
    Results,
    Status,
)
from replay.syncml.names import GENERIC_ALERT

_COUNTER: Final = re.compile(r"\{CV([0-9]+)\}(.*)", re.DOTALL)
_REQUEST_ID: Final = re.compile(r"\{R([0-9]+)\}")
#: Commands, values and sets of headers that are remembered, of each so many.
_MOST: Final = 50_000


class Counter(Struct, frozen=True):
    """A correlation vector: its base's number, what follows the base, and that as steps since the last one with the base, so that
    one message more before it makes no difference."""

    base: int
    text: str
    since: str


class Head(Struct, frozen=True):
    """The headers that count, by their paths, their aliases blanked and noted."""

    shown: tuple[tuple[str, str], ...]
    marks: tuple[Mark, ...]
    counter: Counter | None


class SessionKey(Struct, frozen=True):
    """The key of a session, as a number of its capture; the aliases in it, in order; and the correlation vectors of its requests,
    by the place of the turn, which say something only beside those before them."""

    number: int
    marks: tuple[Mark, ...]
    counters: dict[int, Counter]


class _Known(Struct, frozen=True):
    """What stands for a value or a command in a key, and the aliases in it."""

    key: Hashable
    marks: tuple[Mark, ...] = ()


class _Around(Struct, frozen=True):
    """The message around commands, and what tells their forms where nothing else does."""

    session: Session
    turn: Turn
    side: str
    message: Message


#: What stands for an item that is left as it is.
_TO_THE_LETTER: Final = _Known(None)


def head_of(headers: tuple[tuple[str, str], ...]) -> Head:
    """The headers of a message in the normal form, taken apart."""
    found, marks, counter = [], [], None
    for name, value in headers:
        shown = value
        if name == "ms-cv" and (counted := _COUNTER.fullmatch(value)):
            counter = Counter(int(counted[1]), counted[2], counted[2])
            marks.append(("CV", int(counted[1])))
            shown = "{CV}"
        elif name == "client-request-id" and (request := _REQUEST_ID.fullmatch(value)):
            marks.append(("R", int(request[1])))
            shown = "{R}"
        found.append((f"HTTP/{name}", shown))
    return Head(tuple(found), tuple(marks), counter)


class Keys:
    """The keys of one capture's sessions, asked for in the order of its normal form: that is how aliases get their numbers."""

    def __init__(self, normal: Normaliser) -> None:
        self._normal = normal
        self._numbers: dict[Hashable, int] = {}
        self._heads: dict[Hashable, Head] = {}
        self._sides = {side: _Side(self, normal, sender) for side, sender in SENDER.items()}

    def of(self, session: Session) -> SessionKey:
        """The key of a session."""
        marks: list[Mark] = []
        counters: dict[int, Counter] = {}
        parts: list[Hashable] = []
        for place, turn in enumerate(session.turns):
            exchange, response = turn.exchange, turn.exchange.response
            head = self._head(exchange.headers, REQUEST)
            if head.counter is not None:
                counters[place] = head.counter
            marks += head.marks
            parts += (
                exchange.method,
                None if exchange.url is None else without_host(exchange.url),
                not exchange.headers,
                exchange.body is None,
                exchange.failure.cause if exchange.failure is not None else None,
                head.shown,
                problem_of(turn, REQUEST),
                self._message(session, turn, REQUEST, turn.request, marks),
            )
            if response is None:
                parts.append(None)
                continue
            head = self._head(response.headers, RESPONSE)
            marks += head.marks
            parts += (
                response.status,
                response.by,
                not response.headers and not response.http,
                head.shown,
                problem_of(turn, RESPONSE),
                self._message(session, turn, RESPONSE, turn.response, marks),
            )
        return SessionKey(self.number(tuple(parts)), tuple(marks), counters)

    def number(self, key: Hashable) -> int:
        """The number that stands for a part of a key, so that it is looked at once."""
        return self._numbers.setdefault(key, len(self._numbers))

    def _head(self, headers: tuple[tuple[str, str], ...], side: str) -> Head:
        """The headers of a request or response; the same ones come with every message."""
        given = headers_of(headers, side)
        found = self._heads.get((side, given))
        if found is None:
            found = head_of(self._normal.headers_in_order(given, SENDER[side]))
            if not found.marks and len(self._heads) < _MOST:
                self._heads[side, given] = found
        return found

    def _message(self, session: Session, turn: Turn, side: str, message: Message | None, marks: list[Mark]) -> Hashable:
        """What stands for a message; its aliases are added to the others."""
        if message is None:
            return None
        header = message.header
        named = 0 if not header.session_id else 1 if header.session_id == session.session_id else 2
        around = _Around(session, turn, side, message)
        if message.unknown or message.body_unknown or not _is_known(header):
            marks += shape_of(self.normaliser(around).root())[1]
            return message, named
        sides = self._sides[side]
        head = sides.header(header, marks)
        commands = sides.commands(message.commands, (), around, marks)
        form = message.namespace, message.has_header, message.has_body, message.final, message.final_is_last
        return self.number((form, named, head, commands))

    def normaliser(self, around: _Around) -> MessageNormaliser:
        """What makes the normal form of a message, without what it answers: that has no aliases."""
        return MessageNormaliser(self._normal, around.session, around.turn, around.side, around.message, {})


class _Side:
    """What the messages of one side are made of. All of it is remembered, since it comes again and again."""

    def __init__(self, keys: Keys, normal: Normaliser, sender: str) -> None:
        self._keys, self._normal, self._sender = keys, normal, sender
        self._commands: dict[Command, _Known] = {}
        self._items: dict[Item, _Known] = {}
        self._addresses: dict[tuple[str, Address], _Known] = {}

    def header(self, header: Header, marks: list[Mark]) -> Hashable:
        """What stands for a header, in the order of its elements."""
        target = self._address("SyncHdr/Target", header.target, marks)
        source = self._address("SyncHdr/Source", header.source, marks)
        own = header.ver_dtd, header.ver_proto, header.msg_id, header.no_resp, header.meta
        if header.resp_uri is None and header.cred is None:
            return own, target, source
        resp_uri = self._leaf("SyncHdr/RespURI", None, header.resp_uri, marks)
        if header.cred is None:
            return own, target, source, resp_uri
        return own, target, source, resp_uri, header.cred.meta, self._leaf("Cred/Data", None, header.cred.data, marks)

    def _address(self, path: str, address: Address | None, marks: list[Mark]) -> Hashable:
        if address is None:
            return None
        known = self._addresses.get((path, address))
        if known is None:
            own: list[Mark] = []
            uri = self._leaf(f"{path}/LocURI", None, address.uri, own)
            name = self._leaf(f"{path}/LocName", None, address.name, own)
            known = _Known(self._keys.number((uri, name)), tuple(own))
            if len(self._addresses) < _MOST:
                self._addresses[path, address] = known
        marks += known.marks
        return known.key

    def commands(
        self, commands: tuple[Command, ...], above: tuple[int, ...], around: _Around, marks: list[Mark]
    ) -> tuple[Hashable, ...]:
        """What stands for commands, each a number; `above` is the place of the group around them."""
        remembered = self._commands
        found = []
        for place, command in enumerate(commands):
            known = remembered.get(command)
            if known is None:
                known = self._command(command, (*above, place), around)
                if len(remembered) < _MOST:
                    remembered[command] = known
            if known.marks:
                marks += known.marks
            found.append(known.key)
        return tuple(found)

    def _command(self, command: Command, place: tuple[int, ...], around: _Around) -> _Known:
        """What stands for a command at a place of its message."""
        items = [self._item(each) for each in command.items] if _is_known_command(command) else [_TO_THE_LETTER]
        if _TO_THE_LETTER in items:
            node = self._keys.normaliser(around).command(command, place, around.message.namespace)
            return _Known(self._keys.number(command), shape_of(node)[1])
        marks: list[Mark] = []
        nonce: Hashable = None
        bare = command
        if isinstance(command, Status) and command.chal is not None and command.chal.next_nonce is not None:
            given = command.chal.next_nonce
            nonce = self._leaf("SyncBody/Status/Chal/Meta/NextNonce", None, given.text, marks)
            bare = structs.replace(command, chal=structs.replace(command.chal, next_nonce=Leaf("", given.namespace)))
        inner: tuple[Hashable, ...] = ()
        if items:
            bare = structs.replace(bare, items=())
            marks += (mark for item in items for mark in item.marks)
        if isinstance(bare, Group):
            inner = self.commands(bare.commands, place, around, marks)
            bare = structs.replace(bare, commands=())
        return _Known(self._keys.number((bare, nonce, tuple(item.key for item in items), inner)), tuple(marks))

    def _item(self, item: Item) -> _Known:
        """What stands for an item. The LocURI of its Target, else that of its Source, tells what its Data is."""
        known = self._items.get(item)
        if known is None:
            known = _TO_THE_LETTER
            target, source = item.target, item.source
            if not item.embedded and not item.unknown and _are_known(target, source) and _is_known_meta(item.meta):
                uri = target.uri if target is not None else None
                if uri is None and source is not None:
                    uri = source.uri
                marks: list[Mark] = []
                data = self._leaf("SyncBody/Item/Data", uri, item.data, marks)
                rest = target, source, item.meta, item.data_attributes, item.more_data
                known = _Known(self._keys.number((rest, data)), tuple(marks))
            if len(self._items) < _MOST:
                self._items[item] = known
        return known

    def _leaf(self, path: str, uri: str | None, text: str | None, marks: list[Mark]) -> Hashable:
        """What stands for the text of an element; None where there is none."""
        if text is None:
            return None
        shown, sign = self._normal.leaf(path.rpartition("/")[2], path, uri, text, self._sender)
        mark = mark_of(sign)
        if mark is None:
            return shown if sign is None else (sign, "")
        marks.append(mark)
        return (mark[0],)


def is_there(turn: Turn) -> bool:
    """Whether there is anything to see of a request."""
    exchange = turn.exchange
    return any(each is not None for each in (exchange.url, exchange.method, exchange.body)) or bool(exchange.headers)


def _is_known(header: Header) -> bool:
    """Whether a header is made of what is expected in it."""
    if header.unknown or not _is_known_meta(header.meta) or not _is_known_cred(header.cred):
        return False
    return _are_known(header.target, header.source)


def _is_known_cred(cred: Cred | None) -> bool:
    return cred is None or (not cred.unknown and _is_known_meta(cred.meta))


def _are_known(*addresses: Address | None) -> bool:
    return all(each is None or not each.unknown for each in addresses)


def _is_known_meta(meta: Meta | None) -> bool:
    return meta is None or not meta.unknown


def _is_known_command(command: Command) -> bool:
    """Whether a command is made of what is expected in it, its items apart. Of generic alerts and of Execs some count to the
    letter (`replay.syncml.unenrol`)."""
    if command.unknown or command.cred is not None or not _is_known_meta(command.meta):
        return False
    if isinstance(command, Exec) or (isinstance(command, Alert) and command.code == GENERIC_ALERT):
        return False
    if isinstance(command, (Status, Results)) and (command.target_refs or command.source_refs):
        return False
    return not (isinstance(command, Status) and command.chal is not None and command.chal.unknown)
