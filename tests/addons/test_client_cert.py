"""The device's certificate in a real `omadm record`: asked for, noted, and forwarded as `Client-Cert` (RFC 9440)."""

import asyncio
import base64
import hashlib
import logging
import socket
import ssl
import sys
import threading
import warnings
from pathlib import Path

import pytest
from click.testing import CliRunner

from replay.capture.readers import read
from replay.cli import main
from replay.cli.proxy import addon as _addon
from replay.expect.case import Options
from replay.expect.judge import judge
from replay.lab import messages
from replay.lab.device import LabDevice
from replay.lab.server import LabServer
from tests.addons.test_record import ALERT
from tests.certificates import (
    VERSIONS,
    connected,
    der_of,
    device_tls,
    identity,
    of_type,
    post,
    seen,
)
from tests.conftest import ROOT
from tests.processes import PATIENCE, Proxy, program, recording

with warnings.catch_warnings():  # ldap3, which mitmproxy's addons import, uses names that pyasn1 has renamed
    warnings.simplefilter("ignore", DeprecationWarning)
    from mitmproxy.addons.tlsconfig import TlsConfig
    from mitmproxy.test import taddons, tflow

pytestmark = [pytest.mark.slow, pytest.mark.mitmproxy]
both_versions = pytest.mark.parametrize("version", list(VERSIONS))


def client_certs_of(line: dict) -> list[list[str]]:
    return [header for header in line["headers"] if header[0].lower().startswith("client-cert")]


# -- the device's certificate ---------------------------------------------------------------------------------------------


@both_versions
def test_the_device_is_asked_and_what_it_shows_is_noted(tmp_path, authority, version):
    cert = authority.issue("the device")
    with LabServer() as server, recording(tmp_path, server.url) as proxy:
        for tls in (device_tls(proxy, cert, version), device_tls(proxy, None, version)):
            assert LabDevice(proxy.url, tls=tls).run("ordinary").answered == 2
        assert proxy.program.end() == 0
    requests = of_type(proxy.journal, "request")
    assert [seen(line["client_cert"]) for line in requests] == [identity(cert)] * 2 + [None] * 2
    assert not any(client_certs_of(line) for line in requests), "nothing is forwarded unless it is asked for"
    assert server.certificates == []
    subject = read(str(proxy.journal)).exchanges[0].client_cert.subject
    assert subject.startswith("CN=the device,OU=Testing cert")


@both_versions
@pytest.mark.parametrize("with_cert", [True, False])
def test_a_device_that_is_asked_can_resume_its_session(tmp_path, authority, version, with_cert):
    """mitmproxy alone ends every resumed connection once it asks for certificates ("session id context uninitialized")."""
    cert = authority.issue("the device") if with_cert else None
    with LabServer() as server, recording(tmp_path, server.url) as proxy:
        tls, session, reused = device_tls(proxy, cert, version), None, []
        for _ in range(4):
            with connected(proxy, tls, session) as conn:
                assert post(conn) == 200
                session = conn.session
                reused.append(conn.session_reused)
        assert proxy.program.end() == 0
    assert reused[2:] == [True, True]
    shown = [seen(line["client_cert"]) for line in of_type(proxy.journal, "request")]
    assert shown == [identity(cert) if cert else None] * 4
    assert read(str(proxy.journal)).broken_off == []


def test_the_device_need_not_be_asked(tmp_path, authority):
    with LabServer() as server, recording(tmp_path, server.url, "--set", "request_client_cert=false") as proxy:
        LabDevice(proxy.url, tls=device_tls(proxy, authority.issue("the device"))).run("ordinary")
        assert proxy.program.end() == 0
    assert {line["client_cert"] is None for line in of_type(proxy.journal, "request")} == {True}


def test_one_connection_of_the_device_with_many_requests(tmp_path, authority):
    cert, own = authority.issue("the device"), authority.issue("the proxy")
    more = [*authority.trusted, "--set", f"client_certs={own}", "--forward-client-cert"]
    with LabServer(tls=authority.server(), trust_proxy=True) as server, recording(tmp_path, server.url, *more) as proxy:
        with connected(proxy, device_tls(proxy, cert)) as conn:
            assert [post(conn) for _ in range(3)] == [200] * 3
        assert proxy.program.end() == 0
    requests = of_type(proxy.journal, "request")
    assert [seen(line["client_cert"]) for line in requests] == [identity(cert)] * 3
    assert [seen(line["server_saw"]) for line in requests] == [identity(own)] * 3
    assert len(of_type(proxy.journal, "server")) == 1, "the connection to the server was used again"


