"""A server and devices of the tests' own, to the byte: what the server sends and how it ends is a script for each case.

`Upstream` and `Device` speak HTTP/1.1 on raw sockets; `tests/upstream_http2.py` has the same for HTTP/2. The script is chosen by
the last part of the path, so that many cases share one server and one proxy. A device keeps every byte that it was sent.
"""

import contextlib
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

PATIENCE = 60.0
Fields = list[tuple[bytes, bytes]]


def hard_close(sock: socket.socket) -> None:
    """Closes a connection by a TCP reset."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()


class _Bytes:
    """What comes in on a socket, read as HTTP/1 needs it; everything that came is kept."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock, self.seen, self.rest = sock, b"", b""

    def more(self) -> bool:
        try:
            data = self.sock.recv(1 << 20)
        except ssl.SSLEOFError:  # closed without TLS's own goodbye, as mitmproxy does
            data = b""
        self.seen += data
        self.rest += data
        return bool(data)

    def until(self, mark: bytes) -> bytes | None:
        while mark not in self.rest:
            if not self.more():
                return None
        head, _, self.rest = self.rest.partition(mark)
        return head + mark

    def exactly(self, count: int) -> bytes | None:
        while len(self.rest) < count:
            if not self.more():
                return None
        got, self.rest = self.rest[:count], self.rest[count:]
        return got

    def chunked(self) -> bytes | None:
        body = b""
        while True:
            size = self.until(b"\r\n")
            chunk = None if size is None else self.exactly(int(size.split(b";")[0], 16) + 2)
            if chunk is None:
                return None
            if chunk == b"\r\n":
                return body
            body += chunk[:-2]


def fields_of(head: bytes) -> Fields:
    """The header fields of a head, in order, with their case."""
    lines = head.split(b"\r\n")[1:]
    return [(name, value.strip()) for name, _, value in (line.partition(b":") for line in lines if line)]


def field_of(fields: Fields, name: bytes) -> bytes | None:
    return next((value for key, value in fields if key.lower() == name), None)


@dataclass
class Call:
    """A request as it came in, and the connection to answer it on. A script that returns keeps the connection, unless it
    closed it or says False."""

    sock: socket.socket
    source: _Bytes
    head: bytes
    body: bytes
    open: bool = True
    at: float = field(default_factory=time.monotonic)

    @property
    def path(self) -> str:
        return self.head.split(b" ", 2)[1].decode("latin-1")

    @property
    def name(self) -> str:
        return self.path.split("?", 1)[0].rsplit("/", 1)[-1]

    @property
    def fields(self) -> Fields:
        return fields_of(self.head)

    def send(self, data: bytes) -> None:
        self.sock.sendall(data)

    def answer(self, body: bytes = b"", *fields: tuple[bytes, bytes], status: bytes = b"200 OK") -> None:
        """A whole answer with a Content-Length."""
        head = b"".join(b"%s: %s\r\n" % pair for pair in fields)
        self.send(b"HTTP/1.1 %s\r\n%sContent-Length: %d\r\n\r\n%s" % (status, head, len(body), body))

    def close(self) -> None:
        """Closes as a server does: FIN, after what was sent."""
        self.open = False
        with contextlib.suppress(OSError):
            self.sock.shutdown(socket.SHUT_RDWR)
        self.sock.close()

    def reset(self) -> None:
        self.open = False
        hard_close(self.sock)

    def wait_closed(self) -> bytes:
        """Waits until the other side closes; what it still sent."""
        self.open = False
        with contextlib.suppress(OSError):
            while self.source.more():
                pass
        return self.source.rest


