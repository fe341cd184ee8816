"""A message taken apart and put together again: what is not changed stays as it was, byte for byte.

A replay sends recorded messages, in which a few values are others. Writing them anew from the model would lose what a recording
is there to keep: prefixes, order, white space, what is odd about them. So the bytes are cut into parts, of which some get another
text, some are left out and some are put in; `written` joins them again. XML and WBXML look alike from outside.

What was never read as a message cannot be taken apart (UnreadableMessageError).
"""

import base64
import re
from collections.abc import Iterator, Sequence
from typing import Final, Protocol
from xml.sax.saxutils import escape

from msgspec import structs

from replay.normal.redact_xml import encoding_of
from replay.syncml import wbxml, xml
from replay.syncml.errors import UnreadableMessageError
from replay.syncml.model import Unknown
from replay.syncml.names import METINF
from replay.syncml.wbxml_encode import VERSIONS, language_of
from replay.syncml.wbxml_tables import CODECS

_WHITE_SPACE: Final = " \t\r\n"
#: Elements in each other: no parser of ours reads more (docs/limits.md).
_DEPTH: Final = 256
_TAG: Final = re.compile(
    r"<!--.*?-->|<!\[CDATA\[.*?\]\]>|<\?.*?\?>"
    r"|<(?P<end>/?)(?P<name>[^\s<>/!?]++)"
    r"(?P<rest>[^<>\"'/]*+(?:/(?!>)[^<>\"'/]*+|\"[^\"]*+\"[^<>\"'/]*+|'[^']*+'[^<>\"'/]*+)*+)(?P<empty>/?)>",
    re.DOTALL,
)


class Part(Protocol):
    """An element of a message, by its name without a prefix."""

    name: str

    @property
    def children(self) -> "Sequence[Part]":
        """The elements in it, in order."""

    @property
    def text(self) -> str:
        """Its text, without the white space around it. Raises UnreadableMessageError of an entity that nobody knows."""

    def say(self, text: str) -> None:
        """Writes another text in its place; the white space around it stays."""

    def remove(self, child: "Part") -> None:
        """Takes out a child."""

    def insert(self, place: int, element: Unknown) -> None:
        """Puts an element before the child of that number, or behind the last one. A namespace that is empty is this part's."""


class Body(Protocol):
    """A message in parts: `root` is its SyncML."""

    @property
    def root(self) -> Part:
        """The root."""

    def written(self) -> bytes:
        """The message as it is now."""


def take_apart(raw: bytes) -> Body:
    """A message in XML or WBXML in its parts. Raises UnreadableMessageError where it cannot be read."""
    if raw[:1] and raw[0] in VERSIONS:
        return _WbxmlBody(raw)
    return _XmlBody(raw)


def in_form(raw: bytes, form: str) -> bytes:
    """A message in XML (`xml`) or in WBXML (`wbxml`); as it stands where it is in that form already. Raises UnreadableMessageError
    where it cannot be written so: an attribute in WBXML, say."""
    is_wbxml = bool(raw) and raw[0] in VERSIONS
    if is_wbxml and form == "xml":
        return wbxml.to_xml(wbxml.decode(raw))
    if not is_wbxml and form == "wbxml":
        return wbxml.encode(wbxml.from_xml(raw))
    return raw


def child(part: Part | None, *names: str) -> Part | None:
    """The first element below a part along these names; None where there is none."""
    for name in names:
        if part is None:
            return None
        part = next((each for each in part.children if each.name == name), None)
    return part


def leaves(part: Part, path: str = "", uri: str | None = None) -> Iterator[tuple[Part, str, str | None]]:
    """Every element without elements in it, with its path below `part` and the LocURI of the item that it is in."""
    yield from _leaves(part, part.children, path, uri)


def _leaves(part: Part, children: Sequence[Part], path: str, uri: str | None) -> Iterator[tuple[Part, str, str | None]]:
    if part.name == "Item":
        uri = _uri_of(part)
    for each in children:
        below = f"{path}/{each.name}" if path else each.name
        inner = each.children
        if inner:
            yield from _leaves(each, inner, below, uri)
        else:
            yield each, below, uri


def _uri_of(item: Part) -> str | None:
    """The LocURI of an item: its Target's, else its Source's."""
    for name in ("Target", "Source"):
        found = child(item, name, "LocURI")
        if found is not None:
            return found.text
    return None


