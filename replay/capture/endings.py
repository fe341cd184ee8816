"""How an exchange ended, as the journal's causes: from mitmproxy's words, and from what the recorder knows beside them.

The words were measured (facts, "Endings"); the recorder and the readers of flow files and HAR share them. The words do not
say everything: a reset reads like a close, and under HTTP/2 an end by the device reads like one by the server.
"""

import ast
import re
from typing import Final

from msgspec import Struct

#: The first that matches decides. Those with words of the server's or the device's own in them come first, whatever these say.
_WORDS: Final = (
    (re.compile(r"without sending complete message body|incomplete chunked read|IncompleteRead"), "truncated"),
    (re.compile(r"^unexpected server response: "), "truncated"),  # a part of the head
    (re.compile(r"^(Cannot parse HTTP response|HTTP/[12] protocol error|Received )"), "other"),
    (re.compile(r"^HTTP/2 connection closed"), "server-closed"),
    # a QUIC connection that was closed, with the name of the code alone (RFC 9000, 20.1; RFC 9114, 8.1; RFC 9204, 6)
    (
        re.compile(r"^(?:H3_[A-Z_]+|QPACK_[A-Z_]+|NO_ERROR|[A-Z_]+_ERROR|unknown error \(0x[0-9a-f]+\))$"),
        "server-closed",
    ),
    (
        re.compile(
            r"client disconnected|stream reset by client \(CANCEL\)|^stream closed by client \(H3_REQUEST_CANCELLED\)"
            r"|client closed",
            re.IGNORECASE,
        ),
        "client-closed",
    ),
    (
        re.compile(r"connection reset|ECONNRESET|stream reset|^stream closed by client \(", re.IGNORECASE),
        "server-reset",
    ),
    (re.compile(r"timed out|timeout", re.IGNORECASE), "timeout"),
    (re.compile(r"certificate|TLS|SSL|handshake", re.IGNORECASE), "tls-failed"),
    (
        re.compile(
            r"connect call failed|connection refused|name or service not known|getaddrinfo|no address associated"
            r"|nodename nor servname|temporary failure in name resolution|unreachable|no route to host"
            r"|multiple exceptions|connection cancelled|killed before connect",
            re.IGNORECASE,
        ),
        "connect-failed",
    ),
    (re.compile(r"server closed connection|peer closed connection|connection closed", re.IGNORECASE), "server-closed"),
)
_RECEIVED: Final = re.compile(r"received ([0-9]{1,15}) bytes")
_PART_OF_HEAD: Final = "unexpected server response: "
#: Bytes as Python writes them. Nothing else is evaluated: the words may be anybody's.
_LITERAL: Final = re.compile(r"""b(?:'(?:[^'\\]|\\.)*+'|"(?:[^"\\]|\\.)*+")""")
#: Causes that say who closed, in words that both sides' ends can have.
_CLOSED: Final = ("server-closed", "server-reset", "client-closed")


class Ending(Struct, frozen=True):
    """How an exchange ended without a whole answer: a cause of the journal's, in words, and how many bytes of it came."""

    cause: str
    detail: str
    received: int | None = None


def cause_of(words: str, *, connected: bool | None = None) -> str:
    """The journal's cause for mitmproxy's error message.

    `connected` says whether the connection to the server had been made; where it is known that it had not, an ending
    that is not the client's is `connect-failed` or `tls-failed`.
    """
    found = next((cause for pattern, cause in _WORDS if pattern.search(words)), "other")
    if connected is False and found not in ("client-closed", "tls-failed"):
        return "connect-failed"
    if connected is True and found == "connect-failed":
        return "other"
    return found


def bytes_received(words: str) -> int | None:
    """How many bytes of a broken answer came, where mitmproxy says so: of its body, or of its head where it did not get further."""
    if words.startswith(_PART_OF_HEAD):
        literal = _LITERAL.fullmatch(words.removeprefix(_PART_OF_HEAD))
        try:
            return len(ast.literal_eval(literal.group())) if literal is not None else None
        except (ValueError, SyntaxError):
            return None
    found = _RECEIVED.search(words)
    return int(found.group(1)) if found else None


def ending(
    words: str,
    *,
    connected: bool | None,
    by_device: bool | None = None,
    broke: OSError | None = None,
    part: bytes | None = None,
) -> Ending:
    """How an exchange ended.

    `connected` as in `cause_of`; `by_device` whether the device ended it, None where that is not known; `broke` what the
    operating system said of the connection to the server, where it did not simply end; `part` what came of the answer's
    body, None where not even its head came.
    """
    cause = cause_of(words, connected=connected)
    detail = words
    received = bytes_received(words)
    if by_device is True:
        if connected is False:  # the request had not gone on: it was not delivered
            return Ending("connect-failed", f"{words.rstrip('.')}; the server had not been reached yet", received)
        return Ending("client-closed" if cause in (*_CLOSED, "timeout") else cause, words, received)
    if (
        connected is False and words == "connection closed"
    ):  # by the server, where it was called already: in the handshake
        return Ending("tls-failed", "the server closed the connection in the TLS handshake", received)
    if broke is not None and cause in (*_CLOSED, "truncated"):
        detail += f" ({broke.strerror or broke})"
    if by_device is False and cause in _CLOSED:
        cause = "server-closed" if cause == "server-closed" else "server-reset"
        cause = _of_system(broke, cause)
        if part is not None:
            cause = "truncated"
    elif cause == "server-closed":
        cause = _of_system(broke, cause)
    if received is None and part is not None and cause == "truncated":
        received = len(part)
    return Ending(cause, detail, received)


def _of_system(broke: OSError | None, cause: str) -> str:
    """The cause as the operating system has it: a connection that does not simply end was reset, or nothing came any more."""
    if isinstance(broke, ConnectionError):
        return "server-reset"
    if isinstance(broke, TimeoutError):
        return "timeout"
    return cause if broke is None else "other"
