"""HAR (HTTP Archive 1.2), as mitmproxy, browsers, and this project write it.

HAR is lossy, and so is what is read from one:

- It does not say when anybody was watching: as of a flow file, the window ends with the last thing in it. Times are of the wall
  clock.
- Bodies are text. What was no text comes in base64 (responses), with lone surrogates in place of its bytes (requests that
  mitmproxy wrote), or spoilt (requests from others). The charset of the content type, and for mitmproxy's own its default of
  Latin-1, is undone; other text is taken for UTF-8. Bytes that a tool decoded in yet another way are not the ones on the wire.
- Status 0 stands for every kind of end without an answer. An answer that broke off looks whole in mitmproxy's HAR. mitmproxy's
  words in `_error` name the cause; without them it is not known.
- No connection without a request, no certificate, and nothing of who made a response: only where this project wrote the file are
  client address, cause, and `by` there (members that begin with `_`, which HAR leaves to its users).
"""

import base64
import json
import re
from collections.abc import Iterator
from typing import Any, BinaryIO, Final

from msgspec import structs

from replay.capture.endings import bytes_received, cause_of
from replay.capture.exchange import (
    CAUSES,
    Capture,
    CaptureError,
    Exchange,
    Failure,
    Headers,
    Moment,
    Response,
    Trouble,
)
from replay.capture.extent import Extent
from replay.capture.times import seconds_of

NAME: Final = "har"
#: Names of our own members, in entries, requests and responses.
CLIENT, BY, CAUSE, DETAIL, RECEIVED, MADE_UP = "_client", "_by", "_cause", "_error", "_received", "_madeUp"
_BEGINNING: Final = re.compile(rb'^\s*\{\s*"log"\s*:\s*\{')
_MEMBER: Final = re.compile(rb'"(?:version|creator|browser|pages|entries)"\s*:')
_ENTRIES: Final = re.compile(r'"entries"\s*:\s*\[')
_BETWEEN: Final = re.compile(r"[\s,]*")
#: Charsets that are undone; others are taken for UTF-8, UTF-16 among them, whose byte order nobody knows any more.
_ONE_BYTE: Final = frozenset({"iso-8859-1", "latin-1", "latin1", "us-ascii", "windows-1252", "cp1252"})
#: Milliseconds that an exchange may take (some thirty years); more is no duration.
_LONGEST: Final = 1e12
_CHARSET: Final = re.compile(r"""charset\s*=\s*["']?([\w.:-]+)""", re.IGNORECASE)


class _BadEntryError(ValueError):
    """An entry that is not what an entry must be."""


def looks_like_har(head: bytes) -> bool:
    """Whether a file begins as a HAR does: an object `log`, with a member that a log has."""
    head = head.removeprefix(b"\xef\xbb\xbf")
    return bool(_BEGINNING.match(head)) and bool(_MEMBER.search(head))


def read(file: BinaryIO, path: str) -> Capture:
    """A HAR as a capture. One that breaks off is read up to there; an entry that cannot be read becomes a trouble.

    Raises CaptureError where there is no list of entries.
    """
    text = file.read().decode("utf-8-sig", "replace")
    capture = Capture(path=path, format=NAME)
    entries, by_mitmproxy = _entries(text, capture)
    for number, entry in enumerate(entries, 1):
        try:
            capture.exchanges.append(_exchange(entry, number, by_mitmproxy=by_mitmproxy))
        except _BadEntryError as error:
            capture.troubles.append(Trouble("cut", f"entry {number}: cannot be read, and is left out: {error}"))
    _order(capture)
    return capture


