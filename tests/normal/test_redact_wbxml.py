"""WBXML redacted in its own bytes."""

import base64
import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from replay.capture.exchange import Capture, Exchange
from replay.normal.redact import Redactor
from replay.syncml import wbxml
from replay.syncml.errors import UnreadableMessageError
from replay.syncml.read import read
from replay.syncml.wbxml import Document, Element, Entity, Extension, Opaque, Reference, Tag, Text, decode, encode
from tests.normal.leaks import leaks
from tests.syncml.binary import DOCUMENTS

DEVICE = "DESKTOP-7Q2ÄKX91"


def tag(name: str, *content, page: int = 0) -> Element:
    return Element(Tag(name, page), content)


def leaf(name: str, *texts, page: int = 0) -> Element:
    return tag(name, *(Text(each) if isinstance(each, str) else each for each in texts), page=page)


def message(source: Element, *commands: Element, table: bytes = b"", **head) -> bytes:
    """A device's message in WBXML."""
    header = tag(
        "SyncHdr",
        leaf("VerDTD", "1.2"), leaf("VerProto", "DM/1.2"), leaf("SessionID", "1"), leaf("MsgID", "1"),
        tag("Target", leaf("LocURI", "https://mdm.contoso.example/m")), tag("Source", source),
    )  # fmt: skip
    root = tag("SyncML", header, tag("SyncBody", *commands, leaf("Final")))
    return encode(Document(root=root, table=table, **head))


def replaced(uri: str, *data) -> Element:
    item = tag("Item", tag("Source", leaf("LocURI", uri)), leaf("Data", *data))
    return tag("Replace", leaf("CmdID", "2"), item)


def redacted(body: bytes, *others: bytes, sender: str = "device") -> bytes:
    exchanges = [Exchange(number, str(number), float(number), method="POST", body=each)
                 for number, each in enumerate((body, *others), 1)]  # fmt: skip
    return Redactor(rng=random.Random(7)).capture(Capture("x", "x", exchanges=exchanges)).exchanges[0].body


def kept_but_texts(node: object) -> object:
    """A tree without its texts, of which the lengths are kept."""
    match node:
        case Element(named, content):
            return named, None if content is None else [kept_but_texts(each) for each in content]
        case Text(value) | Reference(value):  # one may have to become the other
            return "text", len(value.encode())
        case Opaque(data, width):
            return "opaque", len(data), width
        case Entity():
            return "entity"
        case Extension(token, str(value)):
            return "extension", token, len(value.encode())
    return node


@pytest.mark.parametrize(
    "source",
    [
        leaf("LocURI", DEVICE),
        leaf("LocURI", Opaque(DEVICE.encode())),
        leaf("LocURI", Opaque(DEVICE.encode(), 3)),
        leaf("LocURI", "DESKTOP-", Entity(ord("7")), "Q2", Entity(ord("Ä"), 4), Opaque(b"KX91")),
        leaf("LocURI", Reference(DEVICE, 3)),
        leaf("LocURI", Reference("DESKTOP-7Q2", 21), Text("ÄKX91")),
    ],
    ids=["STR_I", "OPAQUE", "wide OPAQUE", "in pieces", "STR_T", "STR_T and STR_I"],
)
def test_a_name_however_it_is_written(source):
    table = b"P1\0" + DEVICE.encode() + b"\0" + b"DESKTOP-7Q2\0"
    body = message(source, replaced("./DevInfo/DevId", DEVICE), replaced("./X", f"<{DEVICE}>"), table=table)
    made = redacted(body)
    one, other = read(body), read(made)
    name = other.header.source.uri
    assert name != one.header.source.uri == DEVICE
    assert [command.items[0].data for command in other.commands] == [name, f"<{name}>"]
    assert len(made) == len(body)
    assert kept_but_texts(decode(made).root) == kept_but_texts(decode(body).root)
    assert b"DESKTOP" not in made
    assert DEVICE[8:].encode() not in made


