"""HTTP through the recording proxy, byte for byte: what the server got, what the device got, and what the journal has."""

import contextlib
import gzip
import os
import socket
import ssl
import threading
import zlib
from types import SimpleNamespace

import brotli
import pytest
import trustme
import zstandard

from replay.capture.readers import read
from replay.capture.wire import text_of
from tests.addons.test_endings import BODY, DM, H2_DM, ended, port_of, world_of
from tests.processes import PATIENCE, mitmdump, recording
from tests.upstream import Call, Device, H2Device, H2Upstream, Upstream, field_of

pytestmark = [pytest.mark.slow, pytest.mark.mitmproxy]

BINARY = bytes(range(256)) * 3
BIG = os.urandom(1 << 20) * 12
TEXT = "<SyncML>ä €</SyncML>".encode()


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    yield from world_of(tmp_path_factory.mktemp("http"), recording)


def kept_body(line: dict) -> bytes:
    import base64

    body = line["body"]
    return body["text"].encode() if "text" in body else base64.b64decode(body["base64"])


def as_text(fields) -> list[list[str]]:
    return [[text_of(name), text_of(value)] for name, value in fields]


def exchange(world, name: str, *fields, body=BODY, answer=None, chunked=False, tls=None):
    """One exchange by a device on HTTP/1: what it got, what the server got, and the journal's lines."""
    if answer is not None:
        world.server.scripts[name] = answer
    with Device(world.port, tls=tls) as device:
        if chunked:
            device.send(
                b"POST /mdm/%s HTTP/1.1\r\nHost: device.test\r\n%sTransfer-Encoding: chunked\r\n\r\n"
                % (name.encode(), b"".join(b"%s: %s\r\n" % pair for pair in fields))
            )
            for start in range(0, len(body), 7):
                device.send(b"%x;ext=1\r\n%s\r\n" % (len(body[start : start + 7]), body[start : start + 7]))
            device.send(b"0\r\nX-Trailer: x\r\n\r\n" if chunked == "trailers" else b"0\r\n\r\n")
        else:
            device.post(f"/mdm/{name}", body, *fields)
        got = device.get()
    (call,) = world.server.wait_for(name)
    lines = ended(world.journal, name)
    assert lines.failure is None
    assert lines.request["headers"] == as_text(call.fields), "the journal has the headers that the server got"
    assert lines.response["headers"] == as_text(got.fields), "and those that the device got"
    return got, call, lines


def test_headers_keep_their_order_case_and_repetitions(world):
    sent = [
        DM, (b"X-One", b"1"), (b"x-ONE", b"2"), (b"X-Empty", b""), (b"Accept", b"a"), (b"X-One", b"3"),
        (b"X-Latin", b"caf\xe9"), (b"X-Utf8", "café €".encode()), (b"cookie", b"a=1"), (b"Cookie", b"b=2"),
    ]  # fmt: skip
    back = [
        (b"set-COOKIE", b"a=1; path=/"), (b"Set-Cookie", b"b=2"), (b"Server", b""), DM, (b"set-cookie", b"c=3"),
        (b"X-Latin", b"na\xefve"), (b"X-Utf8", "naïve €".encode()), (b"MS-CV", b"x.1"),
    ]  # fmt: skip
    got, call, lines = exchange(world, "headers", *sent, answer=lambda call: call.answer(BODY, *back))
    assert call.fields[1:-1] == sent
    assert (call.fields[0][0], call.fields[-1]) == (b"Host", (b"Content-Length", b"%d" % len(BODY)))
    assert got.fields[:-1] == back
    assert ["X-Latin", "café"] in lines.request["headers"]
    assert ["X-Utf8", "café €"] in lines.request["headers"]


@pytest.mark.parametrize("body", [b"", BINARY, TEXT, b"\xef\xbb\xbf<a/>", b"\x00", b"\xed\xa0\x80"], ids=range(6))
@pytest.mark.parametrize("chunked", [False, True, "trailers"])
def test_bodies(world, body, chunked):
    name = f"body-{chunked}-{body[:3].hex()}"

    def answer(call: Call) -> None:
        if not chunked:
            call.answer(body, DM)
            return
        call.send(
            b"HTTP/1.1 200 OK\r\nContent-Type: application/vnd.syncml.dm+xml\r\nTransfer-Encoding: chunked\r\n\r\n"
        )
        for start in range(0, len(body), 5):
            call.send(b"%x\r\n%s\r\n" % (len(body[start : start + 5]), body[start : start + 5]))
        call.send(b"0\r\nX-T: 1\r\n\r\n" if chunked == "trailers" else b"0\r\n\r\n")

    got, call, lines = exchange(world, name, DM, body=body, answer=answer, chunked=chunked)
    assert (call.body, got.body) == (body, body)
    assert (kept_body(lines.request), kept_body(lines.response)) == (body, body)


