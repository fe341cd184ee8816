"""A journal that is too large for memory, in parts that can be judged one after the other.

A device's sessions concern nobody else. So while the journal is read, every exchange goes to a file in one of so many parts, chosen
by its device; a part is read back when its turn comes. What concerns everybody is kept: the times in which the recorder was
watching, its troubles and marks, the connections on which no request was read, and the requests that could not be read, which may
have been anybody's. `Beyond` tells a part what it must know of the others.

What cannot be cut up so raises TogetherError: enrolment requests, which may end anybody's enrolment, messages that name no device,
and more unread requests than can be held against every part. Such a capture is read as a whole.
"""

import io
import tempfile
import zlib
from collections.abc import Iterable
from typing import BinaryIO, Final

import msgspec

from replay.capture.exchange import Beyond, Capture, Exchange, address_host
from replay.capture.journal_reader import JournalReader
from replay.capture.turns import DM, ENROLMENT, Turn, read_turn, terms

#: Files of so many bytes are judged in parts: below that, what is read of one takes some hundred megabytes. Of a compressed one
#: comes about so many times as much.
LARGE: Final = 16 << 20
PACKED: Final = 8
PARTS: Final = 256
#: Requests that were not read and are held against every part.
_MOST_UNREAD: Final = 2_000
#: Lines after which exchanges are looked through for those that have ended, and how long ago that must be: what belongs to an
#: exchange stands close together.
_OFTEN: Final = 4_096
_SETTLED: Final = 1_024
#: Seconds for which a connection that has ended is remembered.
_LINGER: Final = 600.0
#: Bytes of a part that wait in memory.
_WAITING: Final = 1 << 15


class TogetherError(Exception):
    """A capture that cannot be judged in parts: says why."""


