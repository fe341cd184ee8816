"""The values of a capture: exchanges, connections, marks, and when the recorder was watching."""

import itertools
from collections.abc import Sequence
from typing import Final

from msgspec import Struct, field

#: Ways for a request to end without a whole answer (contract, journal, `failure`).
CAUSES: Final = frozenset(
    {
        "server-closed", "server-reset", "truncated", "client-closed", "timeout", "connect-failed", "tls-failed",
        "proxy-stopped", "other",
    }
)  # fmt: skip
#: After these the request never reached the server (contract, "exchange").
NOT_DELIVERED: Final = frozenset({"connect-failed", "tls-failed"})

Headers = tuple[tuple[str, str], ...]
#: What is kept of the headers of an exchange that is not OMA DM.
LIGHT_HEADERS: Final = ("content-type", "content-length")


class CaptureError(Exception):
    """An input that is empty or cannot be read at all: names the file, the place in it, the reason, and what to do."""


class Moment(Struct, frozen=True):
    """A point in time: `wall` in seconds since 1970, for people; `clock` in seconds on a clock that does not jump within
    a recording, so that the difference of two is a duration."""

    wall: float
    clock: float


class Identity(Struct, frozen=True):
    """A certificate that one side showed: its subject and the SHA-256 of its DER bytes in hexadecimal."""

    subject: str | None = None
    sha256: str | None = None


class Response(Struct, frozen=True):
    """A response, `body` after transfer and content coding were undone, None where nothing came. `by` is `server` or `proxy`."""

    status: int
    order: float
    reason: str = ""
    http: str = ""
    headers: Headers = ()
    body: bytes | None = None
    by: str = "server"
    at: Moment | None = None


class Failure(Struct, frozen=True):
    """The end of an exchange or connection without a whole answer: one of CAUSES, in words, and how many bytes came."""

    cause: str
    order: float
    detail: str = ""
    received: int | None = None
    at: Moment | None = None


class Exchange(Struct):
    """One HTTP request and what became of it. Numbered from 1 in order of time; `order` sorts it among all events.

    What a format does not carry is None. `light` says that the recorder kept neither body nor all headers, because
    the exchange is not OMA DM.
    """

    number: int
    id: str
    order: float
    conn: str | None = None
    client: str | None = None
    method: str | None = None
    url: str | None = None
    http: str | None = None
    headers: Headers = ()
    body: bytes | None = None
    client_cert: Identity | None = None
    server_saw: Identity | None = None
    at: Moment | None = None
    response: Response | None = None
    failure: Failure | None = None
    light: bool = False
    recording: int = 1

    @property
    def made_on(self) -> "ConnectionKey":
        """The connection that it was made on (`Connection.key`)."""
        return self.recording, self.conn

    @property
    def delivered(self) -> bool:
        """Whether the request can have reached the server: not after `connect-failed` or `tls-failed` (contract)."""
        return self.answered or self.failure is None or self.failure.cause not in NOT_DELIVERED

    @property
    def answered(self) -> bool:
        """Whether the server itself answered, in whole or in part."""
        return self.response is not None and self.response.by == "server"

    @property
    def cut(self) -> bool:
        """Whether the answer broke off before its end."""
        return self.response is not None and self.failure is not None and self.failure.cause != "client-closed"

    @property
    def ended(self) -> tuple[float, Moment | None]:
        """Order and moment of the last that is known of it. A recorder that stops ends nothing for the device."""
        if self.failure is not None and self.failure.cause != "proxy-stopped":
            return self.failure.order, self.failure.at
        if self.response is not None:
            return self.response.order, self.response.at
        return self.order, self.at


#: A recording (from 1) and the id of a connection there, None where an exchange has none.
ConnectionKey = tuple[int, str | None]