def test_one_place_of_the_table_for_two_texts_that_become_different():
    """The device's id is replaced, the same word as a type is not: one of the two leaves the string table."""
    body = message(
        leaf("LocURI", Reference("Alert", 0)), replaced("./X", Reference("Alert", 0)), leaf("Cmd", Reference("Alert", 0)),
        table=b"Alert\0",
    )  # fmt: skip
    made = redacted(body)
    source = read(made).header.source.uri
    assert source != "Alert"
    assert "Alert" in wbxml.to_xml(decode(made)).decode()
    assert [each.items[0].data for each in read(made).commands] == [source]


def test_names_of_elements_and_of_the_document_type_stay_and_the_rest_of_the_table_goes():
    identifier = b"-//SYNCML//DTD SyncML 1.2//EN\0"
    table = identifier + b"Vendor\0nobody refers to this\0"
    odd = Element(Tag("Vendor", 0, literal=len(identifier)), (Text("1"),))
    body = message(leaf("LocURI", DEVICE), odd, table=table, public_id=0, public_id_index=0)
    made = decode(redacted(body))
    assert made.table == identifier + b"Vendor\0xxxxxx xxxxxx xx xxxx\0"
    assert b"<Vendor" in wbxml.to_xml(made)


def test_a_nonce_is_the_same_in_bytes_and_in_base64():
    nonce = bytes(range(200, 216))
    meta = tag("Meta", leaf("Format", "b64", page=1), leaf("NextNonce", Opaque(nonce), page=1))
    chal = tag("Status", leaf("CmdID", "1"), tag("Chal", meta), leaf("Data", "401"))
    coded = base64.b64encode(nonce).decode()
    body = message(
        leaf("LocURI", DEVICE), chal, replaced("./X", f"the nonce was {coded}"), replaced("./Y", Opaque(b"\0" + nonce))
    )
    made = redacted(body)
    status, text, raw = read(made).commands
    new = status.chal.next_nonce.text
    assert new != coded
    assert text.items[0].data == f"the nonce was {new}"
    assert base64.b64decode(new) in made
    assert nonce not in made
    assert raw.items[0].embedded != ()


def test_a_document_within_a_message():
    inner = Document(root=tag("DevInf", leaf("VerDTD", "1.2"), leaf("DevID", "IMEI:490123456789012")), public_id=0x1203)
    body = message(leaf("LocURI", "IMEI:490123456789012"), replaced("./DevInf12", Opaque(encode(inner))))
    made = redacted(body)
    source = read(made).header.source.uri
    assert source.startswith("IMEI:")
    assert f"<DevID>{source}</DevID>".encode() in wbxml.to_xml(decode(made))


@pytest.mark.parametrize("cut", range(30, 150, 7))
def test_a_message_that_breaks_off_is_still_one_that_breaks_off(cut):
    body = message(leaf("LocURI", DEVICE), replaced("./DevInfo/DevId", DEVICE), replaced("./X", "and some more text"))[
        :cut
    ]
    made = redacted(body)
    assert len(made) == len(body)
    assert b"DESKTOP" not in made
    with pytest.raises(UnreadableMessageError) as before:
        decode(body)
    with pytest.raises(UnreadableMessageError) as after:
        decode(made)
    assert (before.value.reason, before.value.offset) == (after.value.reason, after.value.offset)


@pytest.mark.parametrize(
    "junk",
    [b"", b"\x02", b"\x02\xa4\x01\x6a", b"\x02\xa4\x01\x6a\x7fSECRETNAME", b"\x02\xa4\x01\x6a\x00\x6d\x43SECRETNAME01"],
)
def test_what_no_decoder_gets_past_is_blanked(junk):
    made = redacted(junk)
    assert len(made) == len(junk)
    assert b"SECRETNAME" not in made


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(DOCUMENTS)
def test_any_document_comes_out_as_one_of_the_same_shape(document):
    body = encode(document)
    made = redacted(body, message(leaf("LocURI", DEVICE)))
    assert kept_but_texts(decode(made).root) == kept_but_texts(document.root)


@settings(deadline=None)
@given(st.binary(max_size=80), st.integers(0, 60))
def test_junk_is_never_refused(junk, place):
    good = message(leaf("LocURI", DEVICE), replaced("./DevInfo/DevId", DEVICE))
    body = good[:place] + junk + good[place:]
    made = redacted(body, good)
    capture = Capture("x", "x", exchanges=[Exchange(1, "1", 1.0, method="POST", body=made)])
    assert leaks(capture, {"device": DEVICE}) == []
