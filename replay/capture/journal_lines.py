"""A capture as the lines of a journal: what was read from one says the same when it is read again.

Lines are made in the order of events. When the recorder was watching is told as the format tells it: every stretch begins with an
`open`, or after a gap, and `watching` lines keep it together. Of a source that does not say when it was watching no such lines
are made up: the interval is as long as its longest pause, so that the window is the one that it had.
"""

from bisect import bisect_right
from collections.abc import Iterator
from typing import Any, Final

from msgspec import Struct, field

from replay.capture.exchange import BrokenOff, Capture, Exchange, Failure, Moment, Response, Stretch
from replay.capture.journal import DEFAULT_INTERVAL, FORMAT, VERSION, encode_body
from replay.version import __version__

Line = dict[str, Any]

#: A gap is more than three intervals without a line (contract): the interval is made this much shorter than the shortest gap,
#: and lines are never further apart than this many intervals.
_GAP: Final = 3.1
_APART: Final = 2.9
#: More watching lines than this, and they are written further apart.
_MOST_WATCHING: Final = 100_000
_BEFORE_ALL: Final = float("-inf")
_CONNECT, _EVENT, _NOTE = range(3)
#: A record that could not be read is kept as a line that cannot be read: the damage must not vanish in the copy, nor be elsewhere.
_DAMAGED: Final = "damaged"


class _Event(Struct):
    """Something that becomes a line: `key` sorts it among all, `recording` is None where it may stand in any."""

    key: tuple[float, int, int, float, int]
    type: str
    at: Moment | None
    recording: int | None
    members: Line

    @property
    def clock(self) -> float | None:
        """When it was, on the capture's clock."""
        return self.at.clock if self.at else None


def lines(capture: Capture) -> Iterator[Line]:
    """Every line of the journal that says what a capture says, in order. The first one is an `open`."""
    return _Telling(capture).tell()


