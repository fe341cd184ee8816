"""What the WBXML codec refuses, with the place, and where it stops."""

import tracemalloc

import pytest

from replay.syncml import xml
from replay.syncml.errors import UnreadableMessageError
from replay.syncml.wbxml import (
    DEPTH,
    Document,
    Element,
    Entity,
    Switch,
    Tag,
    Text,
    decode,
    encode,
    to_xml,
)
from tests.syncml.binary import HEAD, body, refused, text


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"", "cut short"),
        (b"<SyncML/>", "version byte 0x3C, where 0x01 to 0x03"),
        (b"\x00\x01\x2d", "version byte 0x00"),
        (b"\x02\x01\x6a\x00\x2d", "public id 0x1, where one of these was expected: -//SYNCML//DTD SyncML 1.2//EN"),
        (b"\x02\x00\x05\x6a\x00\x2d", "public id b'', where"),
        (b"\x02\xa4\x01\x05\x00\x2d", "charset 5, where"),
        (b"\x02\xa4\x01\x6a\x05ab", "a string table of 5 bytes, where only 2 are left"),
        (b"\x02\xff\xff\xff\xff\xff\x01", "more than five bytes or 32 bits"),
        (b"\x02\xff\xff\xff\xff\x7f", "more than five bytes or 32 bits"),
        (HEAD, "cut short"),
        (HEAD + b"\x01", "END, where the tag of a root element was expected"),
        (HEAD + text("x"), "token 0x03, where the tag of a root element was expected"),
        (HEAD + b"\x2d\x2d", "1 bytes after the end of the root element"),
        (HEAD + b"\x6d\x03ab", "a text without its closing NUL"),
        (HEAD + b"\x6d\x6b", "cut short"),
        (HEAD + b"\x6d\xc3\x05ab\x01", "an OPAQUE of 5 bytes, where only 3 are left"),
        (HEAD + b"\x6d\x4f\xc3\x05ab\x01", "cut short"),
        (HEAD + b"\x6d\x83\x00\x01", "place 0 of a string table of 0 bytes"),
        (HEAD + b"\x6d\x04\x00\x01", "place 0 of a string table of 0 bytes"),
        (b"\x02\xa4\x01\x6a\x03a b\x6d\x04\x00\x01", "an element called 'a b'"),
        (HEAD + b"\x6d\x70\x01", "tag 0x70, which code page 0 of this document type does not have"),
        (HEAD + b"\x6d\x00\x05\x45\x01\x01", "tag 0x45, which code page 5"),
        (HEAD + b"\xed\x05\x01\x01", "a tag with attributes (0xED)"),
        (b"\x02\xa4\x01\x6a\x02a\0\x6d\xc4\x00\x01\x01", "a tag with attributes (0xC4)"),
        (HEAD + b"\x6d\x43\x05\x01\x01", "a processing instruction (PI)"),
        (HEAD + b"\x43\x05\x01\x6d\x01", "a processing instruction (PI)"),
        (HEAD + b"\x6d\x02\x83\xb0\x00\x01", "an ENTITY of number 0xD800"),
        (HEAD + b"\x6d\x02\xc4\x80\x00\x01", "an ENTITY of number 0x110000"),
        (HEAD + b"\x6d\x4f\x03a\xe9\0\x01\x01", "a text that is not utf-8"),
        (HEAD + b"\x6d\x03a\xe9\0\x01", "a text that is not utf-8"),
        (b"\x02\xa4\x01\x6a\x01\xe9\x6d\x83\x00\x01", "a reference to a text that is not utf-8"),
        (b"\x02\xa4\x01\x03\x00\x6d\x03\xc3\xa9\0\x01", "a text that is not ascii"),
        (HEAD + b"\x6d" * (DEPTH + 1) + b"\x01" * (DEPTH + 1), "elements nested deeper than"),
    ],
)
def test_what_is_wrong_is_said(raw, reason):
    assert reason in refused(raw).reason