CODINGS = {
    "gzip": gzip.compress,
    "deflate": zlib.compress,
    "br": brotli.compress,
    "zstd": lambda body: zstandard.ZstdCompressor().compress(body),
}


@pytest.mark.parametrize("coding", CODINGS)
def test_a_content_coding_is_undone_in_the_journal_alone(world, coding):
    coded, says = CODINGS[coding](TEXT), (b"Content-Encoding", coding.encode())
    got, call, lines = exchange(
        world, f"coded-{coding}", DM, says, body=coded, answer=lambda call: call.answer(coded, DM, says)
    )
    assert (call.body, got.body) == (coded, coded)
    assert (kept_body(lines.request), kept_body(lines.response)) == (TEXT, TEXT)
    assert ["Content-Encoding", coding] in lines.response["headers"]


@pytest.mark.parametrize("coding", [*CODINGS, "nonsense", "gzip, br"])
def test_a_body_that_is_not_coded_as_it_says_is_kept_as_it_came(world, coding):
    says = (b"Content-Encoding", coding.encode())
    name = f"not-coded-{coding.replace(', ', '-')}"
    got, call, lines = exchange(world, name, DM, says, body=TEXT, answer=lambda call: call.answer(BINARY, DM, says))
    assert (call.body, got.body) == (TEXT, BINARY)
    assert (kept_body(lines.request), kept_body(lines.response)) == (TEXT, BINARY)


def test_a_coded_body_that_breaks_off_is_kept_as_far_as_it_came(world):
    coded = gzip.compress(BIG[:5000], 0)

    def answer(call: Call) -> None:
        head = b"HTTP/1.1 200 OK\r\nContent-Type: application/vnd.syncml.dm+xml\r\nContent-Encoding: gzip\r\n"
        call.send(head + b"Content-Length: %d\r\n\r\n%s" % (len(coded), coded[:1000]))
        call.close()

    world.server.scripts["cut-coded"] = answer
    with Device(world.port) as device:
        device.post("/mdm/cut-coded", BODY, DM)
        assert device.get().ended == "closed"
    lines = ended(world.journal, "cut-coded")
    assert (lines.failure["cause"], lines.failure["received"]) == ("truncated", 1000)
    kept = kept_body(lines.response)
    assert len(kept) > 900
    assert BIG.startswith(kept)


def test_twelve_megabytes_both_ways(tmp_path):
    with contextlib.contextmanager(world_of)(tmp_path, recording) as roomy:
        for name, tls in (("big-plain", None), ("big-tls", roomy.tls)):
            got, call, lines = exchange(
                roomy, name, DM, body=BIG, answer=lambda call: call.answer(BIG[::-1], DM), tls=tls
            )
            assert (call.body, got.body) == (BIG, BIG[::-1])
            assert (kept_body(lines.request), kept_body(lines.response)) == (BIG, BIG[::-1])


def test_several_exchanges_on_one_connection(world):
    with Device(world.port) as device:
        for number in range(5):
            device.post(f"/mdm/kept-alive-{number}", BODY + b"%d" % number, DM)
            assert device.get().body == b"ok"
        for number in (5, 6):  # the second before the first is answered
            device.post(f"/mdm/kept-alive-{number}", BODY + b"%d" % number, DM)
        assert [device.get().body for _ in range(2)] == [b"ok", b"ok"]
    lines = [ended(world.journal, f"kept-alive-{number}") for number in range(7)]
    assert len({line.request["conn"] for line in lines}) == 1
    assert [kept_body(line.request)[-1:] for line in lines] == [b"%d" % number for number in range(7)]
    assert len(world.server.wait_for("kept-alive-6")) == 1


def test_a_server_that_closes_between_two_exchanges(world):
    """The device's connection goes on; the proxy calls the server again."""

    def answer_and_close(call: Call) -> None:
        call.answer(b"first")
        call.close()

    world.server.scripts["closing"] = answer_and_close
    with Device(world.port) as device:
        device.post("/mdm/closing", BODY, DM)
        assert device.get().body == b"first"
        device.post("/mdm/after-closing", BODY, DM)
        assert device.get().body == b"ok"
    assert ended(world.journal, "closing").failure is None
    assert ended(world.journal, "after-closing").failure is None