class _Telling(Struct):
    """What is known while the lines are made: the stretch that is told (its place in the capture), the recording that the last
    event was of, how many were opened, whether one is `fresh` (nothing of it was told yet), and the clock and type of the last
    line."""

    capture: Capture
    stretch: int = -1
    recording: int | None = None
    opened: int = 0
    fresh: bool = False
    last_clock: float | None = None
    last_type: str = ""
    closed: bool = False
    bounds: dict[int, tuple[float, float]] = field(default_factory=dict)
    opens: list[bool] = field(default_factory=list)
    interval: float = DEFAULT_INTERVAL
    step: float = DEFAULT_INTERVAL

    def tell(self) -> Iterator[Line]:
        """The lines."""
        events = sorted(_events(self.capture), key=lambda event: event.key)
        self.bounds = _bounds(events)
        clocks = {event.clock for event in events if event.clock is not None}
        self.opens = _opens(self.capture.stretches, self.bounds, clocks)
        self.interval, self.step = self._pace()
        if not self.capture.stretches:
            yield self._open(None)
        for event in events:
            yield from self._advance_to(event)
            if event.clock is not None:
                yield from self._keep_watching(event.clock)
            yield event.members if event.type == _DAMAGED else self._line(event.type, event.at, **event.members)
        while self.stretch < len(self.capture.stretches):
            yield from self._next_stretch()
        for trouble in self.capture.troubles:
            if trouble.kind == "cut" and trouble.line is None:
                yield {_DAMAGED: trouble.text}

    def _pace(self) -> tuple[float, float]:
        """Interval and the distance of watching lines: short enough that every gap stays one, long enough to stay few."""
        stretches = self.capture.stretches
        pauses = zip(stretches, stretches[1:], self.opens[1:], strict=False)
        gaps = [after.start.clock - before.end.clock for before, after, opens in pauses if not opens]
        longest = min(gaps) / _GAP if gaps else float("inf")
        total = sum(stretch.end.clock - stretch.start.clock for stretch in stretches)
        if not self.capture.says_when_watching:
            interval = min(max(DEFAULT_INTERVAL, total), longest)
        else:
            interval = min(max(DEFAULT_INTERVAL, total / _MOST_WATCHING), longest)
        return interval, (interval if total / interval <= _MOST_WATCHING else _APART * interval)

    def _advance_to(self, event: _Event) -> Iterator[Line]:
        """Ends and begins stretches and recordings up to the one that an event belongs to."""
        stretches = self.capture.stretches
        if event.clock is not None:
            while self.stretch + 1 < len(stretches) and self._is_past(stretches[self.stretch + 1], event, event.clock):
                yield from self._next_stretch()
            stretch = stretches[self.stretch] if 0 <= self.stretch < len(stretches) else None
            if stretch is not None and event.clock > stretch.end.clock and not self.closed:
                yield from self._finish(stretch, late=True)
        if event.recording is not None:
            if self._is_new(event) and not self.fresh:
                yield self._open(None)
            self.recording, self.fresh = event.recording, False

    def _is_past(self, after: Stretch, event: _Event, clock: float) -> bool:
        """Whether an event belongs to the next stretch or a later one. Where that begins at the very moment of the event, it is its
        recording that says so: an `open` stands before what is of another one, if that was not opened yet or goes on."""
        if after.start.clock != clock:
            return after.start.clock < clock
        apart = self.stretch < 0 or after.start.clock > self.capture.stretches[self.stretch].end.clock
        if self.stretch < 0 or event.recording is None or not self.opens[self.stretch + 1]:
            return apart
        if event.recording == self.recording:
            return False
        if self.bounds[event.recording][1] > clock:
            return True
        return not self.fresh if self._is_new(event) else apart

    def _is_new(self, event: _Event) -> bool:
        return event.recording is not None and self.recording is not None and event.recording > self.recording

    def _next_stretch(self) -> Iterator[Line]:
        """Ends the stretch that is told, and begins the next one; after the last one there is nothing more to begin."""
        stretches = self.capture.stretches
        if self.stretch >= 0 and not self.closed:
            yield from self._finish(stretches[self.stretch], late=False)
        self.stretch += 1
        if self.stretch < len(stretches):
            start = stretches[self.stretch].start
            self.closed = False
            yield self._open(start) if self.opens[self.stretch] else self._line("watching", start)

    def _finish(self, stretch: Stretch, *, late: bool) -> Iterator[Line]:
        """The lines up to the end of a stretch, the last one of which says how it ended. A line comes `late` only after a
        `close`."""
        yield from self._keep_watching(stretch.end.clock)
        is_last = self.stretch == len(self.capture.stretches) - 1
        ended_by = self.capture.ended_by if is_last else ""
        if late or ended_by == "close":
            self.closed = True
            yield self._line("close", stretch.end, reason=f"as recorded in {self.capture.format}")
        elif ended_by == "watching" and self.last_type != "watching":
            yield self._line("watching", stretch.end)
        elif ended_by == "last-traffic" and (self.last_type == "watching" or self.last_clock != stretch.end.clock):
            yield self._line("disconnect", stretch.end, conn=None, side=None)
        elif self.last_clock != stretch.end.clock:
            yield self._line("watching", stretch.end)

    def _keep_watching(self, until: float) -> Iterator[Line]:
        """Watching lines up to a clock, where the last line is too long ago."""
        if self.closed or self.last_clock is None or not self.capture.says_when_watching:
            return
        begin = self.last_clock
        for count in range(1, int((until - begin) / self.step) + 1):
            clock = begin + count * self.step
            if clock >= until:
                return
            yield self._line("watching", Moment(clock + self._offset(clock), clock))

    def _offset(self, clock: float) -> float:
        """By how much the wall clock is ahead of the steady one."""
        anchors = self.capture.anchors
        place = bisect_right(anchors, clock, key=lambda anchor: anchor.clock)
        return anchors[place - 1].wall - anchors[place - 1].clock if place else 0.0

    def _open(self, at: Moment | None) -> Line:
        modes = self.capture.modes
        mode = modes[min(self.opened, len(modes) - 1)] if modes else f"converted from {self.capture.format}"
        self.opened += 1
        self.fresh = True
        return self._line(
            "open",
            at,
            format=FORMAT,
            version=VERSION,
            tool=f"omadm-replay {__version__} convert",
            mode=mode,
            redacted=self.capture.redacted,
            interval=self.interval,
        )

    def _line(self, type_: str, at: Moment | None, **members: Any) -> Line:
        self.last_type = type_
        if at is not None:
            self.last_clock = at.clock if self.last_clock is None else max(at.clock, self.last_clock)
        return {
            "type": type_,
            "t": at.wall if at else None,
            "mono": self.last_clock if at else None,
            **members,
        }


def _bounds(events: list[_Event]) -> dict[int, tuple[float, float]]:
    """When the first and when the last thing of each recording came, on the capture's clock."""
    bounds: dict[int, tuple[float, float]] = {}
    for event in events:
        if event.recording is not None and event.clock is not None:
            low, high = bounds.get(event.recording, (event.clock, event.clock))
            bounds[event.recording] = (min(low, event.clock), max(high, event.clock))
    return bounds


def _opens(stretches: list[Stretch], bounds: dict[int, tuple[float, float]], clocks: set[float]) -> list[bool]:
    """Which stretches begin a recording. The others go on after a gap: something of the same recording came on both sides of it, or
    its clock says so: a recording begins at its wall clock's time, or at one of the `clocks` of what came before."""
    begun = sorted(bounds.values(), reverse=True)
    opens = [True] * len(stretches)
    lasts = float("-inf")  # until when something came of the recordings that had begun
    for place in range(1, len(stretches)):
        start = stretches[place].start
        before, after = stretches[place - 1].end.clock, start.clock
        while begun and begun[-1][0] <= before:
            lasts = max(lasts, begun.pop()[1])
        begins = start.wall == after or (start.wall < after and after in clocks)
        opens[place] = after <= before or (begins and lasts < after)
    return opens


