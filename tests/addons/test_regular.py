"""A proxy that the device names the server to: what cannot be reached, passed through or read is in the journal."""

import socket
import ssl
import sys
import threading
from types import SimpleNamespace

import pytest
import trustme

from replay.capture.readers import read
from tests.addons.test_record import until
from tests.addons.worlds import ANSWERS_TO_TLS, BODY, DM, SCRIPTS, ended, unread, written
from tests.processes import program
from tests.upstream import Device, Upstream


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
    # no `watching` line in these tests: it would put a connection on file before it is known where it goes
    command += ["--interval", "3600", "--set", f"confdir={folder / 'conf'}"]
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
