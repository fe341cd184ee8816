"""What mitmproxy knows about its connections and hands to no hook, read from its own objects (11.0 and 12.2).

Everything here says None, or nothing, where mitmproxy keeps it elsewhere: then the recorder falls back on mitmproxy's words.
Nothing here sends anything.
"""

import socket
import struct
from collections.abc import Iterator
from typing import Any

from replay.capture.wire import text_of


def handler_of(master: Any, conn: str) -> Any:
    """What handles a device's connection, by the connection's id; None where there is none (any more)."""
    connections = getattr(master.addons.get("proxyserver"), "connections", {})
    return connections.get(conn)


def transport_of(handler: Any, connection: Any) -> Any:
    """The streams of a connection, the device's or one to a server: an object with `reader` and `writer`, or None."""
    return getattr(handler, "transports", {}).get(connection)


def reset_when_closed(handler: Any, connection: Any) -> bool:
    """Makes the close of a connection a TCP reset; False where its socket is not at hand (WireGuard, say)."""
    writer = getattr(transport_of(handler, connection), "writer", None)
    sock = writer.get_extra_info("socket") if writer is not None else None
    if sock is None:
        return False
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    return True


def destination(handler: Any) -> str | None:
    """The host to which a device's connection goes, as far as that is known: by the proxy's mode, or by a CONNECT."""
    context = getattr(getattr(handler, "layer", None), "context", None)
    address = getattr(getattr(context, "server", None), "address", None)
    return text_of(address[0]) if address else None


def stream_of(handler: Any, flow: Any) -> Any:
    """The layer that plays an exchange, while the exchange is in progress."""
    for layer in _layers(handler):
        for stream in _streams(layer):
            if getattr(stream, "flow", None) is flow:
                return stream
    return None


def ended_by_device(stream: Any) -> bool | None:
    """Whether the device ended the exchange, in an `error` hook; None where that cannot be told."""
    errored = getattr(stream, "state_errored", None)
    if errored is None:
        return None
    return bool(stream.client_state == errored) or gave_up(stream)


def gave_up(stream: Any) -> bool:
    """Whether the device has hung up, or given up this exchange, while a hook held the exchange up."""
    queue = getattr(stream, "_paused_event_queue", ())
    return any(type(event).__name__ == "RequestProtocolError" for event in queue)


def part_of_body(stream: Any) -> bytes | None:
    """What came so far of the body of an answer, its transfer coding undone."""
    buffer = getattr(stream, "response_body_buf", None)
    return None if buffer is None else bytes(buffer)


def http2_of(handler: Any, client: Any) -> Any:
    """The HTTP/2 engine (of the library h2) that speaks to the device; None where it speaks HTTP/1."""
    for layer in _layers(handler):
        spoken = (getattr(layer, "connections", None) or {}).get(client)
        if spoken is not None and hasattr(spoken, "h2_conn"):
            return spoken.h2_conn
    return None


def unread(handler: Any, client: Any) -> str | None:
    """What a device sent that is no whole request and became no exchange, in words; None where there is nothing."""
    for layer in _layers(handler):
        hello = getattr(layer, "recv_buffer", b"") if not getattr(layer, "client_hello_parsed", True) else b""
        if hello:
            return f"{len(hello)} bytes that are no whole ClientHello"
        spoken = (getattr(layer, "connections", None) or {}).get(client)
        if spoken is None or not hasattr(spoken, "buf"):
            continue
        left = bytes(spoken.buf).strip(b"\r\n")
        if left and spoken.request is None:
            return f"{len(left)} bytes that are no whole request"
        if spoken.request is None and getattr(spoken.state, "__name__", "") == "done":
            return "a request whose head cannot be read, which the proxy answered with 400"
    return None


def patience(handler: Any) -> float | None:
    """Seconds without traffic after which mitmproxy closes a device's connection by itself."""
    seconds = getattr(getattr(handler, "timeout_watchdog", None), "timeout", None)
    return float(seconds) if isinstance(seconds, int | float) else None


def _layers(handler: Any) -> Iterator[Any]:
    """Every layer of a connection, those inside a CONNECT included."""
    contexts, seen = [getattr(getattr(handler, "layer", None), "context", None)], set()
    while contexts:
        for layer in getattr(contexts.pop(), "layers", ()):
            if id(layer) not in seen:
                seen.add(id(layer))
                yield layer
                contexts += [stream.context for stream in _streams(layer)]


def _streams(layer: Any) -> list[Any]:
    streams = getattr(layer, "streams", None)
    return [stream for stream in streams.values() if hasattr(stream, "flow")] if isinstance(streams, dict) else []