def test_a_certificate_that_cannot_be_read_is_not_taken_for_another(tmp_path, authority):
    """mitmproxy drops it from its list, where the next of the chain, whose key the device need not have, comes first then."""
    cert, other = authority.issue("the device"), authority.issue("another device")
    good = der_of(cert)
    odd = good.replace(
        b"\x06\x03\x55\x1d\x13\x01\x01\xff", b"\x06\x03\x55\x1d\x13\x01\x01\x01"
    )  # a TRUE that is no DER
    assert odd != good
    key = cert.read_text().split("-----BEGIN CERTIFICATE-----")[0]
    cert.write_text(key + ssl.DER_cert_to_PEM_cert(odd) + ssl.DER_cert_to_PEM_cert(der_of(other)))
    with LabServer(trust_proxy=True) as server, recording(tmp_path, server.url, "--forward-client-cert") as proxy:
        with connected(proxy, device_tls(proxy, cert)) as conn:
            assert post(conn) == 200
        assert proxy.program.end() == 0
        proxy.program.wait_for("the device's certificate cannot be read")
    (line,) = of_type(proxy.journal, "request")
    assert (line["client_cert"], client_certs_of(line), server.certificates) == (None, [], [])


# -- Client-Cert ----------------------------------------------------------------------------------------------------------


def test_the_certificate_is_forwarded_as_it_is(tmp_path, authority):
    cert = authority.issue("the device")
    with LabServer(trust_proxy=True) as server, recording(tmp_path, server.url, "--forward-client-cert") as proxy:
        LabDevice(proxy.url, tls=device_tls(proxy, cert)).run("ordinary")
        assert proxy.program.end() == 0
    for line in of_type(proxy.journal, "request"):
        ((name, value),) = client_certs_of(line)
        assert (name, value[0], value[-1]) == ("Client-Cert", ":", ":")
        assert base64.b64decode(value[1:-1], validate=True) == der_of(cert)
    assert [(each.subject.split(",")[0], each.sha256) for each in server.certificates] == [
        ("CN=the device", identity(cert)[1])
    ]


SPOOFED = [
    "Client-Cert: :AAAA:",
    "client-cert: :BBBB:",
    "CLIENT-CERT-CHAIN: :CCCC:, :DDDD:",
    "Client-Cert-Chain: :EEEE:",
]


@pytest.mark.parametrize("with_cert", [True, False])
def test_what_a_device_says_of_its_certificate_itself_is_removed(tmp_path, authority, with_cert):
    cert = authority.issue("the device") if with_cert else None
    with LabServer(trust_proxy=True) as server, recording(tmp_path, server.url, "--forward-client-cert") as proxy:
        with connected(proxy, device_tls(proxy, cert)) as conn:
            assert post(conn, *SPOOFED) == 200
        assert proxy.program.end() == 0
    (line,) = of_type(proxy.journal, "request")
    assert [name for name, _ in client_certs_of(line)] == (["Client-Cert"] if cert else [])
    assert [each.sha256 for each in server.certificates] == ([identity(cert)[1]] if cert else [])


