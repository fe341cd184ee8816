"""large-object

## What it does
Follows objects that are sent in several messages. Every chunk but the last has MoreData and is the last item of its
message; the next message goes on with it; Size stands in the first chunk, and only there, and is what the chunks come
to. Each chunk with MoreData is answered by Status 213, and nothing else is.

## Why it matters
The other side puts the chunks together by these marks. A wrong one makes it wait for ever, or store half an object.

## Known exceptions
An object may be given up: by an Alert 1223 or 1225 of either side, by a Status of 400 or more for a chunk, or with the
session. The bytes that Size counts may be those of the text in UTF-8 or UTF-16, its characters, or the bytes that base64
stands for. Where the capture lacks messages nothing is said of the object that they may belong to. A missing Status for
a chunk in a command is STA001, for a chunk in Results it is reported here. MaxObjSize is not looked at.

## Good
Message 2: Item with Size 9000, 5000 characters and MoreData. Status 213. Message 3: the same item with 4000 characters.

## Bad
The same, with Size in both messages; or with another command before the second chunk.
"""

import base64
from collections.abc import Iterable, Iterator
from typing import Final

from msgspec import Struct

from replay.capture.references import REQUEST, RESPONSE
from replay.expect.case import Case, Rule, Spot
from replay.expect.dialogue import Answer, Dialogue, Line
from replay.expect.finding import Finding, Severity
from replay.expect.rules._dialogue import CODES, command_name, message_name, on_answers
from replay.syncml.model import Alert, Command, Item, Leaf, Meta, Results, Status
from replay.syncml.names import SESSION_ABORT

#: "No end of data": what the receiver says of an object that was not finished (DMRP 7).
_NO_END_OF_DATA: Final = "1225"
_BUFFERED: Final = "213"
_ENCODED: Final = frozenset({"b64", "bin"})

RULE = Rule(
    id="LOB001",
    name="large-object",
    severity=Severity.ERROR,
    party=None,
    source="DMP 7; facts Large objects",
    scope="capture",
)


def check(subject: Case) -> Iterable[Finding]:
    """Findings of LOB001."""
    for dialogue in subject.unsettled:
        if _BUFFERED in dialogue.codes or any(map(_has_chunk, dialogue.lines)):
            yield from _Objects(subject, dialogue).findings()


class _Chunk(Struct, frozen=True):
    """An item of a message: where it is, its command, and its number there from 1."""

    line: Line
    place: tuple[int, ...]
    command: Command
    item: Item
    number: int

    @property
    def spot(self) -> Spot:
        return Spot(self.line.turn, self.line.side, self.place, (("Item", self.number),))

    @property
    def uri(self) -> str:
        """The node that it is about; empty where none is named."""
        for address in (self.item.target, self.item.source):
            if address is not None and address.uri:
                return address.uri
        return ""

    @property
    def about(self) -> str:
        """The node that it is about, in words."""
        return self.uri or command_name(self.command)

    @property
    def metas(self) -> list[Meta]:
        """Meta of the item, and of its command."""
        return [meta for meta in (self.item.meta, self.command.meta) if meta is not None]

    @property
    def size(self) -> Leaf | None:
        """Size of the item, or of its command."""
        return next((meta.size for meta in self.metas if meta.size is not None), None)

    @property
    def encoded(self) -> bool:
        """Whether its text may stand for bytes in base64."""
        return any(meta.format is not None and meta.format.text.strip() in _ENCODED for meta in self.metas)

    @property
    def name(self) -> str:
        """It in words."""
        return f"{command_name(self.command)} of message {self.line.msg_id}"


class _Open(Struct):
    """An object of which more is to come: its chunks so far, whether the first is known to be the first, and whether the last one
    was taken (213)."""

    chunks: list[_Chunk]
    from_first: bool
    buffered: bool = False


