"""mitmproxy's words for how an exchange ended, as the journal's causes.

The words were measured (facts, "Endings"); the recorder and the reader of flow files share them.
"""

import re
from typing import Final

_WORDS: Final = (
    (re.compile(r"without sending complete message body|incomplete chunked read|IncompleteRead"), "truncated"),
    (
        re.compile(r"client disconnected|stream reset by client \(CANCEL\)|client closed", re.IGNORECASE),
        "client-closed",
    ),
    (re.compile(r"connection reset|ECONNRESET|stream reset", re.IGNORECASE), "server-reset"),
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
_RECEIVED: Final = re.compile(r"received (\d+) bytes")


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
    """How many bytes of a broken answer came, where mitmproxy says so."""
    found = _RECEIVED.search(words)
    return int(found.group(1)) if found else None