@pytest.mark.parametrize("forwarding", [True, False])
def test_nothing_else_in_a_request_changes(tmp_path, authority, forwarding):
    """Byte for byte as the server gets it; without the option the header is the device's own affair."""
    lines = ["X-Odd:  two  blanks ", "x-ODD: again", SPOOFED[0], "Cookie: a=b;  c", SPOOFED[2], "X-Last: \xe9"]
    listener, got = socket.create_server(("127.0.0.1", 0)), []

    def answer() -> None:
        peer, _ = listener.accept()
        with peer:
            data = b""
            while b"</SyncML>" not in data:
                data += peer.recv(65536)
            got.append(data)
            peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

    thread = threading.Thread(target=answer)
    thread.start()
    cert, url = authority.issue("the device"), f"http://127.0.0.1:{listener.getsockname()[1]}"
    with listener, recording(tmp_path, url, *(["--forward-client-cert"] if forwarding else [])) as proxy:
        with connected(proxy, device_tls(proxy, cert)) as conn:
            assert post(conn, *lines) == 200
        assert proxy.program.end() == 0
        thread.join(PATIENCE)
    head, _, body = got[0].partition(b"\r\n\r\n")
    sent = [line.encode() for line in lines if not (forwarding and line in SPOOFED)]
    if forwarding:
        sent.append(b"Client-Cert: :" + base64.b64encode(der_of(cert)) + b":")
    assert body == ALERT
    assert [line.split(b":", 1)[1].strip() for line in head.split(b"\r\n")[4:]] == [
        line.split(b":", 1)[1].strip() for line in sent
    ]
    journalled = of_type(proxy.journal, "request")[0]["headers"]
    assert [f"{name}: {value}".encode() for name, value in journalled][3:] == [
        line.split(b":")[0] + b": " + line.split(b":", 1)[1].strip() for line in sent
    ]


def test_over_http2_too(tmp_path, authority):
    import h2.config
    import h2.connection
    import h2.events

    cert = authority.issue("the device")
    with LabServer(trust_proxy=True) as server, recording(tmp_path, server.url, "--forward-client-cert") as proxy:
        tls = device_tls(proxy, cert)
        tls.set_alpn_protocols(["h2"])
        with connected(proxy, tls) as conn:
            session = h2.connection.H2Connection(h2.config.H2Configuration(client_side=True))
            session.initiate_connection()
            for stream in (1, 3):
                head = [(":method", "POST"), (":path", "/mdm"), (":scheme", "https"), (":authority", "x")]
                session.send_headers(
                    stream, [*head, ("content-type", messages.CONTENT_TYPE), ("client-cert", ":AAAA:")]
                )
                session.send_data(stream, ALERT, end_stream=True)
            conn.sendall(session.data_to_send())
            ended = 0
            while ended < 2:
                events = session.receive_data(conn.recv(65536))
                ended += sum(isinstance(event, h2.events.StreamEnded) for event in events)
                conn.sendall(session.data_to_send())
        assert proxy.program.end() == 0
    requests = of_type(proxy.journal, "request")
    assert [(line["http"], seen(line["client_cert"])) for line in requests] == [("HTTP/2.0", identity(cert))] * 2
    value = f":{base64.b64encode(der_of(cert)).decode()}:"
    assert [client_certs_of(line) for line in requests] == [[["client-cert", value]]] * 2
    assert [each.sha256 for each in server.certificates] == [identity(cert)[1]]


@pytest.mark.parametrize("order", [("client_cert.py", "record.py"), ("record.py", "client_cert.py")])
def test_under_mitmdump_it_has_the_device_asked(tmp_path, authority, order):
    cert, journal = authority.issue("the device"), tmp_path / "run.jsonl"
    with LabServer(trust_proxy=True) as server:
        command = [str(Path(sys.executable).parent / "mitmdump"), "--mode", f"reverse:{server.url}", "-p", "0"]
        command += [word for name in order for word in ("-s", str(ROOT / "addons" / name))]
        command += ["--listen-host", "127.0.0.1", "--set", f"confdir={tmp_path / 'conf'}"]
        command += ["--set", f"omadm_journal={journal}", "--set", "omadm_forward_client_cert=true"]
        with program(*command, cwd=tmp_path) as running:
            proxy = Proxy(running, journal, tmp_path / "conf", "listening at ")
            running.wait_for("request_client_cert is turned on")
            tls, session, reused = device_tls(proxy, cert), None, []
            for _ in range(3):
                with connected(proxy, tls, session) as conn:
                    assert post(conn, SPOOFED[0]) == 200
                    session = conn.session
                    reused.append(conn.session_reused)
            assert running.end() == 0
    assert reused[-1]
    requests = of_type(journal, "request")
    value = f":{base64.b64encode(der_of(cert)).decode()}:"
    assert [client_certs_of(line) for line in requests] == [[["Client-Cert", value]]] * 3
    assert [seen(line["client_cert"]) for line in requests] == [identity(cert)] * 3