class Parts:
    """A capture in parts. `frame` is what all of them share; `exchanges` and `readable` count what there is in all."""

    def __init__(self, path: str, *, lenient: bool, count: int = PARTS) -> None:
        self.frame = Capture(path, "")
        self.exchanges = self.readable = 0
        self.count = count
        self.unread: list[Exchange] = []
        self.beyond = Beyond()
        self._lenient = lenient
        self._file = tempfile.TemporaryFile(prefix="omadm-", buffering=0)  # noqa: SIM115 - closed by this one's own block
        self._chunks: list[list[tuple[int, int]]] = [[] for _ in range(count)]
        self._waiting: list[list[Exchange]] = [[] for _ in range(count)]
        self._sizes = [0] * count
        self._encode = msgspec.msgpack.Encoder().encode
        self._decode = msgspec.msgpack.Decoder(list[Exchange]).decode

    def __enter__(self) -> "Parts":
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Lets go of the file."""
        self._file.close()

    def part(self, number: int) -> Capture:
        """One part (from 0), with the unread requests of all; the one after the last has nothing but those."""
        own = self._kept(number) if number < self.count else []
        return msgspec.structs.replace(self.frame, exchanges=[*own, *self.unread], beyond=self.beyond)

    def _kept(self, number: int) -> list[Exchange]:
        found: list[Exchange] = []
        for begin, size in self._chunks[number]:
            self._file.seek(begin)
            found += self._decode(self._file.read(size))
        return found

    # -- putting in -----------------------------------------------------------------------------------------------------

    def put(self, exchange: Exchange) -> None:
        """Puts an exchange of which everything is known where it belongs. Raises TogetherError."""
        turn = read_turn(exchange, lenient=self._lenient)
        if turn.kind == ENROLMENT:
            raise TogetherError("it has enrolment requests, which may end the enrolment of any device")
        self.exchanges += 1
        self.readable += turn.readable
        if exchange.answered and exchange.url:
            self.beyond.answered.add(terms(exchange))
        if _is_unread(turn):
            self.unread.append(exchange)
            if len(self.unread) > _MOST_UNREAD:
                raise TogetherError(f"more than {_MOST_UNREAD} of its requests cannot be read")
            return
        device = turn.device if turn.readable else f"{exchange.number}"
        number = zlib.crc32((device or "").encode("utf-8", "surrogatepass")) % self.count
        self._waiting[number].append(exchange)
        self._sizes[number] += _size(exchange)
        if self._sizes[number] > _WAITING:
            self._write(number)

    def _write(self, number: int) -> None:
        chunk = self._encode(self._waiting[number])
        begin = self._file.seek(0, io.SEEK_END)
        left = memoryview(chunk)
        while left:
            left = left[self._file.write(left) :]
        self._chunks[number].append((begin, len(chunk)))
        self._waiting[number], self._sizes[number] = [], 0

    def finish(self, frame: Capture, used: set[tuple[int, str | None]]) -> None:
        """Ends the putting in. `frame` is the capture as it was read, `used` the connections that requests were read from."""
        for number in range(self.count):
            if self._waiting[number]:
                self._write(number)
        self.frame = msgspec.structs.replace(frame, exchanges=[])
        self.frame.connections = [made for made in frame.connections if (made.recording, made.conn) not in used]
        broken = {(each.connection.recording, each.connection.conn) for each in frame.broken_off}
        self.beyond.opened |= broken & used
        self._look_for_origins()

    def _look_for_origins(self) -> None:
        """Notes which devices were seen where something came from that was not read."""
        connections = [*self.frame.connections, *(each.connection for each in self.frame.broken_off)]
        clients = [each.client for each in self.unread] + [each.client for each in connections]
        addresses = {host for client in clients if (host := address_host(client))}
        certificates = {each.client_cert.sha256 for each in self.unread if each.client_cert and each.client_cert.sha256}
        if not addresses and not certificates:
            return
        for exchange in (each for number in range(self.count) for each in self._kept(number)):
            host, cert = address_host(exchange.client), exchange.client_cert
            sha256 = cert.sha256 if cert else None
            if host not in addresses and sha256 not in certificates:
                continue
            turn = read_turn(exchange, lenient=self._lenient)
            if turn.kind != DM or turn.device is None:
                continue
            if host in addresses and host is not None:
                self.beyond.addresses.setdefault(host, set()).add(turn.device)
            if sha256 in certificates and sha256 is not None:
                self.beyond.certificates.setdefault(sha256, set()).add(turn.device)


def _is_unread(turn: Turn) -> bool:
    """Whether an exchange has to be held against every device. Raises TogetherError where it also belongs to one that is known, or
    to one without a name."""
    unread = turn.request_not_read or turn.is_unfinished
    if turn.readable and (unread or turn.device is None):
        raise TogetherError(f"of exchange {turn.number} a part alone was read, so that it may be of any device")
    return unread or (turn.may_be_a_message and not turn.readable)


def _size(exchange: Exchange) -> int:
    answer = exchange.response
    return len(exchange.body or b"") + (len(answer.body or b"") if answer is not None else 0)


def read_parts(file: BinaryIO, path: str, *, lenient: bool = False, count: int = PARTS) -> Parts:
    """Reads a journal into parts. Raises TogetherError where it has to be read as a whole; OSError where there is no room for the
    parts on disk."""
    parts = Parts(path, lenient=lenient, count=count)
    try:
        _fill(parts, file, path)
    except BaseException:
        parts.close()
        raise
    return parts


def _fill(parts: Parts, lines: Iterable[bytes], path: str) -> None:
    reader = JournalReader(path)
    capture = reader.capture
    used: set[tuple[int, str | None]] = set()
    for raw in lines:
        reader.take(raw)
        if reader.lines % _OFTEN == 0:
            _settle(parts, reader, used, float(reader.lines - _SETTLED))
            if reader.last is not None:
                reader.close_connections(used, reader.last.clock - _LINGER)
    _settle(parts, reader, used, float("inf"))
    for exchange in reader.capture.exchanges:  # those whose end nobody knows
        used.add((exchange.recording, exchange.conn))
        parts.put(exchange)
    if parts.exchanges != reader.read:
        raise TogetherError("its exchanges cannot be told apart")
    parts.finish(capture, used)


def _settle(parts: Parts, reader: JournalReader, used: set[tuple[int, str | None]], before: float) -> None:
    """Puts away what has ended before a line."""
    if reader.late:
        raise TogetherError("what became of an exchange stands far from it, or the exchange is missing")
    for exchange in reader.retire(before):
        used.add((exchange.recording, exchange.conn))
        parts.put(exchange)
    broken = {(each.connection.recording, each.connection.conn) for each in reader.capture.broken_off}
    parts.beyond.opened |= broken & used
