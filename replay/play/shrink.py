"""A capture made as small as can be while something remains true of it: first sessions are left out, then exchanges, answers,
commands, and items, until nothing more can go.

What is left of a message stays as it was, byte for byte; a Content-Length follows its body.
"""

import copy
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final, Protocol

from msgspec import structs

from replay.capture.exchange import Capture, Exchange, with_length
from replay.capture.references import REQUEST, RESPONSE
from replay.capture.sessions import assemble
from replay.play.body import Part, child, take_apart
from replay.play.smallest import smallest
from replay.syncml.errors import UnreadableMessageError
from replay.syncml.names import COMMANDS, GROUPS

#: Says whether what is looked for is still to be seen in a capture.
Remains = Callable[[Capture], bool]
#: Told what is being left out, how much of it is left, and how often something was tried.
Told = Callable[[str, int, int], None]
#: What can be left out, by where it is: each level has its own places. That of an element of a message is its exchange (from 0),
#: the side, and the numbers among the children that lead to it from SyncBody.
_Thing = tuple[Any, ...]


class _Level(Protocol):
    """What is left out in one go: `things` of a capture, each for itself, and a capture with some of them `only`."""

    what: str

    def things(self, capture: Capture) -> list[_Thing]:
        """What can be left out of a capture."""

    def only(self, capture: Capture, kept: Sequence[_Thing]) -> Capture:
        """A capture with these alone; the one that is given stays as it is."""


def shrink(capture: Capture, remains: Remains, told: Told | None = None) -> Capture:
    """The smallest capture that is found, of which `remains` is true as it is of `capture`. The same capture gives the same one."""
    tried = 0
    while True:
        before = capture
        for level in _LEVELS:
            things = level.things(capture)

            def still(some: list[_Thing], level: _Level = level, whole: Capture = capture) -> bool:
                nonlocal tried
                tried += 1
                if told is not None:
                    told(level.what, len(some), tried)
                return remains(level.only(whole, some))

            kept = smallest(things, still)
            if len(kept) < len(things):
                capture = level.only(capture, kept)
        if capture is before:
            return capture


class _Sessions:
    """Whole sessions, and each exchange that belongs to none."""

    what = "sessions"

    def things(self, capture: Capture) -> list[_Thing]:
        """The places of their exchanges."""
        traffic = assemble(capture)
        places = {id(exchange): place for place, exchange in enumerate(capture.exchanges)}
        found = [tuple(places[id(turn.exchange)] for turn in session.turns) for session in traffic.sessions]
        taken = {place for places_ in found for place in places_}
        return [*found, *((place,) for place in range(len(capture.exchanges)) if place not in taken)]

    def only(self, capture: Capture, kept: Sequence[_Thing]) -> Capture:
        """A capture with these alone."""
        return _with_exchanges(capture, {place for places in kept for place in places})


class _Exchanges:
    """Single exchanges; and what else a capture has: connections, what broke off, marks."""

    what = "exchanges"
    _LISTS: Final = ("exchanges", "connections", "broken_off", "notes")

    def things(self, capture: Capture) -> list[_Thing]:
        """Which list, and which place."""
        return [(name, place) for name in self._LISTS for place in range(len(getattr(capture, name)))]

    def only(self, capture: Capture, kept: Sequence[_Thing]) -> Capture:
        """A capture with these alone."""
        wanted, out = set(kept), copy.copy(capture)
        for name in self._LISTS:
            left = [each for place, each in enumerate(getattr(capture, name)) if (name, place) in wanted]
            setattr(out, name, left)
        return out


class _Answers:
    """What the server answered, and how an exchange ended without that."""

    what = "answers"

    def things(self, capture: Capture) -> list[_Thing]:
        """The places of the exchanges."""
        return [(place,) for place, each in enumerate(capture.exchanges) if each.response or each.failure]

    def only(self, capture: Capture, kept: Sequence[_Thing]) -> Capture:
        """A capture in which the others were not answered."""
        wanted = {place for (place,) in kept}

        def unanswered(place: int, exchange: Exchange) -> Exchange:
            if place in wanted or not (exchange.response or exchange.failure):
                return exchange
            out = copy.copy(exchange)
            out.response = out.failure = None
            return out

        return _changed(capture, unanswered)


