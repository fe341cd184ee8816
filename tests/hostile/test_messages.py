"""Messages that were made to be too much: depth, length, number, entities, false lengths; read within the memory that
docs/limits.md states."""

import pytest

from replay.lab import messages
from replay.syncml.errors import UnreadableMessageError
from replay.syncml.read import read
from replay.syncml.wbxml_decode import EXPANSION_MOST
from tests.hostile.bounded import omadm
from tests.story import Story

_HEAD = b'<SyncML xmlns="SYNCML:SYNCML1.2"><SyncHdr><VerDTD>1.2</VerDTD></SyncHdr><SyncBody>'
_END = b"<Final/></SyncBody></SyncML>"
_GETS = 30_000


def _laughs() -> bytes:
    entities = b"".join(b'<!ENTITY e%d "%s">' % (n, b"&e%d;" % (n - 1) * 10 if n else b"ha" * 10) for n in range(30))
    return b"<!DOCTYPE SyncML [" + entities + b"]>" + _HEAD + b"<Alert>&e29;</Alert>" + _END


def _one_long_entity() -> bytes:
    return (
        b'<!DOCTYPE SyncML [<!ENTITY a "'
        + b"x" * 1_000_000
        + b'">]>'
        + _HEAD
        + b"<Alert>"
        + b"&a;" * 100_000
        + b"</Alert>"
        + _END
    )


