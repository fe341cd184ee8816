"""A capture as a mitmproxy flow file. mitmproxy is imported when one is written, and not before.

A flow has URL, times and both messages, and an error in words. It has no certificates (only their bytes would do), nothing of the
connections on which no request came, no marks, and nothing of when the recorder was watching. Times are those of the steady
clock, so that order and durations are kept where the wall clock was set.
"""

import re
from typing import Any, BinaryIO, Final
from urllib.parse import urlsplit

from replay.capture.endings import bytes_received, cause_of
from replay.capture.exchange import Capture, Exchange, Failure, Headers, Moment, address_host, header
from replay.capture.losses import Losses

#: mitmproxy's words for a cause, from which it is read again. Of what was open when the proxy stopped, mitmproxy says nothing.
_WORDS: Final = {
    "truncated": "peer closed connection without sending complete message body",
    "client-closed": "Client disconnected.",
    "server-reset": "Connection reset by peer",
    "timeout": "timed out",
    "tls-failed": "TLS handshake failed",
    "connect-failed": "Connect call failed",
    "server-closed": "server closed connection",
    "other": "failed",
}
#: Where a format must have a URL and the capture has none.
NO_URL: Final = "http://unknown.invalid/"
_TICK: Final = 1e-6
_HOST: Final = re.compile(r"[^/?#]*")


def write(capture: Capture, file: BinaryIO) -> list[str]:
    """Writes a flow file, one flow an exchange, in the order in which they ended. Gives what it does not carry, in words."""
    from mitmproxy.io import FlowWriter

    losses = Losses(capture)
    losses.of_recording("a flow file")
    timed = sorted(
        ((times_of(exchange, place), exchange) for place, exchange in enumerate(capture.exchanges)),
        key=lambda pair: (pair[0][1], pair[0][0]),
    )
    writer = FlowWriter(file)
    for times, exchange in timed:
        writer.add(_flow(exchange, times, losses))
    return losses.said()


def times_of(exchange: Exchange, place: int) -> tuple[float, float]:
    """Start and end of an exchange in seconds since 1970 on the steady clock. Without a clock: microseconds from 1970 on, so
    that the order is kept and nobody takes them for times."""
    if exchange.at is None:
        return place * _TICK, place * _TICK + _TICK / 2
    start = exchange.at.clock
    ends = (each.at for each in (exchange.response, exchange.failure) if each is not None)
    return start, max((_clock(at, start) for at in ends), default=start)


def _clock(at: Moment | None, start: float) -> float:
    return start if at is None else max(at.clock, start)


def _flow(exchange: Exchange, times: tuple[float, float], losses: Losses) -> Any:
    from mitmproxy import connection, flow, http

    start, end = times
    scheme, host, port, path = _address(exchange.url, losses)
    client = connection.Client(peername=_peer(exchange.client), sockname=("", 0), timestamp_start=start)
    client.timestamp_end = end
    server = connection.Server(address=(host, port))
    response = exchange.response
    if exchange.answered:
        server.timestamp_start = server.timestamp_tcp_setup = start or _TICK
    made = http.HTTPFlow(client, server)
    made.id = exchange.id
    made.timestamp_created = start
    made.request = http.Request(
        host=host,
        port=port,
        method=(exchange.method or "POST").encode(),
        scheme=scheme.encode(),
        authority=b"",
        path=path.encode(),
        http_version=(exchange.http or "HTTP/1.1").encode(),
        headers=_headers(exchange.headers),
        content=_coded(exchange.body, exchange.headers),
        trailers=None,
        timestamp_start=start,
        timestamp_end=start,
    )
    if response is not None:
        at = _clock(response.at, start) if exchange.at else end
        made.response = http.Response(
            http_version=(response.http or "HTTP/1.1").encode(),
            status_code=response.status,
            reason=response.reason.encode(),
            headers=_headers(response.headers),
            content=_coded(response.body, response.headers),
            trailers=None,
            timestamp_start=at,
            timestamp_end=at,
        )
    failure = exchange.failure
    if failure is not None and failure.cause == "proxy-stopped":
        losses.count("exchanges that were open when the proxy was stopped do not say so")
    elif failure is not None:
        words = _words(failure, connected=exchange.answered or None)
        made.error = flow.Error(words, _clock(failure.at, start) if exchange.at else end)
        if cause_of(words, connected=exchange.answered or None) != failure.cause:
            losses.count(f"failures whose cause ({failure.cause}) mitmproxy has no words for")
    return made


def _words(failure: Failure, *, connected: bool | None) -> str:
    """Words from which the cause is read again: the failure's own, or mitmproxy's with those."""
    canonical = _WORDS[failure.cause]
    count = "" if failure.received is None else f" (received {failure.received} bytes)"
    detail = failure.detail
    for words in (detail, f"{detail}{count}", f"{canonical}: {detail}{count}", f"{canonical}{count}"):
        if (
            words
            and cause_of(words, connected=connected) == failure.cause
            and bytes_received(words) == failure.received
        ):
            return words
    return f"{canonical}{count}"


def _address(url: str | None, losses: Losses) -> tuple[str, str, int, str]:
    """Scheme, host, port and path of a URL; a made-up host where there is none."""
    try:
        parts = urlsplit(url or "")
        scheme, host, port = parts.scheme.lower(), parts.hostname, parts.port
    except ValueError:
        scheme, host, port = "", None, None
    if not url or not host or scheme not in ("http", "https"):
        losses.count(f"exchanges without a URL (of http or https) are written as {NO_URL}, which rules take for one")
        return "http", "unknown.invalid", 80, "/"
    path = _HOST.sub("", url.partition("://")[2], 1)
    path = path if path.startswith("/") else f"/{path}"
    return scheme, host, port or {"http": 80, "https": 443}[scheme], path


def _peer(client: str | None) -> tuple[str, int]:
    """The client's host and port; without a name where it is not known, since mitmproxy needs some."""
    port = (client or "").rpartition(":")[2]
    return address_host(client) or "", int(port) if re.fullmatch(r"[0-9]{1,5}", port) else 0


def _headers(headers: Headers) -> tuple[tuple[bytes, bytes], ...]:
    return tuple((name.encode(), value.encode()) for name, value in headers)


def _coded(body: bytes | None, headers: Headers) -> bytes | None:
    """A body in the content coding that its headers name, as a flow has it; as it is where the coding is unknown."""
    coding = header(headers, "content-encoding") or ""
    if not body or coding.lower() in ("", "identity"):
        return body
    from mitmproxy.net import encoding

    try:
        coded = encoding.encode(body, coding)
    except ValueError:
        return body
    return coded if isinstance(coded, bytes) else body
