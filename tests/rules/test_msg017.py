import io
import json

import msgspec
import pytest

from replay.capture.har import read as read_har
from replay.capture.viewer import read as read_viewer
from replay.expect.judge import judge
from replay.lab import messages
from replay.syncml import wbxml
from tests.story import Story, only, rules_of

BY_NAME = "-//SYNCML//DTD SyncML 1.2//EN"


def answered(change, content_type=messages.CONTENT_TYPE):
    """A session whose answer has a text with an umlaut in it, changed."""
    story = Story()
    request = story.package_one("1")
    command = "<Replace><CmdID>9</CmdID><Item><Target><LocURI>./A</LocURI></Target><Data>Tür</Data></Item></Replace>"
    answer = change(story.answer(request, command).decode())
    story.exchange(request, answer, response_headers=[["Content-Type", content_type]])
    return story.judge()


def declared(encoding, codec, plain=False):
    def change(text):
        text = text.replace("Tür", "Tuer") if plain else text
        return (f'<?xml version="1.0" encoding="{encoding}"?>' + text).encode(codec)

    return change


@pytest.mark.parametrize(
    ("encoding", "codec"),
    [
        ("utf-8", "utf-8"),
        ("UTF8", "utf-8"),
        ("utf-8", "utf-8-sig"),
        ("utf-16", "utf-16"),
        ("UTF-16LE", "utf-16-le"),
        ("utf-16", "utf-16-be"),
        ("iso-8859-1", "latin-1"),
        ("windows-1252", "cp1252"),
    ],
)
def test_passes_with_the_one_in_use(encoding, codec):
    assert answered(declared(encoding, codec)).findings == []


@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
def test_passes_with_wide_characters_either_way_round(codec, mark):
    named = f'{mark}<?xml version="1.0" encoding="{codec[:6]}"?>'
    assert answered(lambda text: (named + text).encode(codec)).findings == []


def test_passes_without_a_declaration():
    assert answered(str.encode).findings == []


@pytest.mark.parametrize(
    ("encoding", "codec", "actual"),
    [
        ("utf-16", "utf-8", "UTF-8"),
        ("UTF-16LE", "utf-8", "UTF-8"),
        ("utf-8", "utf-16", "UTF-16"),
        ("utf-8", "utf-16-le", "UTF-16"),
        ("iso-8859-1", "utf-8", "UTF-8"),
        ("windows-1252", "utf-8-sig", "UTF-8"),
    ],
)
def test_warns_of_another(encoding, codec, actual):
    judged = answered(declared(encoding, codec))
    finding = only(judged, "MSG017")
    assert (finding.severity, finding.party) == ("warning", "server")
    assert f"{encoding!r}, but the message is in {actual}" in finding.message
    assert judged.verdict.word == "pass"


def test_bytes_that_are_the_same_in_both_contradict_nothing():
    assert answered(declared("iso-8859-1", "ascii", plain=True)).findings == []
    assert rules_of(answered(declared("utf-16", "ascii", plain=True))) == ["MSG017"]


def test_charset_of_the_content_type_is_a_declaration_too():
    kind = f"{messages.CONTENT_TYPE}; charset="
    assert answered(str.encode, kind + "utf-8").findings == []
    assert "charset in Content-Type" in only(answered(str.encode, kind + '"UTF-16"'), "MSG017").message
    assert rules_of(answered(declared("utf-16", "utf-8"), kind + "utf-16")) == ["MSG017"]  # one cause


@pytest.mark.parametrize(
    ("charset", "codec", "actual"),
    [
        ("utf_8", "utf-8", None),
        ("ISO-10646-UCS-2", "utf-16", None),
        ("ucs-2", "utf-16", None),
        ("ISO-10646-UCS-2", "utf-8", "UTF-8"),
        ("UCS-2", "ascii", "UTF-8"),
        ("utf-32", "ascii", "UTF-8"),
        ("utf-32", "utf-16", "UTF-16"),
        ("utf-16", "latin-1", "an encoding of single bytes"),
    ],
)
def test_every_name_of_an_encoding_is_known(charset, codec, actual):
    named = {"utf-16": "utf-16", "latin-1": "iso-8859-1"}.get(codec, "utf-8")
    judged = answered(declared(named, codec, plain=codec == "ascii"), f"{messages.CONTENT_TYPE}; charset={charset}")
    assert [f.message.partition("but the message is in ")[2] for f in judged.findings] == ([actual] if actual else [])


