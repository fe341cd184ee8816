"""A WBXML message, or what was meant to be one, redacted in its own bytes: only texts change, in place, in the string table and in
OPAQUE, each as long as it was.

It is read token by token and never refused; what stands behind a place that no decoder gets past is blanked.
"""

import base64
from typing import Final

from replay.normal.redact_draw import is_base64
from replay.normal.redact_places import Element, Places
from replay.normal.redact_sweep import blanked
from replay.syncml import wbxml
from replay.syncml.errors import UnreadableMessageError
from replay.syncml.wbxml_encode import VERSIONS, language_of, number
from replay.syncml.wbxml_tables import (
    CODECS,
    END,
    ENTITY,
    EXT,
    EXT_I,
    EXT_T,
    HAS_CONTENT,
    LITERAL,
    LITERAL_C,
    OPAQUE,
    STR_I,
    STR_T,
    SWITCH_PAGE,
    SYNCML_LANGUAGE_11,
    SYNCML_LANGUAGE_12,
)

_BYTES: Final = "surrogateescape"


class _StopError(Exception):
    """Nothing can be read from here on."""


class _Piece:
    """A text or bytes: the token it was written with, and its place in the string table where it stands there."""

    def __init__(self, token: int, data: bytes, codec: str, *, index: int | None = None, width: int = 0) -> None:
        self.token, self.data, self.codec, self.index, self.width = token, data, codec, index, width
        self.inline = False

    @property
    def chars(self) -> str:
        """What it says."""
        return self.data.decode(self.codec, _BYTES)

    def written(self) -> bytes:
        """Its bytes, with the token."""
        if self.token == OPAQUE:
            return bytes([OPAQUE]) + number(len(self.data), self.width) + self.data
        if self.token == ENTITY:
            return bytes([ENTITY]) + number(ord(self.chars[:1] or " "), self.width)
        if self.index is not None and not self.inline:
            return bytes([STR_T]) + number(self.index, self.width)
        return bytes([STR_I if self.index is not None else self.token]) + self.data + b"\0"


class _Run:
    """What stands between two tags."""

    def __init__(self, element: Element) -> None:
        self.element = element
        self.pieces: list[_Piece] = []

    @property
    def text(self) -> str:
        """What it says; bytes that are no text in base64, as the NextNonce of a message is in XML."""
        if self._is_binary():
            return base64.b64encode(self.pieces[0].data).decode("ascii")
        return "".join(piece.chars for piece in self.pieces)

    def say(self, new: str) -> None:
        """Writes another text in its place, each piece as long as it was."""
        if self._is_binary():
            coded = is_base64(new, least=4) is not None
            self.pieces[0].data = base64.b64decode(new) if coded else bytes(len(self.pieces[0].data))
            return
        done = 0
        for piece in self.pieces:
            end = len(new) if piece is self.pieces[-1] else done + len(piece.chars)
            piece.data = new[done:end].encode(piece.codec, _BYTES)
            done = end

    def _is_binary(self) -> bool:
        """Whether it is bytes that are no text: an OPAQUE alone."""
        if len(self.pieces) != 1 or self.pieces[0].token != OPAQUE:
            return False
        if self.element.name == "NextNonce":
            return True
        text = self.pieces[0].chars
        return not all(char.isprintable() or char in "\t\r\n" for char in text)