class Connection(Struct):
    """A client connection: who made it and where it wanted to go; `until` is when it ended, None where that is not known."""

    conn: str
    client: str | None = None
    sni: str | None = None
    host: str | None = None
    at: Moment | None = None
    recording: int = 1
    until: Moment | None = None

    @property
    def key(self) -> "ConnectionKey":
        """What tells it from every other connection of its capture: the recording, and its id there."""
        return self.recording, self.conn


class BrokenOff(Struct, frozen=True):
    """A request, or a whole connection, that ended before a request was read from it."""

    failure: Failure
    connection: Connection


#: The name of a mark that says that a push was sent to a device, which its text may name (contract, `omadm note`).
PUSH: Final = "push"


class Note(Struct, frozen=True):
    """A mark that a person or a test set."""

    text: str
    name: str | None = None
    at: Moment | None = None


class Stretch(Struct):
    """A time in which the recorder is known to have been watching all along."""

    start: Moment
    end: Moment


class Trouble(Struct, frozen=True):
    """Something wrong with the capture itself: `cut` (a record broken or missing) or `clock` (time runs backwards)."""

    kind: str
    text: str
    line: int | None = None
    exchange: int | None = None
    at: Moment | None = None


class Beyond(Struct):
    """What a part of a capture must know of the rest of it (`replay.capture.parts`): which devices were seen at the client
    addresses and with the certificates that matter, with what the server itself answered anywhere (host, certificate shown to it),
    and the connections (recording, id) that requests were read from."""

    addresses: dict[str, set[str]] = field(default_factory=dict)
    certificates: dict[str, set[str]] = field(default_factory=dict)
    answered: set[tuple[str, Identity | None]] = field(default_factory=set)
    opened: set[tuple[int, str | None]] = field(default_factory=set)


class Capture(Struct):
    """A capture as it was read. `stretches` is when the recorder was watching, in order; `ended_by` how the last one ended:
    `close`, `watching` or `last-traffic`. `says_when_watching` is true of journals alone; `redacted`
    says that a recording in it is. `anchors` are the
    moments from which on wall and steady clock go together, the first one included. `beyond` is there where it is a part of a
    larger one."""

    path: str
    format: str
    exchanges: list[Exchange] = field(default_factory=list)
    connections: list[Connection] = field(default_factory=list)
    broken_off: list[BrokenOff] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    stretches: list[Stretch] = field(default_factory=list)
    troubles: list[Trouble] = field(default_factory=list)
    ended_by: str = "last-traffic"
    anchors: list[Moment] = field(default_factory=list)
    modes: list[str] = field(default_factory=list)
    says_when_watching: bool = False
    redacted: bool = False
    beyond: Beyond | None = None

    def clock_at(self, wall: float) -> float | None:
        """The steady clock when the wall clock first showed a time; None in a capture without a clock.

        A wall clock that was set back shows a time twice, and one that was set forward never shows some: then it is
        the first moment at which it showed that time or a later one.
        """
        for anchor, after in itertools.zip_longest(self.anchors, self.anchors[1:]):
            if wall <= anchor.wall and anchor is not self.anchors[0]:
                return anchor.clock
            clock = anchor.clock + (wall - anchor.wall)
            if after is None or clock <= after.clock:
                return clock
        return None


def header(headers: Sequence[tuple[str, str]], name: str) -> str | None:
    """The first header of that name, whatever its case, or None."""
    wanted = name.lower()
    for key, value in headers:
        if key.lower() == wanted:
            return value
    return None


def with_length(headers: Headers, body: bytes) -> Headers:
    """The headers, with a Content-Length that is there made that of another body."""
    return tuple((name, str(len(body)) if name.lower() == "content-length" else value) for name, value in headers)


def address_host(address: str | None) -> str | None:
    """The host of an address `HOST:PORT`, `[V6]:PORT` or `HOST`; None for None."""
    if not address:
        return None
    if address.startswith("["):
        return address[1:].partition("]")[0]
    return address.partition(":")[0] if address.count(":") == 1 else address