def test_an_error_says_where():
    error = refused(HEAD + b"\x6d\x4f\x03a\xe9\0\x01\x01")
    assert (error.offset, error.excerpt[:1]) == (9, b"\xe9")


def test_depth_is_bounded_and_its_bound_can_be_written():
    raw = HEAD + b"\x6d" * DEPTH + b"\x12" + b"\x4f" + text("x") + b"\x01" + b"\x01" * DEPTH
    assert encode(decode(raw)) == raw
    xml.parse(to_xml(decode(raw)))
    for bomb in (HEAD + b"\x6d" * 1_000_000, b"\x02\xa4\x01\x6a\x02a\0" + b"\x44\x00" * 100_000):
        assert "deeper" in refused(bomb).reason


def test_documents_made_by_hand_are_bounded_too():
    element = Element(Tag("SyncML", 0))
    for _ in range(5000):
        element = Element(Tag("SyncML", 0), (element,))
    for write in (encode, to_xml):
        with pytest.raises(UnreadableMessageError, match="deeper"):
            write(Document(root=element))


@pytest.mark.parametrize(
    "document",
    [
        Document(root=Element(Tag("Nonsense", 0))),
        Document(root=Element(Tag("SyncML", 9))),
        Document(root=Element(Tag("SyncML", 0), (Text("a\0b"),))),
        Document(root=Element(Tag("SyncML", 0), (Text("é"),)), charset=3),
        Document(root=Element(Tag("SyncML", 0), (Switch(256),))),
        Document(root=Element(Tag("SyncML", 0), (Entity(-1),))),
        Document(root=Element(Tag("SyncML", 0)), charset=9),
        Document(root=Element(Tag("SyncML", 0)), version=4),
        Document(root=Element(Tag("SyncML", 0)), public_id=7),
    ],
)
def test_documents_that_cannot_be_written(document):
    with pytest.raises(UnreadableMessageError):
        encode(document)


def test_references_cannot_unfold_to_more_than_a_bound():
    table = b"x" * 200_000 + b"\0"
    head = b"\x02\xa4\x01\x6a" + bytes([0x80 | len(table) >> 14, 0x80 | (len(table) >> 7 & 0x7F), len(table) & 0x7F])
    for reference in (b"\x83\x00", b"\x04\x00"):
        tracemalloc.start()
        assert "unfold" in refused(head + table + b"\x6d" + reference * 100_000 + b"\x01").reason
        assert tracemalloc.get_traced_memory()[1] < 64 << 20
        tracemalloc.stop()
    # Different places in one text: no cache of texts helps there.
    places = b"".join(b"\x83" + bytes([0x80 | place >> 7, place & 0x7F]) for place in range(128, 16000))
    assert "unfold" in refused(head + table + b"\x6d" + places + b"\x01").reason


def test_embedded_documents_cannot_unfold_either():
    name = b"x" * 4000 + b"\0"
    inner = (
        b"\x02\xa4\x03\x6a"
        + bytes([0x80 | len(name) >> 7, len(name) & 0x7F])
        + name
        + b"\x4a"
        + b"\x83\x00" * 2000
        + b"\x01"
    )
    data = b"\x4f\xc3" + bytes([0x80 | len(inner) >> 7, len(inner) & 0x7F]) + inner + b"\x01"
    raw = body(data * 50)
    assert len(to_xml(decode(raw))) < 80 * len(raw)


@pytest.mark.slow
def test_time_and_memory_grow_with_size_alone():
    """A message ten times as long may take some twenty times the memory's worth, never a hundred times."""
    item = (
        b"\x54\x67\x57"
        + text("./DevInfo/Man")
        + b"\x01\x01\x5a\x00\x01\x47"
        + text("chr")
        + b"\x01\x01\x00\x00\x4f\xc3\x01a\x01\x01"
    )
    peaks = []
    for count in (1_000, 10_000):
        raw = body(item * count)
        tracemalloc.start()
        to_xml(decode(raw))
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 20 * peaks[0]