class _XmlPart:
    """An element of an XML message: its tags as they stand, and what is between them: raw text, and elements."""

    def __init__(self, opening: str, name: str) -> None:
        self.opening, self.closing = opening, ""
        self.qualified = name
        self.name = name.rpartition(":")[2]
        self.inside: list[str | _XmlPart] = []

    @property
    def children(self) -> "list[_XmlPart]":
        """The elements in it."""
        return [piece for piece in self.inside if isinstance(piece, _XmlPart)]

    @property
    def text(self) -> str:
        """Its text; of an element with elements in it what is around them too."""
        raw = "".join(piece for piece in self.inside if isinstance(piece, str))
        if "&" in raw or "<" in raw:
            raw = "".join(xml.parse(f"<x>{raw}</x>".encode()).itertext())
        return raw.strip(_WHITE_SPACE)

    def say(self, text: str) -> None:
        """Writes another text."""
        raw = "".join(piece for piece in self.inside if isinstance(piece, str))
        bare = raw.strip(_WHITE_SPACE)
        before, _, behind = raw.partition(bare) if bare else ("", "", "")
        self._open_up()
        self.inside = [f"{before}{escape(text)}{behind}"]

    def remove(self, child: "Part") -> None:
        """Takes out a child, and nothing of what is around it."""
        self.inside = [piece for piece in self.inside if piece is not child]

    def insert(self, place: int, element: Unknown) -> None:
        """Puts in an element, with the prefix of this one."""
        self._open_up()
        self.inside.insert(self._position(place), self._made(element))

    def written(self, out: list[str]) -> None:
        """Appends the element's text."""
        out.append(self.opening)
        for piece in self.inside:
            if isinstance(piece, str):
                out.append(piece)
            else:
                piece.written(out)
        out.append(self.closing)

    def _position(self, place: int) -> int:
        children = self.children
        if place < len(children):
            return next(number for number, piece in enumerate(self.inside) if piece is children[place])
        if children:
            return next(number for number, piece in enumerate(self.inside) if piece is children[-1]) + 1
        return len(self.inside)

    def _open_up(self) -> None:
        """Turns `<X/>` into `<X></X>`, so that something can be put in."""
        if not self.closing:
            self.opening = f"{self.opening[:-2]}>"
            self.closing = f"</{self.qualified}>"

    def _made(self, element: Unknown) -> "_XmlPart":
        prefix = self.qualified.rpartition(":")[0]
        name, declared = f"{prefix}:{element.name}" if prefix else element.name, ""
        if element.namespace:  # Meta's children
            name, declared = element.name, f' xmlns="{element.namespace}"'
        made = _XmlPart(f"<{name}{declared}>", name)
        made.closing = f"</{name}>"
        made.inside = [escape(element.text), *(made._made(each) for each in element.children)]
        return made


class _XmlBody:
    """A message in XML, in whatever encoding that can be read without loss."""

    def __init__(self, raw: bytes) -> None:
        self._bom, codec = encoding_of(raw)
        if codec is None:
            raise UnreadableMessageError(
                "the encoding is not one that a message can be put together in again", offset=0
            )
        self._codec = codec
        try:
            text = raw[len(self._bom) :].decode(codec)
        except UnicodeDecodeError as error:
            raise UnreadableMessageError(f"not in {codec}: {error.reason}", offset=error.start) from None
        outside = _XmlPart("", "")
        open_: list[_XmlPart] = [outside]
        done = 0
        for found in _TAG.finditer(text):
            name = found["name"]
            if name is None:
                continue  # a comment, an instruction, CDATA: raw text
            if found.start() > done:
                open_[-1].inside.append(text[done : found.start()])
            done = found.end()
            if found["end"]:
                open_.pop().closing = found.group()
                if not open_:
                    break
                continue
            part = _XmlPart(found.group(), name)
            open_[-1].inside.append(part)
            if not found["empty"]:
                open_.append(part)
            if len(open_) > _DEPTH + 1:  # what is outside is one
                raise UnreadableMessageError(
                    f"more than {_DEPTH} elements in each other: it cannot be taken apart", line=1, column=1
                )
        outside.inside.append(text[done:])
        if len(open_) != 1 or len(outside.children) != 1:
            raise UnreadableMessageError("not well-formed XML: it cannot be taken apart", line=1, column=1)
        self._outside = outside

    @property
    def root(self) -> Part:
        """The root."""
        return self._outside.children[0]

    def written(self) -> bytes:
        """The message, in the encoding that it was in; a new character that this lacks is written by its number."""
        out: list[str] = []
        self._outside.written(out)
        return self._bom + "".join(out).encode(self._codec, "xmlcharrefreplace")