def test_the_lab_server_believes_the_header_only_when_it_is_told_to(authority):
    der = der_of(authority.issue("the device"))
    good = f":{base64.b64encode(der).decode()}:"
    careful, trusting = LabServer(), LabServer(trust_proxy=True)
    for values in ([good], [good, good], [good[1:]], [":"], [":no base64:"], [""], []):
        careful.identify(None, values)
        trusting.identify(None, values)
    trusting.identify(der, [])
    assert careful.certificates == []
    assert [each.sha256 for each in trusting.certificates] == [hashlib.sha256(der).hexdigest()]
    careful.identify(der, [])
    assert careful.certificates == trusting.certificates
    for server in (careful, trusting):
        server._http.server_close()


# -- by itself ------------------------------------------------------------------------------------------------------------


def test_trailers_are_cleaned_and_options_are_set(caplog):
    async def run() -> None:
        addon = _addon("client_cert.py")
        with taddons.context(TlsConfig(), addon) as taken, caplog.at_level(logging.WARNING):
            flow = tflow.tflow()
            flow.request.headers["Client-Cert"] = ":AAAA:"
            flow.request.trailers = type(flow.request.headers)([(b"client-cert", b":AAAA:"), (b"x", b"y")])
            for hook in (addon.requestheaders, addon.request):
                hook(flow)
            assert (flow.request.headers["Client-Cert"], len(flow.request.trailers)) == (":AAAA:", 2)
            assert not taken.options.request_client_cert
            taken.configure(addon, omadm_forward_client_cert=True)
            assert taken.options.request_client_cert
            for hook in (addon.requestheaders, addon.request):
                hook(flow)
            assert "client-cert" not in flow.request.headers
            assert flow.request.trailers.fields == ((b"x", b"y"),)
            taken.options.update(request_client_cert=False)
            assert taken.options.request_client_cert, "it cannot be turned off while it is needed"

    asyncio.run(run())
    assert caplog.text.count("request_client_cert is turned on") == 2


def test_certificates_to_try_it_with(tmp_path):
    made = CliRunner().invoke(main, ["lab", "certs", "-o", str(tmp_path / "certs")])
    assert made.exit_code == 0, made.output
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=tmp_path / "certs" / "ca.pem")
    for name in ("device", "proxy"):
        context.load_cert_chain(tmp_path / "certs" / f"{name}.pem")
    (tmp_path / "file").touch()
    failed = CliRunner().invoke(main, ["lab", "certs", "-o", str(tmp_path / "file")])
    assert failed.exit_code == 2
    assert "cannot be written" in failed.stderr


def test_the_commands_together(tmp_path):
    """Device, proxy and server as processes, each with a certificate of its own."""
    lab = [sys.executable, "-m", "replay", "lab"]
    assert CliRunner().invoke(main, ["lab", "certs", "-o", str(tmp_path)]).exit_code == 0
    certs = {name: tmp_path / f"{name}.pem" for name in ("ca", "device", "proxy", "server-ca")}
    serving = ["--tls", "--ca-out", str(certs["server-ca"]), "--client-ca", str(certs["ca"]), "--trust-proxy"]
    more = ["--forward-client-cert", "--set", f"client_certs={certs['proxy']}"]
    more += ["--set", f"ssl_verify_upstream_trusted_ca={certs['server-ca']}"]
    with program(*lab, "server", *serving, "--unenroll", "P") as server:
        url = server.wait_for("https://")
        with recording(tmp_path, url, *more) as proxy:
            run = ["lab", "device", "--to", proxy.url, "--ca", str(proxy.ca), "--cert", str(certs["device"])]
            result = CliRunner().invoke(main, [*run, "--scenario", "server"])
            assert result.exit_code == 0, result.output
            assert proxy.program.end() == 0
        assert server.end() == 0
        assert hashlib.sha256(der_of(certs["device"])).hexdigest() in server.wait_for("certificate of a device")
    assert judge(read(str(proxy.journal)), Options(quiet=0)).verdict.word == "pass"


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (["--client-ca", "ca.pem"], "needs --tls"),
        (["--tls", "--client-ca", "no-such-file.pem"], "cannot be used as certificates"),
    ],
)
def test_a_lab_server_that_cannot_check_certificates_does_not_start(more, words):
    result = CliRunner().invoke(main, ["lab", "server", *more])
    assert result.exit_code == 2
    assert words in result.output
