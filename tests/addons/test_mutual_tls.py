"""The proxy's certificate in a real `omadm record`: what a server asked for, what it was shown, and that it refused it."""

import contextlib
import http.client
import json
import select
import socket
import ssl
import sys
import threading
from pathlib import Path

import pytest
from click.testing import CliRunner
from mitmproxy.version import VERSION

from replay.capture.readers import read
from replay.cli import main
from replay.expect.case import Options
from replay.expect.judge import judge
from replay.lab.device import LabDevice
from replay.lab.server import LabServer
from tests.addons.test_record import ALERT
from tests.certificates import (
    VERSIONS,
    Authority,
    ask_through,
    connected,
    device_tls,
    identity,
    of_type,
    post,
    record,
    seen,
)
from tests.processes import PATIENCE, program, recording

pytestmark = [pytest.mark.slow, pytest.mark.mitmproxy]
both_versions = pytest.mark.parametrize("version", list(VERSIONS))


# -- the proxy's certificate ----------------------------------------------------------------------------------------------


@both_versions
def test_a_server_that_demands_a_certificate_is_shown_the_proxys(tmp_path, authority, version):
    own = authority.issue("the proxy")
    more = [*authority.trusted, "--set", f"client_certs={own}"]
    with LabServer(tls=authority.server(version)) as server, recording(tmp_path, server.url, *more) as proxy:
        cert = authority.issue("the device")
        assert LabDevice(proxy.url, tls=device_tls(proxy, cert)).run("user").answered == 3
        assert proxy.program.end() == 0
    assert {seen(line["server_saw"]) for line in of_type(proxy.journal, "request")} == {identity(own)}
    told = of_type(proxy.journal, "server")
    assert {(line["tls"], line["asked"], seen(line["saw"])) for line in told} == {
        (f"TLSv{version}", True, identity(own))
    }
    assert [each.sha256 for each in server.certificates] == [identity(own)[1]]


@pytest.mark.parametrize("has", [True, False])
def test_whether_the_server_asked_is_told(tmp_path, authority, has):
    """`server_saw` is what the proxy has for that server, since the request's line is written before the server is called;
    the line `server` says what became of it."""
    own = authority.issue("the proxy") if has else None
    more = ["--mode", "regular", *authority.trusted, *(["--set", f"client_certs={own}"] if own else [])]
    shown = identity(own) if own else None
    with contextlib.ExitStack() as stack:
        servers = {
            (version, ask): stack.enter_context(LabServer(tls=authority.server(version, ask=ask)))
            for version in VERSIONS
            for ask in (ssl.CERT_NONE, ssl.CERT_OPTIONAL)
        }
        proxy = stack.enter_context(record(tmp_path, *more))
        for server in servers.values():
            ask_through(proxy, ("127.0.0.1", int(server.url.rpartition(":")[2])))
        assert proxy.program.end() == 0
    requests, told = of_type(proxy.journal, "request"), of_type(proxy.journal, "server")
    assert [seen(line["server_saw"]) for line in requests] == [shown] * 4
    assert [(line["conn"], line["server"]) for line in told] == [
        (line["conn"], server.url.removeprefix("https://"))
        for line, server in zip(requests, servers.values(), strict=True)
    ]
    for line, ((version, ask), server) in zip(told, servers.items(), strict=True):
        asked = ask is ssl.CERT_OPTIONAL
        assert (line["tls"], line["asked"], seen(line["saw"])) == (f"TLSv{version}", asked, shown if asked else None)
        assert [each.sha256 for each in server.certificates] == ([shown[1]] if shown and asked else [])


NAMES = ["127.0.0.1", "localhost", "mdm.example.com"]


