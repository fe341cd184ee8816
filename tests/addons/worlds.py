"""What tests of the recorder have in common: servers that misbehave in every way, the recorder before one, and what it wrote."""

import base64
import gzip
import json
import os
import re
import ssl
import threading
import zlib
from pathlib import Path
from types import SimpleNamespace

import brotlicffi
import trustme
import zstandard

from replay.capture.readers import read
from replay.capture.wire import text_of
from tests.addons.test_record import until
from tests.processes import PATIENCE, recording
from tests.upstream import Call, Device, Upstream
from tests.upstream_http2 import H2Upstream, Stream

BODY = b"<SyncML><SyncHdr/></SyncML>"
DM = (b"Content-Type", b"application/vnd.syncml.dm+xml")
H2_DM = (b"content-type", b"application/vnd.syncml.dm+xml")
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/vnd.syncml.dm+xml\r\n"
#: Instead of a handshake: no TLS at all, and the alert protocol_version (RFC 8446, 6.2).
ANSWERS_TO_TLS = {"no-tls": b"HTTP/1.1 400 No TLS here\r\n\r\n", "old-protocol": b"\x15\x03\x01\x00\x02\x02\x46"}
BINARY = bytes(range(256)) * 3
BIG = os.urandom(1 << 20) * 12
TEXT = "<SyncML>ä €</SyncML>".encode()
CODINGS = {
    "gzip": gzip.compress,
    "deflate": zlib.compress,
    "br": brotlicffi.compress,
    "zstd": lambda body: zstandard.ZstdCompressor().compress(body),
}
CANCEL, INTERNAL_ERROR, ENHANCE_YOUR_CALM = 8, 2, 11


def port_of(proxy) -> int:
    return int(proxy.url.split(":")[2].strip("/"))


def written(path: Path) -> list[dict]:
    """The lines that are on file by now."""
    return [json.loads(line) for line in path.read_bytes().rpartition(b"\n")[0].splitlines()]


def kept_body(line: dict) -> bytes:
    """The body in a line of a journal."""
    body = line["body"]
    return body["text"].encode() if "text" in body else base64.b64decode(body["base64"])


def as_text(fields) -> list[list[str]]:
    return [[text_of(name), text_of(value)] for name, value in fields]


def ended(path: Path, name: str) -> SimpleNamespace:
    """The exchange whose URL ends in this name, as soon as its end is on file: `request`, `response`, `failure`, as lines."""

    def found() -> dict[str, dict]:
        lines = path.read_bytes().rpartition(b"\n")[0].splitlines()
        url = re.compile(rb'"url":"[^"?]*/%s["?]' % re.escape(name.encode()))
        named = [
            json.loads(line) for line in lines if line.startswith(b'{"type":"request"') and url.search(line[:2000])
        ]
        assert len(named) <= 1, "a name is used once"
        mine = [json.loads(line) for line in lines if named and named[0]["id"].encode() in line[:300]]
        return {line["type"]: line for line in mine if line["type"] != "note"}

    until(lambda: len(found()) > 1, f"the end of {name} is journalled")
    lines = found()
    return SimpleNamespace(request=lines["request"], response=lines.get("response"), failure=lines.get("failure"))


def unread(path: Path, words: str) -> dict:
    """The line about something that was not read and that says this, as soon as it is on file."""

    def found() -> dict | None:
        failures = [line for line in written(path) if line["type"] == "failure" and line["id"] is None]
        return next((line for line in failures if words in line["detail"]), None)

    until(lambda: found() is not None, f"{words!r} is journalled")
    line = found()
    connects = [each for each in written(path) if each["type"] == "connect" and each["conn"] == line["conn"]]
    assert len(connects) == 1, "the connection itself is on file, once"
    return {**line, "connect": connects[0]}


def cut_body(call: Call) -> None:
    call.send(HEAD + b"Content-Length: 100\r\n\r\nabc")
    call.close()