def _entries(text: str, capture: Capture) -> tuple[list[Any], bool]:
    """The entries, and whether mitmproxy wrote them. Of a text that is no whole JSON, those before the place where it breaks."""
    try:
        log = json.loads(text).get("log")
    except (ValueError, RecursionError) as error:
        entries = list(_entries_up_to_the_cut(text))
        what = "is nested too deep" if isinstance(error, RecursionError) else f"is no whole JSON: {error}"
        capture.troubles.append(Trouble("cut", f"the file {what}; {len(entries)} entries before that are read"))
        return entries, _names_mitmproxy(text[:4096])
    found = log.get("entries") if isinstance(log, dict) else None
    if not isinstance(found, list):
        raise CaptureError(
            f"{capture.path}: log.entries: there is no list of entries, which a HAR must have; export it again"
        )
    return found, _names_mitmproxy(json.dumps(log.get("creator")))


def _names_mitmproxy(creator: str) -> bool:
    return bool(re.search(r'"name"\s*:\s*"mitmproxy"', creator))


def _entries_up_to_the_cut(text: str) -> Iterator[Any]:
    begin = _ENTRIES.search(text)
    decoder, place = json.JSONDecoder(), begin.end() if begin else len(text)
    while True:
        between = _BETWEEN.match(text, place)
        place = between.end() if between else place
        try:
            entry, place = decoder.raw_decode(text, place)
        except (ValueError, RecursionError):  # the cut, which the caller has noted
            return
        yield entry


def _exchange(entry: Any, number: int, *, by_mitmproxy: bool) -> Exchange:
    """One entry; `order` is its time, or its place where it has none."""
    entry = _object(entry, "the entry")
    request, answer = _object(entry.get("request"), "request"), _object(entry.get("response"), "response")
    made_up = entry.get(MADE_UP) if isinstance(entry.get(MADE_UP), list) else []
    start = None if "time" in made_up else _time(entry.get("startedDateTime"))
    took = entry.get("time")
    seconds = took / 1000 if isinstance(took, int | float) and 0 < took < _LONGEST else 0.0
    at = None if start is None else Moment(start, start)
    end = None if start is None else Moment(start + seconds, start + seconds)
    url = _text(request.get("url"))
    exchange = Exchange(
        number=number,
        id=str(number),
        order=2.0 * number,
        conn=_text(entry.get("connection")) or None,
        client=_text(entry.get(CLIENT)) or None,
        method=_text(request.get("method")) or None,
        url=None if not url or "url" in made_up else url,
        http=_text(request.get("httpVersion")) or None,
        headers=_headers(request.get("headers")),
        body=_request_body(request, by_mitmproxy=by_mitmproxy),
        at=at,
    )
    status = answer.get("status")
    if isinstance(status, int) and 0 < status < 1000:
        exchange.response = _response(answer, status, exchange.order + 0.5, end, by_mitmproxy=by_mitmproxy)
    exchange.failure = _failure(answer, exchange.order + 0.75, end, answered=exchange.answered)
    return exchange


def _response(answer: dict[str, Any], status: int, order: float, at: Moment | None, *, by_mitmproxy: bool) -> Response:
    content = answer.get("content")
    return Response(
        status=status,
        order=order,
        reason=_text(answer.get("statusText")),
        http=_text(answer.get("httpVersion")),
        headers=_headers(answer.get("headers")),
        body=_body(content, answer.get("bodySize"), by_mitmproxy=by_mitmproxy),
        by="proxy" if answer.get(BY) == "proxy" else "server",
        at=at,
    )


def _failure(answer: dict[str, Any], order: float, at: Moment | None, *, answered: bool) -> Failure | None:
    words, cause, received = _text(answer.get(DETAIL)), answer.get(CAUSE), answer.get(RECEIVED)
    if not words and cause not in CAUSES:
        return None
    if cause not in CAUSES:
        cause = cause_of(words, connected=answered or None)
    count = received if isinstance(received, int) and 0 <= received < 2**53 else bytes_received(words)
    return Failure(str(cause), order, words, count, at)


def _request_body(request: dict[str, Any], *, by_mitmproxy: bool) -> bytes | None:
    data = request.get("postData")
    if data is None:
        return b"" if request.get("bodySize") == 0 and request.get("method") == "POST" else None
    return _body(data, request.get("bodySize"), by_mitmproxy=by_mitmproxy)