@pytest.mark.parametrize(
    ("how", "name"),
    [("reverse", "127.0.0.1"), ("keep-host", "mdm.example.com"), ("connect", "localhost"), ("map", "localhost")],
)
def test_of_a_folder_the_servers_own_file_is_shown_and_journalled(tmp_path, authority, how, name):
    for each in NAMES:
        authority.issue(each)
    with LabServer(tls=authority.server()) as server:
        port = server.url.rpartition(":")[2]
        more = {
            "reverse": ["--mode", f"reverse:{server.url}"],
            "keep-host": ["--mode", f"reverse:{server.url}", "--set", "keep_host_header=true"],
            "connect": ["--mode", "regular"],
            "map": ["--mode", "regular", "--set", f"map_remote=|https://x/|https://localhost:{port}/"],
        }[how]
        with record(tmp_path, *more, *authority.trusted, "--set", f"client_certs={authority.folder}") as proxy:
            ask_through(proxy, {"connect": ("localhost", int(port)), "map": ("mdm.example.com", 443)}.get(how))
            assert proxy.program.end() == 0
    (request,), (told,) = of_type(proxy.journal, "request"), of_type(proxy.journal, "server")
    assert seen(request["server_saw"]) == seen(told["saw"]) == identity(authority.folder / f"{name}.pem")
    assert told["sni"] == name


# -- a server that refuses ------------------------------------------------------------------------------------------------


def assert_unproved(journal: Path) -> None:
    """Nothing but CAP003 may be said of a server that nobody reached."""
    result = CliRunner().invoke(main, ["check", "--format", "json", "--quiet", "0", str(journal)])
    assert result.exit_code == 3, result.output
    report = json.loads(result.stdout)
    assert report["verdicts"]["server"] in ("pass", "none")
    findings = report["captures"][0]["findings"]
    assert [f["rule"] for f in findings if f["severity"] in ("error", "inconclusive")] == ["CAP003"]


@both_versions
def test_a_server_that_refuses_a_proxy_without_a_certificate_proves_nothing(tmp_path, authority, version):
    """Under TLS 1.3 the refusal comes when the proxy takes the handshake for done. Whether its alert still arrives is a
    matter of luck, since the server closes at once; without it all looks like a server that does not answer."""
    with (
        LabServer(tls=authority.server(version)) as server,
        recording(tmp_path, server.url, *authority.trusted) as proxy,
    ):
        with (
            connected(proxy, device_tls(proxy)) as conn,
            pytest.raises((http.client.HTTPException, OSError)) as gone,
        ):
            post(conn)
        assert not isinstance(gone.value, TimeoutError), "the device sees the close"
        assert proxy.program.end() == 0
    assert server.received == 0
    (told,) = of_type(proxy.journal, "server")
    assert (told["asked"], told["saw"]) == (True, None)
    (failure,) = of_type(proxy.journal, "failure")
    assert failure["cause"] in {"1.2": {"tls-failed"}, "1.3": {"tls-failed", "server-closed", "server-reset"}}[version]
    assert_unproved(proxy.journal)


@pytest.mark.parametrize("has", [True, False])
def test_a_refusal_after_the_handshake_that_tls_tells_is_told(tmp_path, authority, has):
    """mitmproxy alone leaves the device waiting here, for ever."""
    (tmp_path / "stranger").mkdir()
    own = Authority(tmp_path / "stranger").issue("the proxy") if has else None
    listener = socket.create_server(("127.0.0.1", 0))

    def refuse() -> None:
        """As a lab server does, but with the connection read to its end, so that the alert is not lost."""
        peer, _ = listener.accept()
        with peer, peer.dup() as raw:
            with pytest.raises(ssl.SSLError):
                authority.server("1.3").wrap_socket(peer, server_side=True)
            raw.settimeout(PATIENCE)
            data = raw.recv(65536)  # the request, in ciphertext
            while data and b"\x17\x03\x03" not in data:
                data = raw.recv(65536)
            raw.shutdown(socket.SHUT_WR)
            while data:
                data = raw.recv(65536)

    thread = threading.Thread(target=refuse)
    thread.start()
    more = [*authority.trusted, *(["--set", f"client_certs={own}"] if own else [])]
    with listener, recording(tmp_path, f"https://127.0.0.1:{listener.getsockname()[1]}", *more) as proxy:
        with connected(proxy, device_tls(proxy)) as conn, pytest.raises(http.client.RemoteDisconnected):
            post(conn)
        assert proxy.program.end() == 0
        thread.join(PATIENCE)
    exchange = read(str(proxy.journal)).exchanges[0]
    assert (exchange.response, exchange.failure.cause, exchange.delivered) == (None, "tls-failed", False)
    what = "the certificate that it was shown (alert: unknown CA)" if has else "a client without a certificate"
    assert what in exchange.failure.detail
    assert_unproved(proxy.journal)


