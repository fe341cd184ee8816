"""What a report on a large capture is made of, kept on disk until it is written: sessions, episodes and findings.

All of it is in one file without a name, which goes when nothing is kept any more. In memory stays for each value where it is.
"""

import os
import threading
import weakref
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final, Generic, TypeVar

import msgspec

from replay.capture.disk import Disk
from replay.report.shapes import SessionShape

T = TypeVar("T")

#: What the JSON of a session begins with before its number is known.
_HEAD: Final = b'{"id":0,'


_shared: "weakref.ref[Disk] | None" = None
_sharing: Final = threading.Lock()


def _disk() -> Disk:
    """The file of this process: all that is kept shares one, so that a report on many captures does not run out of open files. A
    new one where none is in use, or only another process's own."""
    global _shared  # noqa: PLW0603 - one file for all is what it is for
    with _sharing:
        found = _shared() if _shared is not None else None
        if found is None or found.process != os.getpid():
            found = Disk()
            _shared = weakref.ref(found)
        return found


class Texts:
    """Bytes on disk, by their places from 0 on in the order in which they were put in."""

    def __init__(self, texts: Iterable[bytes] = ()) -> None:
        self._disk = _disk()
        self._begins, self._sizes = array("Q"), array("I")
        for each in texts:
            self.add(each)

    def __len__(self) -> int:
        return len(self._begins)

    def __getitem__(self, place: int) -> bytes:
        return self._disk.get(self._begins[place], self._sizes[place])

    def add(self, text: bytes) -> None:
        """Puts one in."""
        self._begins.append(self._disk.put(text))
        self._sizes.append(len(text))

    def __reduce__(self) -> tuple[object, ...]:
        """To another process it goes with what is in it."""
        return Texts, ([self[place] for place in range(len(self))],)


class Kept(Generic[T]):
    """Values of one type on disk, by their places from 0 on in the order in which they were put in."""

    def __init__(self, kind: Any, texts: Texts | None = None) -> None:
        self._kind = kind
        self._texts = Texts() if texts is None else texts
        self._encode = msgspec.msgpack.Encoder().encode
        self._decode = msgspec.msgpack.Decoder(kind).decode

    def __len__(self) -> int:
        return len(self._texts)

    def __getitem__(self, place: int) -> T:
        found: T = self._decode(self._texts[place])
        return found

    def add(self, value: T) -> None:
        """Puts one in."""
        self._texts.add(self._encode(value))

    def __reduce__(self) -> tuple[object, ...]:
        """To another process it goes with what is in it."""
        return Kept, (self._kind, self._texts)


class Spool:
    """Sessions of one capture. What was put in comes out in order, with its number: its rank among those that were put in, or among
    all of which `number_by` tells."""

    def __init__(self) -> None:
        self._texts = Texts()
        self._orders = array("d")
        self._all: Sequence[float] | None = None
        self._encode = msgspec.json.Encoder().encode

    def __len__(self) -> int:
        return len(self._orders)

    def add(self, order: float, session: SessionShape) -> None:
        """Puts a session in; `order` says where it stands among the others, no two in the same place."""
        self._texts.add(self._encode(msgspec.structs.replace(session, id=0)))
        self._orders.append(order)

    def number_by(self, orders: Sequence[float]) -> None:
        """Says where all sessions of the capture stand, lowest first: those that were not put in have numbers as well."""
        self._all = orders

    def in_order(self) -> Iterator[bytes]:
        """Each as JSON."""
        among = sorted(self._orders) if self._all is None else self._all
        for place in sorted(range(len(self)), key=self._orders.__getitem__):
            number = bisect_left(among, self._orders[place]) + 1
            yield b'{"id":%d,' % number + self._texts[place].removeprefix(_HEAD)

    def __iter__(self) -> Iterator[SessionShape]:
        """Each as what was put in, with its number."""
        return map(msgspec.json.Decoder(SessionShape).decode, self.in_order())

    def __getstate__(self) -> tuple[object, ...]:
        return self._texts, self._orders, self._all

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        self.__init__()  # type: ignore[misc]
        self._texts, self._orders, self._all = state
