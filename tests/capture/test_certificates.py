"""Certificates as the journal names them, and which one mitmproxy shows to a server."""

import asyncio
import hashlib
import ssl
import warnings

import pytest
import trustme
from hypothesis import given
from hypothesis import strategies as st

from replay.capture.certificates import identity_of_der, identity_of_pem, name_towards, shown_to
from replay.capture.exchange import Identity

CA = trustme.CA()


def issue(name: str) -> trustme.LeafCert:
    return CA.issue_cert(f"{name}@example.com", common_name=name)


def whole(cert: trustme.LeafCert) -> bytes:
    """Key, certificate and its authority's, as mitmproxy's `client_certs` wants them."""
    return cert.private_key_and_cert_chain_pem.bytes()


def expected(name: str, cert: trustme.LeafCert) -> tuple[str, str]:
    der = ssl.PEM_cert_to_DER_cert(cert.cert_chain_pems[0].bytes().decode())
    return f"CN={name}", hashlib.sha256(der).hexdigest()


def shown(identity: Identity | None) -> tuple[str, str] | None:
    return None if identity is None else (identity.subject.split(",")[0], identity.sha256)


def test_the_first_certificate_in_a_file_counts_whatever_stands_before_it():
    cert = issue("the device")
    pem = whole(cert)
    assert shown(identity_of_pem(pem)) == expected("the device", cert)
    assert shown(identity_of_pem(b"a bag's attributes\n" + pem + CA.cert_pem.bytes())) == expected("the device", cert)
    assert identity_of_pem(cert.private_key_pem.bytes()) is None
    assert identity_of_pem(pem.replace(b"CERTIFICATE-----\nMII", b"CERTIFICATE-----\nXXX")) is None
    assert identity_of_pem(b"") is None


def test_a_certificate_in_der():
    cert = issue("the device")
    assert shown(identity_of_der(ssl.PEM_cert_to_DER_cert(cert.cert_chain_pems[0].bytes().decode()))) == expected(
        "the device", cert
    )


@given(st.binary(max_size=200))
def test_what_is_no_certificate_has_its_digest_for_a_name(rubbish):
    assert identity_of_der(rubbish) == Identity(None, hashlib.sha256(rubbish).hexdigest())
    assert identity_of_pem(rubbish) is None


def test_one_file_is_shown_to_every_server(tmp_path, monkeypatch):
    cert = issue("the proxy")
    (tmp_path / "proxy.pem").write_bytes(whole(cert))
    assert shown(shown_to(str(tmp_path / "proxy.pem"), "mdm.example.com")) == expected("the proxy", cert)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert shown(shown_to("~/proxy.pem", "mdm.example.com")) == expected("the proxy", cert)


def test_a_folder_has_a_file_for_each_server(tmp_path):
    certs = {name: issue(name) for name in ("mdm.example.com", "127.0.0.1")}
    for name, cert in certs.items():
        (tmp_path / f"{name}.pem").write_bytes(whole(cert))
    for name, cert in certs.items():
        assert shown(shown_to(str(tmp_path), name)) == expected(name, cert)
    for name in ("other.example.com", "mdm.example.com.pem", "", "\0", "x" * 300):
        assert shown_to(str(tmp_path), name) is None


def test_without_the_option_nothing_is_shown(tmp_path):
    assert shown_to(None, "mdm.example.com") is None
    assert shown_to("", "mdm.example.com") is None
    assert shown_to(str(tmp_path / "none.pem"), "mdm.example.com") is None


def test_a_file_is_read_once_like_in_mitmproxy_but_one_that_is_broken_can_be_put_right(tmp_path):
    file, old, new = tmp_path / "proxy.pem", issue("old"), issue("new")
    file.write_bytes(b"nothing")
    assert shown_to(str(file), "x") is None
    file.write_bytes(whole(old))
    assert shown(shown_to(str(file), "x")) == expected("old", old)
    file.write_bytes(whole(new))
    assert shown(shown_to(str(file), "x")) == expected("old", old)


@pytest.mark.mitmproxy
@pytest.mark.parametrize("where", ["file", "folder", "folder without one", "nowhere"])
@pytest.mark.parametrize("sni", [None, "mdm.example.com", "127.0.0.1"])
@pytest.mark.parametrize("client_sni", [None, "device.example.com"])
def test_mitmproxy_itself_shows_the_same(tmp_path, where, sni, client_sni):
    from mitmproxy import connection, options, tls
    from mitmproxy.proxy import context

    with warnings.catch_warnings():  # ldap3, which mitmproxy's addons import, uses names that pyasn1 has renamed
        warnings.simplefilter("ignore", DeprecationWarning)
        from mitmproxy.addons.tlsconfig import TlsConfig
        from mitmproxy.test import taddons

    names = ["mdm.example.com", "127.0.0.1", "device.example.com"] if where == "folder" else ["nobody"]
    for name in [*names, "proxy"]:
        (tmp_path / f"{name}.pem").write_bytes(whole(issue(name)))
    client_certs = {"file": str(tmp_path / "proxy.pem"), "nowhere": None}.get(where, str(tmp_path))
    server = connection.Server(address=("127.0.0.1", 443), sni=sni)
    name = name_towards(server, client_sni, "127.0.0.1", 443)

    async def shown_by_mitmproxy() -> object:
        with taddons.context(TlsConfig()) as taken:
            taken.options.update(client_certs=client_certs, confdir=str(tmp_path / "conf"))
            client = connection.Client(peername=("127.0.0.1", 1), sockname=("127.0.0.1", 2), sni=client_sni)
            data = tls.TlsData(server, context.Context(client, options.Options()))
            taken.master.addons.get("tlsconfig").tls_start_server(data)
            return data.ssl_conn.get_certificate()

    really = asyncio.run(shown_by_mitmproxy())
    ours = shown_to(client_certs, name)
    assert (ours is None) == (really is None) == (where in ("folder without one", "nowhere"))
    if really is not None:
        assert ours.sha256 == really.digest("sha256").decode().replace(":", "").lower()
    assert server.sni == name


@pytest.mark.mitmproxy
def test_a_request_that_goes_elsewhere_is_known_by_its_own_host():
    from mitmproxy import connection

    server = connection.Server(address=("mdm.example.com", 443), sni="mdm.example.com")
    assert name_towards(server, "mdm.example.com", "other.example.com", 443) == "other.example.com"
    assert name_towards(server, "device.example.com", "mdm.example.com", 8443) == "mdm.example.com"
    assert name_towards(connection.Server(address=None), "proxy", "mdm.example.com", 443) == "mdm.example.com"
