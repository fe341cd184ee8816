"""A capture as a HAR. It is lossy: har.py says what is not in one. Our own members begin with `_`, as HAR wants it."""

import base64
import json
from datetime import UTC, datetime
from typing import Any, BinaryIO

from replay.capture import har
from replay.capture.exchange import Capture, Exchange, Headers, Response, header
from replay.capture.flow_writer import NO_URL, times_of
from replay.capture.losses import Losses
from replay.version import __version__


def write(capture: Capture, file: BinaryIO) -> list[str]:
    """Writes a HAR, one entry an exchange. Gives what it does not carry, in words."""
    losses = Losses(capture)
    losses.of_recording("a HAR")
    file.write(b'{"log": {"version": "1.2", "creator": ')
    file.write(json.dumps({"name": "omadm-replay", "version": __version__}).encode())
    file.write(b', "entries": [')
    for place, exchange in enumerate(capture.exchanges):
        file.write(b",\n" if place else b"\n")
        file.write(json.dumps(_entry(exchange, place, losses), ensure_ascii=False).encode("utf-8"))
    file.write(b"\n]}}\n")
    return losses.said()


def _entry(exchange: Exchange, place: int, losses: Losses) -> dict[str, Any]:
    start, end = times_of(exchange, place)
    made_up = [what for what, known in (("time", exchange.at), ("url", exchange.url)) if known is None]
    if exchange.url is None:
        losses.count(f"exchanges without a URL: for other programs they are written as {NO_URL}")
    took = max(0.0, (end - start) * 1000)
    entry: dict[str, Any] = {
        "startedDateTime": _iso(start, losses),
        "time": took,
        "request": _request(exchange),
        "response": _response(exchange),
        "cache": {},
        "timings": {"send": 0, "wait": took, "receive": 0},
    }
    if exchange.conn is not None:
        entry["connection"] = exchange.conn
    if exchange.client is not None:
        entry[har.CLIENT] = exchange.client
    if made_up:
        entry[har.MADE_UP] = made_up
    return entry


def _request(exchange: Exchange) -> dict[str, Any]:
    body = exchange.body
    request: dict[str, Any] = {
        "method": exchange.method or "",
        "url": exchange.url if exchange.url is not None else NO_URL,
        "httpVersion": exchange.http or "",
        "cookies": [],
        "headers": _headers(exchange.headers),
        "queryString": [],
        "headersSize": -1,
        "bodySize": -1 if body is None else len(body),
    }
    if body is not None:
        kind = header(exchange.headers, "content-type") or ""
        request["postData"] = {"mimeType": kind, "params": [], **_text(body, kind)}
    return request


def _response(exchange: Exchange) -> dict[str, Any]:
    response, failure = exchange.response or Response(0, 0.0), exchange.failure
    body = response.body
    kind = header(response.headers, "content-type") or ""
    content: dict[str, Any] = {"size": -1 if body is None else len(body), "mimeType": kind}
    answer: dict[str, Any] = {
        "status": response.status,
        "statusText": response.reason,
        "httpVersion": response.http,
        "cookies": [],
        "headers": _headers(response.headers),
        "content": content if body is None else content | _text(body, kind),
        "redirectURL": header(response.headers, "location") or "",
        "headersSize": -1,
        "bodySize": content["size"],
    }
    if response.by != "server":
        answer[har.BY] = response.by
    if failure is not None:
        answer[har.DETAIL] = failure.detail
        answer[har.CAUSE] = failure.cause
        answer[har.RECEIVED] = failure.received
    return answer


def _headers(headers: Headers) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in headers]


def _text(body: bytes, kind: str) -> dict[str, str]:
    """A body as text where that gives the same bytes when it is read again, else in base64."""
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        text = None
    if text is not None and har.body_of(text, kind) == body:
        return {"text": text}
    return {"text": base64.b64encode(body).decode("ascii"), "encoding": "base64"}


def _iso(seconds: float, losses: Losses) -> str:
    """A time in ISO 8601, to the microsecond."""
    try:
        return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="microseconds")
    except (ValueError, OverflowError, OSError):
        losses.count("times that no calendar has")
        return ""
