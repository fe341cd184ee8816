"""WBXML bytes into a tree.

Whatever the input, time and memory grow no faster than its size: depth is bounded (`DEPTH`), every length and index is
checked, and the text that references to the string table unfold to is bounded (`EXPANSION`).
"""

from typing import Final

from replay.syncml.errors import UnreadableMessageError
from replay.syncml.wbxml_encode import (
    DEPTH,
    NAME,
    VERSIONS,
    Document,
    Element,
    Entity,
    Extension,
    Node,
    Opaque,
    Reference,
    Switch,
    Tag,
    Text,
    language_of,
)
from replay.syncml.wbxml_tables import (
    CODECS,
    END,
    ENTITY,
    EXT,
    EXT_I,
    EXT_T,
    HAS_ATTRIBUTES,
    HAS_CONTENT,
    LANGUAGES,
    LITERAL,
    LITERAL_A,
    LITERAL_AC,
    LITERAL_C,
    OPAQUE,
    PI,
    STR_I,
    STR_T,
    SWITCH_PAGE,
)

#: References to the string table may unfold to this many times the input's size, and so many bytes on top.
EXPANSION: Final = 64
EXPANSION_FREE: Final = 1 << 20
#: However large the input is, they unfold to no more bytes than this: a hundred times the largest message of a device.
EXPANSION_MOST: Final = 64 << 20
_EXCERPT: Final = 16
#: The bytes that are tags, on whichever page: the low six bits of the global tokens are 0 to 4, those of LITERAL are 4.
_TAGS: Final = frozenset(
    {byte for byte in range(256) if byte & 0x3F >= 5} | {LITERAL, LITERAL_C, LITERAL_A, LITERAL_AC}
)


def decode(body: bytes) -> Document:
    """A WBXML body as a tree.

    Raises UnreadableMessageError, with the offset, for anything that is not a well-formed document of a known type.
    """
    return Reader(body, min(EXPANSION * len(body) + EXPANSION_FREE, EXPANSION_MOST)).document()


class _Shape:
    """A code page as the decoder wants it: tags by their whole byte, and elements without content; both made once."""

    def __init__(self, number: int, tags: dict[int, str]) -> None:
        self.opening = {token | HAS_CONTENT: Tag(name, number) for token, name in tags.items()}
        self.empty = {token: Element(Tag(name, number)) for token, name in tags.items()}


_NO_SHAPE: Final = _Shape(0, {})
_SHAPES: Final = {
    language.identifier: {number: _Shape(number, page.tags) for number, page in language.pages.items()}
    for language in LANGUAGES
}


