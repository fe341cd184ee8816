"""WBXML trees to XML, and XML to WBXML trees.

A code page is a namespace in XML: it is declared on the root, and on every element whose page is not its parent's. What XML
1.0 cannot say stands in elements of a namespace of our own (`OWN`), so that a reader cannot take it for text:

- `<opaque>`: an OPAQUE that is not text in the document's charset, or any text with a character that XML 1.0 has not;
  its content is base64.
- `<extension token="64">`: an extension token, in decimal; its content is base64 of its text, or its number, or nothing.

Two OPAQUEs mean something else than their text. A WBXML document of its own in Data (DevInf, MgmtTree) becomes elements
there; this is told by its bytes, which no XML text could begin with, and not by Type, which stays as it stands. (libwbxml goes
by Type, and writes `+xml` where the message has `+wbxml`.) And a NextNonce is base64 in XML, bytes in WBXML: as libwbxml does.
"""

import re
from base64 import b64decode, b64encode
from typing import Any, Final

from replay.syncml.errors import UnreadableMessageError
from replay.syncml.names import METINF, SYNCML_11, SYNCML_12
from replay.syncml.wbxml_decode import EXPANSION, EXPANSION_MOST, Reader
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
    Tag,
    Text,
    encode,
    language_of,
)
from replay.syncml.wbxml_tables import (
    BY_IDENTIFIER,
    BY_NUMBER,
    CODECS,
    DDF_LANGUAGE_12,
    DDF_NAMESPACE,
    DEVINF_LANGUAGE_11,
    DEVINF_LANGUAGE_12,
    DEVINF_NAMESPACE,
    EXT,
    EXT_I,
    EXT_T,
    LANGUAGES,
    METINF_LANGUAGE_12,
    SYNCML_LANGUAGE_11,
    SYNCML_LANGUAGE_12,
    Language,
)
from replay.syncml.write import NOT_XML
from replay.syncml.xml import parse

#: The namespace of what XML has no words for.
OWN: Final = "urn:omadm-replay:wbxml"
#: What declares the namespace of a code page, per document type.
_DECLARATIONS: Final = {
    language.identifier: {number: f' xmlns="{page.namespace}"' for number, page in language.pages.items()}
    for language in LANGUAGES
}
#: A document within a document is of at most so many bytes (device information has a few thousand); a larger one, and what comes
#: after EXPANSION_MOST of them, stays bytes.
_LARGEST_INSIDE: Final = 1 << 20
_SYNCML: Final = (SYNCML_LANGUAGE_12, SYNCML_LANGUAGE_11)
#: What stands above a root: on no page, so that the root declares its namespace.
_OUTSIDE_ROOT: Final = Tag("", -1)
#: What a charset cannot hold, and so becomes an ENTITY.
_OUTSIDE: Final = {"ascii": re.compile("([^\x00-\x7f])"), "latin-1": re.compile("([^\x00-\xff])")}
_LANGUAGE_OF_ROOT: Final = {
    "": SYNCML_LANGUAGE_12,
    SYNCML_12: SYNCML_LANGUAGE_12,
    SYNCML_11: SYNCML_LANGUAGE_11,
    DEVINF_NAMESPACE: DEVINF_LANGUAGE_12,
    METINF: METINF_LANGUAGE_12,
    DDF_NAMESPACE: DDF_LANGUAGE_12,
}
# lxml's elements are Any here, as in replay.syncml.xml.
_XmlNode = Any


def to_xml(document: Document) -> bytes:
    """The document as XML: UTF-8, without a declaration, a DTD or white space of its own.

    Raises UnreadableMessageError for a tree made by hand that no document has; never for what `decode` returned.
    """
    writer = _Writer(document)
    writer.nodes((document.root,), _OUTSIDE_ROOT, 0)
    return "".join(writer.out).encode()


def from_xml(body: bytes, *, version: int = 0x02, public_id: int | str | None = None, charset: int = 106) -> Document:
    """An XML message as a WBXML tree: texts in place (STR_I), elements without a token by name (LITERAL).

    `public_id` is the document type, as a number, or as a text that goes into the string table; where it is not given the
    root's namespace decides. White space between elements is left out. DevInf and MgmtTree inside Data become documents of
    their own, in an OPAQUE; Type is not changed to `+wbxml`, nor anything else.

    Raises UnreadableMessageError for what is not well-formed, for attributes and namespaces that WBXML has no code for.
    """
    root = parse(body)
    namespace, _ = _qualified(root)
    if public_id is None:
        language = _LANGUAGE_OF_ROOT.get(namespace)
    else:
        language = BY_NUMBER.get(public_id) if isinstance(public_id, int) else BY_IDENTIFIER.get(public_id.lower())
    if language is None:
        found = f"namespace {namespace!r}" if public_id is None else f"public id {public_id!r}"
        raise UnreadableMessageError(f"{found}, which names no known document type", line=root.sourceline, column=1)
    by_text = isinstance(public_id, str) or not language.public_id
    return _Builder(language, version, charset).document(root, by_text=by_text)


