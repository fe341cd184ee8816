"""HTTP on the wire for a played device: exact headers in their order and spelling, and ends that are told apart.

A request goes out once. A connection that the server has closed meanwhile is noticed before anything is sent over it, and replaced.
"""

import contextlib
import http.client
import select
import socket
import ssl
from collections.abc import Callable
from typing import Final
from urllib.parse import urlsplit

from msgspec import Struct

from replay.capture.coding import MOST, CodingError, undone, undone_up_to_the_cut
from replay.capture.exchange import Headers, header

#: Codings that requests ask for; another one stays as it came.
_CODINGS: Final = ("gzip", "x-gzip", "deflate")
#: Bytes of an answer: no server of OMA DM says as much, and one that goes on for ever must not fill the memory.
_MOST_ANSWER: Final = MOST


class Answer(Struct, frozen=True):
    """What came back: status line, headers and body (its coding undone), or what came of them."""

    status: int
    reason: str
    http: str
    headers: Headers
    body: bytes


class End(Struct, frozen=True):
    """An end without a whole answer: one of the journal's causes, in words, and how many bytes of a body came."""

    cause: str
    detail: str
    received: int | None = None


class Connection:
    """One connection to a server, which is made when it is needed and made again when it is gone. `timeout` is in seconds, for each
    wait; `made` is told of each connection and gives it a name."""

    def __init__(self, tls: ssl.SSLContext | None, timeout: float, made: Callable[[str], str]) -> None:
        self._tls, self._timeout, self._made = tls, timeout, made
        self._http: http.client.HTTPConnection | None = None
        self._to = ("", "")
        self.name = ""
        self.client: str | None = None

    def open(self, url: str) -> End | None:
        """Makes sure that there is a connection to a URL's server. Gives the end where there can be none."""
        parts = urlsplit(url)
        to = (parts.scheme, parts.netloc)
        if self._http is not None and (to != self._to or self._is_gone()):
            self.close()
        if self._http is not None:
            return None
        self._to = to
        host, port = parts.hostname or "", parts.port
        if parts.scheme == "https":
            made: http.client.HTTPConnection = http.client.HTTPSConnection(
                host, port, timeout=self._timeout, context=self._tls or ssl.create_default_context()
            )
        else:
            made = http.client.HTTPConnection(host, port, timeout=self._timeout)
        try:
            made.connect()
        except ssl.SSLError as error:
            made.close()
            return End("tls-failed", str(error))
        except (OSError, UnicodeError) as error:  # UnicodeError: a name that no host can have
            made.close()
            return End("connect-failed", f"{type(error).__name__}: {error}")
        made.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._http = made
        own = made.sock.getsockname()
        self.client = f"[{own[0]}]:{own[1]}" if ":" in str(own[0]) else f"{own[0]}:{own[1]}"
        self.name = self._made(self.client)
        return None

    def send(
        self, method: str, url: str, headers: Headers, body: bytes, sent: Callable[[], None]
    ) -> tuple[Answer | None, End | None]:
        """Sends a request over the open connection and waits for the answer; `sent` is called when all of it is on its way.

        Gives the answer, the end, or both where an answer broke off.
        """
        connection = self._http
        if connection is None:
            return None, End("connect-failed", "no connection")
        parts = urlsplit(url)
        target = f"{parts.path or '/'}{'?' if parts.query else ''}{parts.query}"
        response = None
        try:
            connection.putrequest(method, target, skip_host=True, skip_accept_encoding=True)
            for name, value in headers:
                connection.putheader(name, value.encode("utf-8", "surrogateescape"))
            connection.endheaders(body)
            sent()
            response = connection.getresponse()
            raw = response.read(_MOST_ANSWER + 1)
            if len(raw) > _MOST_ANSWER:
                self.close()
                return _answer(response, raw), End("truncated", "an answer of more than 64 MiB", len(raw))
            if response.length:  # http.client tells of a body that broke off only where all of it is asked for
                raise http.client.IncompleteRead(raw, response.length)
        except (OSError, http.client.HTTPException, ValueError) as error:
            self.close()
            end = _end(error)
            if response is None or not isinstance(error, http.client.IncompleteRead | OSError):
                return None, end
            part = error.partial if isinstance(error, http.client.IncompleteRead) else b""
            return _answer(response, part), End("truncated", end.detail, len(part))
        answer = _answer(response, raw)
        if response.will_close:
            self.close()
        return answer, None

    def close(self) -> None:
        """Closes the connection."""
        if self._http is not None:
            self._http.close()
            self._http = None

    def abandon(self) -> None:
        """Ends whatever another thread is waiting for on this connection."""
        held = self._http.sock if self._http is not None else None
        if held is not None:
            with contextlib.suppress(OSError):  # it had ended by itself
                held.shutdown(socket.SHUT_RDWR)

    def _is_gone(self) -> bool:
        """Whether the server has closed the connection, or sent what nobody asked for: a new one is better then."""
        held = self._http.sock if self._http is not None else None
        if held is None:
            return True
        if hasattr(select, "poll"):  # select itself knows no more than 1024 files
            asks = select.poll()
            asks.register(held, select.POLLIN)
            return bool(asks.poll(0))
        return bool(select.select([held], [], [], 0)[0])


def _end(error: Exception) -> End:
    """How an exchange ended, in the journal's causes."""
    words = f"{type(error).__name__}: {error}"
    if isinstance(error, http.client.IncompleteRead):
        return End("truncated", words, len(error.partial))
    if isinstance(error, TimeoutError):
        return End("timeout", "no answer in time")
    if isinstance(error, http.client.RemoteDisconnected):
        return End("server-closed", "the server closed the connection without an answer")
    if isinstance(error, ConnectionResetError | BrokenPipeError):
        return End("server-reset", words)
    if isinstance(error, ssl.SSLEOFError | ssl.SSLZeroReturnError):
        return End("server-closed", words)
    if isinstance(error, ssl.SSLError):  # under TLS 1.3 a certificate is refused after the handshake
        return End("tls-failed", words)
    return End("other", words)


def _answer(response: http.client.HTTPResponse, raw: bytes) -> Answer:
    headers = tuple((name, value) for name, value in response.getheaders())
    version = {10: "HTTP/1.0", 11: "HTTP/1.1"}.get(response.version, "HTTP/1.1")
    return Answer(
        response.status, response.reason, version, headers, _decoded(raw, header(headers, "content-encoding"))
    )


def _decoded(raw: bytes, coding: str | None) -> bytes:
    """A body without its content coding, also where it breaks off; one that cannot be undone, or grows out of all bounds, as it
    came."""
    kind = (coding or "").strip().lower()
    if kind not in _CODINGS:
        return raw
    try:
        return undone(raw, kind)
    except CodingError:
        return undone_up_to_the_cut(raw, kind)