class Reader:
    """One pass over one document; `allowance` is how many bytes references to the string table may unfold to."""

    def __init__(self, body: bytes, allowance: int) -> None:
        self.body = body
        #: The body's bytes as letters: most texts are ASCII, and cut out of this they need no decoding of their own.
        self.letters = body.decode("latin-1")
        self.allowance = allowance
        self.pos = 0
        self.page = 0
        self.table = b""
        self.codec = "utf-8"
        self.texts: dict[int, str] = {}
        self.shapes: dict[int, _Shape] = {}
        self.shape = _NO_SHAPE

    def document(self) -> Document:
        """The document. Raises UnreadableMessageError."""
        try:
            return self._document()
        except IndexError:
            reason = f"the bytes end inside the document, after {len(self.body)} of them; it is cut short"
            tail = max(0, len(self.body) - _EXCERPT)
            raise UnreadableMessageError(reason, offset=len(self.body), excerpt=self.body[tail:]) from None

    def _document(self) -> Document:
        version = self.body[0]
        if version not in VERSIONS:
            raise self._error(f"version byte 0x{version:02X}, where 0x01 to 0x03 (WBXML 1.1 to 1.3) was expected", 0)
        self.pos = 1
        public_id, public_width = self._number()
        index, index_width = self._number() if public_id == 0 else (None, 0)
        charset, charset_width = self._number()
        self.codec = CODECS.get(charset, "")
        if not self.codec:
            known = ", ".join(f"{number} ({codec})" for number, codec in CODECS.items())
            raise self._error(f"charset {charset}, where one of these was expected: {known}", self.pos)
        length, length_width = self._number()
        self.table = self._bytes(length, "a string table")
        self.shapes = _SHAPES[language_of(public_id, index, self.table).identifier]
        self.shape = self.shapes.get(0, _NO_SHAPE)
        before = self._switches(tags_follow=True) if self.body[self.pos] == SWITCH_PAGE else ()
        root = self._root()
        after = self._switches(tags_follow=False) if self.pos < len(self.body) else ()
        if self.pos != len(self.body):
            left = len(self.body) - self.pos
            raise self._error(f"{left} bytes after the end of the root element, where nothing was expected", self.pos)
        widths = (public_width, index_width, charset_width, length_width)
        return Document(
            root=root,
            version=version,
            public_id=public_id,
            public_id_index=index,
            charset=charset,
            table=self.table,
            before=before,
            after=after,
            widths=widths if any(widths) else (),
        )

    def _error(self, reason: str, offset: int) -> UnreadableMessageError:
        return UnreadableMessageError(reason, offset=offset, excerpt=self.body[offset : offset + _EXCERPT])

    def _number(self) -> tuple[int, int]:
        """The mb_u_int32 at `pos`, and its width if it is longer than needed: seven bits a byte, the high bit says more."""
        body, start = self.body, self.pos
        value = body[start]
        if value < 0x80:
            self.pos = start + 1
            return value, 0
        value = 0
        for place in range(start, start + 5):
            byte = body[place]
            value = value << 7 | byte & 0x7F
            if byte < 0x80:
                if value > 0xFFFFFFFF:
                    break
                self.pos = place + 1
                return value, place + 1 - start if body[start] == 0x80 else 0
        raise self._error("a number (mb_u_int32) of more than five bytes or 32 bits", start)

    def _bytes(self, length: int, what: str) -> bytes:
        start, left = self.pos, len(self.body) - self.pos
        if length > left:
            raise self._error(f"{what} of {length} bytes, where only {left} are left", start)
        self.pos = start + length
        return self.body[start : self.pos]

    def _switches(self, *, tags_follow: bool) -> tuple[Switch, ...]:
        """The page switches outside the root that `encode` would not write by itself."""
        kept: list[Switch] = []
        while self.body[self.pos : self.pos + 1] == b"\0":
            kept += self._switch(tags_follow=tags_follow)
        return tuple(kept)

    def _switch(self, *, tags_follow: bool) -> tuple[Switch, ...]:
        """Obey the SWITCH_PAGE at `pos`; it is kept unless it is what `encode` writes before a tag of another page."""
        page = self.body[self.pos + 1]
        self.pos += 2
        needed = page != self.page and tags_follow and self.body[self.pos] in _TAGS
        self.page = page
        self.shape = self.shapes.get(page, _NO_SHAPE)
        return () if needed else (Switch(page),)

    def _root(self) -> Element:
        """The element at `pos`, with all that is in it: the one loop over the document.

        What messages are made of has a way of its own here: leaves with one text or one short OPAQUE, other elements with
        content, their ends, and page switches right before a tag. All else goes through `_token`.
        """
        body, letters, find = self.body, self.letters, self.letters.find
        opened: list[tuple[Tag, list[Node]]] = []
        found: list[Node] = []
        nodes = self._token(opened, found)
        pos, page, opening = self.pos, self.page, self.shape.opening
        while opened:
            byte = body[pos]
            if byte == END:
                tag, above = opened.pop()
                above.append(Element(tag, tuple(nodes)))
                nodes = above
                pos += 1
            elif byte in opening:
                tag, token = opening[byte], body[pos + 1]
                if token == STR_I and (end := find("\0", pos)) > 0 and body[end + 1] == END:
                    text = letters[pos + 2 : end]
                    nodes.append(Element(tag, (Text(text if text.isascii() else self._cut(pos + 2, end)),)))
                    pos = end + 2
                elif token == OPAQUE and (end := pos + 3 + body[pos + 2]) < pos + 0x83 and body[end] == END:
                    nodes.append(Element(tag, (Opaque(body[pos + 3 : end]),)))
                    pos = end + 1
                elif len(opened) < DEPTH:
                    opened.append((tag, nodes))
                    nodes = []
                    pos += 1
                else:
                    raise self._too_deep(pos)
            elif byte == SWITCH_PAGE and (following := body[pos + 1]) != page and body[pos + 2] in _TAGS:
                page = self.page = following
                self.shape = self.shapes.get(page, _NO_SHAPE)
                opening = self.shape.opening
                pos += 2
            else:
                self.pos = pos
                nodes = self._token(opened, nodes)
                pos, page, opening = self.pos, self.page, self.shape.opening
        self.pos = pos
        root = found[0]
        assert isinstance(root, Element)
        return root

    def _too_deep(self, offset: int) -> UnreadableMessageError:
        return self._error(f"elements nested deeper than {DEPTH}, which no message needs", offset)

    def _token(self, opened: list[tuple[Tag, list[Node]]], nodes: list[Node]) -> list[Node]:
        """Whatever stands at `pos`, but END, which the loop reads.

        Adds to `nodes`, and returns the list that the next nodes go to: another one if an element was opened.
        """
        offset = self.pos
        byte = self.body[offset]
        self.pos = offset + 1
        tag = self.shape.opening.get(byte)
        if byte == LITERAL:
            nodes.append(Element(self._literal(offset)))
        elif tag is not None or byte == LITERAL_C:
            if len(opened) == DEPTH:
                raise self._too_deep(offset)
            opened.append((tag or self._literal(offset), nodes))
            return []
        elif byte in self.shape.empty:
            nodes.append(self.shape.empty[byte])
        elif not opened:
            raise self._unexpected(byte, "the tag of a root element")
        elif byte == SWITCH_PAGE:
            self.pos = offset
            nodes += self._switch(tags_follow=True)
        else:
            nodes.append(self._text(byte))
        return nodes

    def _text(self, byte: int) -> Node:
        """The text, bytes, character or extension whose token `byte` stands right before `pos`."""
        offset = self.pos - 1
        if byte == STR_I:
            return Text(self._string())
        if byte == OPAQUE:
            length, width = self._number()
            return Opaque(self._bytes(length, "an OPAQUE"), width)
        if byte == STR_T:
            index, width = self._number()
            return Reference(self._table_text(index, offset), index, width)
        if byte == ENTITY:
            code, width = self._number()
            if code > 0x10FFFF or 0xD800 <= code < 0xE000:
                raise self._error(f"an ENTITY of number 0x{code:X}, which is no Unicode character", offset)
            return Entity(code, width)
        if byte in EXT_I:
            return Extension(byte, self._string())
        if byte in EXT_T:
            value, width = self._number()
            return Extension(byte, value, width)
        if byte in EXT:
            return Extension(byte)
        raise self._unexpected(byte, "a tag, a text or END")

    def _string(self) -> str:
        """The text at `pos`, up to its closing NUL."""
        start = self.pos
        end = self.body.find(0, start)
        if end < 0:
            raise self._error("a text without its closing NUL", start)
        self.pos = end + 1
        return self._cut(start, end)

    def _cut(self, start: int, end: int) -> str:
        """The text between two places of the body."""
        text = self.letters[start:end]
        if text.isascii():
            return text
        try:
            return self.body[start:end].decode(self.codec)
        except UnicodeDecodeError as error:
            reason = f"a text that is not {self.codec} ({error.reason})"
            raise self._error(reason, start + error.start) from None

    def _table_text(self, index: int, offset: int) -> str:
        """The text at `index` of the string table, for the token at `offset`; it may lack its NUL at the table's end."""
        if index >= len(self.table):
            raise self._error(f"place {index} of a string table of {len(self.table)} bytes", offset)
        end = self.table.find(0, index)
        raw = self.table[index : end if end >= 0 else None]
        self.allowance -= len(raw)
        if self.allowance < 0:
            raise self._error("references to the string table that unfold to far more text than a message has", offset)
        if index not in self.texts:
            try:
                self.texts[index] = raw.decode(self.codec)
            except UnicodeDecodeError as error:
                reason = f"a reference to a text that is not {self.codec} ({error.reason})"
                raise self._error(reason, offset) from None
        return self.texts[index]

    def _literal(self, offset: int) -> Tag:
        """The name that the string table gives to the element at `offset`; XML writes it twice, so it counts twice."""
        index, width = self._number()
        name = self._table_text(index, offset)
        self.allowance -= len(name)
        if not NAME.match(name):
            raise self._error(f"an element called {name[:64]!r} in the string table, which is no XML name", offset)
        return Tag(name, self.page, index, width)

    def _unexpected(self, byte: int, expected: str) -> UnreadableMessageError:
        if byte == PI:
            found = "a processing instruction (PI), which no SyncML message has and this decoder does not read"
        elif byte in (LITERAL_A, LITERAL_AC) or (byte in _TAGS and byte & HAS_ATTRIBUTES):
            found = f"a tag with attributes (0x{byte:02X}), which SyncML has none of and this decoder does not read"
        elif byte in _TAGS:
            found = f"tag 0x{byte:02X}, which code page {self.page} of this document type does not have"
        elif byte == END:
            found = "END"
        else:
            found = f"token 0x{byte:02X}"
        return self._error(f"{found}, where {expected} was expected", self.pos - 1)