class _Objects:
    """The objects of one session, one open at most on each side."""

    def __init__(self, case: Case, dialogue: Dialogue) -> None:
        self.case = case
        self.dialogue = dialogue
        self.open: dict[str, _Open | None] = {}
        #: Whether it is known that a side has no object open which began in a message that is not there.
        self.sure: dict[str, bool] = {}
        self._chunked: dict[int, bool] = {}

    def findings(self) -> Iterator[Finding]:
        """What is wrong, in order."""
        for line in self.dialogue.lines:
            if line.repeated:
                continue
            yield from self._answers(line)
            if _gives_up(line):
                self.open = {}
            elif line.message is None or not line.by_peer:  # nobody knows what the peer said
                self.open[line.side], self.sure[line.side] = None, False
            elif not line.refused:  # what was refused is sent again
                yield from self._chunks(line)
                self.sure[line.side] = True

    def _finding(self, spot: Spot, line: Line, what: str) -> Finding:
        return self.case.finding(RULE, f"in {message_name(line)}: {what}", spot=spot)

    # -- the sender ------------------------------------------------------------------------------------------------------

    def _chunks(self, line: Line) -> Iterator[Finding]:
        """Goes through what a message brings."""
        open_ = self.open.get(line.side)
        for chunk in _items(line):
            if open_ is not None and open_.chunks[-1].line is line:
                what = f"{command_name(chunk.command)} follows an unfinished chunk of {open_.chunks[0].about}"
                yield self._finding(chunk.spot, line, what)
                break
            if open_ is not None and _goes_on(open_, chunk):
                yield from self._next_chunk(open_, chunk)
            elif open_ is not None:
                yield from self._unfinished(open_, chunk.spot, line, command_name(chunk.command))
                open_ = None
            if open_ is None and chunk.item.more_data:
                open_ = _Open([chunk], self.sure.get(line.side, self.dialogue.session.from_start))
                yield from self._first_chunk(open_)
            elif open_ is not None and not chunk.item.more_data:
                yield from self._whole(open_)
                open_ = None
        if open_ is not None and open_.chunks[-1].line is not line:
            yield from self._unfinished(open_, Spot(line.turn, line.side, (), ("SyncBody",)), line, "nothing of it")
            open_ = None
        self.open[line.side] = open_

    def _first_chunk(self, open_: _Open) -> Iterator[Finding]:
        chunk = open_.chunks[0]
        if not open_.from_first:
            return
        if chunk.size is None:
            yield self._finding(chunk.spot, chunk.line, f"the first chunk of {chunk.about} has no Size")
        elif _number(chunk.size) is None:
            what = f"Size of {chunk.about} is {chunk.size.text!r}, which is no number of bytes"
            yield self._finding(chunk.spot, chunk.line, what)

    def _next_chunk(self, open_: _Open, chunk: _Chunk) -> Iterator[Finding]:
        open_.chunks.append(chunk)
        open_.buffered = False
        if chunk.size is not None:
            what = f"a further chunk of {open_.chunks[0].about} has Size, which belongs into the first alone"
            yield self._finding(chunk.spot, chunk.line, what)

    def _unfinished(self, open_: _Open, spot: Spot, line: Line, instead: str) -> Iterator[Finding]:
        """An object is not gone on with, although the other side has taken its last chunk."""
        if open_.buffered:
            what = f"{instead} comes where the next chunk of {open_.chunks[0].about} was due"
            yield self._finding(spot, line, what)

    def _whole(self, open_: _Open) -> Iterator[Finding]:
        """The last chunk is there: their sizes come to what was announced."""
        first, last = open_.chunks[0], open_.chunks[-1]
        announced = _number(first.size)
        if not open_.from_first or announced is None:
            return
        sizes = _sizes(open_.chunks)
        if sizes and announced not in map(str, sizes):
            what = f"{first.about} is complete with {sizes[0]} bytes; its first chunk announced {announced}"
            yield self._finding(last.spot, last.line, what)

    # -- the receiver ----------------------------------------------------------------------------------------------------

    def _answers(self, line: Line) -> Iterator[Finding]:
        """What a message says of the chunks that the other side sent."""
        wrong = [(answer, what) for answer in line.carries if (what := self._answer(line, answer)) is not None]
        yield from on_answers(self.case, RULE, wrong, "Data")
        open_ = self.open.get(REQUEST) if line.side == RESPONSE else None  # a server sends no Results (MSG011)
        if open_ is None or not line.judged or open_.chunks[-1].line.place != line.place - 1:
            return
        chunk = open_.chunks[-1]
        answered = chunk.place in chunk.line.answers or any(each.stray for each in line.carries)
        if isinstance(chunk.command, Results) and not answered and not _gives_up(line):
            what = f"no Status 213 for the chunk in {chunk.name}"
            yield self._finding(Spot(line.turn, line.side, (), ("SyncBody",)), line, what)

    def _answer(self, line: Line, answer: Answer) -> str | None:
        """What is wrong with an answer to a chunk, or to what is none, in words; None where nothing is."""
        command, code = answer.to.command if answer.to else None, answer.code
        if code is None or command is None or answer.target is None or answer.stray:
            return None
        chunked = self._chunked.get(id(command))
        if chunked is None:
            chunked = self._chunked[id(command)] = any(item.more_data for item in command.items)
        open_ = self.open.get(answer.target.side)
        if open_ is not None and open_.chunks[-1].command is command:
            open_.buffered = code == _BUFFERED
            if code[:1] in ("4", "5"):
                self.open[answer.target.side] = None
        if not line.judged:
            return None
        which = f"{command_name(command)} of message {answer.target.msg_id}"
        if chunked and code[:1] == "2" and code in CODES and code != _BUFFERED:
            return f"Status {code} for the chunk in {which}; 213 was due"
        if not chunked and code == _BUFFERED:
            return f"Status 213 for {which}, which has no MoreData"
        return None