def _events(capture: Capture) -> Iterator[_Event]:
    for sub, made in enumerate(capture.connections):
        members = {"conn": made.conn, "client": made.client, "sni": made.sni, "host": made.host}
        yield _event("connect", made.at, made.recording, _CONNECT, (0.0, sub), members)
        if made.until is not None:
            members = {"conn": made.conn, "side": "client"}
            yield _event("disconnect", made.until, made.recording, _NOTE, (-1.0, sub), members)
    ids: set[tuple[int, str]] = set()
    for sub, exchange in enumerate(capture.exchanges):
        yield from _of_exchange(exchange, _own_id(exchange, ids), sub)
    for sub, broken in enumerate(capture.broken_off):
        yield _broken_off(broken, sub)
    for sub, note in enumerate(capture.notes):
        members = {"text": note.text, "name": note.name}
        yield _event("note", note.at, None, _NOTE, (0.0, sub), members)
    begins = {stretch.start for stretch in capture.stretches}
    for sub, anchor in enumerate(capture.anchors):  # where the wall clock was set: that moment must have a line
        if anchor not in begins:
            yield _event("watching", anchor, None, _CONNECT, (-1.0, sub), {})
    yield from _damage(capture)


def _damage(capture: Capture) -> Iterator[_Event]:
    """The lines of a journal that could not be read, each behind the one that it stood behind."""
    recordings = sorted((exchange.order, exchange.recording) for exchange in capture.exchanges)
    for sub, trouble in enumerate(capture.troubles):
        if trouble.kind != "cut" or trouble.line is None:
            continue
        place, before = float(trouble.line), bisect_right(recordings, (trouble.line, 0))
        recording = recordings[before - 1][1] if before else 0
        at = trouble.at or (capture.stretches[0].start if capture.stretches else None)
        clock = at.clock if at else _BEFORE_ALL
        yield _Event((clock, recording, _EVENT, place, sub), _DAMAGED, at, None, {_DAMAGED: trouble.text})


def _own_id(exchange: Exchange, taken: set[tuple[int, str]]) -> str:
    """The exchange's id; another one where its recording has that id already."""
    own = exchange.id
    while (exchange.recording, own) in taken:
        own += f"#{exchange.number}"
    taken.add((exchange.recording, own))
    return own


def request_members(exchange: Exchange) -> Line:
    """What the line of a request says."""
    members: Line = {
        "id": exchange.id, "conn": exchange.conn, "client": exchange.client, "method": exchange.method, "url": exchange.url,
        "http": exchange.http, "headers": exchange.headers, "body": encode_body(exchange.body),
        "client_cert": exchange.client_cert, "server_saw": exchange.server_saw,
    }  # fmt: skip
    if exchange.light:
        members["light"] = True
    return members


def response_members(exchange: Exchange, response: Response) -> Line:
    """What the line of an exchange's response says."""
    return {
        "id": exchange.id, "status": response.status, "reason": response.reason, "http": response.http,
        "headers": response.headers, "body": encode_body(response.body), "by": response.by,
    }  # fmt: skip


def failure_members(exchange: Exchange, failure: Failure) -> Line:
    """What the line of an exchange's failure says."""
    return {
        "id": exchange.id, "conn": exchange.conn, "cause": failure.cause, "detail": failure.detail,
        "received": failure.received,
    }  # fmt: skip


def _of_exchange(exchange: Exchange, own: str, sub: int) -> Iterator[_Event]:
    recording, order, at = exchange.recording, exchange.order, exchange.at
    yield _event("request", at, recording, _EVENT, (order, 4 * sub), {**request_members(exchange), "id": own})
    response, failure = exchange.response, exchange.failure
    if response is not None:
        members = {**response_members(exchange, response), "id": own}
        order = max(order, response.order)
        yield _event("response", _later(at, response.at), recording, _EVENT, (order, 4 * sub + 1), members)
    if failure is not None:
        members = {**failure_members(exchange, failure), "id": own}
        order = max(exchange.order, failure.order)
        yield _event("failure", _later(at, failure.at), recording, _EVENT, (order, 4 * sub + 2), members)


def _broken_off(broken: BrokenOff, sub: int) -> _Event:
    failure, made = broken.failure, broken.connection
    members = {
        "id": None, "conn": made.conn, "client": made.client, "sni": made.sni, "host": made.host,
        "cause": failure.cause, "detail": failure.detail, "received": failure.received,
    }  # fmt: skip
    return _event("failure", failure.at, made.recording, _EVENT, (failure.order, 4 * sub + 3), members)


def _event(
    type_: str, at: Moment | None, recording: int | None, kind: int, place: tuple[float, int], members: Line
) -> _Event:
    clock = at.clock if at else _BEFORE_ALL
    return _Event((clock, recording or 0, kind, *place), type_, at, recording, members)


def _later(request: Moment | None, end: Moment | None) -> Moment | None:
    """When an exchange ended: not before its request, whatever the source says."""
    if request is None or (end is not None and end.clock >= request.clock):
        return end
    return request
