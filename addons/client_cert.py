"""Mutual TLS through the proxy: whose certificate was asked for, shown and refused; `Client-Cert` for lab servers (RFC 9440).

    mitmdump -s addons/client_cert.py -s addons/record.py --set omadm_forward_client_cert=true

A server sees the proxy's certificate (`client_certs`), never the device's, because the proxy does not have its key. A lab server
that trusts the proxy can take the device's certificate from a header instead. Beside that the script has TLS tell what
mitmproxy does not: whether a server asked for a certificate and which one it was shown (a line `server` in the recorder's
journal), and that it refused it; and it lets devices that are asked for a certificate resume their TLS sessions.
"""

import asyncio
import base64
import logging
import ssl
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

from mitmproxy import connection, ctx, exceptions, http, tls
from mitmproxy.addonmanager import Loader
from OpenSSL import SSL, crypto

from replay.capture.certificates import identity_of_der
from replay.capture.wire import peer_address

logger = logging.getLogger(__name__)
HEADER = "Client-Cert"
CHAIN = "Client-Cert-Chain"
#: OpenSSL resumes no session of a context that asks for certificates and has no name; it ends the connection (see
#: SSL_CTX_set_session_id_context).
_SESSIONS = b"omadm-replay"
_ASKED = b"read server certificate request"
_SHOWN = b"write certificate verify"
#: What SSL_CTX_set_info_callback is told: SSL_CB_READ_ALERT, SSL_CB_CONNECT_EXIT; and the level of an alert that ends a connection.
_READ_ALERT = 0x4004
_HANDSHAKE_ENDS = 0x1002
_FATAL = 2
#: TLS alerts that refuse a certificate, or its absence (RFC 8446, 6.2). What they end never got as far as HTTP.
_REFUSALS = {
    40: "handshake failure",
    42: "bad certificate",
    43: "unsupported certificate",
    44: "certificate revoked",
    45: "certificate expired",
    46: "certificate unknown",
    48: "unknown CA",
    49: "access denied",
    116: "certificate required",
}


class Watch:
    """What OpenSSL says of the certificates on one connection to a server: whether one was asked for, whether one was shown,
    and whether it was refused."""

    def __init__(self, conn: str, server: connection.Server) -> None:
        self._names = {"conn": conn, "server": peer_address(server.address), "sni": server.sni}
        self.asked = False
        self.shown = False
        self.refused: str | None = None
        self.established = False
        self._noted = False

    def state(self, ssl_conn: SSL.Connection, where: int, result: int) -> None:
        """OpenSSL has gone on in a handshake, or has read an alert (SSL_CTX_set_info_callback)."""
        if where == _READ_ALERT:
            self._alert(ssl_conn, result)
            return
        words = ssl_conn.get_state_string()
        if words.endswith(_ASKED):
            self.asked, self.shown, self._noted = True, False, False
        self.shown |= words.endswith(_SHOWN)
        if where == _HANDSHAKE_ENDS and result == 1 and self.established and not self._noted:
            self.note(ssl_conn)  # asked for in the middle of a connection

    def _alert(self, ssl_conn: SSL.Connection, alert: int) -> None:
        if alert >> 8 != _FATAL:
            return
        self.refused = _REFUSALS.get(alert & 0xFF)
        if self.established:
            # OpenSSL takes the alert for the end, and mitmproxy takes the end for one that it was told of: it would leave the
            # device waiting though the server closes the connection
            asyncio.get_running_loop().call_soon(_not_ended, ssl_conn)

    def note(self, ssl_conn: SSL.Connection) -> None:
        """Writes into the recorder's journal what this server asked for and was shown."""
        self._noted = True
        recorder: Any = ctx.master.addons.get("omadm-record")
        if recorder is None:
            return
        certificate = ssl_conn.get_certificate() if self.shown else None
        saw = identity_of_der(crypto.dump_certificate(crypto.FILETYPE_ASN1, certificate)) if certificate else None
        recorder.write(
            "server",
            **self._names,
            tls=ssl_conn.get_protocol_version_name(),
            asked=self.asked,
            saw={"subject": saw.subject, "sha256": saw.sha256} if saw else None,
        )