class _Reader:
    """One pass over a body: `out` is what it is made of, in order."""

    def __init__(self, body: bytes) -> None:
        self.body = body
        self.start = self.pos = 0
        self.out: list[bytes | _Piece] = []
        self.runs: list[_Run] = []
        self.named: set[int] = set()
        self.head = self.table = b""
        self.codec = "utf-8"
        self.language = SYNCML_LANGUAGE_12
        self.page = 0
        self.element: Element | None = None
        self._run: _Run | None = None
        try:
            self._read_head()
            self._read_body()
        except (_StopError, IndexError):
            self._end_run()
        # where no decoder gets past, the token and the number behind it say why; the rest says nothing
        self.rest = body[self.start : self.pos] + _all_blank(body[self.pos :])

    def _number(self) -> int:
        value = 0
        for _ in range(5):
            byte = self.body[self.pos]
            self.pos += 1
            value = value << 7 | byte & 0x7F
            if byte < 0x80:
                return value
        raise _StopError

    def _bytes(self, length: int) -> bytes:
        if length > len(self.body) - self.pos:
            raise _StopError
        self.pos += length
        return self.body[self.pos - length : self.pos]

    def _read_head(self) -> None:
        if self.body[0] not in VERSIONS:
            raise _StopError
        self.pos = 1
        public_id = self._number()
        index = self._number() if public_id == 0 else None
        self.codec = CODECS.get(self._number(), "latin-1")
        length = self._number()
        head = self.pos
        self.table = self._bytes(length)
        self.head, self.start = self.body[:head], self.pos
        if index is not None:
            self.named.add(index)
        try:
            self.language = language_of(public_id, index, self.table)
        except UnreadableMessageError:
            self.language = SYNCML_LANGUAGE_12  # no decoder reads it; its tags are most likely these

    def _read_body(self) -> None:
        byte = SWITCH_PAGE
        while self.pos < len(self.body) and (self.element is not None or byte == SWITCH_PAGE):
            byte = self.body[self.pos]
            self._token(byte)
            self.start = self.pos
        self._end_run()

    def _token(self, byte: int) -> None:
        """Reads what begins with a byte."""
        start = self.start
        self.pos += 1
        if byte == END:
            if self.element is None:
                raise _StopError
            self._end_run()
            self.out.append(b"\x01")
            self.element = self.element.above
        elif byte == SWITCH_PAGE:
            self.page = self.body[self.pos]
            self.pos += 1
            self.out.append(self.body[start : self.pos])
        elif byte in (STR_I, OPAQUE, STR_T, ENTITY, *EXT_I):
            self._add(self._text(byte))
        elif byte in EXT or byte in EXT_T:
            if byte in EXT_T:
                self._number()
            self.out.append(self.body[start : self.pos])
        else:
            self._tag(byte, start)

    def _tag(self, byte: int, start: int) -> None:
        if byte in (LITERAL, LITERAL_C):
            index = self._number()
            self.named.add(index)
            name = _at(self.table, index).decode("latin-1")
        else:
            page = self.language.pages.get(self.page)
            name = page.tags.get(byte & ~HAS_CONTENT, "") if page else ""
            if not name or byte & 0x80:
                raise _StopError
        self._end_run()
        self.out.append(self.body[start : self.pos])
        element = Element(name, self.element)
        if byte & HAS_CONTENT:
            self.element = element

    def _text(self, byte: int) -> _Piece:
        if self.element is None:
            raise _StopError
        if byte in (STR_I, *EXT_I):
            end = self.body.find(0, self.pos)
            if end < 0:
                raise _StopError
            data = self.body[self.pos : end]
            self.pos = end + 1
            return _Piece(byte, data, self.codec)
        before = self.pos
        value = self._number()
        width = self.pos - before if self.body[before] == 0x80 and self.pos - before > 1 else 0
        if byte == OPAQUE:
            return _Piece(byte, self._bytes(value), self.codec, width=width)
        if byte == ENTITY:
            if value > 0x10FFFF or 0xD800 <= value < 0xE000:
                raise _StopError
            return _Piece(byte, chr(value).encode("utf-8"), "utf-8", width=width)
        return _Piece(byte, _at(self.table, value), self.codec, index=value, width=width)

    def _add(self, piece: _Piece) -> None:
        self.out.append(piece)
        if self._run is None:
            assert self.element is not None
            self._run = _Run(self.element)
        self._run.pieces.append(piece)

    def _end_run(self) -> None:
        run, self._run = self._run, None
        if run is not None:
            self.runs.append(run)
            run.element.read(run.text)


def redact_wbxml(body: bytes, places: Places) -> bytes:
    """A WBXML body with its runs redacted."""
    reader = _Reader(body)
    before = {id(piece): piece.data for run in reader.runs for piece in run.pieces}
    for run in reader.runs:
        inner = _document_in(run)
        if inner is not None:
            run.pieces[0].data = redact_wbxml(inner, places)
        else:
            places.redact(run)
    pieces = [piece for run in reader.runs for piece in run.pieces]
    table = _new_table(reader, [piece for piece in pieces if piece.index is not None], before)
    out = b"".join(part if isinstance(part, bytes) else part.written() for part in reader.out)
    return reader.head + table + out + reader.rest


def _document_in(run: _Run) -> bytes | None:
    """The bytes of a document within the message (DevInf); SyncML within SyncML is none."""
    piece = run.pieces[0]
    if len(run.pieces) != 1 or piece.token != OPAQUE or not piece.data or piece.data[0] not in VERSIONS:
        return None
    try:
        document = wbxml.decode(piece.data)
    except UnreadableMessageError:
        return None
    language = language_of(document.public_id, document.public_id_index, document.table)
    return None if language in (SYNCML_LANGUAGE_11, SYNCML_LANGUAGE_12) else piece.data


def _new_table(reader: _Reader, pieces: list[_Piece], before: dict[int, bytes]) -> bytes:
    """The string table with the new texts in it. A text that cannot stand there, because another one that is not changed stands
    over the same bytes, is written in place; what nobody refers to is blanked."""
    table = bytearray(reader.table)
    for piece in pieces:
        old = before[id(piece)]
        if piece.index is not None and len(piece.data) == len(old):
            table[piece.index : piece.index + len(old)] = piece.data
    if any(_at(table, index) != _at(reader.table, index) for index in reader.named):
        table = bytearray(reader.table)
    for piece in pieces:
        piece.inline = _at(table, piece.index or 0) != piece.data
    used = bytearray(len(table))
    for index in (*reader.named, *(piece.index for piece in pieces if piece.index is not None and not piece.inline)):
        end = index + len(_at(table, index))
        used[index:end] = b"\1" * (end - index)
    for place, byte in enumerate(table):
        if byte and not used[place]:
            table[place] = _all_blank(bytes([byte]))[0]
    return bytes(table)


def _at(table: bytes | bytearray, index: int) -> bytes:
    """The text at a place of the string table."""
    end = table.find(0, index)
    return bytes(table[index : end if end >= 0 else None])


def _all_blank(data: bytes) -> bytes:
    """Bytes of which no letter, digit or byte beyond ASCII is left."""
    return bytes(0x78 if byte > 0x7F else ord(blanked(chr(byte))) for byte in data)
