"""mitmproxy flow files: read as state dictionaries, without building mitmproxy's flow objects.

mitmproxy is imported here for its flow format, when a flow file is read and not before.
"""

import math
from collections.abc import Iterator
from typing import Any, BinaryIO, Final

from replay.capture.certificates import identity_of_pem
from replay.capture.coding import CodingError, TooLargeError, undone
from replay.capture.endings import bytes_received, cause_of
from replay.capture.exchange import Capture, Exchange, Failure, Headers, Moment, Response, Trouble
from replay.capture.extent import Extent
from replay.capture.wire import peer_address, text_of

NAME: Final = "mitmproxy-flows"
#: What comes of a state that is not what mitmproxy writes.
_DAMAGE: Final = (ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError, RecursionError)


def looks_like_flows(head: bytes) -> bool:
    """Whether a file begins as a flow file does: with the length of a dictionary in tnetstring form."""
    digits, colon, rest = head[:16].partition(b":")
    return bool(colon) and digits.isdigit() and len(digits) <= 12 and rest[:1].isdigit()


def read(file: BinaryIO, path: str) -> Capture:
    """A flow file as a capture. A file that breaks off is read up to there."""
    capture = Capture(path=path, format=NAME)
    # stable: of two at one time the one that ended first
    capture.exchanges = sorted(exchanges_in(file, capture), key=lambda exchange: exchange.order)
    for number, exchange in enumerate(capture.exchanges, 1):
        exchange.number = number
    return capture


def exchanges_in(file: BinaryIO, capture: Capture) -> Iterator[Exchange]:
    """The exchanges of a flow file in the order in which they ended, without numbers. What is wrong with it is put into `capture`,
    and when all were read the time that they span."""
    extent = Extent()
    for where, state in _states(file, capture):
        told: list[str] = []
        try:
            exchange = _exchange(state, told)
        except _DAMAGE as error:
            text = f"{where}: cannot be read, and is left out: {type(error).__name__}: {error}"
            capture.troubles.append(Trouble("cut", text))
            continue
        if exchange is None:
            continue
        capture.troubles += [Trouble("cut", f"{where}: {each}") for each in told]
        if (wrong := extent.take(exchange)) is not None:
            capture.troubles.append(Trouble("clock", f"{where}: {wrong}"))
        yield exchange
    extent.tell(capture)


def _states(file: BinaryIO, capture: Capture) -> Iterator[tuple[str, dict[str, Any]]]:
    """The flows' states, each with its place in words."""
    from mitmproxy.exceptions import FlowReadException

    number = 0
    while True:
        number += 1
        start = file.tell()
        if not file.read(1):
            return
        file.seek(start)
        try:
            state = _state(file)
        except (*_DAMAGE, FlowReadException) as error:
            capture.troubles.append(
                Trouble("cut", f"flow {number}, at byte {start}: the capture breaks off or is damaged there: {error}")
            )
            return
        yield f"flow {number}, at byte {start}", state


def _state(file: BinaryIO) -> dict[str, Any]:
    """The next flow's state, in the form of the newest version of the format."""
    from mitmproxy.io import compat, tnetstring

    start = file.tell()
    digits = file.read(16).partition(b":")[0]
    left = file.seek(0, 2) - start
    file.seek(start)
    if digits.isdigit() and int(digits) > left:  # before it is asked for: the promise may be of terabytes
        raise ValueError(f"{int(digits)} bytes are promised, {left} are there")
    loaded = tnetstring.load(file)
    if not isinstance(loaded, dict):
        raise TypeError(f"a {type(loaded).__name__} where a flow was expected")
    state: Any = compat.migrate_flow(loaded)
    return dict(state)


def _exchange(state: dict[str, Any], told: list[str]) -> Exchange | None:
    """A flow as an exchange; None where it is none of HTTP. What cannot be kept as it should is `told`."""
    if state.get("type") != "http" or not isinstance(state.get("request"), dict):
        return None
    request, client, server = state["request"], state["client_conn"], state["server_conn"]
    certificates = client.get("certificate_list")
    start = _time(request["timestamp_start"])
    headers = _headers(request)
    exchange = Exchange(
        number=0,
        id=str(state["id"]),
        order=start,
        conn=str(client.get("id")),
        client=peer_address(client.get("peername")),
        method=text_of(request["method"]),
        url=_url(request),
        http=text_of(request["http_version"]),
        headers=headers,
        body=_decoded(request, told),
        client_cert=identity_of_pem(certificates[0]) if certificates else None,
        at=Moment(start, start),
    )
    response = state.get("response")
    if isinstance(response, dict):
        end = _time(response["timestamp_end"] or response["timestamp_start"] or start)
        exchange.response = Response(
            status=int(response["status_code"]),
            order=end,
            reason=text_of(response["reason"]),
            http=text_of(response["http_version"]),
            headers=_headers(response),
            body=_decoded(response, told),
            # a response without a connection to the server was made in the proxy
            by="server" if server.get("timestamp_start") and state.get("is_replay") != "response" else "proxy",
            at=Moment(end, end),
        )
    error = state.get("error")
    if isinstance(error, dict):
        words, at = str(error["msg"]), _time(error["timestamp"])
        connected = bool(server.get("timestamp_tcp_setup")) or None
        exchange.failure = Failure(
            cause_of(words, connected=connected), at, words, bytes_received(words), Moment(at, at)
        )
    return exchange


def _time(value: Any) -> float:
    """A time in seconds since 1970. Raises ValueError for one that is none, such as NaN."""
    seconds = float(value)
    if not math.isfinite(seconds):
        raise ValueError(f"the time {seconds}, which is none")
    return seconds


def _headers(message: dict[str, Any]) -> Headers:
    return tuple((text_of(name), text_of(value)) for name, value in message["headers"])


def _url(request: dict[str, Any]) -> str:
    """The URL that the request went to: mitmproxy's scheme, host and port, which a mode or a map may have set."""
    scheme, host, port = text_of(request["scheme"]), text_of(request["host"]), int(request["port"])
    shown = f"[{host}]" if ":" in host else host
    default = {"http": 80, "https": 443}.get(scheme)
    return f"{scheme}://{shown}{'' if port == default else f':{port}'}{text_of(request['path'])}"


def _decoded(message: dict[str, Any], told: list[str]) -> bytes | None:
    """A body after its content coding was undone; as it is where the coding is unknown or wrong. One that grows too large is
    `told`."""
    content: bytes | None = message.get("content")
    coding = next((text_of(v) for k, v in message["headers"] if k.lower() == b"content-encoding"), "")
    if not content or not coding:
        return content
    try:
        return undone(content, coding)
    except CodingError as error:  # as it came: what is wrong with it, the message's own finding says
        told += [f"{error}; it is kept as it came"] if isinstance(error, TooLargeError) else []
        return content