class ClientCert:
    """mitmproxy's addon."""

    name = "omadm-client-cert"

    def __init__(self) -> None:
        self._usable: str | None = None
        self._watches: WeakKeyDictionary[connection.Connection, Watch] = WeakKeyDictionary()

    def load(self, loader: Loader) -> None:
        """Declares the option."""
        loader.add_option(
            "omadm_forward_client_cert",
            bool,
            False,
            "Add the device's certificate to its requests as Client-Cert (RFC 9440), for lab servers that trust this proxy.",
        )

    def configure(self, updated: set[str]) -> None:
        """A certificate that is to be shown has to be one that can be used, and one that is to be forwarded has to be asked for."""
        if ctx.options.client_certs != self._usable:
            if ctx.options.client_certs:
                _check_usable(Path(ctx.options.client_certs).expanduser())
            self._usable = ctx.options.client_certs
        if ctx.options.omadm_forward_client_cert and not ctx.options.request_client_cert:
            logger.warning("omadm: request_client_cert is turned on, because omadm_forward_client_cert needs it")
            ctx.options.update(request_client_cert=True)

    # -- the device -----------------------------------------------------------------------------------------------------

    def tls_start_client(self, data: tls.TlsData) -> None:
        """Lets a device that is asked for its certificate resume its TLS sessions, as it could if it were not asked."""
        if ctx.options.request_client_cert:
            openssl: Any = SSL  # pyOpenSSL itself refuses this once a context is in use, as mitmproxy's is
            context: Any = _of_mitmproxy(data, "tls_start_client").get_context()
            openssl._lib.SSL_CTX_set_session_id_context(context._context, _SESSIONS, len(_SESSIONS))

    def tls_established_client(self, data: tls.TlsData) -> None:
        """mitmproxy leaves out a certificate that it cannot read, so that the next one of the chain would be taken for the
        device's, whose key it need not have. Such a device is taken for one without a certificate."""
        shown = data.ssl_conn.get_peer_certificate() if data.ssl_conn is not None else None
        try:
            if shown is not None:
                shown.to_cryptography()
        except ValueError:
            logger.warning("omadm: the device's certificate cannot be read; it is noted as none and not forwarded")
            data.conn.certificate_list = []

    def requestheaders(self, flow: http.HTTPFlow) -> None:
        """Takes away what a device says of its certificate, and says what it showed, before anybody reads the request."""
        if not ctx.options.omadm_forward_client_cert:
            return
        headers = flow.request.headers
        _remove(headers)
        if flow.client_conn.certificate_list:
            der = ssl.PEM_cert_to_DER_cert(flow.client_conn.certificate_list[0].to_pem().decode())
            value = base64.b64encode(der).decode()
            old = flow.request.http_version.startswith("HTTP/1")
            headers.add(HEADER if old else HEADER.lower(), f":{value}:")

    def request(self, flow: http.HTTPFlow) -> None:
        """A device could say it behind the body as well."""
        if ctx.options.omadm_forward_client_cert and flow.request.trailers:
            _remove(flow.request.trailers)

    # -- the server -----------------------------------------------------------------------------------------------------

    def tls_start_server(self, data: tls.TlsData) -> None:
        """Has OpenSSL tell what happens in the handshake with a server."""
        if not isinstance(data.conn, connection.Server):
            return
        ssl_conn = _of_mitmproxy(data, "tls_start_server")
        self._watches[data.conn] = watch = Watch(data.context.client.id, data.conn)
        ssl_conn.set_app_data(watch)
        _watch(ssl_conn)

    def tls_established_server(self, data: tls.TlsData) -> None:
        """The handshake is over as far as the proxy is concerned; under TLS 1.3 the server may still refuse it."""
        watch = self._watches.get(data.conn)
        if watch is not None and data.ssl_conn is not None:
            watch.established = True
            watch.note(data.ssl_conn)

    def tls_failed_server(self, data: tls.TlsData) -> None:
        """The handshake was refused or broken off."""
        watch = self._watches.get(data.conn)
        if watch is not None and data.ssl_conn is not None:
            watch.note(data.ssl_conn)

    def error(self, flow: http.HTTPFlow) -> None:
        """Under TLS 1.3 a server that refuses the certificate looks like one that does not answer. Where TLS told, this is
        said, and the request counts as not delivered."""
        watch = self._watches.get(flow.server_conn)
        if watch is not None and watch.refused and flow.error is not None and flow.response is None:
            what = "the certificate that it was shown" if watch.shown else "a client without a certificate"
            flow.error.msg = f"TLS with the server failed: it refused {what} (alert: {watch.refused})"


def _check_usable(file: Path) -> None:
    """Raises OptionsError where mitmproxy could not use a file of `client_certs`: it would fail at every connection. Of a folder it
    uses what is named after a server, so nothing is said of what lies there."""
    if not file.is_file():
        return
    context = SSL.Context(SSL.TLS_METHOD)
    try:
        if b"ENCRYPTED" in file.read_bytes():  # OpenSSL would ask for the pass phrase on the terminal
            raise exceptions.OptionsError(
                f"client_certs: {file}: its key is encrypted; a proxy cannot ask for the pass phrase"
            )
        context.use_privatekey_file(str(file))
        context.use_certificate_chain_file(str(file))
        context.check_privatekey()
    except (OSError, SSL.Error) as error:
        raise exceptions.OptionsError(
            f"client_certs: {file}: is no certificate with its key, in PEM: {error}"
        ) from error


def _of_mitmproxy(data: tls.TlsData, hook: str) -> SSL.Connection:
    """The TLS connection that mitmproxy makes in this hook. As a script this addon comes first, and has it made now."""
    if data.ssl_conn is None:
        getattr(ctx.master.addons.get("tlsconfig"), hook)(data)
    if data.ssl_conn is None:
        raise RuntimeError("mitmproxy made no TLS connection")
    return data.ssl_conn


def _watch(ssl_conn: SSL.Connection) -> None:
    """Has `Watch.state` called. Before pyOpenSSL 25 only a context can be watched, which mitmproxy shares among connections."""
    of_connection = getattr(ssl_conn, "set_info_callback", None)
    if of_connection is not None:
        of_connection(_state)
        return
    context = ssl_conn.get_context()
    if getattr(context, "_info_callback", None) is None:
        context.set_info_callback(_state)


def _state(ssl_conn: SSL.Connection, where: int, result: int) -> None:
    watch = ssl_conn.get_app_data()
    if isinstance(watch, Watch):
        watch.state(ssl_conn, where, result)


def _not_ended(ssl_conn: SSL.Connection) -> None:
    ssl_conn.set_shutdown(ssl_conn.get_shutdown() & ~SSL.RECEIVED_SHUTDOWN)


def _remove(headers: http.Headers) -> None:
    for name in (HEADER, CHAIN):
        if name in headers:
            del headers[name]


addons = [ClientCert()]