def _base64(data: bytes) -> str:
    return b64encode(data).decode("ascii")


class _Writer:
    """One pass over a tree, into the pieces of XML in `out`."""

    def __init__(self, document: Document) -> None:
        self.language = language_of(document.public_id, document.public_id_index, document.table)
        self.declarations = _DECLARATIONS[self.language.identifier]
        self.codec = CODECS.get(document.charset, "utf-8")
        self.out: list[str] = []
        #: How much documents within this one may still become.
        self.left = EXPANSION_MOST

    def nodes(self, nodes: tuple[Node, ...], above: Tag, depth: int) -> None:
        """Write what is inside of an element. Leaves, which are most of a message, need no call of their own."""
        put, declarations, page = self.out.append, self.declarations, above.page
        if depth > DEPTH + 1:
            raise UnreadableMessageError(f"elements nested deeper than {DEPTH}, which no message needs")
        for node in nodes:
            if type(node) is not Element:
                put(self._leaf(node, above))
                continue
            tag, content = node.tag, node.content
            name = start = tag.name
            if tag.page != page:
                start = name + declarations.get(tag.page, "")
            if not content:
                put(f"<{start}/>")
            elif len(content) > 1 or type(only := content[0]) is Element:
                put(f"<{start}>")
                self.nodes(content, tag, depth + 1)
                put(f"</{name}>")
            elif type(only) is Text:
                text = only.value
                put(f"<{start}>{text if text.isalnum() else _escaped(text)}</{name}>")
            elif type(only) is Opaque:
                put(f"<{start}>{self._opaque(only.data, tag)}</{name}>")
            else:
                put(f"<{start}>{self._leaf(only, tag)}</{name}>")

    def _leaf(self, node: Node, tag: Tag) -> str:
        """A node that is no element, inside of `tag`."""
        if type(node) is Text or type(node) is Reference:
            text = node.value
        elif type(node) is Opaque:
            return self._opaque(node.data, tag)
        elif type(node) is Entity:
            text = chr(node.code)
        elif type(node) is Extension:
            value = _base64(node.value.encode()) if isinstance(node.value, str) else node.value
            return f'<extension xmlns="{OWN}" token="{node.token}">{"" if value is None else value}</extension>'
        else:
            return ""
        return _escaped(text)

    def _opaque(self, data: bytes, tag: Tag) -> str:
        """An OPAQUE inside of `tag`: base64, the elements of another document, or its text."""
        if tag.page == 1 and tag.name == "NextNonce":
            return _base64(data)
        if data and data[0] in VERSIONS and tag.name == "Data" and self.language in _SYNCML:
            found = _embedded(data) if len(data) <= _LARGEST_INSIDE <= self.left else None
            if found is not None:
                self.left -= len(found)
                return found
        try:
            return _escaped(data.decode(self.codec))
        except UnicodeDecodeError:
            return _own_opaque(data)


def _escaped(text: str) -> str:
    """A text as XML writes it."""
    # No character that XML cannot hold is printable; this is the quickest way to know a text as harmless.
    if text.isprintable() and "&" not in text and "<" not in text and ">" not in text:
        return text
    if NOT_XML.search(text):
        return _own_opaque(text.encode("utf-8", "surrogatepass"))
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\r", "&#13;")


def _own_opaque(data: bytes) -> str:
    return f'<opaque xmlns="{OWN}">{_base64(data)}</opaque>'


def _embedded(data: bytes) -> str | None:
    """The elements of a document within a document; None where the bytes are no such document.

    SyncML within SyncML is none: so documents nest once, however hostile the bytes. Nor do references to the string table
    get the free allowance of a whole body, because there may be thousands of such documents.
    """
    try:
        document = Reader(data, EXPANSION * len(data)).document()
    except UnreadableMessageError:
        return None
    writer = _Writer(document)
    if writer.language in _SYNCML:
        return None
    writer.nodes((document.root,), _OUTSIDE_ROOT, 0)
    return "".join(writer.out)


def _qualified(node: _XmlNode) -> tuple[str, str]:
    """Namespace and name of an element."""
    if not isinstance(node.tag, str):  # an entity reference that was not replaced: lxml gives a function for its tag
        raise _refused(node, f"an entity reference ({node.text}), which is not replaced")
    namespace, _, name = node.tag.rpartition("}")
    return namespace[1:], name


