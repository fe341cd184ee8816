"""A journal or flow file that is too large for memory, in parts that can be judged one after the other.

A device's sessions concern nobody else. So while the capture is read, every exchange goes to a file in one of so many parts, chosen
by its device; a part is read back when its turn comes. What concerns everybody is kept: the times in which the recorder was
watching, its troubles and marks, the connections on which no request was read, and the requests that could not be read, which may
have been anybody's. `Beyond` tells a part what it must know of the others.

What cannot be cut up so raises TogetherError: enrolment requests, which may end anybody's enrolment, messages that name no device,
and more unread requests than can be held against every part. Such a capture is read as a whole.
"""

import zlib
from array import array
from collections.abc import Callable, Iterable
from typing import BinaryIO, Final

import msgspec

from replay.capture import flows
from replay.capture.disk import Disk
from replay.capture.exchange import PUSH, Beyond, Capture, ConnectionKey, Exchange, Moment, Note, address_host
from replay.capture.journal_reader import JournalReader
from replay.capture.narrow import Bounds, bounds_of, narrowed
from replay.capture.turns import ENROLMENT, Turn, device_at_a_glance, read_turn, terms

#: Files of so many bytes are judged in parts: below that, what is read of one takes some hundred megabytes. Of a compressed one
#: comes about so many times as much.
LARGE: Final = 16 << 20
PACKED: Final = 8
#: Bytes of a file that become one part, and how many parts there are at most. A part that is small is judged faster: all of it is
#: still at hand when it is let go.
_OF_A_PART: Final = 1 << 17
_MOST_PARTS: Final = 2_048
_FEWEST_PARTS: Final = 64
#: Requests that were not read and are held against every part.
_MOST_UNREAD: Final = 2_000
#: Lines after which exchanges are looked through for those that have ended, and how long ago that must be: what belongs to an
#: exchange stands close together.
_OFTEN: Final = 4_096
_SETTLED: Final = 1_024
#: Seconds for which a connection that has ended is remembered.
_LINGER: Final = 600.0
#: Bytes of all parts that wait in memory, and what an exchange takes beside its bodies: of most that are not OMA DM that is all.
_WAITING: Final = 12 << 20
_AN_EXCHANGE: Final = 1_024