class ScriptedServer:
    """Accepts on its own thread and serves every connection on one more."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.tls = tls
        self.calls: list = []
        self.errors: list[BaseException] = []
        self._socks: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self._more = threading.Condition()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.port}"

    def __enter__(self):
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)  # wakes accept
        self._listener.close()
        self._thread.join(PATIENCE)
        for sock in self._socks:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(PATIENCE)
        for sock in self._socks:
            sock.close()

    def _accept(self) -> None:
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            thread = threading.Thread(target=self._connection, args=(sock,), daemon=True)
            self._socks.append(sock)
            self._threads.append(thread)
            thread.start()

    def _connection(self, sock: socket.socket) -> None:
        try:
            if self.tls is not None:
                sock = self.tls.wrap_socket(sock, server_side=True)
                self._socks.append(sock)
            self.serve(sock)
        except OSError:
            pass  # the other side went away, which is its right
        except Exception as error:  # noqa: BLE001 - a script that is wrong must not pass for a server that closes
            self.errors.append(error)
        finally:
            sock.close()

    def serve(self, sock: socket.socket) -> None:
        raise NotImplementedError

    def script(self, call) -> Callable:
        """What to do with a request: chosen by its name, up to a `~` (which makes one script serve several cases)."""
        return self.scripts.get(call.name.partition("~")[0], lambda call: call.answer(b"ok"))

    def took(self, call) -> None:
        with self._more:
            self.calls.append(call)
            self._more.notify_all()

    def wait_for(self, name: str, count: int = 1) -> list:
        """The requests of that name, as soon as they are so many."""

        def found() -> list:
            return [call for call in self.calls if call.name == name]

        with self._more:
            assert self._more.wait_for(lambda: len(found()) >= count, PATIENCE), f"{name} did not reach the server"
        return found()


class Upstream(ScriptedServer):
    """An HTTP/1.1 server. `scripts` are chosen by the last part of the path; without one it answers 200."""

    def __init__(self, scripts: dict[str, Callable[[Call], object]] | None = None, **more) -> None:
        super().__init__(**more)
        self.scripts = dict(scripts or {})

    def serve(self, sock: socket.socket) -> None:
        source = _Bytes(sock)
        while True:
            head = source.until(b"\r\n\r\n")
            if head is None:
                return
            fields = fields_of(head)
            if b"chunked" in (field_of(fields, b"transfer-encoding") or b""):
                body = source.chunked()
            else:
                body = source.exactly(int(field_of(fields, b"content-length") or 0))
            if body is None:
                return
            call = Call(sock, source, head, body)
            self.took(call)
            said = self.script(call)(call)
            if said is False or not call.open:
                return


@dataclass
class Got:
    """What a device was sent for one request: head and body (decoded from chunks only), or how it ended without them."""

    head: bytes = b""
    body: bytes | None = None
    ended: str = ""
    rest: bytes = b""

    @property
    def status(self) -> int | None:
        return int(self.head.split(b" ", 2)[1]) if self.head else None

    @property
    def fields(self) -> Fields:
        return fields_of(self.head)


class Device:
    """A device on a raw connection. `ended` of what it got is `closed` or `reset` where the connection did."""

    def __init__(self, port: int, *, tls: ssl.SSLContext | None = None) -> None:
        sock = socket.create_connection(("127.0.0.1", port), PATIENCE)
        try:
            self.sock = tls.wrap_socket(sock, server_hostname="127.0.0.1") if tls else sock
        except BaseException:
            sock.close()
            raise
        self.source = _Bytes(self.sock)

    def __enter__(self) -> "Device":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self.sock.close()

    def reset(self) -> None:
        hard_close(self.sock)

    def send(self, data: bytes) -> None:
        self.sock.sendall(data)

    def post(self, path: str, body: bytes, *fields: tuple[bytes, bytes], method: bytes = b"POST") -> None:
        """Sends one request with a Content-Length."""
        head = b"".join(b"%s: %s\r\n" % pair for pair in fields)
        self.send(
            b"%s %s HTTP/1.1\r\nHost: device.test\r\n%sContent-Length: %d\r\n\r\n%s"
            % (method, path.encode("latin-1"), head, len(body), body)
        )

    def get(self) -> Got:
        """The next answer, an interim one included, or how the connection ended."""
        got = Got()
        try:
            head = self.source.until(b"\r\n\r\n")
            if head is None:
                got.ended, got.rest = "closed", self.source.rest
                return got
            got.head = head
            if got.status is not None and (got.status < 200 or got.status in (204, 304)):
                return got
            if b"chunked" in (field_of(got.fields, b"transfer-encoding") or b""):
                got.body = self.source.chunked()
            elif (length := field_of(got.fields, b"content-length")) is not None:
                got.body = self.source.exactly(int(length))
            else:
                while self.source.more():
                    pass
                got.body, self.source.rest = self.source.rest, b""
        except ConnectionResetError:
            got.ended = "reset"
        if got.body is None:
            got.ended, got.rest = got.ended or "closed", self.source.rest
        return got