def _refused(node: _XmlNode, reason: str) -> UnreadableMessageError:
    return UnreadableMessageError(reason, line=node.sourceline, column=1)


class _Builder:
    """One pass over an XML tree; collects the string table on the way."""

    def __init__(self, language: Language, version: int, charset: int) -> None:
        if charset not in CODECS:
            raise UnreadableMessageError(f"charset {charset}, where one of {sorted(CODECS)} was expected")
        self.language, self.version, self.charset = language, version, charset
        self.outside = _OUTSIDE.get(CODECS[charset])
        self.tags = {number: {name: Tag(name, number) for name in page.tags.values()}
                     for number, page in language.pages.items()}  # fmt: skip
        self.pages = {page.namespace: number for number, page in language.pages.items()}
        self.pages[""] = min(language.pages)
        if language in _SYNCML:
            # The namespace and the public id may disagree on the version: devices write such messages.
            self.pages |= {SYNCML_11: 0, SYNCML_12: 0}
        self.table = bytearray()
        self.places: dict[str, int] = {}

    def document(self, root: _XmlNode, *, by_text: bool) -> Document:
        index = self._place(self.language.identifier) if by_text else None
        element = self._element(root, None, 1)
        if not isinstance(element, Element):
            raise _refused(root, f"the root element is {root.tag}, where one of a document type was expected")
        return Document(
            root=element,
            version=self.version,
            public_id=0 if by_text else self.language.public_id,
            public_id_index=index,
            charset=self.charset,
            table=bytes(self.table),
        )

    def _place(self, text: str) -> int:
        """The place of a text in the string table, where it is put if it is not there."""
        if text not in self.places:
            self.places[text] = len(self.table)
            self.table += text.encode("ascii") + b"\0"
        return self.places[text]

    def _element(self, node: _XmlNode, above: Tag | None, depth: int) -> Node:
        namespace, name = _qualified(node)
        if namespace == OWN:
            return _own(node, name)
        if (inner := self._inner_language(namespace, name, above)) is not None:
            document = _Builder(inner, self.version, self.charset).document(node, by_text=not inner.public_id)
            return Opaque(encode(document))
        if namespace not in self.pages:
            raise _refused(node, f"namespace {namespace!r}, which {self.language.identifier} has no code page for")
        if node.attrib:
            raise _refused(node, f"attribute {next(iter(node.attrib))!r}, which WBXML for SyncML has no code for")
        if depth > DEPTH:
            raise _refused(node, f"elements nested deeper than {DEPTH}, which no message needs")
        page = self.pages[namespace]
        tag = self.tags[page].get(name)
        if tag is None:
            if not NAME.match(name):
                raise _refused(node, f"an element called {name!r}, where an ASCII name was expected")
            tag = Tag(name, page, self._place(name))
        content = self._texts(node.text, between=len(node) > 0)
        for child in node:
            content.append(self._element(child, tag, depth + 1))
            content += self._texts(child.tail, between=True)
        return Element(tag, tuple(content) or None)

    def _inner_language(self, namespace: str, name: str, above: Tag | None) -> Language | None:
        """The type of a document that begins here, inside Data; None where none does."""
        if self.language not in _SYNCML or above is None or above.name != "Data":
            return None
        if namespace == DEVINF_NAMESPACE:
            return DEVINF_LANGUAGE_11 if self.language is SYNCML_LANGUAGE_11 else DEVINF_LANGUAGE_12
        return DDF_LANGUAGE_12 if (namespace, name) == (DDF_NAMESPACE, DDF_LANGUAGE_12.root) else None

    def _texts(self, text: str | None, *, between: bool) -> list[Node]:
        """A text as nodes; `between` elements, white space is none."""
        if not text or (between and not text.strip(" \t\r\n")):
            return []
        if self.outside is None:
            return [Text(text)]
        pieces = self.outside.split(text)  # texts and single characters in turn
        return [Entity(ord(piece)) if place % 2 else Text(piece) for place, piece in enumerate(pieces) if piece]


def _own(node: _XmlNode, name: str) -> Opaque | Extension:
    """What an element of `OWN` stands for."""
    try:
        if name == "opaque":
            return Opaque(b64decode(node.text or "", validate=True))
        token, value = int(node.get("token", "")), node.text or ""
        if token in EXT_I:
            return Extension(token, b64decode(value, validate=True).decode())
        if token in EXT_T:
            return Extension(token, int(value))
        if token in EXT and not value:
            return Extension(token)
        raise _refused(node, f"token {token} with {value!r}, where an extension token (64 and others) was expected")
    except ValueError as error:
        raise _refused(node, f"a {name} of {OWN} that cannot be read: {error}") from None
