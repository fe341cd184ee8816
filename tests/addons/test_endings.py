"""Every way for an exchange or a connection to end, in real proxies: what the device sees of it, and what the journal says."""

import json
import re
import signal
import socket
import ssl
import sys
import threading
from pathlib import Path
from types import SimpleNamespace

import mitmproxy.version
import pytest
import trustme

from replay.capture.endings import bytes_received, cause_of, ending
from replay.capture.readers import read
from replay.expect.case import Options
from replay.expect.judge import judge
from replay.lab.device import LabDevice
from replay.lab.server import LabServer
from tests.addons.test_record import lines_of, until
from tests.processes import PATIENCE, mitmdump, program, recording
from tests.upstream import Call, Device, H2Device, H2Upstream, Stream, Upstream

BODY = b"<SyncML><SyncHdr/></SyncML>"
DM = (b"Content-Type", b"application/vnd.syncml.dm+xml")
H2_DM = (b"content-type", b"application/vnd.syncml.dm+xml")
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/vnd.syncml.dm+xml\r\n"
#: Instead of a handshake: no TLS at all, and the alert protocol_version (RFC 8446, 6.2).
ANSWERS_TO_TLS = {"no-tls": b"HTTP/1.1 400 No TLS here\r\n\r\n", "old-protocol": b"\x15\x03\x01\x00\x02\x02\x46"}
CANCEL, INTERNAL_ERROR, ENHANCE_YOUR_CALM = 8, 2, 11

real = [pytest.mark.slow, pytest.mark.mitmproxy]


def port_of(proxy) -> int:
    return int(proxy.url.split(":")[2].strip("/"))


def written(path: Path) -> list[dict]:
    """The lines that are on file by now."""
    return [json.loads(line) for line in path.read_bytes().rpartition(b"\n")[0].splitlines()]


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


# -- HTTP/1 -------------------------------------------------------------------------------------------------------------


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


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """`omadm record` before a server."""
    yield from world_of(tmp_path_factory.mktemp("record"), recording)


@pytest.fixture(scope="module")
def dump(tmp_path_factory):
    """mitmdump with the script before a server."""
    yield from world_of(tmp_path_factory.mktemp("dump"), mitmdump)


@pytest.fixture(scope="module")
def keeping(tmp_path_factory):
    """`omadm record --keep-502` before a server."""
    yield from world_of(tmp_path_factory.mktemp("keeping"), recording, "--keep-502")


def ask(port: int, name: str, tls: ssl.SSLContext | None = None):
    with Device(port, tls=tls) as device:
        device.post(f"/mdm/{name}?mode=Machine", BODY, DM)
        return device.get()


ENDINGS = [
    ("close", "closed", "server-closed", None, None),
    ("reset", "reset", "server-reset", None, None),
    ("cut-body", "closed", "truncated", (200, "abc"), 3),
    ("cut-chunks", "closed", "truncated", (200, "abcdexyz"), 8),
    ("cut-head", "closed", "truncated", None, 36),
    ("no-http", "closed", "other", None, None),
    ("wrong-chunks", "closed", "other", (200, "abcde"), None),
]


@pytest.mark.slow
@pytest.mark.mitmproxy
@pytest.mark.parametrize("where", ["world", "world-tls", "dump"])
@pytest.mark.parametrize(
    ("name", "device", "cause", "response", "received"), ENDINGS, ids=[each[0] for each in ENDINGS]
)
def test_an_answer_that_does_not_come_whole(request, where, name, device, cause, response, received):
    world, over_tls = request.getfixturevalue(where.partition("-")[0]), where.endswith("tls")
    got = ask(world.port, f"{name}~{where}", world.tls if over_tls else None)
    assert got.ended == device or (over_tls and device == "reset")  # Python's TLS shows a reset as a close
    assert (got.head, got.rest) == (b"", b""), "the proxy answers nothing of its own, and nothing as if it were whole"
    end = ended(world.journal, f"{name}~{where}")
    assert (end.failure["cause"], end.failure["received"]) == (cause, received)
    assert end.failure["conn"] == end.request["conn"]
    kept = end.response and (end.response["status"], end.response["body"]["text"])
    assert kept == response
    assert response is None or end.response["by"] == "server"


