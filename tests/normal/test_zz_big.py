"""XML redacted in its own bytes, well-formed or not."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from replay.capture.exchange import Capture, Exchange
from replay.normal.redact import Redactor
from replay.normal.redact_bodies import RedactionError
from replay.normal.redact_xml import encoding_of, root_of
from replay.syncml.errors import UnreadableMessageError
from replay.syncml.read import read
from tests.normal.leaks import leaks

DEVICE = "DESKTOP-7Q2PKX91"
GOOD = (
    '<SyncML xmlns="SYNCML:SYNCML1.2"><SyncHdr><VerDTD>1.2</VerDTD><VerProto>DM/1.2</VerProto><SessionID>1</SessionID>'
    "<MsgID>1</MsgID><Target><LocURI>https://mdm.contoso.example/m</LocURI></Target><Source><LocURI>{source}</LocURI></Source>"
    "</SyncHdr><SyncBody><Replace><CmdID>2</CmdID><Item><Source><LocURI>./DevInfo/DevId</LocURI></Source><Data>{source}</Data></Item>"
    "<Item><Source><LocURI>./X</LocURI></Source>{data}</Item></Replace><Final/></SyncBody></SyncML>"
)  # fmt: skip


def good(source: str = DEVICE, data: str = "<Data>1</Data>") -> str:
    return GOOD.replace("{source}", source).replace("{data}", data)


def redacted(body: bytes, *others: bytes) -> bytes:
    exchanges = [Exchange(number, str(number), float(number), method="POST", body=each)
                 for number, each in enumerate((body, *others), 1)]  # fmt: skip
    return Redactor(rng=random.Random(7)).capture(Capture("x", "x", exchanges=exchanges)).exchanges[0].body


def device_in(body: bytes) -> str:
    return read(body).header.source.uri


def stops_at(body: bytes) -> tuple | None:
    try:
        read(body)
    except UnreadableMessageError as error:
        return error.line, error.column, error.offset
    return None


@pytest.mark.parametrize(
    "written",
    [
        "&#68;ESKTOP-7Q2PKX91", "&#x44;&#X45;SKTOP-7Q2PKX91", "<![CDATA[DESKTOP]]>-7Q2PKX91", "DESK<!-- no -->TOP-7Q2PKX91",
        "\n  DESKTOP-7Q2PKX91\t", "<![CDATA[]]>DESKTOP-7Q2PKX91<?pi x?>", "DESKTOP&#45;7Q2PKX91",
    ],
)  # fmt: skip
def test_a_name_however_it_is_written(written):
    body = good(written.replace("&#X45;", "&#x45;")).encode()
    made = redacted(body)
    source = device_in(made)
    assert source not in (DEVICE, "")
    assert source == read(made).commands[0].items[0].data.strip()
    assert source == device_in(redacted(body.replace(written.encode(), DEVICE.encode())))
    assert b"7Q2PKX91" not in made


@pytest.mark.parametrize(
    "codec", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "latin-1", "windows-1252", "cp1251"]
)
def test_encodings(codec):
    name = "DESKTOP-Жж1" if codec == "cp1251" else "DESKTOP-é1x"
    declared = {"utf-8-sig": "utf-8", "utf-16-le": "utf-16", "utf-16-be": "utf-16", "latin-1": "iso-8859-1"}.get(
        codec, codec
    )
    body = f'<?xml version="1.0" encoding="{declared}"?>{good(name)}'.encode(codec)
    made = redacted(body)
    assert len(made) == len(body)
    assert device_in(made) not in (name, "")
    assert device_in(made) == read(made).commands[0].items[0].data
    assert name.encode(codec) not in made


def test_an_encoding_that_nobody_knows_leaves_nothing_that_could_be_read():
    body = f'<?xml version="1.0" encoding="x-unheard-of"?>{good(data="<Data>some words</Data>")}'.encode()
    made = redacted(body)
    assert DEVICE.encode() not in made
    assert b"some words" not in made
    assert len(made) == len(body)


def test_only_the_letters_of_values_change():
    body = (
        "<?xml version='1.0'?>\r\n<!-- made by hand -->\n<s:SyncML xmlns:s = 'SYNCML:SYNCML1.2' ><s:SyncHdr\t><s:Source>"
        f"<s:LocURI>{DEVICE}</s:LocURI ></s:Source></s:SyncHdr><s:SyncBody ><s:Alert>\n<s:Data >1226</s:Data></s:Alert>"
        "<s:Final  /></s:SyncBody></s:SyncML>\n"
    ).encode()
    made = redacted(body)
    source = device_in(made)
    comment = b"<!-- xxxx xx xxxx -->"
    assert made == body.replace(DEVICE.encode(), source.encode()).replace(b"<!-- made by hand -->", comment)


@pytest.mark.parametrize(
    "broken",
    [
        good()[:-30],
        good()[:330],
        good().replace("<Final/>", "<Final>"),
        good().replace("<MsgID>1", "<MsgID>\x01"),
        good().replace("<MsgID>1", "<MsgID>&nothing;"),
        good().replace('xmlns="', 'xmlns="a="b"'),
        good().replace("<SyncHdr>", "<SyncHdr <"),
        good().replace("<SyncBody>", "<SyncBody><![CDATA["),
        good().replace("<SyncBody>", "<SyncBody><!-- "),
        "<!DOCTYPE SyncML [<!ENTITY s 'DESKTOP-7Q2PKX91'>]>" + good("&s;"),
        good().replace("SyncML", "SyncXX"),
        f"<SyncHdr><Source><LocURI>{DEVICE}</LocURI></Source></SyncHdr>",
        "<SyncML><SyncHdr><SyncHdr>" + good(),
        "no markup at all",
        "<<<>>><SyncML &<",
    ],
)
def test_what_cannot_be_read_cannot_be_read_afterwards_and_for_the_same_reason(broken):
    body = broken.encode()
    made = redacted(body, good().encode())
    assert stops_at(made) == stops_at(body) != None  # noqa: E711 - a chain
    assert len(made) == len(body)
    assert b"7Q2PKX91" not in made


def test_a_broken_message_keeps_nothing_of_what_is_not_known():
    body = good(data="<Data>Frau Ärmel, Zimmer 12345</Data>")[:-30].encode()
    made = redacted(body)
    assert b"Zimmer" not in made
    assert "Ärmel".encode() not in made
    assert b"<Data>xxxx " in made
    assert b"./DevInfo/DevId" in made  # the nodes stay, and so do numbers that are short
    assert b"<CmdID>2</CmdID>" in made


def test_bytes_that_are_no_text_stay():
    body = good(source="DESK\udcffTOP-7Q2PKX91", data="<Data>1</Data>").encode("utf-8", "surrogateescape")
    made = redacted(body)
    assert made.count(b"\xff") == body.count(b"\xff")
    assert stops_at(made) == stops_at(body)
    assert b"7Q2PKX91" not in made


def test_what_document_samples_get_wrong_is_no_reason_to_blank():
    """It is repaired on request, and judged then."""
    body = good(data="<Data>two words</Data>").replace('"SYNCML:SYNCML1.2"', "“SYNCML:SYNCML1.2”").encode()
    made = redacted(body)
    assert b"<Data>two words</Data>" in made
    assert read(made, lenient=True).header.source.uri != DEVICE


def test_the_root_and_the_encoding_are_found():
    assert root_of(b"<?xml version='1.0'?><!-- <a> --><s:Envelope xmlns:s='x'>") == "Envelope"
    assert root_of("\ufeff<SyncML>".encode("utf-16-le")) == "SyncML"
    assert root_of(b"nothing") == ""
    assert encoding_of(b"<?xml version='1.0' encoding='utf-16'?><a/>") == (b"", "utf-8")
    assert encoding_of(b"<?xml version='1.0' encoding='utf-7'?><a>+AGE-</a>") == (b"", None)


PIECES = st.sampled_from(
    ["<", ">", "</", "/>", "&", ";", "&amp;", "&#65;", "&#x0;", "&x;", "<!--", "-->", "<![CDATA[", "]]>", "<?", "?>",
     "<!DOCTYPE", "[",
     "]", '"', "'", "=", " ", "\n", "\r\n", "\t", "\0", "é", "\ufffe", "x", "Data", "LocURI", "Source", "Item", "SyncHdr",
     "SyncML", DEVICE, "xmlns", "SYNCML:SYNCML1.2", "1"]
)  # fmt: skip


@settings(deadline=None, max_examples=6000)
@given(st.lists(PIECES, max_size=12).map("".join), st.integers(0, len(good())), st.integers(0, 30))
def test_any_message_comes_out_readable_or_not_as_it_went_in(junk, place, left_out):
    text = good()[:place] + junk + good()[place + left_out :]
    body = text.encode("utf-8", "surrogatepass")
    try:
        made = redacted(body, good().encode())
    except RedactionError:  # refused, and nothing is written: only what no reader takes for XML may be
        assert stops_at(body) is not None
        return
    assert (stops_at(made) is None) == (stops_at(body) is None)
    if stops_at(body) is None:
        assert skeleton(made) == skeleton(body)
    capture = Capture("x", "x", exchanges=[Exchange(1, "1", 1.0, method="POST", body=made)])
    assert leaks(capture, {"device": DEVICE}) == []


def skeleton(body: bytes) -> list:
    """The elements of a document, with the lengths of names and texts: even a name may hold a device's id."""
    root = etree.fromstring(body.lstrip(), etree.XMLParser(resolve_entities=False))
    return [
        (len(str(node.tag)), len(node.text or ""), len(node.tail or ""), [len(name) for name in node.attrib])
        for node in root.iter()
        if isinstance(node.tag, str)
    ]


HOSTILE = [
    "<a ", '<a x="', "<![CDATA[", "<!--", "<!DOCTYPE a [", "&#65", "<Item>", "</Item>", "a@", "S-1-5-21-1", "%41", "QUJD",
    "eyJ", "0a:", "=", "-----BEGIN X-----", '"upn":"', "\\u0041", "MIIB ", "https://a.notify.windows.com/", "./Device/Folder/x/",
]  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("unit", HOSTILE)
@pytest.mark.parametrize("around", ["<SyncML><SyncHdr><Source><LocURI>{}", good(data="<Data>{}</Data>")])
def test_hostile_messages_come_to_an_end(unit, around):
    """A search that went back and forth in one of these would not."""
    body = around.replace("{}", unit * (100_000 // len(unit))).encode()
    assert len(redacted(body, good().encode())) == len(body)
