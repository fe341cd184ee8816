"""The tree of a WBXML document, and its way to bytes.

The tree holds what a writer was free to choose: how each text was coded, the string table to the letter, numbers written
longer than needed, page switches at odd places, empty elements with and without the content bit. So
`encode(decode(body)) == body`, and a captured body can be sent again unchanged.
"""

import re
from typing import Final

from msgspec import Struct

from replay.syncml.errors import UnreadableMessageError
from replay.syncml.wbxml_tables import (
    BY_IDENTIFIER,
    BY_NUMBER,
    CODECS,
    END,
    ENTITY,
    HAS_CONTENT,
    LANGUAGES,
    LITERAL,
    OPAQUE,
    STR_I,
    STR_T,
    SWITCH_PAGE,
    Language,
)

#: First bytes: WBXML 1.1, 1.2 and 1.3. (1.0 has no charset in its head; no DM peer writes it.)
VERSIONS: Final = (0x01, 0x02, 0x03)
#: Elements that may be open at once. A document within a document doubles it, and libxml2 reads no XML deeper than 256.
DEPTH: Final = 120
#: Names that the string table may give to elements: XML names without a colon, ASCII alone (SyncML has no others).
NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9._-]*\Z")


class Text(Struct, frozen=True, gc=False):
    """A text written in place (STR_I)."""

    value: str


class Reference(Struct, frozen=True, gc=False):
    """A text written as a place in the string table (STR_T). `value` is the text there.

    `width`, here and below: how many bytes the number took where it took more than it needed, else 0.
    """

    value: str
    index: int
    width: int = 0


class Opaque(Struct, frozen=True, gc=False):
    """Bytes of any kind, with their length before them (OPAQUE); many peers write plain texts so."""

    data: bytes
    width: int = 0


class Entity(Struct, frozen=True, gc=False):
    """One character by its Unicode number (ENTITY)."""

    code: int
    width: int = 0


class Extension(Struct, frozen=True, gc=False):
    """An extension token, which SyncML gives no meaning: with a text (EXT_I), a number (EXT_T) or nothing (EXT)."""

    token: int
    value: str | int | None = None
    width: int = 0


class Switch(Struct, frozen=True, gc=False):
    """A SWITCH_PAGE that `encode` would not write by itself: to the page in force, or not right before a tag."""

    page: int


class Tag(Struct, frozen=True, gc=False):
    """An element's name on its code page. `literal` is the name's place in the string table, None where it has a token."""

    name: str
    page: int
    literal: int | None = None
    width: int = 0


class Element(Struct, frozen=True, gc=False):
    """An element. `content` is None where the tag has no content bit; empty where it has, and END follows at once."""

    tag: Tag
    content: "tuple[Node, ...] | None" = None


Node = Element | Text | Reference | Opaque | Entity | Extension | Switch


class Document(Struct, frozen=True, kw_only=True):
    """A whole WBXML document.

    `version` is the first byte (0x01 to 0x03: WBXML 1.1 to 1.3); `public_id` the number of the document type, 0 where the
    string table spells it at `public_id_index`; `charset` a MIBenum; `table` the string table's bytes; `before` and `after`
    the page switches around the root that mean nothing; `widths` those of the head's numbers (public id, its index,
    charset, table length), or empty if none took more than it needed.
    """

    root: Element
    version: int = 0x02
    public_id: int = 0x1201
    public_id_index: int | None = None
    charset: int = 106
    table: bytes = b""
    before: tuple[Switch, ...] = ()
    after: tuple[Switch, ...] = ()
    widths: tuple[int, ...] = ()


def language_of(public_id: int, index: int | None, table: bytes) -> Language:
    """The document type that a head names: by number, or (public id 0) by a text in the string table.

    That text may lack its closing NUL at the table's end, as Motorola's devices write it. Raises UnreadableMessageError.
    """
    if index is None:
        if public_id in BY_NUMBER:
            return BY_NUMBER[public_id]
        found = f"public id 0x{public_id:X}"
    else:
        text = table[index:].split(b"\0", 1)[0] if index < len(table) else b""
        language = BY_IDENTIFIER.get(text.decode("ascii", "replace").lower())
        if language:
            return language
        found = f"public id {text[:64]!r}"
    expected = ", ".join(f"{language.identifier} (0x{language.public_id:X})" for language in LANGUAGES)
    raise UnreadableMessageError(f"{found}, where one of these was expected: {expected}", offset=1)