@pytest.mark.slow
@pytest.mark.mitmproxy
@pytest.mark.parametrize("name", ["close", "reset", "cut-body", "cut-head"])
def test_a_502_that_is_kept_is_the_proxys(keeping, name):
    got = ask(keeping.port, name)
    assert got.status == 502
    end = ended(keeping.journal, name)
    if (
        name == "cut-body"
    ):  # the one response that the journal has is the server's; what the device got is in the failure
        assert (end.response["status"], end.response["by"]) == (200, "server")
        assert "the proxy answered with 502 instead" in end.failure["detail"]
    else:
        assert (end.response["status"], end.response["by"]) == (502, "proxy")
    causes = {"close": "server-closed", "reset": "server-reset"}
    assert end.failure["cause"] == causes.get(name, "truncated")


@pytest.mark.slow
@pytest.mark.mitmproxy
def test_an_empty_answer_is_an_answer(world):
    got = ask(world.port, "empty")
    assert (got.status, got.body, got.ended) == (200, b"", "")
    end = ended(world.journal, "empty")
    assert (end.response["status"], end.response["body"], end.response["by"]) == (200, {"text": ""}, "server")
    assert end.failure is None


@pytest.mark.slow
@pytest.mark.mitmproxy
def test_a_malformed_answer_goes_through(world):
    got = ask(world.port, "malformed-head")
    assert (got.status, got.body) == (200, b"ok")
    assert (b"Not A Token", b"x") in got.fields
    assert ended(world.journal, "malformed-head").response["by"] == "server"


@pytest.mark.slow
@pytest.mark.mitmproxy
def test_a_malformed_answer_that_mitmproxy_refuses_is_the_proxys(dump):
    """mitmdump's own setting stays as it is; it answers 502 whatever an addon does, and the journal says so."""
    assert ask(dump.port, "malformed-head").status == 502
    end = ended(dump.journal, "malformed-head")
    assert (end.response["status"], end.response["by"], end.failure["cause"]) == (502, "proxy", "other")
    assert "Not A Token" in end.failure["detail"]


@pytest.mark.slow
@pytest.mark.mitmproxy
def test_a_body_that_goes_on_until_the_close_is_whole_unless_the_connection_breaks(world):
    assert ask(world.port, "until-closed").body == b"until the end"
    assert ended(world.journal, "until-closed").failure is None
    threading.Timer(0.3, RESET_NOW.set).start()
    assert ask(world.port, "until-reset").body == b"until the end"
    end = ended(world.journal, "until-reset")
    assert (end.response["body"], end.failure["cause"], end.failure["received"]) == (
        {"text": "until the end"},
        "truncated",
        13,
    )


@pytest.mark.slow
@pytest.mark.mitmproxy
@pytest.mark.parametrize("how", ["close", "reset", "tls"])
@pytest.mark.parametrize("name", ["hang", "hang-after-head"])
def test_a_device_that_gives_up(world, name, how):
    name = f"{name}~{how}"
    with Device(world.port, tls=world.tls if how == "tls" else None) as device:
        device.post(f"/mdm/{name}", BODY, DM)
        world.server.wait_for(name)
        if how == "reset":
            device.reset()
    end = ended(world.journal, name)
    assert end.failure["cause"] == "client-closed"
    if name.startswith("hang~"):
        assert end.response is None


