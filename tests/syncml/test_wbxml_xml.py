"""WBXML made from XML: what a device would write, and what cannot be written."""

import pytest

from replay.syncml.errors import UnreadableMessageError
from replay.syncml.wbxml import (
    DEPTH,
    OWN,
    Entity,
    decode,
    encode,
    from_xml,
    to_xml,
)
from tests.syncml.binary import ALERT, ALERT_XML, HEAD, ROOT_12, body, text


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
