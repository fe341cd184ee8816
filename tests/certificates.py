"""Certificates for tests of mutual TLS, connections that show them, and what the journal says of them."""

import base64
import contextlib
import hashlib
import http.client
import socket
import ssl
import sys
from collections.abc import Iterator
from pathlib import Path

import trustme

from replay.lab import messages
from tests.addons.test_record import ALERT, lines_of
from tests.processes import PATIENCE, Proxy, program

VERSIONS = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}


class Authority:
    """A certificate authority, and what it issued: certificate and key in one PEM file each."""

    def __init__(self, folder: Path) -> None:
        self.ca, self.folder = trustme.CA(), folder
        self.ca.cert_pem.write_to_path(folder / "ca.pem")

    def issue(self, name: str) -> Path:
        file = self.folder / f"{name}.pem"
        self.ca.issue_cert(f"{name}@example.com", common_name=name).private_key_and_cert_chain_pem.write_to_path(file)
        return file

    def server(self, version: str | None = None, *, ask: ssl.VerifyMode = ssl.CERT_REQUIRED) -> ssl.SSLContext:
        """A server's context, which demands a certificate of this authority."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.ca.issue_cert("127.0.0.1", "localhost", "mdm.example.com").configure_cert(context)
        context.load_verify_locations(self.folder / "ca.pem")
        context.verify_mode = ask
        return _of_version(context, version)

    @property
    def trusted(self) -> list[str]:
        """What a proxy needs to be told to trust such a server."""
        return ["--set", f"ssl_verify_upstream_trusted_ca={self.folder / 'ca.pem'}"]


def _of_version(context: ssl.SSLContext, version: str | None) -> ssl.SSLContext:
    if version is not None:
        context.minimum_version = context.maximum_version = VERSIONS[version]
    return context


def device_tls(proxy: Proxy, cert: Path | None = None, version: str | None = None) -> ssl.SSLContext:
    context = proxy.tls
    if cert is not None:
        context.load_cert_chain(cert)
    return _of_version(context, version)


def port_of(proxy: Proxy) -> int:
    return int(proxy.url.split(":")[2].strip("/"))


@contextlib.contextmanager
def connected(proxy: Proxy, tls: ssl.SSLContext, session: ssl.SSLSession | None = None) -> Iterator[ssl.SSLSocket]:
    raw = socket.create_connection(("127.0.0.1", port_of(proxy)), PATIENCE)
    with raw, tls.wrap_socket(raw, server_hostname="127.0.0.1", session=session) as conn:
        yield conn


@contextlib.contextmanager
def record(folder: Path, *more: str) -> Iterator[Proxy]:
    """`omadm record` in any mode."""
    command = [sys.executable, "-m", "replay", "record", "--listen", "127.0.0.1:0", "-o", str(folder / "run.jsonl")]
    with program(*command, "--set", f"confdir={folder / 'conf'}", *more, cwd=folder) as running:
        yield Proxy(running, folder / "run.jsonl", folder / "conf", "listening on ")


def ask_through(proxy: Proxy, target: tuple[str, int] | None) -> None:
    """One message to a server by way of a proxy, or, without one, to the proxy as if it were mdm.example.com."""
    with socket.create_connection(("127.0.0.1", port_of(proxy)), PATIENCE) as raw:
        if target:
            raw.sendall(f"CONNECT {target[0]}:{target[1]} HTTP/1.1\r\n\r\n".encode())
            assert b"200" in raw.recv(65536)
        with proxy.tls.wrap_socket(raw, server_hostname=target[0] if target else "mdm.example.com") as conn:
            assert post(conn) == 200


def post(conn: ssl.SSLSocket | socket.socket, *more: str, body: bytes = ALERT) -> int:
    """Sends a message with such further header lines; gives the status of the answer."""
    head = ["POST /mdm HTTP/1.1", "Host: x", f"Content-Type: {messages.CONTENT_TYPE}", f"Content-Length: {len(body)}"]
    conn.sendall("\r\n".join([*head, *more, "", ""]).encode() + body)
    with contextlib.closing(http.client.HTTPResponse(conn)) as response:
        response.begin()
        response.read()
        return response.status


def of_type(path: Path, type_: str) -> list[dict]:
    return [line for line in lines_of(path) if line["type"] == type_]


def der_of(pem: Path) -> bytes:
    text = pem.read_text()
    begin = text.index("-----BEGIN CERTIFICATE-----")
    end = text.index("-----END CERTIFICATE-----", begin)
    return base64.b64decode("".join(text[begin:end].splitlines()[1:]))


def identity(pem: Path) -> tuple[str, str]:
    return pem.stem, hashlib.sha256(der_of(pem)).hexdigest()


def seen(member: dict | None) -> tuple[str, str] | None:
    """An identity in the journal as the common name and the digest."""
    return None if member is None else (member["subject"].split(",")[0].removeprefix("CN="), member["sha256"])
