"""The codec by itself: tables, every token, exactness to the byte, hostile input. Against libwbxml: test_wbxml_oracle."""

import functools
import tracemalloc
from base64 import b64encode
from pathlib import Path

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from replay.syncml import wbxml_tables as tables
from replay.syncml import xml
from replay.syncml.errors import UnreadableMessageError
from replay.syncml.wbxml import (
    DEPTH,
    OWN,
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
    from_xml,
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


# --- tables


def test_pages_have_the_sizes_of_the_sources():
    sizes = [len(table) for table in (tables.SYNCML, tables.METINF, tables.DEVINF_12, tables.DDF)]
    assert sizes == [55, 18, 47, 56]


@pytest.mark.parametrize(
    ("table", "token", "name"),
    [
        (tables.SYNCML, 0x05, "Add"),
        (tables.SYNCML, 0x06, "Alert"),
        (tables.SYNCML, 0x11, "Exec"),
        (tables.SYNCML, 0x29, "Status"),
        (tables.SYNCML, 0x2D, "SyncML"),
        (tables.SYNCML, 0x3C, "Correlator"),
        (tables.METINF, 0x07, "Format"),
        (tables.METINF, 0x0B, "Mark"),
        (tables.METINF, 0x13, "Type"),
        (tables.METINF, 0x16, "FieldLevel"),
        (tables.DEVINF_12, 0x0A, "DevInf"),
        (tables.DEVINF_12, 0x1C, "MaxSize"),
        (tables.DEVINF_11, 0x1C, "Size"),
        (tables.DEVINF_12, 0x30, "Filter-Rx"),
        (tables.DDF, 0x20, "MgmtTree"),
        (tables.DDF, 0x3C, "ZeroOrOne"),
    ],
)
def test_tokens(table, token, name):
    assert table[token] == name


def test_tables_are_one_to_one_and_leave_the_global_tokens_alone():
    for language in tables.LANGUAGES:
        for page in language.pages.values():
            assert len(set(page.tags.values())) == len(page.tags)
            assert all(0x05 <= token <= 0x3F for token in page.tags)
    assert 0x30 not in tables.SYNCML
    assert 0x2F not in tables.DEVINF_12


# --- what is read


def test_a_message_is_read_and_written():
    document = decode(ALERT)
    assert to_xml(document) == ALERT_XML
    assert encode(document) == ALERT
    assert (document.version, document.public_id, document.charset, document.table) == (2, 0x1201, 106, b"")


def test_the_way_to_the_model():
    message = xml.read(to_xml(decode(ALERT)))
    alert = message.commands[0]
    assert (alert.code, alert.items[0].meta.type.text, alert.items[0].meta.type.namespace) == (
        "1226",
        "a:b",
        "syncml:metinf",
    )
    assert message.final


@pytest.mark.parametrize("version", [1, 2, 3])
@pytest.mark.parametrize(
    ("number", "namespace"), [(b"\xa4\x01", "SYNCML:SYNCML1.2"), (b"\x9f\x53", "SYNCML:SYNCML1.1")]
)
def test_versions_and_public_ids(version, number, namespace):
    raw = bytes([version]) + number + b"\x6a\x00\x6d\x2b\x01"
    assert to_xml(decode(raw)) == f'<SyncML xmlns="{namespace}"><SyncBody/></SyncML>'.encode()
    assert encode(decode(raw)) == raw


@pytest.mark.parametrize("closing", [b"", b"\0", b"\0more\0"])
@pytest.mark.parametrize("before", [b"", b"x\0"])
def test_a_public_id_in_the_string_table_may_lack_its_nul(closing, before):
    table = before + b"-//SYNCML//DTD SyncML 1.1//EN" + closing
    raw = b"\x02\x00" + bytes([len(before)]) + b"\x6a" + bytes([len(table)]) + table + b"\x2d"
    document = decode(raw)
    assert (document.public_id, document.public_id_index, document.table) == (0, len(before), table)
    assert to_xml(document) == b'<SyncML xmlns="SYNCML:SYNCML1.1"/>'
    assert encode(document) == raw


def test_an_element_without_content_keeps_its_content_bit():
    raw = body(b"\x12\x52\x01")
    assert [element.content for element in inside(decode(raw))] == [None, ()]
    assert encode(decode(raw)) == raw
    assert xml_of(b"\x12\x52\x01") == "<Final/><Final/>"


def test_every_way_to_write_a_text():
    head = b"\x02\xa4\x01\x6a\x06ab\0cd\0"
    content = b"\x4f" + text("é€") + b"\x83\x00\x83\x01\x83\x03" + b"\x02\x81\x20\xc3\x02<&" + b"\x01"
    data = inside(decode(body(content, head=head)))[0]
    assert data.content == (
        Text("é€"),
        Reference("ab", 0),
        Reference("b", 1),
        Reference("cd", 3),
        Entity(0xA0),
        Opaque(b"<&"),
    )
    assert xml_of(content, head=head) == "<Data>é€abbcd\xa0&lt;&amp;</Data>"
    assert encode(decode(body(content, head=head))) == body(content, head=head)


def test_numbers_longer_than_they_need_stay_so():
    raw = b"\x02\x80\xa4\x01\x80\x6a\x80\x80\x02a\0\x6d\x83\x80\x00\xc3\x80\x80\x80\x80\x01x\x02\x80\x41\x01"
    document = decode(raw)
    assert document.widths == (3, 0, 2, 3)
    assert document.root.content == (Reference("a", 0, 2), Opaque(b"x", 5), Entity(0x41, 2))
    assert encode(document) == raw


@pytest.mark.parametrize(
    ("switches", "kept"),
    [
        (b"\x00\x01\x53\x01\x00\x00\x0f", []),  # where tags need them
        (b"\x00\x00\x0f", [0]),  # to the page in force
        (b"\x00\x01\x00\x00\x0f", [1]),  # twice; the second is needed
        (b"\x00\x01\x53\x01\x00\x00", [0]),  # late: before an end (Nokia's 6600)
        (b"\x0f\x00\x01" + text("x"), [1]),  # before a text
        (b"\x00\x07\x00\x00", [7, 0]),  # to a page that nobody has
    ],
)
def test_page_switches_stay_where_they_stood(switches, kept):
    raw = body(b"\x5a" + switches + b"\x01\x00\x00\x12")
    document = decode(raw)
    meta = inside(document)[0]
    assert [node.page for node in meta.content if isinstance(node, Switch)] == kept
    assert encode(document) == raw


def test_page_switches_around_the_root():
    raw = HEAD + b"\x00\x01\x00\x00\x6d\x01\x00\x00\x00\x01"
    document = decode(raw)
    assert (document.before, document.after) == ((Switch(1),), (Switch(0), Switch(1)))
    assert encode(document) == raw


def test_names_in_the_string_table():
    head = b"\x02\xa4\x01\x6a\x04Foo\0"
    content = b"\x44\x00" + text("x") + b"\x01\x04\x00\x44\x80\x01\x01"
    document = decode(body(content, head=head))
    assert [element.tag for element in inside(document)] == [
        Tag("Foo", 0, 0),
        Tag("Foo", 0, 0),
        Tag("oo", 0, 1, 2),
    ]
    assert xml_of(content, head=head) == "<Foo>x</Foo><Foo/><oo/>"
    assert encode(document) == body(content, head=head)


def test_extensions_are_kept_and_cannot_be_taken_for_text():
    content = b"\x4f\x40a<\0\x81\x81\x00\xc2\x01"
    assert inside(decode(body(content)))[0].content == (
        Extension(0x40, "a<"),
        Extension(0x81, 128),
        Extension(0xC2),
    )
    assert encode(decode(body(content))) == body(content)
    found = xml_of(content)
    assert found == (
        f'<Data><extension xmlns="{OWN}" token="64">YTw=</extension><extension xmlns="{OWN}" token="129">128</extension>'
        f'<extension xmlns="{OWN}" token="194"></extension></Data>'
    )
    document = from_xml(f"{ROOT_12}<SyncBody>{found}</SyncBody></SyncML>".encode())
    assert encode(document) == body(content)


@pytest.mark.parametrize(
    ("charset", "raw", "expected"),
    [(0x6A, "é".encode(), "é"), (0, "é".encode(), "é"), (4, b"\xe9", "é"), (3, b"e", "e")],
)
def test_charsets(charset, raw, expected):
    head = bytes([2, 0xA4, 1, charset, 0])
    content = b"\x4f\x03" + raw + b"\0\xc3" + bytes([len(raw)]) + raw + b"\x01"
    assert xml_of(content, head=head) == f"<Data>{expected * 2}</Data>"
    assert encode(decode(body(content, head=head))) == body(content, head=head)


def test_meta_inf_and_ddf_documents():
    assert to_xml(decode(b"\x02\xa4\x02\x6a\x00\x00\x01\x4e\x13\x01")) == (
        b'<MetInf xmlns="syncml:metinf"><Type/></MetInf>'
    )
    table = b"-//OMA//DTD-DM-DDF 1.2//EN\0"
    raw = b"\x02\x00\x00\x6a" + bytes([len(table)]) + table + b"\x00\x02\x60\x64\x66" + text("a") + b"\x01\x01\x01"
    expected = b'<MgmtTree xmlns="syncml:dmddf1.2"><Node><NodeName>a</NodeName></Node></MgmtTree>'
    assert to_xml(decode(raw)) == expected
    assert encode(decode(raw)) == raw
    assert encode(from_xml(expected)) == raw


def test_the_ddf_page_within_a_message():
    content = b"\x4f\x00\x02\x60\x25\x01\x01\x00\x00\x12"
    assert xml_of(content) == '<Data><MgmtTree xmlns="syncml:dmddf1.2"><node/></MgmtTree></Data><Final/>'
    assert encode(decode(body(content))) == body(content)


# --- what XML cannot say


@pytest.mark.parametrize("raw", [b"\xff\x00", b"a\0b", "\ufffe".encode(), b"\x0b"])
def test_opaque_bytes_that_are_no_text(raw):
    content = b"\x4f\xc3" + bytes([len(raw)]) + raw + b"\x01"
    found = xml_of(content)
    assert found == f'<Data><opaque xmlns="{OWN}">{b64encode(raw).decode()}</opaque></Data>'
    item = (
        xml.read(f"{ROOT_12}<SyncBody><Add><Item>{found}</Item></Add></SyncBody></SyncML>".encode())
        .commands[0]
        .items[0]
    )
    assert (item.data, item.embedded[0].namespace, item.embedded[0].name) == ("", OWN, "opaque")
    assert encode(from_xml(f"{ROOT_12}<SyncBody>{found}</SyncBody></SyncML>".encode())) == body(content)


@pytest.mark.parametrize("token", [b"\x03a\x01b\0", b"\x02\x01"])
def test_texts_with_characters_that_xml_has_not(token):
    found = xml_of(b"\x4f" + token + b"\x01")
    assert found.startswith(f'<Data><opaque xmlns="{OWN}">')
    assert encode(decode(body(b"\x4f" + token + b"\x01"))) == body(b"\x4f" + token + b"\x01")


def test_line_ends_and_markup_survive_xml():
    value = "a\r\nb\tc ]]> <x/> & '\""
    root = xml.parse(to_xml(decode(body(b"\x4f" + text(value) + b"\x01"))))
    assert root[0][0].text == value


def test_a_nonce_is_base64_in_xml():
    content = b"\x5a\x00\x01\x50\xc3\x04abcd\x01\x01"
    assert xml_of(content) == '<Meta><NextNonce xmlns="syncml:metinf">YWJjZA==</NextNonce></Meta>'


# --- documents within documents


DEVINF = b"\x02\xa4\x03\x6a\x00\x4a\x65" + text("1.2") + b"\x01\x01"


@pytest.mark.parametrize("kind", ["application/vnd.syncml-devinf+wbxml", "anything"])
def test_device_information_becomes_elements_and_stays_bytes(kind):
    content = (
        b"\x54\x5a\x00\x01\x53" + text(kind) + b"\x01\x01\x00\x00\x4f\xc3" + bytes([len(DEVINF)]) + DEVINF + b"\x01\x01"
    )
    document = decode(body(content))
    assert inside(document)[0].content[1].content == (Opaque(DEVINF),)
    found = xml_of(content)
    assert found == (
        f'<Item><Meta><Type xmlns="syncml:metinf">{kind}</Type></Meta>'
        '<Data><DevInf xmlns="syncml:devinf"><VerDTD>1.2</VerDTD></DevInf></Data></Item>'
    )
    assert encode(from_xml(f"{ROOT_12}<SyncBody>{found}</SyncBody></SyncML>".encode())) == body(content)


def test_device_information_1_1_has_its_own_names():
    old = b"\x02\x9f\x54\x6a\x00\x4a\x5c" + text("9") + b"\x01\x01"
    assert to_xml(decode(old)) == b'<DevInf xmlns="syncml:devinf"><Size>9</Size></DevInf>'
    whole = b'<SyncML xmlns="SYNCML:SYNCML1.1"><SyncBody><Data>' + to_xml(decode(old)) + b"</Data></SyncBody></SyncML>"
    assert encode(from_xml(whole)).count(old) == 1


def test_a_message_in_a_message_stays_bytes():
    inner = b"\x02\xa4\x01\x6a\x00\x2d"
    assert "<opaque " in xml_of(b"\x4f\xc3" + bytes([len(inner)]) + inner + b"\x01")


def test_xml_can_read_the_deepest_document_in_the_deepest_place():
    deep = b"\x02\xa4\x03\x6a\x00" + b"\x4a" * DEPTH + b"\x01" * DEPTH
    length = bytes([0x80 | len(deep) >> 7, len(deep) & 0x7F])
    raw = HEAD + b"\x6d" * (DEPTH - 1) + b"\x4f\xc3" + length + deep + b"\x01" * DEPTH
    root = xml.parse(to_xml(decode(raw)))
    assert sum(1 for _ in root.iter()) == 2 * DEPTH
    assert encode(from_xml(to_xml(decode(raw))))


# --- what is refused


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


# --- from XML


def test_from_xml_writes_what_a_device_would():
    assert encode(from_xml(ALERT_XML)) == ALERT.replace(b"\xc3\x011\x01", text("1") + b"\x01")


def test_from_xml_leaves_white_space_between_elements_out_and_keeps_it_in_texts():
    pretty = f"<?xml version='1.0'?>\n{ROOT_12}\n <SyncBody>\n  <Data> a\n </Data>\n  <Final></Final>\n </SyncBody>\n</SyncML>"
    assert encode(from_xml(pretty.encode())) == body(b"\x4f" + text(" a\n ") + b"\x01\x12")


def test_from_xml_takes_the_document_type_from_the_root_or_as_told():
    source = b'<SyncML xmlns="SYNCML:SYNCML1.1"><SyncBody/></SyncML>'
    assert encode(from_xml(source))[:5] == b"\x02\x9f\x53\x6a\x00"
    assert encode(from_xml(source, version=3, public_id=0x1201))[:5] == b"\x03\xa4\x01\x6a\x00"
    spelled = from_xml(source, public_id="-//SYNCML//DTD SyncML 1.2//EN")
    assert encode(spelled)[:5] == b"\x02\x00\x00\x6a\x1e"
    assert to_xml(decode(encode(spelled))) == b'<SyncML xmlns="SYNCML:SYNCML1.2"><SyncBody/></SyncML>'
    assert encode(from_xml(b"<SyncML/>")) == HEAD + b"\x2d"


def test_from_xml_spells_what_has_no_token():
    source = f"{ROOT_12}<Type>a</Type><Foo/><Foo/></SyncML>".encode()
    document = from_xml(source)
    assert document.table == b"Type\0Foo\0"
    assert to_xml(decode(encode(document))) == source


@pytest.mark.parametrize(("charset", "count"), [(3, 2), (4, 1), (106, 0)])
def test_from_xml_writes_what_a_charset_lacks_as_entities(charset, count):
    source = f"{ROOT_12}<Data>aé€</Data></SyncML>".encode()
    document = from_xml(source, charset=charset)
    assert sum(isinstance(node, Entity) for node in document.root.content[0].content) == count
    assert to_xml(decode(encode(document))) == source


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        (b"<SyncML", "not well-formed"),
        (b"<SyncML xmlns='urn:x'/>", "names no known document type"),
        (b"<SyncML xmlns='SYNCML:SYNCML1.2'><a xmlns='urn:x'/></SyncML>", "has no code page for"),
        (b"<SyncML><Data x='1'/></SyncML>", "attribute 'x'"),
        ("<SyncML><é/></SyncML>".encode(), "ASCII name"),
        (b"<SyncML>" * (DEPTH + 1) + b"</SyncML>" * (DEPTH + 1), "deeper"),
        (f"<SyncML><opaque xmlns='{OWN}'>?</opaque></SyncML>".encode(), "cannot be read"),
        (f"<SyncML><extension xmlns='{OWN}'>?</extension></SyncML>".encode(), "cannot be read"),
        (f"<SyncML><extension xmlns='{OWN}' token='3'/></SyncML>".encode(), "where an extension token"),
        (b"<!DOCTYPE SyncML><SyncML/>", "document type declaration"),
    ],
)
def test_from_xml_says_what_it_cannot_write(source, reason):
    with pytest.raises(UnreadableMessageError, match=reason):
        from_xml(source)