class _Elements:
    """Elements of messages: commands, also in Atomic and Sequence, or items."""

    def __init__(self, what: str, *, items: bool) -> None:
        self.what, self.items = what, items

    def things(self, capture: Capture) -> list[_Thing]:
        """Where they are."""
        found: list[_Thing] = []
        for place, exchange in enumerate(capture.exchanges):
            for side, body in _bodies(exchange):
                root = _root(body)
                top = child(root[1], "SyncBody") if root is not None else None
                if top is not None:
                    found += [(place, side, way) for way, _, _ in self._within(top, ())]
        return found

    def _within(self, parent: Part, above: tuple[int, ...]) -> Iterator[tuple[tuple[int, ...], Part, Part]]:
        for number, each in enumerate(parent.children):
            way = (*above, number)
            if self.items and each.name == "Item":
                yield way, parent, each
            if each.name in COMMANDS:
                if not self.items:
                    yield way, parent, each
                if self.items or each.name in GROUPS:
                    yield from self._within(each, way)

    def only(self, capture: Capture, kept: Sequence[_Thing]) -> Capture:
        """A capture in whose messages the others are not."""
        wanted = set(kept)
        cut = {(thing[0], thing[1]) for thing in self.things(capture) if thing not in wanted}

        def without(place: int, exchange: Exchange) -> Exchange:
            out = exchange
            for side, body in _bodies(exchange):
                if (place, side) in cut:
                    out = _with_body(out, side, self._without(body, place, side, wanted))
            return out

        return _changed(capture, without)

    def _without(self, body: bytes, place: int, side: str, wanted: set[_Thing]) -> bytes:
        root = _root(body)
        top = child(root[1], "SyncBody") if root is not None else None
        if root is None or top is None:
            return body
        for way, parent, each in list(self._within(top, ())):
            if (place, side, way) not in wanted:
                parent.remove(each)
        return root[0]()


_LEVELS: Final[tuple[_Level, ...]] = (
    _Sessions(),
    _Exchanges(),
    _Answers(),
    _Elements("commands", items=False),
    _Elements("items", items=True),
)


def _changed(capture: Capture, change: Callable[[int, Exchange], Exchange]) -> Capture:
    out = copy.copy(capture)
    out.exchanges = [change(place, exchange) for place, exchange in enumerate(capture.exchanges)]
    return out


def _with_exchanges(capture: Capture, places: set[int]) -> Capture:
    """A capture with some of its exchanges, and without the connections that only the others used."""
    out = copy.copy(capture)
    out.exchanges = [each for place, each in enumerate(capture.exchanges) if place in places]
    gone = {each.conn for each in capture.exchanges} - {each.conn for each in out.exchanges}
    out.connections = [each for each in capture.connections if each.conn not in gone]
    return out


def _bodies(exchange: Exchange) -> Iterator[tuple[str, bytes]]:
    if exchange.body:
        yield REQUEST, exchange.body
    if exchange.response is not None and exchange.response.body:
        yield RESPONSE, exchange.response.body


def _root(body: bytes) -> tuple[Callable[[], bytes], Part] | None:
    """What writes a message again, and its root; None of what cannot be taken apart."""
    try:
        apart = take_apart(body)
    except UnreadableMessageError:
        return None
    return apart.written, apart.root


def _with_body(exchange: Exchange, side: str, body: bytes) -> Exchange:
    out = copy.copy(exchange)
    if side == REQUEST:
        out.body, out.headers = body, with_length(exchange.headers, body)
    elif exchange.response is not None:
        headers = with_length(exchange.response.headers, body)
        out.response = structs.replace(exchange.response, body=body, headers=headers)
    return out
