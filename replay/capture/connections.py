"""The connections of a recording proxy: each one is journalled, also where it never becomes HTTP, because silence is only as
good as what the proxy could see.

mitmproxy's addon for the hooks about connections. A connection is journalled when it is first known where it goes, at the latest
with the next `watching` line: no line says that the recorder saw everything while a connection is not on file.
"""

import asyncio
import functools
import logging
import time
from collections.abc import Callable
from typing import Any, Final, Protocol
from weakref import WeakKeyDictionary

from mitmproxy import connection, ctx, http, tcp, tls, udp
from mitmproxy.proxy import layer, layers, server_hooks

from replay.capture import proxy_state
from replay.capture.endings import Ending, cause_of, ending
from replay.capture.wire import is_http1, peer_address

_PASSED_THROUGH: Final = "passed through unread, as ignore_hosts or allow_hosts say"
_NO_HTTP: Final = "a protocol that is not HTTP"


class Journal(Protocol):
    """What the recorder gives to those who write into its journal."""

    def write(self, type_: str, **members: Any) -> None:
        """Writes one line."""

    def fault(self, hook: str, error: Exception, conn: str | None) -> None:
        """Notes that a hook failed."""

    def in_progress(self, client: connection.Client) -> bool:
        """Whether an exchange is in progress on a device's connection."""


def guarded(hook: Callable[..., None]) -> Callable[..., None]:
    """A hook of an object with a `recorder`, whose faults are counted and journalled; the traffic goes on."""

    @functools.wraps(hook)
    def guard(self: Any, *args: Any) -> None:
        try:
            hook(self, *args)
        except Exception as error:  # noqa: BLE001 - the recorder says and counts it
            about = getattr(args[0], "client_conn", args[0]) if args else None
            self.recorder.fault(hook.__name__, error, getattr(about, "id", None))

    return guard


class _Seen:
    """A device's connection: whether it is on file, and why it cannot be read where it cannot."""

    def __init__(self, client: connection.Client) -> None:
        self.client = client
        self.on_file = False
        self.unread: str | None = None
        self.failed = False