def encode(document: Document) -> bytes:
    """The bytes of a document. Page switches that a tag needs are written right before it.

    Raises UnreadableMessageError where the document cannot be written: an unknown type or charset, an element that its
    page has no token for, a text with a NUL or outside of the charset, numbers of more than 32 bits, too much depth.
    """
    return _Writer(document).document()


def number(value: int, width: int = 0) -> bytes:
    """A number as WBXML writes it (mb_u_int32), in `width` bytes if that is more than it needs. Raises UnreadableMessageError."""
    if not 0 <= value <= 0xFFFFFFFF:
        raise UnreadableMessageError(f"the number {value}, where 0 to 0xFFFFFFFF (mb_u_int32) was expected")
    out = bytearray([value & 0x7F])
    while (value := value >> 7) or len(out) < width:
        out.insert(0, 0x80 | value & 0x7F)
    return bytes(out)


class _Writer:
    """One pass over one tree; `page` is the code page in force at the end of `out`."""

    def __init__(self, document: Document) -> None:
        self.head = document
        language = language_of(document.public_id, document.public_id_index, document.table)
        self.tokens = {
            page: {name: token for token, name in known.tags.items()} for page, known in language.pages.items()
        }
        if document.charset not in CODECS:
            raise UnreadableMessageError(f"charset {document.charset}, where one of {sorted(CODECS)} was expected")
        self.codec = CODECS[document.charset]
        self.out = bytearray()
        self.page = 0

    def document(self) -> bytes:
        head = self.head
        if head.version not in VERSIONS:
            raise UnreadableMessageError(f"version {head.version}, where one of {VERSIONS} was expected")
        public_id, index, charset, length = head.widths or (0, 0, 0, 0)
        self.out.append(head.version)
        self.out += number(head.public_id, public_id)
        if head.public_id_index is not None:
            self.out += number(head.public_id_index, index)
        self.out += number(head.charset, charset) + number(len(head.table), length) + head.table
        nodes: tuple[Node, ...] = (*head.before, head.root, *head.after)
        for node in nodes:
            self._node(node, 1)
        return bytes(self.out)

    def _node(self, node: Node, depth: int) -> None:
        match node:
            case Element():
                self._element(node, depth)
            case Text(value):
                self.out += bytes([STR_I]) + self._text(value)
            case Reference(_, index, width):
                self.out += bytes([STR_T]) + number(index, width)
            case Opaque(data, width):
                self.out += bytes([OPAQUE]) + number(len(data), width) + data
            case Entity(code, width):
                self.out += bytes([ENTITY]) + number(code, width)
            case Extension(token, value, width):
                self.out.append(token)
                if value is not None:
                    self.out += self._text(value) if isinstance(value, str) else number(value, width)
            case Switch(page):
                self._switch(page)

    def _element(self, element: Element, depth: int) -> None:
        tag, content = element.tag, element.content
        if depth > DEPTH + 1:  # a leaf at the bottom counts as open here, while the decoder need not open it
            raise UnreadableMessageError(f"elements nested deeper than {DEPTH}, which no message needs")
        if tag.page != self.page:
            self._switch(tag.page)
        token = LITERAL if tag.literal is not None else self.tokens.get(tag.page, {}).get(tag.name)
        if token is None:
            raise UnreadableMessageError(f"the element {tag.name}, which code page {tag.page} has no token for")
        self.out.append(token if content is None else token | HAS_CONTENT)
        if tag.literal is not None:
            self.out += number(tag.literal, tag.width)
        if content is not None:
            for node in content:
                self._node(node, depth + 1)
            self.out.append(END)

    def _switch(self, page: int) -> None:
        if not 0 <= page <= 0xFF:
            raise UnreadableMessageError(f"code page {page}, where 0 to 255 was expected")
        self.out += bytes([SWITCH_PAGE, page])
        self.page = page

    def _text(self, text: str) -> bytes:
        if "\0" in text:
            raise UnreadableMessageError(f"a text with a NUL, which ends it: {text[:64]!r}")
        try:
            return text.encode(self.codec) + b"\0"
        except UnicodeEncodeError as error:
            raise UnreadableMessageError(
                f"a text that {self.codec} cannot hold: {text[error.start : error.end]!r}"
            ) from None