# -- what is no exchange ------------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.mitmproxy
@pytest.mark.parametrize("before", [False, True], ids=["first", "after-an-exchange"])
@pytest.mark.parametrize(
    ("sent", "cause", "words"),
    [
        (b"\x16 garbage {0}\r\n\r\n", "other", "a request whose head cannot be read"),
        (b"POST /half{0}", "other", "{1} bytes that are no whole request"),
        (b"POST /half-body HTTP/1.1\r\nHost: x\r\nContent-Length: 1{0}\r\n\r\nabc", "client-closed", "expected 1{0})"),
    ],
    ids=["garbage", "half-head", "half-body"],
)
def test_a_request_that_does_not_come_whole(world, before, sent, cause, words):
    mark = "11" if before else "2"
    sent = sent.replace(b"{0}", mark.encode())
    with Device(world.port) as device:
        if before:
            device.post("/mdm/before", BODY, DM)
            assert device.get().status == 200
        device.send(sent)
        if b"garbage" in sent:
            assert device.get().status == 400
    line = unread(world.journal, words.format(mark, len(sent)))
    assert line["cause"] == cause
    assert (line["connect"]["client"], line["connect"]["host"]) != (None, None)


@pytest.mark.slow
@pytest.mark.mitmproxy
def test_a_connection_without_a_byte_is_on_file(world):
    with Device(world.port) as device:
        client = "{}:{}".format(*device.sock.getsockname())
        until(
            lambda: any(line["type"] == "connect" and line["client"] == client for line in written(world.journal)),
            "it is on file while it is open",
        )
    until(
        lambda: any(
            line["type"] == "disconnect" and line["conn"] == connect["conn"]
            for connect in written(world.journal)
            if connect["type"] == "connect" and connect["client"] == client
            for line in written(world.journal)
        ),
        "and when it has ended",
    )


@pytest.mark.slow
@pytest.mark.mitmproxy
def test_a_client_hello_that_does_not_come_whole(world):
    with Device(world.port) as device:
        device.send(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03")
    assert unread(world.journal, "11 bytes that are no whole ClientHello")["connect"]["sni"] is None


@pytest.mark.slow
@pytest.mark.mitmproxy
def test_a_device_that_does_not_trust_the_proxy(world):
    with pytest.raises(ssl.SSLCertVerificationError):
        Device(world.port, tls=ssl.create_default_context())
    assert unread(world.journal, "TLS with the device failed")["cause"] == "tls-failed"


@pytest.mark.slow
@pytest.mark.mitmproxy
def test_what_was_not_read_makes_silence_unprovable(tmp_path):
    """A later request on a connection that was read before, and one of which nothing was read."""
    with LabServer() as server, recording(tmp_path, server.url) as proxy:
        with Device(port_of(proxy)) as device:
            device.post("/", b"", method=b"GET")
            device.get()
            LabDevice(proxy.url, tls=proxy.tls).run("user")
            device.send(b"POST /half")
        with Device(port_of(proxy)):
            pass
        unread(proxy.journal, "no whole request")
        assert proxy.program.end() == 0
    judged = judge(read(str(proxy.journal)), Options(quiet=0))
    (finding,) = [finding for finding in judged.findings if finding.rule == "CAP007"]
    assert "10 bytes that are no whole request" in finding.message
    assert "2 such in all" in finding.message
    assert judged.verdict.word == "inconclusive"


# -- a proxy that the device names the server to ------------------------------------------------------------------------


@pytest.fixture(scope="module")
def regular(tmp_path_factory):
    """`omadm record` as an ordinary proxy, with a host that is passed through."""
    folder = tmp_path_factory.mktemp("regular")
    authority, other = trustme.CA(), trustme.CA()
    good, untrusted = (ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER) for _ in range(2))
    authority.issue_cert("127.0.0.1").configure_cert(good)
    other.issue_cert("127.0.0.1").configure_cert(untrusted)
    authority.cert_pem.write_to_path(folder / "ca.pem")
    command = [sys.executable, "-m", "replay", "record", "--listen", "127.0.0.1:0", "-o", str(folder / "run.jsonl")]
    command += ["--interval", "0.2", "--set", f"confdir={folder / 'conf'}"]
    command += ["--set", f"ssl_verify_upstream_trusted_ca={folder / 'ca.pem'}", "--set", "ignore_hosts=^localhost:"]
    with (
        Upstream(SCRIPTS) as plain,
        Upstream(SCRIPTS, tls=good) as tls,
        Upstream(SCRIPTS, tls=untrusted) as stranger,
        program(*command, cwd=folder) as running,
    ):
        port = int(running.wait_for("listening on ").rpartition(":")[2])
        yield SimpleNamespace(
            journal=folder / "run.jsonl", port=port, plain=plain, tls=tls, stranger=stranger, running=running,
            ca=folder / "conf" / "mitmproxy-ca-cert.pem",
        )  # fmt: skip
        assert running.end() == 0