def test_a_reachable_server_that_refuses_another_certificate_is_not_to_blame(tmp_path, authority):
    """What was answered on other terms proves nothing for these (CAP003)."""
    own = authority.issue("the proxy")
    with LabServer(tls=authority.server()) as server:
        for more in (["--set", f"client_certs={own}"], []):
            with recording(tmp_path, server.url, *authority.trusted, *more) as proxy:
                with (
                    connected(proxy, device_tls(proxy)) as conn,
                    contextlib.suppress(http.client.HTTPException, OSError),
                ):
                    post(conn, body=ALERT)
                assert proxy.program.end() == 0
    answered, refused = read(str(proxy.journal)).exchanges
    assert (answered.answered, refused.answered) == (True, False)
    found = {f.rule: f.severity for f in judge(read(str(proxy.journal)), Options(quiet=0)).findings}
    assert found["CAP003"] == "inconclusive"
    assert "HTP006" not in found


# -- files that cannot be used --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("wrong", ["no key", "another's key", "no certificate", "an encrypted key"])
def test_a_certificate_of_the_proxy_that_cannot_be_used_is_found_at_once(tmp_path, authority, wrong):
    own, other = authority.issue("the proxy"), authority.issue("another")
    key, begin, cert = own.read_text().partition("-----BEGIN CERTIFICATE-----")
    own.write_text(
        {
            "no key": begin + cert,
            "another's key": other.read_text().partition(begin)[0] + begin + cert,
            "no certificate": key,
            "an encrypted key": key.replace("EC PRIVATE", "ENCRYPTED PRIVATE") + begin + cert,
        }[wrong]
    )
    command = [sys.executable, "-m", "replay", "record", "--listen", "127.0.0.1:0", "-o", str(tmp_path / "x.jsonl")]
    command += ["--set", f"confdir={tmp_path / 'conf'}", "--set", f"client_certs={own}"]
    with program(*command, cwd=tmp_path) as running:
        assert running.wait() == 2
        said = "\n".join(running.said)
    assert f"client_certs: {own}: " in said
    assert "Traceback" not in said


@pytest.mark.skipif(VERSION.startswith("11."), reason="mitmproxy 11 offers no authentication after the handshake")
def test_a_server_that_asks_in_the_middle_of_a_connection(tmp_path, authority):
    """As Windows servers do by default, once they have seen what is asked for."""
    own, listener = authority.issue("the proxy"), socket.create_server(("127.0.0.1", 0))
    context = authority.server("1.3")
    context.post_handshake_auth = True

    def ask_then_answer() -> None:
        peer, _ = listener.accept()
        with context.wrap_socket(peer, server_side=True) as conn:
            conn.recv(65536)
            conn.verify_client_post_handshake()
            conn.sendall(b"HTTP/1.1 200 OK\r\n")
            conn.setblocking(False)
            shown = None
            while not shown and select.select([conn], [], [], PATIENCE)[0]:
                with contextlib.suppress(ssl.SSLWantReadError):
                    conn.recv(65536)
                with contextlib.suppress(ValueError):  # the handshake is not done yet
                    shown = conn.getpeercert(True)
            conn.setblocking(True)
            conn.sendall(b"Content-Length: 0\r\n\r\n")

    thread = threading.Thread(target=ask_then_answer)
    thread.start()
    url = f"https://127.0.0.1:{listener.getsockname()[1]}"
    with listener, recording(tmp_path, url, *authority.trusted, "--set", f"client_certs={own}") as proxy:
        with connected(proxy, device_tls(proxy)) as conn:
            assert post(conn) == 200
        assert proxy.program.end() == 0
        thread.join(PATIENCE)
    told = [(line["asked"], seen(line["saw"])) for line in of_type(proxy.journal, "server")]
    assert told == [(False, None), (True, identity(own))]
    assert [seen(line["server_saw"]) for line in of_type(proxy.journal, "request")] == [identity(own)]
