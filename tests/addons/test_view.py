"""The SyncML view: by itself, through mitmproxy's registry of views, and in what a real mitmdump prints."""

import asyncio
import gzip
import http.client
import importlib.util
import sys
import warnings
import zlib
from pathlib import Path
from types import SimpleNamespace

import brotlicffi
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st
from mitmproxy import contentviews
from mitmproxy.net import encoding

from replay.expect.rules._dialogue import CODES
from replay.lab import messages
from replay.lab.server import LabServer
from replay.syncml.codes import STATUS_MEANINGS
from replay.syncml.errors import UnreadableMessageError
from replay.syncml.read import read
from tests.conftest import ROOT
from tests.processes import PATIENCE, program

pytestmark = pytest.mark.mitmproxy
SCRIPT = ROOT / "addons" / "view.py"
EDITS = hasattr(contentviews, "InteractiveContentview")  # mitmproxy 12

spec = importlib.util.spec_from_file_location("omadm_view_of_the_tests", SCRIPT)
view = importlib.util.module_from_spec(spec)
spec.loader.exec_module(view)

XML = messages.message(
    messages.Sender("5", "https://mdm.example.test/a--b", "D"),
    1,
    [
        messages.status(1, "1", "0", "SyncHdr", "212"),
        *messages.package_one(messages.DeviceInfo("D"), alert=messages.unenrol_alert()),
    ],
)
WBXML = messages.to_wbxml(XML)
HEAD = [
    ", session 5, message 1 from D",
    "     Status 212 (authentication accepted) for SyncHdr (MsgRef 1, CmdRef 0)",
    "     Alert 1201 (client-initiated session) [2]",
    "     Alert 1224 (client event) [3] com.microsoft/MDM/LoginStatus = user",
    "     Alert 1226 (generic alert) [4] com.microsoft:mdm.unenrollment.userrequest mark critical = 1",
]


def parts(shown):
    """The comment and the message, in lines."""
    comment, message = shown.split(" -->\n", 1)
    return comment.splitlines(), message.splitlines()


# -- what is shown ------------------------------------------------------------------------------------------------------


def test_xml_is_indented_and_a_comment_names_its_commands():
    comment, rest = parts(view.show(XML))
    assert comment[:-1] == [f"<!-- SyncML XML{HEAD[0]}", *HEAD[1:]]
    assert comment[-1].startswith("     Replace [5] ./DevInfo/DevId = D; ./DevInfo/Man = omadm-replay; ")
    assert rest[:3] == ['<SyncML xmlns="SYNCML:SYNCML1.2">', "  <SyncHdr>", "    <VerDTD>1.2</VerDTD>"]
    assert "      <LocURI>https://mdm.example.test/a--b</LocURI>" in rest
    assert read("\n".join(rest).encode()).commands == read(XML).commands


def test_wbxml_is_shown_as_xml():
    (comment, message), (same, expected) = parts(view.show(WBXML)), parts(view.show(XML))
    assert message == expected
    assert comment == [same[0].replace("XML", "WBXML"), *same[1:]]


def test_commands_in_a_group_are_indented_and_codes_that_nobody_knows_have_no_meaning():
    get, odd = messages.get(2, "./DevInfo/DevId"), messages.status(3, "1", "1", "Get", "299")
    body = messages.message(messages.Sender("5", "S", "D"), 1, [f"<Atomic><CmdID>1</CmdID>{get}</Atomic>", odd])
    assert parts(view.show(body))[0][1:] == [
        "     Atomic [1]",
        "       Get [2] ./DevInfo/DevId",
        "     Status 299 for Get (MsgRef 1, CmdRef 1)",
    ]


def test_every_code_that_is_defined_has_a_meaning():
    assert set(STATUS_MEANINGS) == CODES - {"509"}  # which is reserved


def test_the_comment_stays_one_whatever_the_message_says():
    hostile = XML.replace(b"<Data>user</Data>", b"<Data>--> &lt;evil/&gt; --- \xe2\x80\xae&#10;-</Data>")
    comment, message = view.show(hostile).split(" -->\n", 1)
    assert message.startswith("<SyncML ")
    assert "--" not in comment.removeprefix("<!--")
    assert "\u202e" not in comment
    assert view.edited(view.show(hostile), hostile) == hostile
    edited = view.edited(view.show(hostile).replace("critical", "fatal"), hostile)
    assert edited.startswith(b"<SyncML ")
    assert read(edited).commands[3].items[0].meta.mark.text == "fatal"


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"<SyncML><x", "not well-formed"),
        (b"<html/>", "cannot be read"),
        (b"", "an XML"),
        (WBXML[:40], "byte"),
        (b"\x00\xff", "cannot be read"),
        (b"\x02", "byte"),
        (b"<!DOCTYPE x><SyncML/>", "document type"),
        (("<a>" * 1000).encode(), "cannot be read"),
    ],
)
def test_what_cannot_be_read_is_shown_as_it_is_with_the_reason(body, reason):
    first, *rest = view.show(body).splitlines()
    assert first.startswith("<!-- SyncML cannot be read: ")
    assert reason in first or not body
    text = "\n".join(rest)
    try:
        assert text == body.decode() or "\x00" in body.decode() or body[:1] in (b"\x01", b"\x02", b"\x03")
    except UnicodeDecodeError:
        assert text.startswith("00000000  ")


