"""A journal read back: lines into exchanges, connections, marks, and the times when the recorder was watching."""

import base64
from typing import Any, BinaryIO, Final

import msgspec

from replay.capture.exchange import (
    CAUSES,
    BrokenOff,
    Capture,
    Connection,
    ConnectionKey,
    Exchange,
    Failure,
    Headers,
    Identity,
    Moment,
    Note,
    Response,
    Stretch,
    Trouble,
)
from replay.capture.journal import DEFAULT_INTERVAL, FORMAT, VERSION
from replay.capture.wire import peer_address

NAME: Final = FORMAT
#: A gap is more than this many intervals without any line (contract).
_GAP_INTERVALS: Final = 3
#: A clock that goes back by less than this is two lines written at the same moment.
_CLOCK_SLACK: Final = 0.001
#: A wall clock that drifts by less than this goes with the steady one.
_ANCHOR_SLACK: Final = 0.05


class _Body(msgspec.Struct):
    text: str | None = None
    base64: str | None = None


class _Line(msgspec.Struct):
    """Every member that any type of line has; what else a line has is skipped (contract)."""

    type: str
    t: float | None = None
    mono: float | None = None
    format: str | None = None
    version: int | None = None
    mode: Any = None
    redacted: bool = False
    interval: float | None = None
    id: str | int | None = None
    conn: str | int | None = None
    client: Any = None
    sni: str | None = None
    host: str | None = None
    method: str | None = None
    url: str | None = None
    http: str | None = None
    headers: list[tuple[str, str]] | None = None
    body: _Body | None = None
    client_cert: Identity | None = None
    server_saw: Identity | None = None
    light: bool = False
    status: int | None = None
    reason: str | None = None
    by: str | None = None
    cause: str | None = None
    detail: str | None = None
    received: int | None = None
    text: str | None = None
    name: str | None = None


class _BadLineError(ValueError):
    """A line that is whole but says something impossible."""


def read(file: BinaryIO, path: str) -> Capture:
    """A journal as a capture. Lines that cannot be read become troubles; unknown types and members are skipped."""
    reader = JournalReader(path)
    for raw in file:
        reader.take(raw)
    return reader.capture


