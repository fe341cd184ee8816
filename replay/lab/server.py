"""The lab's server: answers any device, and sends an Exec Unenroll when it is told to.

It keeps the state of a session by device and SessionID, and which certificates it was shown, nothing else. `variant` makes
it misbehave in one way towards the alert, so that recorders and judges have something to see.
"""

import base64
import socket
import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

from replay.capture.certificates import identity_of_der
from replay.capture.exchange import Identity
from replay.capture.sessions import message_number
from replay.lab import messages
from replay.syncml.errors import UnreadableMessageError
from replay.syncml.model import Message, device_of
from replay.syncml.read import looks_like_wbxml, read
from replay.syncml.unenrol import alerts

#: Ways to misbehave, each towards the message that carries the alert.
VARIANTS: Final = {
    "good": "answers everything",
    "no-reply": "takes the alert and never answers; the connection stays open",
    "close": "takes the alert and closes the connection without an answer",
    "error-500": "answers the alert with HTTP 500",
    "refuse": "answers the alert with Status 406",
    "commands-in-reply": "sends a Get in its answer to the alert",
}
_MAX_BODY: Final = 64 * 1024 * 1024


class LabServer:
    """A server on its own threads. `url` is where it listens, whatever the path;
    `unenrolled` are the devices whose alert it has taken, `certificates` those that were shown to it, each once.

    With `trust_proxy` the device's certificate is what a proxy says in Client-Cert (RFC 9440), not the one that TLS
    showed, which is the proxy's own."""

    def __init__(
        self,
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        tls: ssl.SSLContext | None = None,
        unenroll: str | None = None,
        variant: str = "good",
        trust_proxy: bool = False,
    ) -> None:
        self.unenroll = unenroll
        self.variant = variant
        self.trust_proxy = trust_proxy
        self.unenrolled: list[str] = []
        self.certificates: list[Identity] = []
        self.received = 0
        self._lock = threading.Lock()
        self._exec_sent: set[str] = set()
        self.stopping = threading.Event()
        self._http = _Http((host, port), self, tls)
        bound = self._http.server_address
        shown = f"[{bound[0]!s}]" if ":" in str(bound[0]) else str(bound[0])
        self.url = f"{'https' if tls else 'http'}://{shown}:{bound[1]}"
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.05,), name="lab-server", daemon=True)

    def __enter__(self) -> "LabServer":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stopping.set()
        self._http.shutdown()
        self._http.server_close()

    def identify(self, shown: bytes | None, forwarded: list[str]) -> None:
        """Notes the device's certificate: what TLS showed (DER), or what the Client-Cert headers of the request say."""
        der = _from_header(forwarded) if self.trust_proxy else shown
        if der:
            identity = identity_of_der(der)
            with self._lock:
                if identity not in self.certificates:
                    self.certificates.append(identity)

    def answer(self, body: bytes) -> tuple[int, bytes] | None:
        """HTTP status and body of the answer to a device's message; None for no answer at all."""
        try:
            received = read(body)
        except UnreadableMessageError:
            return 400, b""
        device = device_of(received) or ""
        has_alert = next(alerts(received), None) is not None
        with self._lock:
            self.received += 1
            if has_alert and self.variant in ("no-reply", "close"):
                return None
            if has_alert and self.variant == "error-500":
                return 500, b"the lab server was told to fail\n"
            if has_alert:
                self.unenrolled.append(device)
            commands = self._commands(received, device, has_alert)
        header = received.header
        sender = messages.Sender(header.session_id or "", device, (header.target.uri if header.target else "") or "")
        answer = messages.message(sender, message_number(header.msg_id) or 1, commands)
        return 200, messages.to_wbxml(answer) if received.form == "wbxml" else answer

    def _commands(self, received: Message, device: str, has_alert: bool) -> list[str]:
        code = "406" if has_alert and self.variant == "refuse" else "200"
        commands = messages.answers(received, code=code)
        next_id = len(commands) + 1
        first = received.header.msg_id == "1"
        if has_alert and self.variant == "commands-in-reply":
            commands.append(messages.get(next_id, "./DevDetail/SwV"))
        elif first and not has_alert:
            if self.unenroll is not None and device not in self._exec_sent:
                self._exec_sent.add(device)
                commands.append(messages.unenrol_exec(next_id, self.unenroll))
            else:
                commands.append(messages.get(next_id, "./DevDetail/SwV"))
        return commands


def _from_header(values: list[str]) -> bytes | None:
    """The DER bytes in a Client-Cert header, a byte sequence between colons (RFC 9440, RFC 8941); None unless there is one."""
    value = values[0].strip() if len(values) == 1 else ""
    if len(value) < 2 or value[0] != ":" or value[-1] != ":":
        return None
    try:
        return base64.b64decode(value[1:-1], validate=True)
    except ValueError:  # binascii.Error is one
        return None


class _Http(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def __init__(self, address: tuple[str, int], lab: LabServer, tls: ssl.SSLContext | None) -> None:
        if ":" in address[0]:
            self.address_family = socket.AF_INET6
        self.lab = lab
        self.tls = tls
        super().__init__(address, _Handler)

    def finish_request(self, request: Any, client_address: Any) -> None:
        """Does the TLS handshake on the connection's own thread, so that a silent client holds up nobody else."""
        if self.tls is None:
            super().finish_request(request, client_address)
            return
        request = self.tls.wrap_socket(request, server_side=True)
        try:
            super().finish_request(request, client_address)
        finally:
            self.shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up, or does not trust the certificate, is its own affair."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Http
    timeout = 300

    def do_POST(self) -> None:
        """Answers a device's message."""
        length = int(self.headers.get("content-length") or 0)
        if length > _MAX_BODY:
            self.send_error(413)
            return
        lab = self.server.lab
        shown = self.connection.getpeercert(True) if isinstance(self.connection, ssl.SSLSocket) else None
        lab.identify(shown, self.headers.get_all("client-cert", []))
        answer = lab.answer(self.rfile.read(length))
        if answer is None:
            if lab.variant == "no-reply":
                lab.stopping.wait(self.timeout)
            self.close_connection = True
            return
        code, body = answer
        self.send_response(code)
        kind = messages.WBXML_TYPE if looks_like_wbxml(body) else messages.CONTENT_TYPE
        self.send_header("Content-Type", kind if code == 200 else "text/plain")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self) -> None:
        """Says what this is, to whoever looks with a browser."""
        body = b"omadm-replay lab server: POST SyncML here\n"
        self.send_response(200)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Says nothing: stdout and stderr belong to the command."""