def test_a_device_that_expects_100(world):
    """The proxy answers 100 itself and does not pass the expectation on; the journal has what the server got."""
    with Device(world.port) as device:
        device.send(
            b"POST /mdm/expects HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: %d\r\n"
            b"Content-Type: application/vnd.syncml.dm+xml\r\n\r\n" % len(BODY)
        )
        assert device.get().status == 100
        device.send(BODY)
        assert (device.get().body, device.source.rest) == (b"ok", b"")
    (call,) = world.server.wait_for("expects")
    assert field_of(call.fields, b"expect") is None
    lines = ended(world.journal, "expects")
    assert lines.request["headers"] == as_text(call.fields)
    assert kept_body(lines.request) == call.body == BODY


@pytest.mark.parametrize("apart", [True, False], ids=["apart", "at-once"])
def test_interim_answers_go_through_and_the_answer_is_the_last(world, apart):
    go_on = threading.Event()

    def answer(call: Call) -> None:
        call.send(
            b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\n" + b"HTTP/1.1 102 Pro" * apart
        )
        if apart:
            assert go_on.wait(PATIENCE)
            call.send(b"cessing\r\n\r\n")
        call.answer(TEXT, DM)

    name = f"interim-{apart}"
    world.server.scripts[name] = answer
    with Device(world.port) as device:
        device.post(f"/mdm/{name}", BODY, DM)
        heads = [device.get().head for _ in range(2)]
        go_on.set()
        if apart:
            heads.append(device.get().head)
        got = device.get()
        device.post(f"/mdm/after-{name}", BODY, DM)
        assert device.get().body == b"ok", "the connection goes on"
    assert heads[:2] == [b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\n"]
    assert (got.status, got.body) == (200, TEXT)
    lines = ended(world.journal, name)
    assert (lines.response["status"], kept_body(lines.response), lines.failure) == (200, TEXT, None)


@pytest.mark.parametrize("status", [b"204 No Content", b"304 Not Modified", b"200 OK"])
def test_answers_that_have_no_body(world, status):
    name, method = f"bodiless-{status[:3].decode()}", b"HEAD" if status.startswith(b"200") else b"POST"

    def answer(call: Call) -> None:
        call.send(b"HTTP/1.1 %s\r\nX: y\r\n%s\r\n" % (status, b"Content-Length: 77\r\n" * (method == b"HEAD")))

    world.server.scripts[name] = answer
    with Device(world.port) as device:
        device.post(f"/mdm/{name}", b"" if method == b"HEAD" else BODY, DM, method=method)
        head = device.source.until(b"\r\n\r\n")
        device.post(f"/mdm/after-{name}", BODY, DM)
        assert device.get().body == b"ok"
    assert head.startswith(b"HTTP/1.1 " + status)
    lines = ended(world.journal, name)
    assert (lines.response["status"], lines.failure) == (int(status[:3]), None)


def test_an_answer_before_the_request_is_read(tmp_path):
    """A server that refuses a big body from its head, and hangs up."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def refuse() -> None:
            peer, _ = listener.accept()
            with peer:
                head = b""
                while b"\r\n\r\n" not in head:
                    head += peer.recv(1000)
                peer.sendall(b"HTTP/1.1 413 Too Big\r\nContent-Length: 2\r\n\r\nno")
                peer.shutdown(socket.SHUT_WR)
                while peer.recv(1 << 20):
                    pass

        server = threading.Thread(target=refuse)
        server.start()
        with recording(tmp_path, f"http://127.0.0.1:{listener.getsockname()[1]}") as proxy:
            with Device(port_of(proxy)) as device:
                device.post("/mdm/refused", BIG, DM)
                got = device.get()
            assert (got.status, got.body) == (413, b"no")
            lines = ended(proxy.journal, "refused")
            assert proxy.program.end() == 0
        server.join(PATIENCE)
    assert (lines.response["status"], lines.response["by"], lines.failure) == (413, "server", None)


def test_a_path_that_is_no_text(world):
    with Device(world.port) as device:
        device.post("/mdm/\xff\xfe\xe2/raw-path?q=\xc3\xa9", BODY, DM)
        assert device.get().body == b"ok"
    (call,) = world.server.wait_for("raw-path")
    assert call.path == "/mdm/\xff\xfe\xe2/raw-path?q=\xc3\xa9", "the server got the bytes as they were"
    url = ended(world.journal, "raw-path").request["url"]
    assert url.endswith("/mdm/ÿþâ/raw-path?q=Ã©"), "Latin-1, as it is no UTF-8"


def test_what_is_malformed_goes_through(world):
    """A proxy that answered 400 of its own would be no witness."""
    with Device(world.port) as device:
        device.post("/mdm/malformed", BODY, DM, (b"Not A Token", b"x"))
        assert device.get().body == b"ok"
    (call,) = world.server.wait_for("malformed")
    assert (b"Not A Token", b"x") in call.fields
    assert ended(world.journal, "malformed").request["headers"] == as_text(call.fields)


# -- HTTP/2 -------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def two(tmp_path_factory):
    """`omadm record` before a server that speaks HTTP/2."""
    folder = tmp_path_factory.mktemp("two")
    authority, tls = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(tls)
    tls.set_alpn_protocols(["h2"])
    authority.cert_pem.write_to_path(folder / "ca.pem")
    more = ("--set", f"ssl_verify_upstream_trusted_ca={folder / 'ca.pem'}")
    with H2Upstream(tls=tls) as server, recording(folder, server.url, *more) as proxy:
        yield SimpleNamespace(server=server, proxy=proxy, journal=proxy.journal, port=port_of(proxy), tls=proxy.tls)
        assert proxy.program.end() == 0
    assert server.errors == []
    assert read(str(proxy.journal)).troubles == []


def pseudo(fields) -> dict[bytes, bytes]:
    return {name: value for name, value in fields if name.startswith(b":")}


def ordinary(fields) -> list[tuple[bytes, bytes]]:
    return [(bytes(name), bytes(value)) for name, value in fields if not name.startswith(b":")]


def test_many_exchanges_at_once_over_http2(two):
    sent = [H2_DM, (b"x-one", b"1"), (b"x-one", b"2"), (b"x-empty", b""), (b"x-latin", b"caf\xe9")]
    cookies = [(b"cookie", b"a=1"), (b"cookie", b"b=2")]  # which h2 joins when it reads them (RFC 9113, 8.2.3)
    back = [(b"set-cookie", b"a"), (b"ms-cv", b"x.1"), (b"set-cookie", b"b"), (b"x-latin", b"caf\xe9"), H2_DM]
    two.server.scripts["at-once"] = lambda stream: stream.answer(stream.body[::-1], *back)
    bodies = [BINARY + b"%d" % number for number in range(20)]
    with H2Device(two.port, two.tls) as device:
        numbers = [device.post(f"/mdm/at-once~{number}", body, *sent, *cookies) for number, body in enumerate(bodies)]
        for number, (stream, body) in enumerate(zip(numbers, bodies, strict=True)):
            got = device.get(stream)
            assert (got.status, got.body, ordinary(got.fields)) == (200, body[::-1], back)
            (call,) = two.server.wait_for(f"at-once~{number}")
            lines = ended(two.journal, f"at-once~{number}")
            assert (call.body, kept_body(lines.request), kept_body(lines.response)) == (body, body, body[::-1])
            assert ordinary(call.fields) == [*sent, (b"cookie", b"a=1; b=2")]
            assert lines.request["headers"] == as_text([*sent, *cookies])
            assert lines.response["headers"] == as_text(back)
            assert (lines.request["http"], lines.response["http"]) == ("HTTP/2.0", "HTTP/2.0")
            assert pseudo(call.fields)[b":path"].decode() == f"/mdm/at-once~{number}"


@pytest.mark.parametrize("coding", CODINGS)
def test_content_codings_over_http2(two, coding):
    coded, says = CODINGS[coding](TEXT), (b"content-encoding", coding.encode())
    two.server.scripts[f"coded-{coding}"] = lambda stream: stream.answer(coded, H2_DM, says)
    with H2Device(two.port, two.tls) as device:
        assert device.get(device.post(f"/mdm/coded-{coding}", coded, H2_DM, says)).body == coded
    lines = ended(two.journal, f"coded-{coding}")
    assert (kept_body(lines.request), kept_body(lines.response)) == (TEXT, TEXT)


@pytest.mark.parametrize("length", [True, False], ids=["with-length", "without-length"])
def test_a_device_on_http2_before_a_server_on_http1(world, length):
    """HTTP/2 needs no length, HTTP/1 does."""
    name = f"two-to-one-{length}"
    fields = [
        H2_DM,
        (b"x-one", b"1"),
        (b"x-one", b"2"),
        *([(b"content-length", b"%d" % len(BINARY))] if length else []),
    ]
    with H2Device(world.port, world.tls) as device:
        assert device.get(device.post(f"/mdm/{name}", BINARY, *fields)).body == b"ok"
    (call,) = world.server.wait_for(name)
    assert call.body == BINARY
    assert field_of(call.fields, b"content-length") == b"%d" % len(BINARY)
    assert [value for name, value in call.fields if name.lower() == b"x-one"] == [b"1", b"2"]
    lines = ended(world.journal, name)
    assert (lines.request["http"], lines.response["http"]) == ("HTTP/2.0", "HTTP/1.1")
    assert kept_body(lines.request) == BINARY


def test_twelve_megabytes_both_ways_over_http2(two):
    two.server.scripts["big"] = lambda stream: stream.answer(BIG[::-1], H2_DM)
    with H2Device(two.port, two.tls) as device:
        got = device.get(device.post("/mdm/big", BIG, H2_DM))
    (call,) = two.server.wait_for("big")
    lines = ended(two.journal, "big")
    assert (call.body, got.body) == (BIG, BIG[::-1])
    assert (kept_body(lines.request), kept_body(lines.response)) == (BIG, BIG[::-1])


# -- what the proxy does itself -----------------------------------------------------------------------------------------


ALTERS = """
from mitmproxy import http

class Alters:
    def requestheaders(self, flow):
        if "streamed" in flow.request.path:
            flow.request.stream = True

    def request(self, flow):
        if "made-here" in flow.request.path:
            flow.response = http.Response.make(200, b"made here", {"Content-Type": "application/vnd.syncml.dm+xml"})

    def responseheaders(self, flow):
        if "streamed" in flow.request.path:
            flow.response.stream = True

    def response(self, flow):
        if "altered" in flow.request.path:
            flow.response.content = b"altered"
        if "same" in flow.request.path:
            flow.response.headers["X-Seen"] = "yes"

addons = [Alters()]
"""


def test_what_the_proxy_makes_and_alters_is_its_own(tmp_path):
    """As a script the recorder is loaded before mitmproxy's own addons and other scripts, and comes after them all."""
    (tmp_path / "alters.py").write_text(ALTERS)
    more = ["-s", str(tmp_path / "alters.py"), "--modify-body", "/~s & ~u modified/ok/modified"]
    more += ["--map-remote", "|/mapped|/mdm/went-there", "--modify-headers", "/~q/X-Added/by the proxy"]
    with Upstream() as server, mitmdump(tmp_path, server.url, *more) as proxy:
        got = {}
        for name in ("plain", "made-here", "altered", "modified", "same", "streamed", "mapped"):
            with Device(port_of(proxy)) as device:
                device.post(f"/{name}" if name == "mapped" else f"/mdm/{name}", BODY, DM)
                got[name] = device.get().body
        lines = {name: ended(proxy.journal, name) for name in got if name != "mapped"}
        lines["mapped"] = ended(proxy.journal, "went-there")
        calls = {call.name: call for call in server.calls}
        assert proxy.program.end() == 0
    assert got == {
        "plain": b"ok", "made-here": b"made here", "altered": b"altered", "modified": b"modified", "same": b"ok",
        "streamed": b"ok", "mapped": b"ok",
    }  # fmt: skip
    assert {name: kept_body(line.response) for name, line in lines.items()} == got
    assert {name for name, line in lines.items() if line.response["by"] == "proxy"} == {
        "made-here",
        "altered",
        "modified",
    }
    assert set(calls) == {"plain", "altered", "modified", "same", "streamed", "went-there"}
    for name in ("plain", "streamed"):
        assert lines[name].request["headers"] == as_text(calls[name].fields)
        assert ["X-Added", "by the proxy"] in lines[name].request["headers"]
        assert kept_body(lines[name].request) == calls[name].body == BODY


@pytest.mark.parametrize("option", ["stream_large_bodies", "body_size_limit"])
def test_options_that_would_leave_bodies_out_are_refused(tmp_path, option):
    words = f"{option} has to be unset: bodies would be missing"
    with pytest.raises(AssertionError, match=words), recording(tmp_path, "http://x.test", "--set", f"{option}=1k"):
        pytest.fail("it must not start")
    assert not (tmp_path / "run.jsonl").exists()
