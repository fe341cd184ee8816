"""Sessions of a large capture on their way into a report: kept on disk as JSON, and read back in their order."""

import tempfile
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

import msgspec

from replay.report.shapes import SessionShape

#: What the JSON of a session begins with before its number is known.
_HEAD: Final = b'{"id":0,'


class Spool:
    """Sessions of one capture. What was put in comes out in order, with its number: its rank among those that were put in, or among
    all of which `number_by` tells."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile(prefix="omadm-")  # noqa: SIM115 - it goes with this object
        self._orders = array("d")
        self._all: Sequence[float] | None = None
        self._ends = array("Q", [0])
        self._encode = msgspec.json.Encoder().encode

    def __len__(self) -> int:
        return len(self._orders)

    def __del__(self) -> None:
        self._file.close()

    def add(self, order: float, session: SessionShape) -> None:
        """Puts a session in; `order` says where it stands among the others."""
        self._add(order, self._encode(msgspec.structs.replace(session, id=0)))

    def _add(self, order: float, text: bytes) -> None:
        self._file.write(text)
        self._orders.append(order)
        self._ends.append(self._ends[-1] + len(text))

    def number_by(self, orders: Sequence[float]) -> None:
        """Says where all sessions of the capture stand, lowest first: those that were not put in have numbers as well."""
        self._all = orders

    def in_order(self) -> Iterator[bytes]:
        """Each as JSON."""
        among = sorted(self._orders) if self._all is None else self._all
        for place in sorted(range(len(self)), key=self._orders.__getitem__):
            number = bisect_left(among, self._orders[place]) + 1
            yield b'{"id":%d,' % number + self._text(place).removeprefix(_HEAD)

    def _text(self, place: int) -> bytes:
        self._file.seek(self._ends[place])
        return self._file.read(self._ends[place + 1] - self._ends[place])

    def values(self) -> Iterator[SessionShape]:
        """Each as what was put in, with its number."""
        return map(msgspec.json.Decoder(SessionShape).decode, self.in_order())

    def __reduce__(self) -> tuple[object, ...]:
        """To another process it goes with what is in it."""
        return _spooled, ([self._text(place) for place in range(len(self))], self._orders, self._all)


def _spooled(texts: Iterable[bytes], orders: Iterable[float], among: Sequence[float] | None) -> Spool:
    spool = Spool()
    for order, text in zip(orders, texts, strict=True):
        spool._add(order, text)
    spool._all = among
    return spool