@pytest.mark.parametrize("public_id", [7, 0, "x"])
def test_from_xml_refuses_unknown_document_types(public_id):
    with pytest.raises(UnreadableMessageError, match="names no known document type"):
        from_xml(b"<SyncML/>", public_id=public_id)


def test_from_xml_refuses_unknown_charsets():
    with pytest.raises(UnreadableMessageError, match="charset 5"):
        from_xml(b"<SyncML/>", charset=5)


# --- properties

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


@given(DOCUMENTS)
def test_what_is_written_is_read_again(document):
    raw = encode(document)
    assert decode(raw) == document
    xml.parse(to_xml(document))


@given(DOCUMENTS, st.data())
def test_switches_anywhere_come_back_to_the_byte(document, data):
    document = Document(
        root=switched(document.root, data.draw), table=TABLE, before=(Switch(1),), after=(Switch(0), Switch(0))
    )
    raw = encode(document)
    assert encode(decode(raw)) == raw
    assert to_xml(decode(raw)) == to_xml(document)


@given(DOCUMENTS)
def test_xml_to_wbxml_and_back_is_the_same_xml(document):
    # a nonce given as a text with control characters comes back as bytes, which XML writes in another way
    assume(not (b"NextNonce" in to_xml(document) and OWN.encode() in to_xml(document)))
    source = xml.parse(to_xml(document))
    made = from_xml(to_xml(document), public_id=document.public_id)
    assert decode(encode(made)) == made
    assert normal(xml.parse(to_xml(decode(encode(made))))) == normal(source)


