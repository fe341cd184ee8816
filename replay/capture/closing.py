"""How an exchange is ended for a device other than by a whole answer: reset, cut off, held up until the device gives up.

For the proxy scripts that play or disturb a server. Under HTTP/2 it is the stream of the exchange that ends; the connection and the
other exchanges on it go on.
"""

import asyncio
import math
import time
from typing import Any, Final

from mitmproxy import connection, http

from replay.capture import proxy_state
from replay.capture.wire import is_http1

_INTERNAL_ERROR: Final = 2  # RFC 9113, 7
_LOOK_EVERY: Final = 0.2


def given_up(master: Any, flow: http.HTTPFlow) -> bool:
    """Whether the device has hung up, or reset the stream of the exchange, while a hook held it up."""
    if flow.client_conn.state is not connection.ConnectionState.OPEN:
        return True
    return proxy_state.gave_up(proxy_state.stream_of(proxy_state.handler_of(master, flow.client_conn.id), flow))


async def until_given_up(master: Any, flow: http.HTTPFlow, seconds: float = math.inf) -> bool:
    """Holds an exchange up for as long as the device waits for its answer, and no longer than so many seconds; other exchanges go
    on meanwhile. Says whether the device gave up."""
    end = time.monotonic() + seconds
    while not given_up(master, flow):
        left = end - time.monotonic()
        if left <= 0:
            return False
        await asyncio.sleep(min(_LOOK_EVERY, left))
    return True


def reset(master: Any, flow: http.HTTPFlow) -> str:
    """Makes the end of an exchange, which is to be killed then, a reset; says of what."""
    if not is_http1(flow.request.http_version):
        return "its stream reset"
    handler = proxy_state.handler_of(master, flow.client_conn.id)
    if proxy_state.reset_when_closed(handler, flow.client_conn):
        return "the connection reset"
    return "the connection closed; in this mode it cannot be reset"


def cut(master: Any, flow: http.HTTPFlow, response: http.Response, keep: int) -> str:
    """Cuts the body of an answer off: the head announces all of it, the first `keep` bytes come, and that is the end; says of what.

    The body's content coding has to be undone before.
    """
    body = response.raw_content or b""
    response.headers.pop("transfer-encoding", None)
    response.headers["content-length"] = str(len(body))
    if is_http1(flow.request.http_version):
        response.headers["connection"] = "close"
    response.raw_content = body[:keep]
    return "its stream reset" if flow.request.is_http2 and _cut_stream(master, flow) else "the connection closed"


def _cut_stream(master: Any, flow: http.HTTPFlow) -> bool:
    """Has the stream of an exchange reset where its answer would end: a device could take one that ends for whole. False
    where the stream is not at hand."""
    handler = proxy_state.handler_of(master, flow.client_conn.id)
    stream, link = proxy_state.stream_of(handler, flow), proxy_state.http2_of(handler, flow.client_conn)
    if stream is None or link is None:
        return False
    number, send_headers, end_stream = stream.stream_id, link.send_headers, link.end_stream

    def send_headers_and_go_on(which: int, headers: Any, end_stream: bool = False) -> None:
        send_headers(which, headers, end_stream=end_stream and which != number)

    def reset_at_end(which: int) -> None:
        if which == number:
            link.reset_stream(which, _INTERNAL_ERROR)
        else:
            end_stream(which)

    link.send_headers, link.end_stream = send_headers_and_go_on, reset_at_end
    return True