UNREADABLE = {
    "entities in entities": _laughs,
    "one long entity": _one_long_entity,
    "a file as an entity": lambda: (
        b'<!DOCTYPE SyncML [<!ENTITY x SYSTEM "file:///etc/passwd">]>' + _HEAD + b"<Alert>&x;</Alert>" + _END
    ),
    "a DTD of somebody's": lambda: b'<!DOCTYPE SyncML SYSTEM "http://127.0.0.1:9/x.dtd">' + _HEAD + _END,
    "100,000 levels": lambda: _HEAD + b"<a>" * 100_000 + b"</a>" * 100_000 + _END,
    "a text of 100 MB": lambda: _HEAD + b"<Alert><Data>" + b"x" * 100_000_000 + b"</Data></Alert>" + _END,
    "an attribute of 50 MB": lambda: _HEAD + b'<Alert a="' + b"x" * 50_000_000 + b'"/>' + _END,
    "a name of 20 MB": lambda: _HEAD + b"<" + b"a" * 20_000_000 + b"/>" + _END,
    "a string table of 4 GB": lambda: b"\x02\xa4\x01\x6a\x8f\xff\xff\xff\x7f" + b"x" * 100,
    "an OPAQUE of 4 GB": lambda: b"\x02\xa4\x01\x6a\x00\x6d\xc3\x8f\xff\xff\xff\x7f" + b"x" * 100,
    "a place outside of the table": lambda: b"\x02\xa4\x01\x6a\x02x\x00\x6d\x83\x7f\x01",
    "a number without an end": lambda: b"\x02\xa4\x01\x6a" + b"\xff" * 1_000_000,
    "100,000 levels of WBXML": lambda: b"\x02\xa4\x01\x6a\x00" + b"\x6d" * 100_000 + b"\x01" * 100_000,
}
READABLE = {
    "20 texts of 5 MB": lambda: _HEAD + (b"<Alert><Data>" + b"x" * 5_000_000 + b"</Data></Alert>") * 20 + _END,
    "1,000,000 comments": lambda: _HEAD + b"<!-- x -->" * 1_000_000 + _END,
    "240 levels": lambda: _HEAD + b"<Sequence>" * 240 + b"</Sequence>" * 240 + _END,
    "200,000 names": lambda: _HEAD + b"".join(b"<a%d/>" % n for n in range(200_000)) + _END,
    "prefixes that nobody declared": lambda: _HEAD + b"<Alert>" + b"<a:b/>" * 200_000 + b"</Alert>" + _END,
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_what_is_too_much_is_refused_with_a_reason_and_hides_nothing_else(name):
    body = UNREADABLE[name]()
    with pytest.raises(UnreadableMessageError) as caught:
        read(body, lenient=True)
    assert len(str(caught.value)) < 1000
    assert "passwd" not in str(caught.value) or "DOCTYPE" in str(caught.value)
    if len(body) < 5_000_000:
        judged = Story().ordinary("1").judge()
        story = Story().ordinary("1")
        story.exchange(body)
        worse = story.judge()
        assert worse.verdict > judged.verdict
        assert not worse.errors
        assert len(worse.sessions) == 1, "the session before it is there all the same"


def test_no_entity_is_loaded_from_anywhere(tmp_path):
    """A file that would be read shows nowhere."""
    (tmp_path / "secret").write_text("4711-secret")
    uri = (tmp_path / "secret").as_uri().encode()
    body = b'<!DOCTYPE SyncML [<!ENTITY x SYSTEM "' + uri + b'">]>' + _HEAD + b"<Alert><Data>&x;</Data></Alert>" + _END
    (tmp_path / "01_request.xml").write_bytes(body)
    for command in (["check"], ["show", "--raw"], ["normalize"], ["check", "--format", "html"]):
        done = omadm(*command, tmp_path / "01_request.xml")
        assert "4711" not in done.stdout + done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("name", [*READABLE, "a text of 100 MB", "100,000 levels"])
def test_a_capture_with_it_is_judged_within_bounds(tmp_path, name):
    path = tmp_path / "01_request.xml"
    path.write_bytes({**UNREADABLE, **READABLE}[name]())
    assert omadm("check", path).returncode in (1, 3)
    assert omadm("show", path).returncode == 0


@pytest.mark.slow
def test_30_000_commands(tmp_path):
    """In one message, each with its Status in the answer: judged, shown, normalised and compared."""
    story = Story()
    request = story.to_server("1", 1, [messages.get(n, f"./DevDetail/SwV{n}") for n in range(2, _GETS + 2)])
    story.exchange(request, story.answer(request))
    path = story.watch(70).close().save(tmp_path / "many.jsonl")
    assert omadm("check", path).returncode == 1, "a device sends no Get"
    assert f"{_GETS - 1}" in omadm("show", path).stdout or omadm("show", path).returncode == 0
    assert omadm("normalize", path).returncode == 0
    assert omadm("diff", path, path).returncode == 0
    assert omadm("check", "--format", "html", "-o", tmp_path / "r.html", path).returncode == 1


def test_references_unfold_to_no_more_than_a_bound_however_large_the_body_is(monkeypatch):
    monkeypatch.setattr("replay.syncml.wbxml_decode.EXPANSION_MOST", 1 << 16)
    table = b"x" * 4000 + b"\0"
    head = b"\x02\xa4\x01\x6a" + bytes([0x80 | len(table) >> 7, len(table) & 0x7F]) + table
    with pytest.raises(UnreadableMessageError, match="unfold"):
        read(head + b"\x6d" + b"\x83\x00" * 20 + b"\x01")
    assert EXPANSION_MOST == 64 << 20


def test_documents_within_a_document_become_no_more_than_a_bound(monkeypatch):
    """Beyond it they stay bytes, and the message can be read all the same."""
    from replay.syncml.wbxml import decode, to_xml

    inner = b"\x02\xa4\x03\x6a\x00\x4a\x01"
    data = b"\x4f\xc3" + bytes([len(inner)]) + inner + b"\x01"
    raw = b"\x02\xa4\x01\x6a\x00\x6d\x6b" + data * 100 + b"\x01\x01"
    whole = to_xml(decode(raw))
    monkeypatch.setattr("replay.syncml.wbxml_xml._LARGEST_INSIDE", len(inner))
    monkeypatch.setattr("replay.syncml.wbxml_xml.EXPANSION_MOST", 10 * len(inner))
    bounded = to_xml(decode(raw))
    assert b"<DevInf" in whole
    assert 0 < bounded.count(b"<DevInf") < whole.count(b"<DevInf")
    monkeypatch.setattr("replay.syncml.wbxml_xml._LARGEST_INSIDE", len(inner) - 1)
    assert b"<DevInf" not in to_xml(decode(raw))
