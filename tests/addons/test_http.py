"""HTTP through the recording proxy, byte for byte: what the server got, what the device got, and what the journal has."""

import contextlib
import gzip
import socket
import threading

import pytest

from tests.addons.worlds import BIG, BINARY, BODY, CODINGS, DM, TEXT, as_text, ended, kept_body, port_of, world_of
from tests.processes import PATIENCE, recording
from tests.upstream import Call, Device, field_of

pytestmark = [pytest.mark.slow, pytest.mark.mitmproxy]


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