def parts_for(size: int) -> int:
    """Into how many parts a capture of so many bytes is cut."""
    return min(max(size // _OF_A_PART, _FEWEST_PARTS), _MOST_PARTS)


class TogetherError(Exception):
    """A capture that cannot be judged in parts: says why."""


class Span(msgspec.Struct, frozen=True):
    """What of a capture is wanted: from `since` until `until`, in seconds since 1970. `anchors` are those of the capture
    (`anchors_of`): what the wall clock showed when is known when all of it was read."""

    since: float | None
    until: float | None
    anchors: list[Moment]

    def bounds(self) -> Bounds:
        """Since and until on the capture's clock."""
        return bounds_of(Capture("", "", anchors=self.anchors), since=self.since, until=self.until)


class Parts:
    """A capture in parts. `frame` is what all of them share; `exchanges` and `readable` count what there is in all, `taken` also
    what is not wanted."""

    def __init__(self, path: str, *, lenient: bool, count: int, span: Span | None = None) -> None:
        self.frame = Capture(path, "")
        self.exchanges = self.readable = self.taken = 0
        self.count = count
        self.unread: list[Exchange] = []
        self.beyond = Beyond()
        self._span = span
        self._bounds = span.bounds() if span is not None else None
        self._numbers: array[int] | None = None
        self._elsewhere: dict[int, set[int]] = {}
        self._lenient = lenient
        self._disk = Disk()
        self._chunks: list[list[tuple[int, int]]] = [[] for _ in range(count)]
        self._waiting: list[list[Exchange]] = [[] for _ in range(count)]
        self._sizes = [0] * count
        self._most_waiting = _WAITING // count
        self._encode = msgspec.msgpack.Encoder().encode
        self._decode = msgspec.msgpack.Decoder(list[Exchange]).decode

    def __enter__(self) -> "Parts":
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Lets go of the file."""
        self._disk.close()

    def part(self, number: int) -> Capture:
        """One part (from 0), with the unread requests of all; the one after the last has nothing but those."""
        own = self._kept(number) if number < self.count else []
        return msgspec.structs.replace(
            self.frame,
            exchanges=sorted([*own, *self.unread], key=lambda exchange: exchange.number),
            notes=self._notes(number),
            beyond=self.beyond,
        )

    def _notes(self, number: int) -> list[Note]:
        """The marks that may speak of a device of one part: not those that name one of another part."""
        return [
            note
            for place, note in enumerate(self.frame.notes)
            if self._elsewhere.get(place, set()) <= {number}
        ]  # fmt: skip

    def _kept(self, number: int) -> list[Exchange]:
        found: list[Exchange] = []
        for begin, size in self._chunks[number]:
            found += self._decode(self._disk.get(begin, size))
        if self._numbers is not None:
            for exchange in found:
                exchange.number = self._numbers[exchange.number - 1]
        return found

    # -- putting in -----------------------------------------------------------------------------------------------------

    def wants(self, at: Moment | None) -> bool:
        """Whether what was at a moment is wanted."""
        return self._bounds is None or self._bounds.hold(at)

    def put(self, exchange: Exchange) -> bool:
        """Puts an exchange of which everything is known where it belongs; false where it is none of those that are wanted. Raises
        TogetherError."""
        self.taken += 1
        if not self.wants(exchange.at):
            return False
        exchange = exchange if self._bounds is None else self._bounds.as_it_stood(exchange)
        device = device_at_a_glance(exchange)
        turn = read_turn(exchange, lenient=self._lenient) if device is None else None
        if turn is not None and turn.kind == ENROLMENT:
            raise TogetherError("it has enrolment requests, which may end the enrolment of any device")
        self.exchanges += 1
        self.readable += turn is None or turn.readable
        if exchange.answered and exchange.url:
            self.beyond.answered.add(terms(exchange))
        if turn is not None:
            if _is_unread(turn):
                self.unread.append(exchange)
                if len(self.unread) > _MOST_UNREAD:
                    raise TogetherError(f"more than {_MOST_UNREAD} of its requests cannot be read")
                return True
            device = turn.device if turn.readable else f"{exchange.number}"
        number = zlib.crc32((device or "").encode("utf-8", "surrogatepass")) % self.count
        self._waiting[number].append(exchange)
        self._sizes[number] += _size(exchange)
        if self._sizes[number] > self._most_waiting:
            self._write(number)
        return True

    def _write(self, number: int) -> None:
        chunk = self._encode(self._waiting[number])
        self._chunks[number].append((self._disk.put(chunk), len(chunk)))
        self._waiting[number], self._sizes[number] = [], 0

    def finish(self, frame: Capture, used: set[ConnectionKey]) -> None:
        """Ends the putting in. `frame` is the capture as it was read, `used` the connections that requests were read from."""
        for number in range(self.count):
            if self._waiting[number]:
                self._write(number)
        frame = msgspec.structs.replace(frame, exchanges=[])
        span = self._span
        self.frame = frame if span is None else narrowed(frame, since=span.since, until=span.until)
        self.frame.connections = [made for made in self.frame.connections if made.key not in used]
        broken = {each.connection.key for each in self.frame.broken_off}
        self.beyond.opened |= broken & used
        self._look_for_devices()

    def number_by(self, orders: "array[float]") -> None:
        """Numbers the exchanges in order of time, where they came in another: `orders` has that of each, by the number that it was
        put in with."""
        self._numbers = array("Q", bytes(8 * len(orders)))
        for number, place in enumerate(sorted(range(len(orders)), key=orders.__getitem__), 1):
            self._numbers[place] = number
        for exchange in self.unread:
            exchange.number = self._numbers[exchange.number - 1]

    def _look_for_devices(self) -> None:
        """Notes which devices were seen where something came from that was not read, and in which parts those are that a mark
        names."""
        connections = [*self.frame.connections, *(each.connection for each in self.frame.broken_off)]
        clients = [each.client for each in self.unread] + [each.client for each in connections]
        addresses = {host for client in clients if (host := address_host(client))}
        certificates = {each.client_cert.sha256 for each in self.unread if each.client_cert and each.client_cert.sha256}
        pushes = [(place, note.text) for place, note in enumerate(self.frame.notes) if note.name == PUSH]
        if not addresses and not certificates and not pushes:
            return
        for number in range(self.count):
            for exchange in self._kept(number):
                host, sha256 = _origin(exchange)
                if host not in addresses and sha256 not in certificates and not pushes:
                    continue
                turn = read_turn(exchange, lenient=self._lenient)
                if turn.device is None:
                    continue
                if host in addresses and host is not None:
                    self.beyond.addresses.setdefault(host, set()).add(turn.device)
                if sha256 in certificates and sha256 is not None:
                    self.beyond.certificates.setdefault(sha256, set()).add(turn.device)
                for place, text in pushes:
                    if turn.device in text:
                        self._elsewhere.setdefault(place, set()).add(number)


def _origin(exchange: Exchange) -> tuple[str | None, str | None]:
    """The client's address and the digest of its certificate."""
    cert = exchange.client_cert
    return address_host(exchange.client), cert.sha256 if cert else None


def _is_unread(turn: Turn) -> bool:
    """Whether an exchange has to be held against every device. Raises TogetherError where it also belongs to one that is known, or
    to one without a name."""
    if turn.readable and (turn.is_unread or turn.device is None):
        raise TogetherError(f"of exchange {turn.number} a part alone was read, so that it may be of any device")
    return turn.is_unread or (turn.may_be_a_message and not turn.readable)


def _size(exchange: Exchange) -> int:
    answer = exchange.response
    return _AN_EXCHANGE + len(exchange.body or b"") + (len(answer.body or b"") if answer is not None else 0)


def read_parts(
    file: BinaryIO, path: str, *, lenient: bool = False, count: int = _FEWEST_PARTS, span: Span | None = None
) -> Parts:
    """Reads a journal into parts. Raises TogetherError where it has to be read as a whole; OSError where there is no room for the
    parts on disk."""
    return _filled(Parts(path, lenient=lenient, count=count, span=span), lambda parts: _Filling(parts, path).fill(file))


def read_flow_parts(
    file: BinaryIO, path: str, *, lenient: bool = False, count: int = _FEWEST_PARTS, span: Span | None = None
) -> Parts:
    """The same with a flow file."""
    return _filled(
        Parts(path, lenient=lenient, count=count, span=span), lambda parts: _fill_with_flows(parts, file, path)
    )


def _filled(parts: Parts, fill: Callable[[Parts], None]) -> Parts:
    try:
        fill(parts)
    except BaseException:
        parts.close()
        raise
    return parts


def _fill_with_flows(parts: Parts, file: BinaryIO, path: str) -> None:
    frame = Capture(path, flows.NAME)
    orders = array("d")
    for exchange in flows.exchanges_in(file, frame):
        orders.append(exchange.order)
        exchange.number = len(orders)  # in the order in which they ended; the numbers come when all were read
        parts.put(exchange)
    parts.number_by(orders)
    parts.finish(frame, set())


def anchors_of(file: BinaryIO, path: str) -> list[Moment]:
    """The moments from which on wall and steady clock go together in a journal."""
    reader = JournalReader(path)
    for raw in file:
        reader.take(raw)
        if reader.lines % _OFTEN == 0:  # nothing else of it is looked at here
            capture = reader.capture
            reader.exchanges.clear()
            reader.connections.clear()
            for kept in (capture.exchanges, capture.connections, capture.broken_off, capture.troubles, capture.notes):
                kept.clear()
    return reader.capture.anchors


def flow_anchors_of(file: BinaryIO, path: str) -> list[Moment]:
    """The same of a flow file."""
    frame = Capture(path, flows.NAME)
    for _ in flows.exchanges_in(file, frame):
        pass
    return frame.anchors


class _Filling:
    """A journal on its way into parts. `used` are the connections that requests were read from, `gone` those of which nothing is
    wanted."""

    def __init__(self, parts: Parts, path: str) -> None:
        self.parts = parts
        self.reader = JournalReader(path)
        self.used: set[ConnectionKey] = set()
        self.gone: set[ConnectionKey] = set()

    def fill(self, lines: Iterable[bytes]) -> None:
        """Reads all lines."""
        reader, capture = self.reader, self.reader.capture
        for raw in lines:
            reader.take(raw)
            if reader.lines % _OFTEN == 0:
                self.settle(float(reader.lines - _SETTLED))
                if reader.last is not None:
                    for over in (self.used, self.gone):
                        reader.close_connections(over, reader.last.clock - _LINGER)
        self.settle(float("inf"))
        for exchange in reader.capture.exchanges:  # those whose end nobody knows
            self.put(exchange)
        if self.parts.taken != reader.read:
            raise TogetherError("its exchanges cannot be told apart")
        self.parts.finish(capture, self.used)

    def settle(self, before: float) -> None:
        """Puts away what has ended before a line."""
        if self.reader.late:
            raise TogetherError("what became of an exchange stands far from it, or the exchange is missing")
        for exchange in self.reader.retire(before):
            self.put(exchange)
        broken = {each.connection.key for each in self.reader.capture.broken_off}
        self.parts.beyond.opened |= broken & self.used

    def put(self, exchange: Exchange) -> None:
        """Puts one exchange away."""
        if self.parts.put(exchange):
            self.used.add(exchange.made_on)
            return
        made = self.reader.connections.get((exchange.recording, exchange.conn or ""))
        if made is None or not self.parts.wants(made.at):
            self.gone.add(exchange.made_on)
