"""What mitmproxy's HTTP/1 does not do and a proxy has to, if the device is not to notice it.

It takes an interim response (100, 103, …) for the answer and closes the connection when the answer itself comes; at a chunked body
with trailer fields it stops, and the device waits for ever; and a body that a device sends over HTTP/2 or HTTP/3, where no
length is needed, it sends on over HTTP/1 without one. Here interim responses go on to the device (RFC 9110, 15.2), trailer fields
are left out (RFC 9110, 6.5.1), and the length is added (RFC 9112, 6.2).
"""

import dataclasses
import logging
import re
from collections.abc import Iterator
from typing import Any, Final

from replay.capture.wire import is_http1

logger = logging.getLogger(__name__)
_INTERIM: Final = re.compile(rb"HTTP/1\.[0-9] 1(?!01)[0-9]{2}[ \r\n]")  # 101 is an answer: the protocol changes
_HEAD: Final = re.compile(rb".*?\r?\n\r?\n", re.DOTALL)


def mend() -> None:
    """Mends mitmproxy in this process; once is enough, and more does nothing."""
    from mitmproxy.proxy import commands, events
    from mitmproxy.proxy.layers.http import _http1

    mitmproxy: Any = _http1
    client = mitmproxy.Http1Client
    if getattr(client, "omadm_mended", False):
        return
    read_headers, send, make_body_reader = client.read_headers, client.send, mitmproxy.make_body_reader

    def read_headers_after_interim(self: Any, event: Any) -> Iterator[Any]:
        if isinstance(event, events.DataReceived) and self.request is not None:
            for head in _interim_heads(self.buf):
                if is_http1(self.request.http_version) and self.context.client.alpn not in (b"h2", b"h3"):
                    yield commands.SendData(self.context.client, head)
        yield from read_headers(self, event)

    def send_with_length(self: Any, event: Any) -> Iterator[Any]:
        yield from send(self, _with_length(event) if isinstance(event, mitmproxy.RequestHeaders) else event)

    def make_body_reader_without_trailers(size: int | None) -> Any:
        reader = make_body_reader(size)
        return _WithoutTrailers(reader) if size is None else reader

    client.read_headers = read_headers_after_interim
    client.send = send_with_length
    mitmproxy.make_body_reader = make_body_reader_without_trailers
    client.omadm_mended = True


def _interim_heads(buffer: Any) -> Iterator[bytes]:
    """Takes whole interim responses from the front of what came from a server."""
    while len(buffer) and _INTERIM.match(data := bytes(buffer)) and (head := _HEAD.match(data)):
        yield bytes(buffer.maybe_extract_at_most(head.end()))


def _with_length(event: Any) -> Any:
    """The head of a request as it goes on over HTTP/1, with a Content-Length where it came over HTTP/2 or HTTP/3 without one."""
    request = event.request
    framed = any(name.lower() in (b"content-length", b"transfer-encoding") for name, _ in request.headers.fields)
    if framed or is_http1(request.http_version) or not request.raw_content:
        return event
    request = request.copy()
    request.headers["Content-Length"] = str(len(request.raw_content))
    return dataclasses.replace(event, request=request)


class _WithoutTrailers:
    """h11's reader of chunked bodies, without the trailer fields."""

    def __init__(self, reader: Any) -> None:
        self._reader = reader
        self.read_eof = reader.read_eof

    def __call__(self, buffer: Any) -> Any:
        import h11

        event = self._reader(buffer)
        if isinstance(event, h11.EndOfMessage) and event.headers:
            logger.warning("omadm: the trailer fields of a chunked message are left out")
            return h11.EndOfMessage()
        return event
