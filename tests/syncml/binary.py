"""WBXML for the tests of the codec: bytes, documents made up, and those that independent peers wrote."""

import functools
from pathlib import Path

import pytest
from hypothesis import strategies as st

from replay.syncml import wbxml_tables as tables
from replay.syncml import xml
from replay.syncml.errors import UnreadableMessageError
from replay.syncml.wbxml import (
    Document,
    Element,
    Entity,
    Extension,
    Opaque,
    Reference,
    Switch,
    Tag,
    Text,
    decode,
    encode,
    to_xml,
)

HEAD = b"\x02\xa4\x01\x6a\x00"
ROOT_12 = '<SyncML xmlns="SYNCML:SYNCML1.2">'
#: An alert as devices write it, with Meta on page 1.
ALERT = HEAD + (
    b"\x6d\x6b\x46\x4b\x031\0\x01\x4f\x031226\0\x01\x54\x5a\x00\x01\x47\x03int\0\x01\x53\x03a:b\0\x01\x01"
    b"\x00\x00\x4f\xc3\x011\x01\x01\x01\x12\x01\x01"
)
ALERT_XML = (
    f"{ROOT_12}<SyncBody><Alert><CmdID>1</CmdID><Data>1226</Data><Item><Meta>"
    '<Format xmlns="syncml:metinf">int</Format><Type xmlns="syncml:metinf">a:b</Type></Meta>'
    "<Data>1</Data></Item></Alert><Final/></SyncBody></SyncML>"
).encode()


def text(value: str) -> bytes:
    return b"\x03" + value.encode() + b"\0"


def body(content: bytes, *, head: bytes = HEAD) -> bytes:
    """A message with `content` in SyncBody."""
    return head + b"\x6d\x6b" + content + b"\x01\x01"


def inside(document: Document) -> tuple:
    """What stands in SyncBody."""
    return document.root.content[0].content


def xml_of(content: bytes, **head: bytes) -> str:
    return to_xml(decode(body(content, **head))).decode().split("<SyncBody>")[1].split("</SyncBody>")[0]


def refused(content: bytes) -> UnreadableMessageError:
    with pytest.raises(UnreadableMessageError) as found:
        decode(content)
    assert found.value.offset is not None
    return found.value


PAGE_TAGS = {0: tables.SYNCML, 1: tables.METINF, 2: tables.DDF}
TABLE = b"ab\0Foo\0caf\xc3\xa9\0last"
NAMES = {3: "Foo", 4: "oo", 0: "ab", 13: "last"}
PLACES = {0: "ab", 1: "b", 2: "", 3: "Foo", 7: "café", 13: "last", 16: "t"}


def widths(value: int):
    """Widths that a number may have and need not."""
    needed = max(1, -(-value.bit_length() // 7))
    return st.sampled_from([0, *range(needed + 1, 6)])


def tags(page: int):
    # MgmtTree inside Data would come back from XML as a document of its own.
    known = st.sampled_from(sorted({*PAGE_TAGS[page].values()} - {"MgmtTree"}))
    spelled = st.sampled_from(sorted(NAMES)).flatmap(
        lambda place: st.builds(Tag, st.just(NAMES[place]), st.just(page), st.just(place), widths(place))
    )
    return st.builds(Tag, known, st.just(page)) | spelled


LEAVES = st.one_of(
    st.builds(Text, st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20)),
    st.sampled_from(sorted(PLACES)).flatmap(
        lambda place: st.builds(Reference, st.just(PLACES[place]), st.just(place), widths(place))
    ),
    st.binary(max_size=200).flatmap(lambda data: st.builds(Opaque, st.just(data), widths(len(data)))),
    st.characters(codec="utf-8").flatmap(lambda one: st.builds(Entity, st.just(ord(one)), widths(ord(one)))),
    st.builds(Extension, st.sampled_from(tables.EXT_I), st.text(st.characters(codec="utf-8", exclude_characters="\0"))),
    st.integers(0, 0xFFFFFFFF).flatmap(
        lambda number: st.builds(Extension, st.sampled_from(tables.EXT_T), st.just(number), widths(number))
    ),
    st.builds(Extension, st.sampled_from(tables.EXT)),
)
PAGES = st.sampled_from([0, 0, 0, 1, 2])
ELEMENTS = st.recursive(
    st.builds(Element, PAGES.flatmap(tags)),
    lambda inner: st.builds(Element, PAGES.flatmap(tags), st.none() | st.lists(inner | LEAVES, max_size=4).map(tuple)),
    max_leaves=15,
)
DOCUMENTS = st.builds(
    Document,
    root=ELEMENTS,
    version=st.sampled_from([1, 2, 3]),
    public_id=st.sampled_from([0x1201, 0x0FD3]),
    charset=st.sampled_from([0, 106]),
    table=st.just(TABLE),
    widths=st.sampled_from([(), (3, 0, 4, 5), (0, 0, 2, 0)]),
)


def switched(element: Element, draw) -> Element:
    """The element with page switches strewn into it."""
    if element.content is None:
        return element
    content = []
    for node in element.content:
        if draw(st.integers(0, 3)) == 0:
            content.append(Switch(draw(st.sampled_from([0, 1, 2, 200]))))
        content.append(switched(node, draw) if isinstance(node, Element) else node)
    return Element(element.tag, tuple(content))


@functools.cache
def real_messages(data: Path) -> dict[str, bytes]:
    """Every WBXML body that independent peers wrote."""
    from mitmproxy.io import FlowReader

    found = {path.name: path.read_bytes() for path in sorted(data.glob("wbxml/*.wbxml"))}
    for path in sorted(data.glob("peers/*.mitm")):
        with path.open("rb") as file:
            for number, flow in enumerate(FlowReader(file).stream()):
                for side, message in (("request", flow.request), ("response", flow.response)):
                    if message is not None and (message.raw_content or b"")[:1] in (b"\x01", b"\x02", b"\x03"):
                        found[f"{path.stem}-{number}-{side}"] = message.raw_content
    return found


def read_or_refuse(raw: bytes) -> None:
    """Any bytes are read, and written as they were, or refused with a place in them."""
    try:
        document = decode(raw)
    except UnreadableMessageError as error:
        assert error.offset is not None
        assert 0 <= error.offset <= len(raw)
        return
    assert encode(document) == raw
    xml.parse(to_xml(document))


def normal(node) -> tuple:
    """An XML tree without the white space between elements, which `from_xml` leaves out."""
    texts = [node.text, *(child.tail for child in node)] if len(node) else [node.text]
    kept = [text or "" if len(node) == 0 or (text or "").strip(" \t\r\n") else "" for text in texts]
    return node.tag, sorted(node.attrib.items()), kept, [normal(child) for child in node]