@given(st.one_of(st.binary(max_size=60), st.binary(max_size=60).map(lambda more: WBXML[:30] + more),
                 st.text(max_size=60).map(lambda more: f"<SyncML>{more}</SyncML>".encode("utf-8", "surrogatepass"))))  # fmt: skip
def test_it_never_raises_and_an_unchanged_text_is_the_body_again(body):
    assert view.edited(view.show(body), body) == body


def test_a_fault_of_its_own_is_shown_and_logged(monkeypatch, caplog):
    monkeypatch.setattr(view, "from_root", lambda *_: 1 / 0)
    assert "ZeroDivisionError" in view.show(XML).splitlines()[0]
    assert XML.decode() in view.show(XML)
    assert "the SyncML view failed" in caplog.text


def test_which_bodies_are_its_own():
    assert view.priority(XML, "application/vnd.syncml.dm+xml") > view.priority(XML, "text/xml") > 1
    assert view.priority(WBXML, "application/vnd.syncml.dm+wbxml") > view.priority(WBXML, None) > 1
    assert view.priority(b"<SyncML><x", "application/vnd.syncml+xml; charset=utf-8") > 2
    assert view.priority(b"<html/>", "text/html") < 0
    assert view.priority(b"", "application/vnd.syncml.dm+xml") < 0


# -- what is edited -----------------------------------------------------------------------------------------------------


def test_edited_wbxml_is_wbxml_again():
    made = view.edited(view.show(WBXML).replace("critical", "informational"), WBXML)
    assert made == messages.to_wbxml(XML.replace(b"critical", b"informational"))


def test_wbxml_keeps_its_version_and_document_type():
    from replay.syncml import wbxml

    other = wbxml.encode(wbxml.from_xml(XML, version=0x01, public_id="-//SYNCML//DTD SyncML 1.2//EN"))
    made = wbxml.decode(view.edited(view.show(other).replace("critical", "fatal"), other))
    before = wbxml.decode(other)
    assert (made.version, made.public_id, made.charset) == (before.version, before.public_id, before.charset)


def test_edited_xml_is_taken_as_it_stands_even_when_it_is_broken():
    made = view.edited(view.show(XML).replace("critical", "fatal"), XML)
    assert read(made).commands[3].items[0].meta.mark.text == "fatal"
    assert not made.startswith(b"<!--")
    assert view.edited(view.show(XML).replace("</SyncML>", "<oops"), XML).endswith(b"<oops\n")


def test_a_declaration_stays_one():
    declared = b'<?xml version="1.0" encoding="ISO-8859-1"?>\n' + XML.replace(b"user<", b"us\xe9r<")
    made = view.edited(view.show(declared).replace("critical", "fatal"), declared)
    assert made.startswith(b'<?xml version="1.0" encoding="UTF-8"?>')
    assert read(made).commands[2].items[0].data == "us\xe9r"


@pytest.mark.parametrize(
    ("original", "text"), [(WBXML, "<SyncML><oops"), (WBXML, ""), (WBXML[:40], "<SyncML/>"), (b"\x00\xff", "x")]
)
def test_what_cannot_be_encoded_is_refused_with_a_reason(original, text):
    with pytest.raises(ValueError, match=r"\w+ \w+") as caught:
        view.edited(text, original)
    assert isinstance(caught.value, UnreadableMessageError) or "cannot be edited" in str(caught.value)


# -- in mitmproxy -------------------------------------------------------------------------------------------------------


@pytest.mark.skipif(EDITS, reason="mitmproxy 11's views")
def test_the_view_of_mitmproxy_11():
    (addon,) = view.addons
    addon.load(None)
    try:
        made = view.view(WBXML, content_type=messages.WBXML_TYPE)
        assert made[0] == "SyncML"
        auto = contentviews.get_content_view(contentviews.get("auto"), WBXML, content_type=messages.WBXML_TYPE)
        assert "".join(text for line in auto[1] for _, text in line).startswith("<!-- SyncML WBXML")
        plain = contentviews.get_content_view(contentviews.get("auto"), b"<a/>", content_type="text/xml")
        assert plain[0] == "XML"
        nothing = contentviews.get_content_view(contentviews.get("auto"), b"", content_type=messages.WBXML_TYPE)
        assert nothing[2] is None
    finally:
        addon.done()
    addon.load(None)  # a script that is loaded again
    addon.done()
    assert contentviews.get("SyncML") is None


