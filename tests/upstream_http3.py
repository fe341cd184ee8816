"""A server and devices on HTTP/3 of the tests' own, as `tests/upstream_http2.py` has them for HTTP/2.

QUIC is aioquic's, which mitmproxy brings. Its event loop runs on a thread, so that tests are written as they are for the others.
"""

import asyncio
import contextlib
import threading
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import trustme
from aioquic.asyncio import QuicConnectionProtocol, connect, serve
from aioquic.h3.connection import H3_ALPN, H3Connection
from aioquic.h3.events import DataReceived, HeadersReceived
from aioquic.quic.configuration import QuicConfiguration
from aioquic.quic.events import ConnectionTerminated, QuicEvent, StreamReset

from tests.upstream import PATIENCE, Fields, ScriptedServer


class _Loop:
    """An event loop on a thread of its own."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    def do(self, work: Coroutine) -> Any:
        return asyncio.run_coroutine_threadsafe(asyncio.wait_for(work, PATIENCE), self._loop).result()

    def end(self) -> None:
        self.do(self._loop.shutdown_asyncgens())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(PATIENCE)
        self._loop.close()


@dataclass
class Stream:
    """A request on an HTTP/3 connection, and the way to answer it."""

    link: "_ServerLink"
    number: int
    fields: Fields
    body: bytes = b""

    @property
    def name(self) -> str:
        path = dict(self.fields)[b":path"].decode("latin-1")
        return path.split("?", 1)[0].rsplit("/", 1)[-1]

    def head(self, *fields: tuple[bytes, bytes], status: bytes = b"200", end: bool = False) -> None:
        self.link.http.send_headers(self.number, [(b":status", status), *fields], end_stream=end)
        self.link.transmit()

    def data(self, body: bytes, *, end: bool = True) -> None:
        self.link.http.send_data(self.number, body, end)
        self.link.transmit()

    def answer(self, body: bytes = b"", *fields: tuple[bytes, bytes], status: bytes = b"200") -> None:
        self.head(*fields, status=status)
        self.data(body)

    def reset(self, code: int) -> None:
        self.link.quic.reset_stream(self.number, code)
        self.link.transmit()

    def close(self, code: int) -> None:
        self.link.close(code)


class _ServerLink(QuicConnectionProtocol):
    def __init__(self, server: "H3Upstream", quic: Any, stream_handler: Any = None) -> None:
        super().__init__(quic, stream_handler)
        self.server, self.quic, self.http = server, quic, H3Connection(quic)
        self.streams: dict[int, Stream] = {}

    def quic_event_received(self, event: QuicEvent) -> None:
        for each in self.http.handle_event(event):
            try:
                self._take(each)
            except Exception as error:  # noqa: BLE001 - a script that is wrong must not pass for a server that closes
                self.server.errors.append(error)

    def _take(self, event: Any) -> None:
        if isinstance(event, HeadersReceived):
            self.streams[event.stream_id] = Stream(self, event.stream_id, list(event.headers))
        elif isinstance(event, DataReceived):
            self.streams[event.stream_id].body += event.data
        else:
            return
        if event.stream_ended:
            stream = self.streams[event.stream_id]
            self.server.took(stream)
            self.server.script(stream)(stream)


class H3Upstream(ScriptedServer):
    """An HTTP/3 server with a certificate of this authority. Nothing but QUIC is listened for."""

    def __init__(self, scripts: dict[str, Callable[[Stream], object]], authority: trustme.CA, folder: Path) -> None:
        super().__init__()
        self._listener.close()  # the one on TCP
        self.scripts = dict(scripts)
        certificate = authority.issue_cert("127.0.0.1")
        chain, key = folder / "server.pem", folder / "server.key"
        chain.write_bytes(b"".join(part.bytes() for part in certificate.cert_chain_pems))
        certificate.private_key_pem.write_to_path(key)
        self._configuration = QuicConfiguration(is_client=False, alpn_protocols=H3_ALPN)
        self._configuration.load_cert_chain(chain, key)

    def __enter__(self) -> "H3Upstream":
        self._loop = _Loop()
        started = serve("127.0.0.1", 0, configuration=self._configuration, create_protocol=partial(_ServerLink, self))
        self._server = self._loop.do(started)
        self.port = self._server._transport.get_extra_info("sockname")[1]
        return self

    def __exit__(self, *_: object) -> None:
        async def close() -> None:
            self._server.close()

        self._loop.do(close())
        self._loop.end()


@dataclass
class H3Got:
    """What a device was sent on one HTTP/3 stream; `ended` is `end`, `reset` or `closed`."""

    fields: Fields = field(default_factory=list)
    body: bytes = b""
    ended: str = ""
    code: int | None = None

    @property
    def status(self) -> int | None:
        return int(dict(self.fields)[b":status"]) if self.fields else None


class _DeviceLink(QuicConnectionProtocol):
    def __init__(self, quic: Any, stream_handler: Any = None) -> None:
        super().__init__(quic, stream_handler)
        self.quic, self.http = quic, H3Connection(quic)
        self.got: dict[int, H3Got] = {}
        self.more = asyncio.Event()

    def quic_event_received(self, event: QuicEvent) -> None:
        if isinstance(event, ConnectionTerminated):
            for got in self.got.values():
                got.ended = got.ended or "closed"
        elif isinstance(event, StreamReset) and event.stream_id in self.got:
            got = self.got[event.stream_id]
            got.ended, got.code = "reset", event.error_code
        for each in self.http.handle_event(event):
            got = self.got.get(each.stream_id, H3Got())
            if isinstance(each, HeadersReceived):
                got.fields = list(each.headers)
            elif isinstance(each, DataReceived):
                got.body += each.data
            if each.stream_ended:
                got.ended = got.ended or "end"
        self.more.set()


class H3Device:
    """A device that speaks HTTP/3 to the proxy, and trusts what `ca` says."""

    def __init__(self, port: int, ca: Path) -> None:
        configuration = QuicConfiguration(is_client=True, alpn_protocols=H3_ALPN, server_name="127.0.0.1")
        configuration.load_verify_locations(str(ca))
        self._open = connect("127.0.0.1", port, configuration=configuration, create_protocol=_DeviceLink)

    def __enter__(self) -> "H3Device":
        self._loop = _Loop()
        try:
            self.link = self._loop.do(self._open.__aenter__())
        except BaseException:
            self._loop.end()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(ConnectionError):
            self._loop.do(self._open.__aexit__(None, None, None))
        self._loop.end()

    def post(self, path: str, body: bytes, *fields: tuple[bytes, bytes], end: bool = True) -> int:
        """Sends a request; the number of its stream."""

        async def send() -> int:
            number = self.link.quic.get_next_available_stream_id()
            self.link.got[number] = H3Got()
            head = [
                (b":method", b"POST"),
                (b":scheme", b"https"),
                (b":authority", b"device.test"),
                (b":path", path.encode()),
            ]
            self.link.http.send_headers(number, [*head, *fields])
            self.link.http.send_data(number, body, end)
            self.link.transmit()
            return number

        return self._loop.do(send())

    def reset(self, number: int, code: int) -> None:
        async def send() -> None:
            self.link.quic.reset_stream(number, code)
            self.link.quic.stop_stream(number, code)
            self.link.transmit()

        self._loop.do(send())

    def get(self, number: int) -> H3Got:
        """What came on that stream, once it has ended."""

        async def ended() -> H3Got:
            while not self.link.got[number].ended:
                self.link.more.clear()
                await self.link.more.wait()
            return self.link.got[number]

        return self._loop.do(ended())