class JournalReader:
    """Reads a journal line by line, also while it is being written. `capture` is what was read so far; `late` counts the lines
    that belong to no exchange that is known."""

    def __init__(self, path: str) -> None:
        self.capture = Capture(path=path, format=NAME, says_when_watching=True)
        self.lines = 0
        self.late = 0
        self.read = 0
        self.decode = msgspec.json.Decoder(_Line).decode
        self.recording = 0
        self.interval = DEFAULT_INTERVAL
        self.anchor: tuple[float, float | None] | None = None
        self.last: Moment | None = None
        self.last_type = ""
        self.closed = False
        self.exchanges: dict[tuple[int, str], Exchange] = {}
        self.connections: dict[ConnectionKey, Connection] = {}

    def take(self, raw: bytes) -> None:
        """Takes the next line. One that cannot be read becomes a trouble."""
        self.lines += 1
        number = self.lines
        text = (raw.removeprefix(b"\xef\xbb\xbf") if number == 1 else raw).strip()
        if not text:
            return
        try:
            line = self.decode(text)
            self._take(line, number)
        except (msgspec.DecodeError, _BadLineError, UnicodeDecodeError, RecursionError) as error:
            self._broken(raw, number, error)
        if self.capture.stretches:
            self.capture.ended_by = self.last_type if self.last_type in ("close", "watching") else "last-traffic"

    def watched_until(self, mono: float) -> None:
        """Notes that the recorder, which is this process, was still watching at a reading of its steady clock: for who judges while
        the journal is being written, between two of its lines."""
        if self.closed or self.last is None or self.anchor is None or self.anchor[1] is None:
            return
        clock = self.anchor[0] + (mono - self.anchor[1])
        if clock > self.last.clock:  # `last` stays: a line of a moment before may still come
            self.capture.stretches[-1].end = Moment(self.last.wall + (clock - self.last.clock), clock)

    def forget(self, keep: int) -> list[Exchange]:
        """Forgets all but the newest exchanges, for a reader that goes on for days; gives those that were forgotten. Connections
        and broken requests from before them go too."""
        capture = self.capture
        forgotten, capture.exchanges = capture.exchanges[:-keep], capture.exchanges[-keep:]
        if forgotten:
            self._let_go(forgotten)
            first = capture.exchanges[0]
            conns = {exchange.made_on for exchange in capture.exchanges}
            capture.broken_off = [each for each in capture.broken_off if each.failure.order > first.order]
            begin = first.at.clock if first.at else 0.0
            kept = [c for c in capture.connections if c.key in conns or (c.at and c.at.clock > begin)]
            capture.connections = kept
            self.connections = {made.key: made for made in kept}
        return forgotten

    def retire(self, before: float) -> list[Exchange]:
        """Takes out the exchanges of which nothing has come since a line, and whose end is known, for a reader that keeps what it
        reads elsewhere; gives them in order."""
        retired: list[Exchange] = []
        left: list[Exchange] = []
        for exchange in self.capture.exchanges:
            ended = exchange.response is not None or exchange.failure is not None
            (retired if ended and exchange.ended[0] < before else left).append(exchange)
        self.capture.exchanges = left
        self._let_go(retired)
        return retired

    def _let_go(self, exchanges: list[Exchange]) -> None:
        """Forgets by which id exchanges are known, unless a later one has it: a request that a proxy sends again keeps it."""
        for exchange in exchanges:
            key = exchange.recording, exchange.id
            if self.exchanges.get(key) is exchange:
                del self.exchanges[key]

    def close_connections(self, used: set[ConnectionKey], before: float) -> None:
        """Forgets the connections that requests were read from (`used`) and that ended before a moment of the steady clock."""
        ended = {
            key for key, made in self.connections.items() if key in used and made.until and made.until.clock < before
        }
        for key in ended:
            del self.connections[key]
        used -= ended
        self.capture.connections = [
            made for made in self.capture.connections if made.key not in used and made.key not in ended
        ]

    def _broken(self, raw: bytes, number: int, error: Exception) -> None:
        if not raw.endswith(b"\n"):
            text = f"line {number}: the capture ends in the middle of a line ({len(raw)} bytes of it are there)"
        else:
            text = f"line {number}: cannot be read, and is left out: {error}"
        self.capture.troubles.append(Trouble("cut", text, line=number, at=self.last))

    def _take(self, line: _Line, number: int) -> None:
        if line.type == "open":
            self._open(line)
        at = self._watch(line, number)
        take = _TAKERS.get(line.type)
        if take is not None:
            take(self, line, number, at)
            if not self.closed or line.type == "close":
                self.last_type = line.type

    def _open(self, line: _Line) -> None:
        if line.format not in (None, FORMAT) or (line.version or VERSION) > VERSION:
            raise _BadLineError(
                f"a recording in the format {line.format!r}, version {line.version}; this version reads {FORMAT} {VERSION}"
            )
        self.recording += 1
        self.interval = line.interval if line.interval and line.interval > 0 else DEFAULT_INTERVAL
        self.anchor = None
        self.closed = False
        self.capture.redacted |= line.redacted
        if isinstance(line.mode, str):
            self.capture.modes.append(line.mode)

    def _watch(self, line: _Line, number: int) -> Moment | None:
        """The line's moment; extends the stretch in which the recorder was watching, or begins another."""
        if line.t is None:
            if self.last is not None:
                text = f"line {number}: has no time, though lines before it have; taken for the time of the last one"
                self.capture.troubles.append(Trouble("cut", text, line=number, at=self.last))
            return self.last
        if self.last is not None and line.t < self.last.wall - _CLOCK_SLACK:
            self.capture.troubles.append(
                Trouble(
                    "clock",
                    f"line {number}: time runs backwards by {self.last.wall - line.t:.3f} s",
                    line=number,
                    at=Moment(line.t, self.last.clock),
                )
            )
        if self.anchor is None:
            begin = line.t if self.last is None else max(line.t, self.last.clock)
            self.anchor = (begin, line.mono)
        begin, mono = self.anchor
        clock = line.t if mono is None or line.mono is None else begin + (line.mono - mono)
        if self.last is not None and clock < self.last.clock:
            if line.mono is not None and clock < self.last.clock - _CLOCK_SLACK:
                self.capture.troubles.append(
                    Trouble("clock", f"line {number}: the steady clock runs backwards", line=number)
                )
            clock = self.last.clock
        at = Moment(line.t, clock)
        self._extend(at, line.type)
        self.last = at
        return at

    def _extend(self, at: Moment, line_type: str) -> None:
        """Extends what is known of the recorder's watching by a line; what is written after the end of a recording (a mark
        from outside, say) shows nothing."""
        anchors, stretches = self.capture.anchors, self.capture.stretches
        if not anchors or abs((at.wall - at.clock) - (anchors[-1].wall - anchors[-1].clock)) > _ANCHOR_SLACK:
            anchors.append(at)
        if self.closed:
            return
        gap = self.last is None or at.clock - self.last.clock > _GAP_INTERVALS * self.interval
        if gap or line_type == "open" or not stretches:
            stretches.append(Stretch(at, at))
        else:
            stretches[-1].end = at
        self.closed = line_type == "close"

    def _connect(self, line: _Line, number: int, at: Moment | None) -> None:
        conn = str(line.conn)
        made = Connection(conn, _address(line.client), line.sni, line.host, at, self.recording)
        self.connections[self.recording, conn] = made
        self.capture.connections.append(made)

    def _request(self, line: _Line, number: int, at: Moment | None) -> None:
        exchange = Exchange(
            number=self.read + 1,
            id=str(line.id),
            order=float(number),
            conn=None if line.conn is None else str(line.conn),
            client=_address(line.client),
            method=line.method,
            url=line.url,
            http=line.http,
            headers=_headers(line),
            body=_body(line.body),
            client_cert=line.client_cert,
            server_saw=line.server_saw,
            at=at,
            light=line.light,
            recording=self.recording,
        )
        self.read += 1
        self.exchanges[self.recording, exchange.id] = exchange
        self.capture.exchanges.append(exchange)

    def _response(self, line: _Line, number: int, at: Moment | None) -> None:
        if line.status is None:
            raise _BadLineError("a response without a status")
        exchange = self._exchange_of(line, "response")
        if exchange.response is not None:
            raise _BadLineError(f"a second response to the exchange {line.id!r}; the first one is kept")
        exchange.response = Response(
            status=line.status,
            order=float(number),
            reason=line.reason or "",
            http=line.http or "",
            headers=_headers(line),
            body=_body(line.body),
            by="proxy" if line.by == "proxy" else "server",
            at=at,
        )

    def _failure(self, line: _Line, number: int, at: Moment | None) -> None:
        cause = line.cause if line.cause in CAUSES else "other"
        failure = Failure(cause, float(number), line.detail or "", line.received, at)
        if line.id is not None:
            self._exchange_of(line, "failure").failure = failure
            return
        unknown = Connection(str(line.conn), _address(line.client), line.sni, line.host, at, self.recording)
        connection = (
            self.connections.get((self.recording, str(line.conn)), unknown) if line.conn is not None else unknown
        )
        self.capture.broken_off.append(BrokenOff(failure, connection))

    def _exchange_of(self, line: _Line, what: str) -> Exchange:
        exchange = self.exchanges.get((self.recording, str(line.id)))
        if exchange is None:
            self.late += 1
            raise _BadLineError(f"a {what} to the exchange {line.id!r}, whose request is not in this recording")
        return exchange

    def _note(self, line: _Line, _number: int, at: Moment | None) -> None:
        self.capture.notes.append(Note(line.text or "", line.name, at))

    def _disconnect(self, line: _Line, _number: int, at: Moment | None) -> None:
        made = self.connections.get((self.recording, str(line.conn)))
        if made is not None:
            made.until = at

    def _nothing(self, line: _Line, number: int, at: Moment | None) -> None:
        """A line that counts for the time only."""


_TAKERS: Final = {
    "open": JournalReader._nothing,
    "connect": JournalReader._connect,
    "request": JournalReader._request,
    "response": JournalReader._response,
    "failure": JournalReader._failure,
    "disconnect": JournalReader._disconnect,
    "watching": JournalReader._nothing,
    "note": JournalReader._note,
    "close": JournalReader._nothing,
}


def _headers(line: _Line) -> Headers:
    return tuple(line.headers or ())


def _address(client: Any) -> str | None:
    if isinstance(client, list) and client:
        return peer_address(client)
    return str(client) if client is not None else None


def _body(body: _Body | None) -> bytes | None:
    if body is None:
        return None
    if body.text is not None:
        return body.text.encode("utf-8")
    if body.base64 is None:
        raise _BadLineError("a body with neither text nor base64")
    try:
        return base64.b64decode(body.base64, validate=True)
    except ValueError as error:  # binascii.Error is one
        raise _BadLineError(f"a body that is not base64: {error}") from None