def _has_chunk(line: Line) -> bool:
    return line.contents is not None and line.contents.parts.more_data


def _items(line: Line) -> Iterator[_Chunk]:
    """Every item of a message that brings data, in order; those of Status and Alert only where they have MoreData."""
    for place, command in line.commands:
        for number, item in enumerate(command.items, 1):
            if item.more_data or not isinstance(command, (Status, Alert)):
                yield _Chunk(line, place, command, item, number)


def _goes_on(open_: _Open, chunk: _Chunk) -> bool:
    """Whether an item goes on with an object: the same command and node, or no node named."""
    first = open_.chunks[0]
    return chunk.command.name == first.command.name and chunk.uri in ("", first.uri)


def _gives_up(line: Line) -> bool:
    """Whether a message ends the object that is open, if not the session."""
    return line.has_alert(SESSION_ABORT) or line.has_alert(_NO_END_OF_DATA)


def _number(size: Leaf | None) -> str | None:
    """The number that Size gives, which may have any number of digits, without zeros before it. None where it is none."""
    text = size.text.strip() if size is not None else ""
    return (text.lstrip("0") or "0") if text.isascii() and text.isdigit() else None


def _sizes(chunks: list[_Chunk]) -> list[int]:
    """What the chunks may come to, in bytes: nobody says of what. Empty where they hold elements."""
    if any(chunk.item.embedded for chunk in chunks):
        return []
    texts = [chunk.item.data or "" for chunk in chunks]
    whole = "".join(texts)
    lines = whole.replace("\n", "\r\n")  # a reader of XML makes one of the two characters (XML 1.0, 2.11)
    sizes = [len(each.encode("utf-8", "surrogatepass")) for each in (whole, lines)]
    sizes += [len(whole), len(whole.encode("utf-16-le", "surrogatepass")), len(whole.strip())]
    if chunks[0].encoded:
        sizes += [*_decoded([whole]), *_decoded(texts)]
    return sizes


def _decoded(texts: list[str]) -> list[int]:
    """How many bytes texts in base64 stand for; empty where they are not."""
    try:
        return [sum(len(base64.b64decode("".join(text.split()), validate=True)) for text in texts)]
    except ValueError:
        return []
