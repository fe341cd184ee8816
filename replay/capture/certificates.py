"""Certificates as the journal names them: subject and SHA-256. `cryptography` (mitmproxy's own) does the reading."""

from pathlib import Path

from replay.capture.exchange import Identity


def identity_of_pem(pem: bytes) -> Identity | None:
    """Who a certificate names: the first one in a PEM text; None where there is none that can be read."""
    from cryptography import x509
    from cryptography.hazmat.primitives.hashes import SHA256

    start = pem.find(b"-----BEGIN CERTIFICATE-----")
    try:
        cert = x509.load_pem_x509_certificate(pem[max(start, 0) :])
    except (ValueError, TypeError):
        return None
    return Identity(cert.subject.rfc4514_string(), cert.fingerprint(SHA256()).hex())


def shown_to(client_certs: str | None, host: str) -> Identity | None:
    """The certificate that mitmproxy shows to a server: its option `client_certs` is a PEM file for all, or a folder with
    `HOST.pem`."""
    if not client_certs:
        return None
    place = Path(client_certs).expanduser()
    file = place / f"{host}.pem" if place.is_dir() else place
    try:
        return identity_of_pem(file.read_bytes())
    except OSError:
        return None
