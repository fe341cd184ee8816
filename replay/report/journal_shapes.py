"""The lines of a journal as shapes, for their published schema: what `addons/record.py` writes and
`capture/journal_reader.py` reads.

Nothing is written or read through these; tests hold them against recordings and against the reader.
"""

from typing import Final

from msgspec import UNSET, Struct, UnsetType


class Body(Struct):
    """A body after transfer and content coding were undone: `text` where the bytes are valid UTF-8 and come back from it
    unchanged, else `base64`. One of the two."""

    text: str | UnsetType = UNSET
    base64: str | UnsetType = UNSET


class Certificate(Struct):
    """A certificate: its subject, and the SHA-256 of it in DER, in hexadecimal."""

    subject: str | None
    sha256: str | None


class Line(Struct):
    """What every line has: `t` is in seconds since 1970, for people; `mono` in seconds of a clock that never jumps. Both are null
    where the source of a converted capture had none."""

    type: str
    t: float | None
    mono: float | None


class Open(Line):
    """The first line of every recording; a second one is a later recording in the same file. `interval` is the time between
    `watching` lines, in seconds."""

    format: str
    version: int
    tool: str
    mode: str | None
    redacted: bool
    interval: float


class Connect(Line):
    """A device has connected, also where no request ever came of it."""

    conn: str | None
    client: str | None
    sni: str | None
    host: str | None


class Request(Line):
    """A request, written before it goes upstream. `url` is as sent upstream; `server_saw` the certificate that the proxy has for
    the server. `light` says that it is no OMA DM and was kept without query, body and most headers."""

    id: str
    conn: str | None
    client: str | None
    method: str | None
    url: str | None
    http: str | None
    headers: list[tuple[str, str]] | None
    body: Body | None
    client_cert: Certificate | None
    server_saw: Certificate | None
    light: bool | UnsetType = UNSET


class Response(Line):
    """A response, written before it goes to the device. `by` is `proxy` where the proxy made or altered it."""

    id: str
    status: int | None
    reason: str | None
    http: str | None
    headers: list[tuple[str, str]] | None
    body: Body | None
    by: str


class Failure(Line):
    """An exchange, or a connection without a request (`id` is null), ended without a whole answer. `received` is in bytes;
    `client`, `sni` and `host` are those of a connection that has no line of its own."""

    id: str | None
    conn: str | None
    cause: str
    detail: str
    received: int | None
    client: str | UnsetType | None = UNSET
    sni: str | UnsetType | None = UNSET
    host: str | UnsetType | None = UNSET


class Disconnect(Line):
    """A connection has ended; `side` is who ended it."""

    conn: str | None
    side: str | None


class Server(Line):
    """A handshake with a server has ended: whether it asked for a certificate, and which one it was shown."""

    conn: str | None
    server: str | None
    sni: str | None
    tls: str | None
    asked: bool
    saw: Certificate | None


class Watching(Line):
    """The recorder was up and seeing traffic until now. `passed_by` is how many exchanges so far were no OMA DM."""

    passed_by: int | UnsetType = UNSET


class Note(Line):
    """A mark, set by hand, by a test, or by the recorder; `name` says what kind of mark, such as `push` or `fault`."""

    text: str
    name: str | UnsetType | None = UNSET


class Close(Line):
    """The recording has ended, and why."""

    reason: str


#: Each type of line that this version writes. A reader skips others.
TYPES: Final[dict[str, type[Line]]] = {
    "open": Open,
    "connect": Connect,
    "request": Request,
    "response": Response,
    "failure": Failure,
    "disconnect": Disconnect,
    "server": Server,
    "watching": Watching,
    "note": Note,
    "close": Close,
}
