"""Sessions of a large capture on their way into a report: kept on disk as JSON, and read back in their order."""

import tempfile
from array import array
from collections.abc import Iterable, Iterator
from typing import Final

import msgspec

from replay.report.shapes import SessionShape

#: What the JSON of a session begins with before its number is known.
_HEAD: Final = b'{"id":0,'


class Spool:
    """The sessions of one capture. What was put in comes out in order, numbered from 1."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile(prefix="omadm-")  # noqa: SIM115 - it goes with this object
        self._orders = array("d")
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

    def in_order(self) -> Iterator[bytes]:
        """Each as JSON."""
        self._file.flush()
        for number, place in enumerate(sorted(range(len(self._orders)), key=self._orders.__getitem__), 1):
            self._file.seek(self._ends[place])
            text = self._file.read(self._ends[place + 1] - self._ends[place])
            yield b'{"id":%d,' % number + text.removeprefix(_HEAD)

    def __reduce__(self) -> tuple[object, ...]:
        """To another process it goes with what is in it."""
        return _spooled, (list(self.in_order()),)


def _spooled(texts: Iterable[bytes]) -> Spool:
    spool = Spool()
    for number, text in enumerate(texts, 1):
        spool._add(number, _HEAD + text.removeprefix(b'{"id":%d,' % number))
    return spool