@pytest.mark.slow
@pytest.mark.mitmproxy
@pytest.mark.parametrize(
    ("name", "url", "cause"),
    [
        ("refused", "http://127.0.0.1:{closed}", "connect-failed"),
        ("refused-tls", "https://127.0.0.1:{closed}", "connect-failed"),
        ("no-name", "http://no-such-host.invalid", "connect-failed"),
        ("untrusted", "https://127.0.0.1:{stranger}", "tls-failed"),
        ("old-protocol", "https://127.0.0.1:{answering}", "tls-failed"),
        ("no-tls", "https://127.0.0.1:{answering}", "tls-failed"),
        ("hangs-up", "https://127.0.0.1:{answering}", "tls-failed"),
        ("close", "https://127.0.0.1:{tls}", "server-closed"),
    ],
)
def test_a_server_that_is_not_reached(regular, name, url, cause):
    with socket.socket() as closed, socket.create_server(("127.0.0.1", 0)) as answering:
        closed.bind(("127.0.0.1", 0))  # bound and not listening: nobody else gets it, and nobody answers

        def answer() -> None:
            peer, _ = answering.accept()
            with peer:
                peer.recv(65536)
                peer.sendall(ANSWERS_TO_TLS.get(name, b""))

        if "answering" in url:
            threading.Thread(target=answer, daemon=True).start()
        ports = {key: getattr(regular, key).port for key in ("tls", "stranger")}
        url = url.format(closed=closed.getsockname()[1], answering=answering.getsockname()[1], **ports)
        with Device(regular.port) as device:
            device.post(f"{url}/mdm/{name}", BODY, DM)
            assert device.get().ended == "closed"
    end = ended(regular.journal, name)
    assert (end.response, end.failure["cause"]) == (None, cause)
    capture = read(str(regular.journal))
    (exchange,) = [each for each in capture.exchanges if each.url.endswith(f"/{name}")]
    assert exchange.delivered is (cause == "server-closed")