class Connections:
    """mitmproxy's addon, a part of the recorder's."""

    name = "omadm-connections"

    def __init__(self, recorder: Journal) -> None:
        self.recorder = recorder
        self._open: dict[str, _Seen] = {}
        self._readers: WeakKeyDictionary[connection.Connection, Any] = WeakKeyDictionary()

    # -- for the recorder -----------------------------------------------------------------------------------------------

    def note(self, client: connection.Client, host: str | None = None) -> _Seen:
        """Puts a connection on file, where it is not there yet."""
        seen = self._open.get(client.id)
        if seen is None:
            seen = self._open[client.id] = _Seen(client)
        if not seen.on_file:
            seen.on_file = True
            host = host or proxy_state.destination(self._handler(client))
            self.recorder.write(
                "connect", conn=client.id, client=peer_address(client.peername), sni=client.sni, host=host
            )
        return seen

    def broken_request(self, client: connection.Client, words: str) -> None:
        """Journals that a request did not come whole, in mitmproxy's words for why."""
        closed = cause_of(words) in ("client-closed", "server-closed", "server-reset", "truncated")
        self.not_read(client, "client-closed" if closed else "other", words)

    def not_read(self, client: connection.Client, cause: str, detail: str) -> None:
        """Journals that something came on a connection of which no request was read."""
        self.note(client)
        self.recorder.write("failure", id=None, conn=client.id, cause=cause, detail=detail, received=None)

    def note_all(self) -> None:
        """Puts every connection that is open on file."""
        for seen in [seen for seen in self._open.values() if not seen.on_file]:
            self.note(seen.client)

    def stop(self) -> None:
        """The recording ends; what is open now is as it is."""
        self.note_all()
        for seen in self._open.values():
            self._left_over(seen, "proxy-stopped")

    def ending(self, flow: http.HTTPFlow, words: str) -> tuple[Ending, bytes | None]:
        """How an exchange ended, in its `error` hook, and what came of the answer's body where its head came."""
        handler, server = self._handler(flow.client_conn), flow.server_conn
        stream = proxy_state.stream_of(handler, flow)
        part = proxy_state.part_of_body(stream) if flow.response is not None else None
        by_device = proxy_state.ended_by_device(stream)
        if by_device and self._closed_by_proxy(handler, flow):
            return Ending("timeout", f"the proxy closed the device's connection, on which nothing came ({words})"), part
        # the connection through another proxy has no time of its own, nor has QUIC
        plain = server.via is None and server.transport_protocol == "tcp"
        connected = True if server.timestamp_tcp_setup else (False if plain else None)
        how = ending(words, connected=connected, by_device=by_device, broke=self.broke(server), part=part)
        return how, part

    def close_like_server(self, flow: http.HTTPFlow, cause: str) -> None:
        """Ends an exchange for the device as the server ended it: by a close, or by a reset. Under HTTP/2 and HTTP/3 its
        stream is reset and the connection goes on."""
        if cause == "server-reset" and is_http1(flow.request.http_version):
            proxy_state.reset_when_closed(self._handler(flow.client_conn), flow.client_conn)
        flow.kill()

    def broke(self, server: connection.Server) -> OSError | None:
        """What the operating system said of a connection to a server that broke; None for one that ended or goes on."""
        reader = self._readers.get(server)
        error = reader.exception() if isinstance(reader, asyncio.StreamReader) else None
        return error if isinstance(error, OSError) else None

    def _closed_by_proxy(self, handler: Any, flow: http.HTTPFlow) -> bool:
        """Whether mitmproxy closed the device's connection because nothing came on it for so long."""
        patience, since = proxy_state.patience(handler), flow.request.timestamp_end
        reader = self._readers.get(flow.client_conn)
        if patience is None or since is None or not isinstance(reader, asyncio.StreamReader):
            return False
        return time.time() - since >= patience and not reader.at_eof() and reader.exception() is None

    def _handler(self, client: connection.Client) -> Any:
        return proxy_state.handler_of(ctx.master, client.id)

    def _keep_reader(self, handler: Any, conn: connection.Connection) -> None:
        transport = proxy_state.transport_of(handler, conn)
        if transport is not None:
            self._readers[conn] = transport.reader

    def _left_over(self, seen: _Seen, cause: str) -> None:
        """Journals what came on a connection and was not read, where it ends."""
        what = seen.unread or proxy_state.unread(self._handler(seen.client), seen.client)
        if what:
            self.not_read(seen.client, cause, what)

    # -- the device -----------------------------------------------------------------------------------------------------

    @guarded
    def client_connected(self, client: connection.Client) -> None:
        """A device has connected; it is not known yet where it wants to go."""
        self._open[client.id] = _Seen(client)
        self._keep_reader(self._handler(client), client)

    @guarded
    def tls_clienthello(self, data: tls.ClientHelloData) -> None:
        """The first that is known of a TLS connection: where it wants to go."""
        address = data.context.server.address
        seen = self.note(data.context.client, address[0] if address else None)
        if data.ignore_connection:
            self._cannot_read(seen, _PASSED_THROUGH)

    @guarded
    def tls_failed_client(self, data: tls.TlsData) -> None:
        """A TLS connection that the device broke off: no request was read from it."""
        client = data.context.client
        why = client.error or data.conn.error or "no reason given"
        self.not_read(client, "tls-failed", f"TLS with the device failed: {why}")

    @guarded
    def next_layer(self, data: layer.NextLayer) -> None:
        """mitmproxy has decided how to go on with a connection; one that it passes through fires no other hook."""
        if isinstance(data.layer, layers.TCPLayer | layers.UDPLayer) and data.layer.flow is None:
            self._cannot_read(self.note(data.context.client), _PASSED_THROUGH)

    @guarded
    def tcp_start(self, flow: tcp.TCPFlow) -> None:
        """A connection that carries something else than HTTP, from its beginning or after an upgrade."""
        self._cannot_read(self.note(flow.client_conn), _NO_HTTP)

    @guarded
    def udp_start(self, flow: udp.UDPFlow) -> None:
        """The same over UDP."""
        self._cannot_read(self.note(flow.client_conn), _NO_HTTP)

    def _cannot_read(self, seen: _Seen, why: str) -> None:
        if seen.unread is None:
            seen.unread = why
            self.not_read(seen.client, "other", why)

    @guarded
    def http_connect_error(self, flow: http.HTTPFlow) -> None:
        """The proxy refused a CONNECT, so that no request came: it could not reach the server, or an addon answered."""
        status = flow.response.status_code if flow.response else None
        seen = self.note(flow.client_conn, flow.request.host)
        if not seen.failed:
            what = f"the proxy answered CONNECT {flow.request.host}:{flow.request.port} with {status}"
            self.not_read(flow.client_conn, "other", what)

    @guarded
    def client_disconnected(self, client: connection.Client) -> None:
        """The device's connection ended."""
        seen = self.note(client)
        self._left_over(seen, "other")
        del self._open[client.id]
        self.recorder.write("disconnect", conn=client.id, side="client")

    # -- the server -----------------------------------------------------------------------------------------------------

    @guarded
    def server_connected(self, data: server_hooks.ServerConnectionHookData) -> None:
        """Keeps what later tells a reset from a close: mitmproxy itself does not look at it."""
        self._keep_reader(self._handler(data.client), data.server)

    @guarded
    def server_connect_error(self, data: server_hooks.ServerConnectionHookData) -> None:
        """The server cannot be reached. Where mitmproxy calls it before it has read a request (`connection_strategy=eager`), it
        hangs up on the device and never reads one."""
        if ctx.options.connection_strategy != "lazy" and not self.recorder.in_progress(data.client):
            self.note(data.client).failed = True
            self.not_read(data.client, "connect-failed", data.server.error or "no reason given")


class Crashes(logging.Handler):
    """Hears of it where mitmproxy itself fails at a connection: what went over it may not be on file."""

    def __init__(self, fail: Callable[[str], None]) -> None:
        super().__init__(logging.ERROR)
        self._fail = fail

    def emit(self, record: logging.LogRecord) -> None:
        """Takes what mitmproxy's proxy logs as an error."""
        what = record.exc_info[1] if record.exc_info else None
        self._fail(f"mitmproxy failed: {record.getMessage()}" + (f" {what!r}" if what else ""))