def cut_chunks(call: Call) -> None:
    call.send(HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n10\r\nxyz")
    call.close()


def cut_head(call: Call) -> None:
    call.send(b"HTTP/1.1 200 OK\r\nX-TLS: timeout cert")
    call.close()


def no_http(call: Call) -> None:
    call.send(b"\x00\x01\x02 timeout\r\n\r\n")
    call.close()


def wrong_chunks(call: Call) -> None:
    call.send(HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\nxyz\r\n")
    call.wait_closed()


def malformed_head(call: Call) -> None:
    call.send(HEAD + b"Not A Token: x\r\nContent-Length: 2\r\n\r\nok")


def until_closed(call: Call) -> None:
    call.send(HEAD + b"\r\nuntil the end")
    call.close()


def until_reset(call: Call) -> None:
    """The body has to be read before the reset comes, which throws away what was not."""
    call.send(HEAD + b"\r\nuntil the end")
    RESET_NOW.wait(PATIENCE)
    call.reset()


def hang_after_head(call: Call) -> None:
    call.send(HEAD + b"Content-Length: 100\r\n\r\nabc")
    call.wait_closed()


RESET_NOW = threading.Event()
SCRIPTS = {
    "empty": lambda call: call.answer(b"", DM),
    "close": Call.close,
    "reset": Call.reset,
    "cut-body": cut_body,
    "cut-chunks": cut_chunks,
    "cut-head": cut_head,
    "no-http": no_http,
    "wrong-chunks": wrong_chunks,
    "malformed-head": malformed_head,
    "until-closed": until_closed,
    "until-reset": until_reset,
    "hang": Call.wait_closed,
    "hang-after-head": hang_after_head,
}


def world_of(folder: Path, run, *more: str):
    with Upstream(SCRIPTS) as server, run(folder, server.url, *more) as proxy:
        yield SimpleNamespace(server=server, proxy=proxy, journal=proxy.journal, port=port_of(proxy), tls=proxy.tls)
        assert proxy.program.end() == 0
    assert server.errors == []
    capture = read(str(proxy.journal))
    assert capture.troubles == []
    assert [note.text for note in capture.notes] == []


def ask(port: int, name: str, tls: ssl.SSLContext | None = None):
    with Device(port, tls=tls) as device:
        device.post(f"/mdm/{name}?mode=Machine", BODY, DM)
        return device.get()


def h2_cut(stream: Stream) -> None:
    stream.head(H2_DM, (b"content-length", b"100"))
    stream.data(b"abc", end=False)
    stream.reset()


def h2_cut_by_close(stream: Stream) -> None:
    stream.head(H2_DM)
    stream.data(b"abc", end=False)
    stream.close()


H2_SCRIPTS = {
    "reset": Stream.reset,
    "cancel": lambda stream: stream.reset(CANCEL),
    "calm": lambda stream: stream.reset(ENHANCE_YOUR_CALM),
    "go-away": Stream.go_away,
    "close": Stream.close,
    "cut": h2_cut,
    "cut-close": h2_cut_by_close,
    "hang": lambda stream: None,
    "empty": lambda stream: stream.answer(b"", H2_DM),
}


def h2_world_of(folder: Path):
    """`omadm record` between a device and a server that both speak HTTP/2."""
    authority, tls = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(tls)
    tls.set_alpn_protocols(["h2"])
    authority.cert_pem.write_to_path(folder / "ca.pem")
    more = ("--set", f"ssl_verify_upstream_trusted_ca={folder / 'ca.pem'}")
    with H2Upstream(H2_SCRIPTS, tls=tls) as server, recording(folder, server.url, *more) as proxy:
        yield SimpleNamespace(server=server, proxy=proxy, journal=proxy.journal, port=port_of(proxy), tls=proxy.tls)
        assert proxy.program.end() == 0
    assert server.errors == []
    assert read(str(proxy.journal)).troubles == []