def normal(node) -> tuple:
    """An XML tree without the white space between elements, which `from_xml` leaves out."""
    texts = [node.text, *(child.tail for child in node)] if len(node) else [node.text]
    kept = [text or "" if len(node) == 0 or (text or "").strip(" \t\r\n") else "" for text in texts]
    return node.tag, sorted(node.attrib.items()), kept, [normal(child) for child in node]


@given(st.binary(max_size=200), st.sampled_from([b"", HEAD, HEAD + b"\x6d\x6b", b"\x02\x9f\x53\x6a\x02a\0"]))
@example(b"\x04\x00\x00\x02\x60", b"\x02\x00\x00\x6a\x1b-//OMA//DTD-DM-DDF 1.2//EN\x00")
def test_any_bytes_are_read_or_refused(tail, head):
    try:
        document = decode(head + tail)
    except UnreadableMessageError as error:
        assert error.offset is not None
        assert 0 <= error.offset <= len(head + tail)
        return
    assert encode(document) == head + tail
    xml.parse(to_xml(document))


@given(st.lists(st.sampled_from([bytes([byte]) for byte in range(256)] + [text("a"), b"\x83\x00", b"\x47\x03a\0\x01"])))
def test_any_tokens_are_read_or_refused(tokens):
    test_any_bytes_are_read_or_refused.hypothesis.inner_test(
        b"".join(tokens) + b"\x01\x01", b"\x02\xa4\x01\x6a\x02a\0\x6d\x6b"
    )


