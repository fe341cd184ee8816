"""Certificates as the journal names them: subject and SHA-256. `cryptography` (mitmproxy's own) does the reading."""

from functools import lru_cache
from pathlib import Path
from typing import Any

from replay.capture.exchange import Identity

#: Certificates, and files of them, that are kept once they were read; mitmproxy keeps as many of its TLS contexts.
_KEPT = 256


@lru_cache(_KEPT)
def identity_of_pem(pem: bytes) -> Identity | None:
    """Who a certificate names: the first one in a PEM text; None where there is none that can be read."""
    from cryptography import x509

    start = pem.find(b"-----BEGIN CERTIFICATE-----")
    try:
        return _identity(x509.load_pem_x509_certificate(pem[max(start, 0) :]))
    except (ValueError, TypeError, x509.InvalidVersion):
        return None


@lru_cache(_KEPT)
def identity_of_der(der: bytes) -> Identity:
    """Who a certificate names, from its DER bytes; of one that cannot be read, its SHA-256 alone."""
    from hashlib import sha256

    from cryptography import x509

    try:
        return _identity(x509.load_der_x509_certificate(der))
    except (ValueError, TypeError, x509.InvalidVersion):
        return Identity(None, sha256(der).hexdigest())


def _identity(cert: Any) -> Identity:
    from cryptography.hazmat.primitives.hashes import SHA256

    try:
        subject = cert.subject.rfc4514_string()
    except ValueError:  # the certificate can be read, the name in it cannot
        subject = None
    return Identity(subject, cert.fingerprint(SHA256()).hex())


def name_towards(server: Any, client_sni: str | None, host: str, port: int) -> str:
    """The name by which mitmproxy knows the server of a request, for SNI and for `HOST.pem`, before it has connected to it.

    `server` is the flow's `server_conn` as it is when the request has been read: where the proxy's mode says that the
    connection would go. A request that goes elsewhere (a proxy request, a map) is known by its own host. Source:
    mitmproxy, `HttpLayer.get_connection` and `TlsConfig.tls_start_server`.
    """
    if server.address == (host, port):
        return str(server.sni or client_sni or host)
    return host


def shown_to(client_certs: str | None, name: str) -> Identity | None:
    """The certificate that mitmproxy shows to the server of this name if it is asked for one: its option `client_certs` is
    a PEM file for all servers, or a folder with `NAME.pem`. None where there is none, or none that can be read. Like
    mitmproxy it reads a file once: one that is replaced while the proxy runs has no effect."""
    if not client_certs:
        return None
    place = Path(client_certs).expanduser()
    try:
        return _first_in(place if place.is_file() else place / f"{name}.pem")
    except (OSError, ValueError):  # not there, or a name that no file can have
        return None


@lru_cache(_KEPT)
def _first_in(file: Path) -> Identity:
    identity = identity_of_pem(file.read_bytes())
    if identity is None:
        raise ValueError(f"{file}: holds no certificate")  # not kept: it may be put right
    return identity