@pytest.mark.skipif(not EDITS, reason="needs mitmproxy 12's views")
def test_the_view_of_mitmproxy_12():
    from mitmproxy.contentviews import InteractiveContentview, Metadata, registry

    (addon,) = view.addons
    addon.load(None)
    addon.load(None)
    assert isinstance(registry["syncml"], InteractiveContentview)
    metadata = Metadata(content_type=messages.WBXML_TYPE)
    assert registry.get_view(WBXML, metadata) is view.view
    assert registry.get_view(b"<a/>", Metadata(content_type="text/xml")) is not view.view
    shown = view.view.prettify(WBXML, metadata).replace("critical", "fatal")
    expected = messages.to_wbxml(XML.replace(b"critical", b"fatal"))
    message = SimpleNamespace(get_content=lambda strict: WBXML)
    assert view.view.reencode(shown, Metadata(original_data=WBXML)) == expected
    assert view.view.reencode(shown, Metadata(http_message=message)) == expected


@pytest.mark.skipif(not EDITS, reason="needs mitmproxy 12's views")
def test_editing_as_mitmproxy_12_does_it():
    with (
        warnings.catch_warnings()
    ):  # ldap3, which mitmproxy's own test tools import, uses names that pyasn1 has renamed
        warnings.simplefilter("ignore", DeprecationWarning)
        from mitmproxy.test import taddons, tflow

    flow = tflow.tflow(resp=True)
    flow.response.headers["content-type"] = messages.WBXML_TYPE
    flow.response.content = WBXML

    async def edit() -> bytes:  # the context makes a loop that nobody closes where none is running
        with taddons.context(*view.addons) as context:
            context.options.add_option("protobuf_definitions", str | None, None, "")
            shown = contentviews.prettify_message(flow.response, flow)
            assert (shown.view_name, shown.syntax_highlight) == ("SyncML", "xml")
            return contentviews.reencode_message(shown.text.replace("critical", "fatal"), flow.response, flow, "SyncML")

    assert asyncio.run(edit()) == messages.to_wbxml(XML.replace(b"critical", b"fatal"))


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("gzip", gzip.compress),
        ("deflate", zlib.compress),
        ("deflateRaw", zlib.compress),
        ("br", lambda body: brotlicffi.compress(body, quality=1)),
        ("zstd", lambda body: zstandard.ZstdCompressor().compress(body)),
    ],
)
def test_while_it_is_loaded_codings_are_undone_within_our_bound(name, code):
    theirs, views = dict(encoding.custom_decode), view.Views()
    views.load(None)
    try:
        assert encoding.decode(code(XML), name) == XML
        with pytest.raises(ValueError, match="64 MiB"):
            encoding.decode(code(bytes(65 << 20)), name)
    finally:
        views.done()
    assert encoding.custom_decode == theirs


@pytest.mark.slow
@pytest.mark.parametrize("wbxml", [False, True])
def test_mitmdump_prints_the_readable_form(tmp_path, wbxml):
    body, kind = (WBXML, messages.WBXML_TYPE) if wbxml else (XML, messages.CONTENT_TYPE)
    with LabServer() as server:
        command = [str(Path(sys.executable).parent / "mitmdump"), "--mode", f"reverse:{server.url}", "-p", "0"]
        command += ["--listen-host", "127.0.0.1", "-s", str(SCRIPT), "--set", "flow_detail=3"]
        with program(*command, "--set", f"confdir={tmp_path / 'conf'}", cwd=tmp_path) as running:
            port = running.wait_for("listening at ").replace(".", " ").split(":")[-1].split()[0]
            connection = http.client.HTTPConnection("127.0.0.1", int(port), timeout=PATIENCE)
            connection.request("POST", "/mdm", body, {"Content-Type": kind})
            assert read(connection.getresponse().read()).form == ("wbxml" if wbxml else "xml")
            connection.close()
            running.wait_for("Status 200 (OK) for Alert (MsgRef 1, CmdRef 4)")
            assert running.end() == 0
    said = [line.strip() for line in running.said]
    form = "WBXML" if wbxml else "XML"
    assert f"<!-- SyncML {form}{HEAD[0]}" in said
    assert HEAD[-1].strip() in said
    assert '<Type xmlns="syncml:metinf">com.microsoft:mdm.unenrollment.userrequest</Type>' in said
    assert "Traceback" not in "\n".join(said)