def _body(content: Any, size: Any, *, by_mitmproxy: bool) -> bytes | None:
    """A body from `postData` or `content`; None where it was not kept."""
    if not isinstance(content, dict):
        return None
    text = content.get("text")
    if not isinstance(text, str):
        return b"" if 0 in (size, content.get("size")) and text is None else None
    if content.get("encoding") == "base64":
        try:
            return base64.b64decode(text, validate=True)
        except ValueError as error:
            raise _BadEntryError(f"a body that is not base64: {error}") from None
    return body_of(text, _text(content.get("mimeType")), by_mitmproxy=by_mitmproxy)


def body_of(text: str, kind: str, *, by_mitmproxy: bool = False) -> bytes:
    """A body's text as the bytes that it was, by its content type. mitmproxy writes a byte that is not UTF-8 as a lone
    surrogate; others come from JavaScript, whose halves of characters have no bytes, and are kept as they are coded there."""
    named = _CHARSET.search(kind)
    charset = named[1].lower() if named else ("latin-1" if by_mitmproxy and "json" not in kind else "utf-8")
    if charset in _ONE_BYTE and not any("\udc80" <= each <= "\udcff" for each in text):
        try:
            return text.encode(charset)
        except UnicodeEncodeError:
            return text.encode("utf-8", "surrogatepass")
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")


def _order(capture: Capture) -> None:
    """Puts the exchanges in order of time and says when the recorder was watching. Where one has no time that can be read, none
    is used."""
    timed = [exchange.at for exchange in capture.exchanges if exchange.at is not None]
    if len(timed) < len(capture.exchanges):
        if timed:
            text = "not every entry has a time that can be read (startedDateTime): no times are used"
            capture.troubles.append(Trouble("clock", text))
        for exchange in capture.exchanges:
            _forget_time(exchange)
        return
    if not timed:
        return
    extent = Extent()
    for exchange in capture.exchanges:
        _order_by_time(exchange)
        if (wrong := extent.take(exchange)) is not None:
            capture.troubles.append(Trouble("clock", f"entry {exchange.number}: {wrong}"))
    extent.tell(capture)
    capture.exchanges.sort(key=lambda exchange: exchange.order)  # stable: of two at one time the one that stands first
    for number, exchange in enumerate(capture.exchanges, 1):
        exchange.number = number


def _order_by_time(exchange: Exchange) -> None:
    response, failure = exchange.response, exchange.failure
    exchange.order = exchange.at.clock if exchange.at else exchange.order
    if response is not None and response.at is not None:
        exchange.response = structs.replace(response, order=response.at.clock)
    if failure is not None and failure.at is not None:
        exchange.failure = structs.replace(failure, order=failure.at.clock)


def _forget_time(exchange: Exchange) -> None:
    exchange.at = None
    exchange.response = structs.replace(exchange.response, at=None) if exchange.response else None
    exchange.failure = structs.replace(exchange.failure, at=None) if exchange.failure else None


def _object(value: Any, what: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _BadEntryError(f"{what} is no object")
    return value


def _text(value: Any) -> str:
    """Text that can be written in UTF-8: of names and headers, lone surrogates become question marks."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return ""
    return str(value)[:1_000_000].encode("utf-8", "replace").decode("utf-8")


def _headers(value: Any) -> Headers:
    """Headers as objects with name and value, or as pairs (Slack's)."""
    pairs: list[tuple[str, str]] = []
    for each in value if isinstance(value, list) else []:
        if isinstance(each, dict):
            pairs.append((_text(each.get("name")), _text(each.get("value"))))
        elif isinstance(each, list) and len(each) >= 2:
            pairs.append((_text(each[0]), _text(each[1])))
    return tuple(pair for pair in pairs if pair[0])


def _time(value: Any) -> float | None:
    """Seconds since 1970 from ISO 8601; None where it is none."""
    return seconds_of(value) if isinstance(value, str) else None
