"""What mitmproxy hands over, as the journal's values: the recorder and the readers share it."""

from collections.abc import Sequence
from typing import Any


def text_of(value: bytes | str) -> str:
    """Bytes of a header, method or path as text: UTF-8, or Latin-1 (which any bytes are) where they are not that."""
    if isinstance(value, str):
        return value
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return value.decode("latin-1")


def is_http1(version: str) -> bool:
    """Whether this version of HTTP is one in which a connection carries one exchange at a time (`HTTP/1.1`, `HTTP/1.0`), so that an
    exchange can end with its connection."""
    return version.startswith("HTTP/1")


def peer_address(peer: Sequence[Any] | None) -> str | None:
    """A peer (host, port, …) as `HOST:PORT`, or `[V6]:PORT`, so that `address_host` finds the host again; None for none."""
    if not peer:
        return None
    host = text_of(peer[0]) if isinstance(peer[0], bytes | str) else str(peer[0])
    return ":".join([f"[{host}]" if ":" in host else host, *(str(port) for port in peer[1:2])])