@pytest.mark.slow
@pytest.mark.mitmproxy
def test_a_device_that_gives_up_before_the_server_is_reached(regular):
    """Its request was not delivered. Nobody answers there, because the server's queue is full."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full, socket.socket() as filling, socket.socket() as more:
        for each in (filling, more):
            each.setblocking(False)
            each.connect_ex(full.getsockname())
        with Device(regular.port) as device:
            device.post(f"http://127.0.0.1:{full.getsockname()[1]}/mdm/not-reached", BODY, DM)
            until(lambda: b"/mdm/not-reached" in regular.journal.read_bytes(), "the request is on file")
        end = ended(regular.journal, "not-reached")
    assert end.failure["cause"] == "connect-failed"
    assert "the server had not been reached yet" in end.failure["detail"]


def connect_to(regular, host: str, port: int) -> Device:
    device = Device(regular.port)
    device.send(b"CONNECT %s:%d HTTP/1.1\r\nHost: x\r\n\r\n" % (host.encode(), port))
    assert device.source.until(b"\r\n\r\n").split(b" ", 2)[1] == b"200"
    return device


@pytest.mark.slow
@pytest.mark.mitmproxy
def test_a_connection_that_is_passed_through(regular):
    with connect_to(regular, "localhost", regular.plain.port) as device:
        device.post("/mdm/passed-through", BODY, DM)
        assert device.get().status == 200
        begins = unread(regular.journal, "passed through unread")
        assert (begins["cause"], begins["connect"]["host"]) == ("other", "localhost")
    until(
        lambda: sum(line.get("detail") == begins["detail"] for line in written(regular.journal)) == 2,
        "the end of it is on file too",
    )
    assert b"/mdm/passed-through" not in regular.journal.read_bytes()


@pytest.mark.slow
@pytest.mark.mitmproxy
def test_a_connection_that_is_no_http(regular):
    with connect_to(regular, "127.0.0.1", regular.plain.port) as device:
        device.send(b"\x00\x01\x02no http")
        line = unread(regular.journal, "a protocol that is not HTTP")
    assert line["connect"]["host"] == "127.0.0.1"


@pytest.mark.slow
@pytest.mark.mitmproxy
def test_https_through_a_connect(regular):
    with connect_to(regular, "127.0.0.1", regular.tls.port) as device:
        context = ssl.create_default_context(cafile=regular.ca)
        with context.wrap_socket(device.sock, server_hostname="127.0.0.1") as sock:
            inner = object.__new__(Device)
            inner.sock, inner.source = sock, type(device.source)(sock)
            inner.post("/mdm/reset~connect", BODY, DM)
            assert inner.get().ended in ("closed", "reset")
    end = ended(regular.journal, "reset~connect")
    assert (end.response, end.failure["cause"]) == (None, "server-reset")


# -- mitmdump, which calls the server first -----------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.mitmproxy
def test_mitmdump_that_cannot_reach_the_server_hangs_up_before_it_reads(tmp_path):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        with mitmdump(tmp_path, f"http://127.0.0.1:{closed.getsockname()[1]}") as proxy:
            assert ask(port_of(proxy), "never-read").ended in ("closed", "reset")
            line = unread(proxy.journal, "Connect call failed")
            assert proxy.program.end() == 0
    assert (line["cause"], line["connect"]["host"]) == ("connect-failed", "127.0.0.1")
    assert read(str(proxy.journal)).exchanges == []


@pytest.mark.slow
@pytest.mark.mitmproxy
def test_a_connect_that_the_proxy_refuses(tmp_path):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        with mitmdump(tmp_path, None) as proxy:
            with Device(port_of(proxy)) as device:
                device.send(b"CONNECT 127.0.0.1:%d HTTP/1.1\r\nHost: x\r\n\r\n" % closed.getsockname()[1])
                assert device.get().status == 502
            assert unread(proxy.journal, "Connect call failed")["connect"]["host"] == "127.0.0.1"
            assert proxy.program.end() == 0


@pytest.mark.slow
@pytest.mark.mitmproxy
def test_a_proxy_that_gives_up_waiting(tmp_path):
    """mitmproxy closes a connection on which nothing came for ten minutes; here for a second."""
    if mitmproxy.version.VERSION.startswith("11."):
        (tmp_path / "patience.py").write_text("import mitmproxy.proxy.server as server\nserver.TCP_TIMEOUT = 1\n")
        more = ["-s", str(tmp_path / "patience.py")]
    else:
        more = ["--set", "tcp_timeout=1"]
    with Upstream(SCRIPTS) as server, mitmdump(tmp_path, server.url, *more) as proxy:
        assert ask(port_of(proxy), "hang").ended == "closed"
        end = ended(proxy.journal, "hang")
        assert proxy.program.end() == 0
    assert (end.response, end.failure["cause"]) == (None, "timeout")
    assert "the proxy closed" in end.failure["detail"]


# -- the end of the proxy -----------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.mitmproxy
@pytest.mark.parametrize("run", [recording, mitmdump])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_what_is_open_when_the_proxy_is_stopped(tmp_path, run, number):
    """With impatience: the signal is sent again and again until the process is gone."""
    with Upstream(SCRIPTS) as server, run(tmp_path, server.url) as proxy:
        port = port_of(proxy)
        with (
            Device(port) as hanging,
            Device(port) as begun,
            Device(port) as headless,
            Device(port),
            Device(port) as half,
        ):
            hanging.post("/mdm/hang", BODY, DM)
            half.post("/mdm/hang-after-head", BODY, DM)
            server.wait_for("hang")
            server.wait_for("hang-after-head")
            begun.send(b"POST /mdm/begun HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nabc")
            headless.send(b"POST /mdm/head")
            until(lambda: proxy.journal.read_bytes().count(b'"connect"') == 5, "all connections are on file")
            until(lambda: len(server.calls) == 2, "both requests have gone on")
            proxy.program.process.send_signal(number)
            again = threading.Event()
            while proxy.program.process.poll() is None:
                proxy.program.process.send_signal(number)
                again.wait(0.001)
            code = proxy.program.wait()
            for device in (hanging, half):
                got = device.get()
                assert (got.head, got.ended) == (b"", "closed") or got.ended == "reset"
    if run is recording:
        assert code == 0
    lines = lines_of(proxy.journal)
    assert [line["type"] for line in lines[-2:]] == ["watching", "close"]
    failures = [(bool(line["id"]), line["cause"], line["detail"]) for line in lines if line["type"] == "failure"]
    assert sorted(failures) == [
        (False, "proxy-stopped", "14 bytes that are no whole request"),
        (False, "proxy-stopped", "the proxy was stopped while a request came in"),
        (True, "proxy-stopped", "the proxy was stopped"),
        (True, "proxy-stopped", "the proxy was stopped"),
    ]


# -- HTTP/2 -------------------------------------------------------------------------------------------------------------


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


@pytest.fixture(scope="module")
def two(tmp_path_factory):
    """`omadm record` between a device and a server that both speak HTTP/2."""
    folder = tmp_path_factory.mktemp("two")
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


@pytest.mark.slow
@pytest.mark.mitmproxy
@pytest.mark.parametrize(
    ("name", "cause", "response"),
    [
        ("reset", "server-reset", None),
        ("cancel", "server-reset", None),
        ("calm", "server-reset", None),
        ("go-away", "server-closed", None),
        ("close", "server-closed", None),
        ("cut", "truncated", (200, "abc")),
        ("cut-close", "truncated", (200, "abc")),
    ],
)
def test_an_answer_over_http2_that_does_not_come_whole(two, name, cause, response):
    with H2Device(two.port, two.tls) as device:
        got = device.get(device.post(f"/mdm/{name}", BODY, H2_DM))
        assert (got.ended, got.fields, got.body) == ("reset", [], b"")
        assert device.get(device.post(f"/mdm/after-{name}", BODY, H2_DM)).body == b"ok", "the connection goes on"
    end = ended(two.journal, name)
    assert end.request["http"] == "HTTP/2.0"
    assert end.failure["cause"] == cause
    kept = end.response and (end.response["status"], end.response["body"]["text"])
    assert kept == response
    if response:
        assert (end.failure["received"], end.response["by"]) == (3, "server")


@pytest.mark.slow
@pytest.mark.mitmproxy
@pytest.mark.parametrize("how", ["cancel", "reset", "close"])
def test_a_device_that_gives_up_over_http2(two, how):
    """Whatever it says, it is the device: mitmproxy has the same words for both sides."""
    name = f"hang~{how}"
    with H2Device(two.port, two.tls) as device:
        number = device.post(f"/mdm/{name}", BODY, H2_DM)
        two.server.wait_for(name)
        if how != "close":
            device.reset(number, CANCEL if how == "cancel" else INTERNAL_ERROR)
            assert device.get(device.post(f"/mdm/after-{name}", BODY, H2_DM)).status == 200
    end = ended(two.journal, name)
    assert (end.response, end.failure["cause"]) == (None, "client-closed")


@pytest.mark.slow
@pytest.mark.mitmproxy
def test_a_request_over_http2_that_does_not_come_whole(two):
    with H2Device(two.port, two.tls) as device:
        number = device.post("/mdm/broken-request", BODY, H2_DM, end=False)
        device.reset(number)
        assert device.get(device.post("/mdm/after-broken", BODY, H2_DM)).status == 200
    assert unread(two.journal, "CANCEL")["cause"] == "client-closed"
    assert b"broken-request" not in two.journal.read_bytes()


@pytest.mark.slow
@pytest.mark.mitmproxy
def test_an_empty_answer_over_http2(two):
    with H2Device(two.port, two.tls) as device:
        got = device.get(device.post("/mdm/empty", BODY, H2_DM))
    assert (got.status, got.body, got.ended) == (200, b"", "end")
    assert ended(two.journal, "empty").failure is None


@pytest.mark.slow
@pytest.mark.mitmproxy
@pytest.mark.parametrize("name", ["close", "reset", "cut-body"])
def test_a_device_on_http2_before_a_server_on_http1(world, name):
    with H2Device(world.port, world.tls) as device:
        got = device.get(device.post(f"/mdm/{name}~2", BODY, H2_DM))
        assert (got.ended, got.fields) == ("reset", [])
        assert device.get(device.post(f"/mdm/after-{name}~2", BODY, H2_DM)).body == b"ok"
    causes = {"close": "server-closed", "reset": "server-reset", "cut-body": "truncated"}
    assert ended(world.journal, f"{name}~2").failure["cause"] == causes[name]


# -- without a proxy ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "known", "cause"),
    [
        ("server closed connection", {"broke": ConnectionResetError(104, "reset")}, "server-reset"),
        ("server closed connection", {"broke": BrokenPipeError(32, "pipe")}, "server-reset"),
        ("server closed connection", {"broke": TimeoutError(110, "timed out")}, "timeout"),
        ("server closed connection", {"broke": OSError(113, "no route")}, "other"),
        ("server closed connection", {}, "server-closed"),
        ("peer closed connection", {"by_device": True}, "client-closed"),
        ("peer closed connection", {"by_device": False}, "server-closed"),
        ("stream reset by client (CANCEL)", {"by_device": False}, "server-reset"),
        ("stream reset by client (INTERNAL_ERROR)", {"by_device": True}, "client-closed"),
        ("stream reset by client (INTERNAL_ERROR)", {"by_device": False, "part": b"abc"}, "truncated"),
        ("HTTP/2 protocol error: x", {"by_device": False, "part": b"abc"}, "other"),
        ("Client disconnected.", {"by_device": True, "connected": False}, "connect-failed"),
        ("Client disconnected.", {}, "client-closed"),
        ("connection closed", {"connected": False}, "tls-failed"),
        ("[Errno 111] Connect call failed", {"connected": False, "by_device": False}, "connect-failed"),
        ("Certificate verify failed: self-signed", {"connected": False, "by_device": False}, "tls-failed"),
        ("HTTP/2 connection closed: <ConnectionTerminated additional_data:b'TLS timeout'>", {}, "server-closed"),
    ],
)
def test_what_is_known_beside_the_words(words, known, cause):
    assert ending(words, **{"connected": True, **known}).cause == cause


@pytest.mark.parametrize(
    "words",
    [
        "unexpected server response: b'HTTP/1.1 200 OK\\r\\nX: certificate timeout (received 5 bytes)'",
        "Cannot parse HTTP response: Bad HTTP response line: b'client closed certificate'",
        "Received invalid header name: b'certificate' from server, refusing to prevent request smuggling attacks.",
    ],
)
def test_what_a_server_sends_decides_no_cause(words):
    assert cause_of(words) in ("truncated", "other")
    assert bytes_received(words) == (
        len("HTTP/1.1 200 OK\r\nX: certificate timeout (received 5 bytes)") if "unexp" in words else None
    )
