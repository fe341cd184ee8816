"""The codec by itself: tables, every token, exactness to the byte, hostile input. Against libwbxml: test_wbxml_oracle."""

from base64 import b64encode

import pytest

from replay.syncml import xml
from replay.syncml.wbxml import (
    DEPTH,
    OWN,
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
from tests.syncml.binary import ALERT, ALERT_XML, HEAD, ROOT_12, body, inside, text, xml_of


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
