"""The sides of an exchange: who sends, which headers count, and what is said of one that has no message."""

import hashlib

from replay.capture.exchange import Exchange, Headers
from replay.capture.references import REQUEST, RESPONSE
from replay.capture.turns import OPAQUE, Turn

#: Headers that say something about OMA DM; of all others nothing is kept (facts B, HTTP).
_REQUEST_HEADERS = (
    "content-type", "mdm-genericalert", "user-agent", "useragentorigin", "authorization", "devicetoken", "ms-signature",
    "x-syncml-hmac", "ms-cv", "client-request-id",
)  # fmt: skip
_RESPONSE_HEADERS = ("content-type", "x-syncml-hmac", "retry-after")
#: The headers that count on each side; of several of one name the first.
_HEADERS = {REQUEST: _REQUEST_HEADERS, RESPONSE: _RESPONSE_HEADERS}
#: Who sends on each side.
SENDER = {REQUEST: "device", RESPONSE: "server"}
#: What is said of a PKCS#7 envelope: each is another, whatever is in it.
_ENVELOPE = "an envelope that is not read"


def headers_of(headers: Headers, side: str) -> Headers:
    """The headers of a request or response that count, in a fixed order, their names in lower case."""
    given: dict[str, str] = {}
    for name, value in headers:
        given.setdefault(name.lower(), value)
    return tuple((name, given[name]) for name in _HEADERS[side] if name in given)


def problem_of(turn: Turn, side: str) -> str | None:
    """Why a side of an exchange has no message although something came; None where nothing is wrong."""
    if side == REQUEST:
        if turn.kind == OPAQUE:
            return _ENVELOPE
        return unread(turn.exchange.body) if turn.request_error else None
    response = turn.exchange.response
    if turn.response_error and response is not None:
        return unread(response.body)
    return _ENVELOPE if turn.opaque_response else None


def unread(body: bytes | None) -> str:
    """An unreadable body, so that two that differ are seen to differ."""
    digest = hashlib.sha256(body or b"").hexdigest()[:16]
    return f"a message that cannot be read ({len(body or b'')} bytes, SHA-256 {digest}…)"


def end_of(exchange: Exchange) -> str | None:
    """How an exchange ended without a whole answer; None where it did not."""
    if exchange.failure is not None:
        return f"ended: {exchange.failure.cause}"
    return "no answer" if exchange.response is None and exchange.url is not None else None
