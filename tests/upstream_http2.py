"""A server and devices on HTTP/2 of the tests' own, as `tests/upstream.py` has them for HTTP/1.1."""

import contextlib
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field

import h2.config
import h2.connection
import h2.events

from tests.upstream import PATIENCE, Fields, ScriptedServer


@dataclass
class Stream:
    """A request on an HTTP/2 connection, and the way to answer it."""

    link: "_H2Link"
    number: int
    fields: Fields
    body: bytes = b""

    @property
    def name(self) -> str:
        path = dict(self.fields)[b":path"].decode("latin-1")
        return path.split("?", 1)[0].rsplit("/", 1)[-1]

    def head(self, *fields: tuple[bytes, bytes], status: bytes = b"200", end: bool = False) -> None:
        self.link.conn.send_headers(self.number, [(b":status", status), *fields], end_stream=end)
        self.link.flush()

    def data(self, body: bytes, *, end: bool = True) -> None:
        self.link.send_data(self.number, body, end)

    def answer(self, body: bytes = b"", *fields: tuple[bytes, bytes], status: bytes = b"200") -> None:
        self.head(*fields, status=status)
        self.data(body)

    def reset(self, code: int = 2) -> None:
        self.link.conn.reset_stream(self.number, code)
        self.link.flush()

    def go_away(self, code: int = 0) -> None:
        self.link.conn.close_connection(code)
        self.link.flush()
        self.close()

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self.link.sock.shutdown(socket.SHUT_RDWR)


class _H2Link:
    """An HTTP/2 connection over a socket, on either side."""

    def __init__(self, sock: socket.socket, *, client: bool) -> None:
        self.sock = sock
        self.conn = h2.connection.H2Connection(
            h2.config.H2Configuration(client_side=client, header_encoding=None, validate_inbound_headers=False)
        )
        self.conn.initiate_connection()
        self.waiting: list[h2.events.Event] = []
        self.flush()

    def flush(self) -> None:
        data = self.conn.data_to_send()
        if data:
            self.sock.sendall(data)

    def receive(self) -> list[h2.events.Event] | None:
        """What came next; None at the end of the connection."""
        if self.waiting:
            events, self.waiting = self.waiting, []
            return events
        try:
            data = self.sock.recv(1 << 20)
        except ssl.SSLEOFError:
            data = b""
        if not data:
            return None
        events = self.conn.receive_data(data)
        for event in events:
            if isinstance(event, h2.events.DataReceived):
                self.conn.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
        self.flush()
        return events

    def send_data(self, stream: int, body: bytes, end: bool) -> None:
        """Sends within the windows; what comes meanwhile is kept."""
        while body:
            room = min(self.conn.local_flow_control_window(stream), self.conn.max_outbound_frame_size)
            if room > 0:
                self.conn.send_data(stream, body[:room])
                body = body[room:]
                self.flush()
                continue
            kept, self.waiting = self.waiting, []
            events = self.receive()
            if events is None:
                raise ConnectionError("the connection ended while data was being sent")
            self.waiting = [*kept, *events]
        if end:
            self.conn.end_stream(stream)
            self.flush()


class H2Upstream(ScriptedServer):
    """An HTTP/2 server. `tls` has to offer `h2`."""

    def __init__(self, scripts: dict[str, Callable[[Stream], object]] | None = None, **more) -> None:
        super().__init__(**more)
        self.scripts = dict(scripts or {})

    def serve(self, sock: socket.socket) -> None:
        link, streams = _H2Link(sock, client=False), {}
        while (events := link.receive()) is not None:
            for event in events:
                if isinstance(event, h2.events.RequestReceived):
                    streams[event.stream_id] = Stream(link, event.stream_id, list(event.headers))
                elif isinstance(event, h2.events.DataReceived):
                    streams[event.stream_id].body += event.data
                elif isinstance(event, h2.events.StreamEnded):
                    stream = streams[event.stream_id]
                    self.took(stream)
                    self.script(stream)(stream)


@dataclass
class H2Got:
    """What a device was sent on one HTTP/2 stream; `ended` is `end`, `reset`, `goaway` or `closed`."""

    fields: Fields = field(default_factory=list)
    body: bytes = b""
    ended: str = ""
    code: int | None = None

    @property
    def status(self) -> int | None:
        return int(dict(self.fields)[b":status"]) if self.fields else None


class H2Device:
    """A device that speaks HTTP/2 to the proxy."""

    def __init__(self, port: int, tls: ssl.SSLContext) -> None:
        tls.set_alpn_protocols(["h2"])
        sock = socket.create_connection(("127.0.0.1", port), PATIENCE)
        self.sock = tls.wrap_socket(sock, server_hostname="127.0.0.1")
        assert self.sock.selected_alpn_protocol() == "h2"
        self.link = _H2Link(self.sock, client=True)
        self.got: dict[int, H2Got] = {}

    def __enter__(self) -> "H2Device":
        return self

    def __exit__(self, *_: object) -> None:
        self.sock.close()

    def post(self, path: str, body: bytes, *fields: tuple[bytes, bytes], end: bool = True) -> int:
        """Sends a request; the number of its stream."""
        number = self.link.conn.get_next_available_stream_id()
        self.got[number] = H2Got()
        head = [
            (b":method", b"POST"),
            (b":scheme", b"https"),
            (b":path", path.encode()),
            (b":authority", b"device.test"),
        ]
        self.link.conn.send_headers(number, [*head, *fields])
        self.link.flush()
        self.link.send_data(number, body, end)
        return number

    def reset(self, number: int, code: int = 8) -> None:
        self.link.conn.reset_stream(number, code)
        self.link.flush()

    def get(self, number: int) -> H2Got:
        """What came on that stream, once it has ended; other streams are read on the way."""
        got = self.got[number]
        while not got.ended:
            try:
                events = self.link.receive()
            except ConnectionResetError:
                events = None
            if events is None:
                got.ended = "closed"
                break
            for event in events:
                self._take(event)
        return got

    def _take(self, event: h2.events.Event) -> None:
        got = self.got.get(getattr(event, "stream_id", 0) or 0, H2Got())
        if isinstance(event, h2.events.ResponseReceived):
            got.fields = list(event.headers)
        elif isinstance(event, h2.events.DataReceived):
            got.body += event.data
        elif isinstance(event, h2.events.StreamEnded):
            got.ended = got.ended or "end"
        elif isinstance(event, h2.events.StreamReset):
            got.ended, got.code = "reset", event.error_code
        elif isinstance(event, h2.events.ConnectionTerminated):
            for each in self.got.values():
                each.ended = each.ended or "goaway"