class _WbxmlPart:
    """An element of a WBXML message: its tag, and what is in it as it was coded; None where nothing can be."""

    def __init__(self, tag: wbxml.Tag, body: "_WbxmlBody") -> None:
        self.tag = tag
        self.name = tag.name
        self.body = body
        self.inside: list[wbxml.Node | _WbxmlPart] | None = None

    @property
    def children(self) -> "list[_WbxmlPart]":
        """The elements in it."""
        return [piece for piece in self.inside or () if isinstance(piece, _WbxmlPart)]

    @property
    def text(self) -> str:
        """Its text; bytes in base64 where XML has them so."""
        return "".join(self._said(piece) for piece in self.inside or ()).strip(_WHITE_SPACE)

    def say(self, text: str) -> None:
        """Writes another text, in the manner in which the old one was written."""
        old = self.inside or []
        raw = "".join(self._said(piece) for piece in old)
        bare = raw.strip(_WHITE_SPACE)
        before, _, behind = raw.partition(bare) if bare else ("", "", "")
        whole = f"{before}{text}{behind}"
        if [type(piece) for piece in old] == [wbxml.Opaque]:
            data = base64.b64decode(whole) if self._is_nonce() else whole.encode(self.body.codec)
            self.inside = [wbxml.Opaque(data)]
        else:
            self.inside = [wbxml.Text(whole)]

    def remove(self, child: "Part") -> None:
        """Takes out a child."""
        self.inside = [piece for piece in self.inside or () if piece is not child]

    def insert(self, place: int, element: Unknown) -> None:
        """Puts in an element."""
        if self.inside is None:
            self.inside = []
        children = self.children
        if place < len(children):
            position = next(number for number, piece in enumerate(self.inside) if piece is children[place])
        else:
            position = len(self.inside)
        self.inside.insert(position, self._made(element))

    def element(self) -> wbxml.Element:
        """The element as the codec has it."""
        if self.inside is None:
            return wbxml.Element(self.tag)
        return wbxml.Element(
            self.tag, tuple(piece.element() if isinstance(piece, _WbxmlPart) else piece for piece in self.inside)
        )

    def _said(self, piece: "wbxml.Node | _WbxmlPart") -> str:
        if isinstance(piece, wbxml.Text | wbxml.Reference):
            return piece.value
        if isinstance(piece, wbxml.Entity):
            return chr(piece.code)
        if isinstance(piece, wbxml.Opaque):
            if self._is_nonce():
                return base64.b64encode(piece.data).decode("ascii")
            return piece.data.decode(self.body.codec, "surrogateescape")
        return ""

    def _is_nonce(self) -> bool:
        """Whether it is the one element that is base64 in XML and bytes in WBXML."""
        return self.name == "NextNonce"

    def _made(self, element: Unknown) -> "_WbxmlPart":
        page = 1 if element.namespace == METINF else self.tag.page
        made = _WbxmlPart(wbxml.Tag(element.name, page), self.body)
        made.inside = [made._made(each) for each in element.children]
        if element.text:
            made.inside = [wbxml.Text(element.text)]
        elif not element.children:
            made.inside = None
        return made


class _WbxmlBody:
    """A message in WBXML."""

    def __init__(self, raw: bytes) -> None:
        self._document = wbxml.decode(raw)
        language_of(self._document.public_id, self._document.public_id_index, self._document.table)
        self.codec = CODECS[self._document.charset]
        self._root = self._part(self._document.root)

    @property
    def root(self) -> Part:
        """The root."""
        return self._root

    def written(self) -> bytes:
        """The message."""
        return wbxml.encode(structs.replace(self._document, root=self._root.element()))

    def _part(self, element: wbxml.Element) -> _WbxmlPart:
        part = _WbxmlPart(element.tag, self)
        if element.content is not None:
            part.inside = [
                self._part(piece) if isinstance(piece, wbxml.Element) else piece for piece in element.content
            ]
        return part