def test_a_declaration_counts_wherever_it_is():
    assert rules_of(answered(lambda text: b"\n" * 500 + declared("utf-16", "utf-8")(text))) == ["MSG017"]


def test_a_message_without_content_type_is_judged_by_what_it_says_itself():
    story = Story()
    request = story.package_one("1")
    story.exchange(request, declared("utf-16", "utf-8")(story.answer(request).decode()), response_headers=[])
    assert "MSG017" in rules_of(story.judge())
    for right in (bytes, lambda body: declared("utf-8", "utf-8")(body.decode())):
        story = Story()
        story.exchange(request, right(story.answer(request)), response_headers=[])
        assert "MSG017" not in rules_of(story.judge())


@pytest.mark.parametrize(
    ("charset", "text", "rules"),
    [(106, "Tür", []), (106, "TÃ¼r", []), (4, "Tür", []), (4, "TÃ¼r", ["MSG017"]), (4, "Tur", []), (4, "&#8364;", [])],
)
def test_in_wbxml_the_head_declares_it(charset, text, rules):
    story = Story()
    request = story.package_one("1")
    command = (
        f"<Replace><CmdID>9</CmdID><Item><Target><LocURI>./A</LocURI></Target><Data>{text}</Data></Item></Replace>"
    )
    answer = wbxml.encode(wbxml.from_xml(story.answer(request, command), charset=charset))
    headers = [["Content-Type", messages.WBXML_TYPE]]
    story.exchange(messages.to_wbxml(request), answer, headers=headers, response_headers=headers)
    assert rules_of(story.judge()) == rules


def test_a_public_id_as_text_and_long_numbers_are_read_over():
    story = Story()
    request = story.package_one("1")
    document = wbxml.from_xml(request, public_id=BY_NAME, charset=4)
    story.exchange(wbxml.encode(document), b"", headers=[["Content-Type", messages.WBXML_TYPE]])
    assert rules_of(story.judge()) == []


@pytest.mark.parametrize(
    ("public_id", "widths"),
    [(0x1201, ()), (0x1201, (3, 0, 4, 2)), (BY_NAME, ()), (BY_NAME, (0, 0, 2, 0)), (BY_NAME, (3, 2, 3, 2))],
)
@pytest.mark.parametrize(("charset", "rules"), [(4, ["MSG017"]), (106, [])])
def test_the_charset_is_found_however_the_head_is_written(public_id, widths, charset, rules):
    story = Story(device="TÃ¼r")
    document = wbxml.from_xml(story.package_one("1"), public_id=public_id, charset=charset)
    story.exchange(
        wbxml.encode(msgspec.structs.replace(document, widths=widths)),
        b"",
        headers=[["Content-Type", messages.WBXML_TYPE]],
    )
    assert rules_of(story.judge()) == rules


def test_bytes_in_an_opaque_are_no_text():
    story = Story()
    request = wbxml.encode(wbxml.from_xml(story.package_one("1"), charset=4))
    plain, opaque = b"\x03omadm-replay\x00", b"\xc3\x03T\xc3\xbc"
    assert plain in request
    story.exchange(request.replace(plain, opaque), b"", headers=[["Content-Type", messages.WBXML_TYPE]])
    assert rules_of(story.judge()) == []


def test_what_is_not_the_bytes_of_the_wire_is_not_judged():
    story = Story()
    body = declared("utf-16", "utf-8")(story.package_one("1").decode()).decode()
    kind = [{"name": "Content-Type", "value": messages.CONTENT_TYPE}]
    request = {
        "method": "POST",
        "url": story.url,
        "headers": kind,
        "postData": {"mimeType": messages.CONTENT_TYPE, "text": body},
    }
    entry = {"startedDateTime": "2026-01-01T00:00:00Z", "time": 1, "request": request, "response": {"status": 0}}
    text = json.dumps({"log": {"version": "1.2", "creator": {"name": "x"}, "entries": [entry]}}).encode()
    judged = judge(read_har(io.BytesIO(text), "x.har"))
    assert judged.traffic.readable == 1
    assert "MSG017" not in rules_of(judged)
    stream = body.replace("<SyncML ", "\n<SyncML ", 1).encode()
    assert rules_of(judge(read_viewer(io.BytesIO(stream), "x.xml"))) == []