# --- real messages


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


@pytest.mark.mitmproxy
def test_real_messages_come_back_to_the_byte(shared_data):
    messages = real_messages(shared_data)
    assert len(messages) >= 11
    for name, raw in messages.items():
        assert encode(decode(raw)) == raw, name


@pytest.mark.mitmproxy
def test_real_messages_reach_the_model(shared_data):
    for name, raw in real_messages(shared_data).items():
        message = xml.read(to_xml(decode(raw)))
        assert message.final, name
        assert message.commands, name
        assert message.header.session_id, name
        assert not message.unknown, name


@pytest.mark.mitmproxy
def test_real_messages_survive_xml(shared_data):
    for name, raw in real_messages(shared_data).items():
        source = to_xml(decode(raw))
        assert normal(xml.parse(to_xml(decode(encode(from_xml(source)))))) == normal(xml.parse(source)), name


@pytest.mark.mitmproxy
def test_real_messages_cut_anywhere_are_refused(shared_data):
    for raw in real_messages(shared_data).values():
        for end in range(len(raw)):
            assert refused(raw[:end]).offset <= end


@pytest.mark.slow
@pytest.mark.mitmproxy
def test_real_messages_with_any_byte_changed_are_read_or_refused(shared_data):
    for raw in real_messages(shared_data).values():
        for place in range(len(raw)):
            for change in (0x01, 0x40, 0x80, 0xFF, raw[place]):
                flipped = raw[:place] + bytes([raw[place] ^ change]) + raw[place + 1 :]
                test_any_bytes_are_read_or_refused.hypothesis.inner_test(flipped, b"")


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
