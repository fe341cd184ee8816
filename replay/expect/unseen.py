"""What of a capture was not seen: requests that could not be read, connections without any, times in which nobody watched.

What is missing proves nothing. So rules ask here how much may be missing between two messages of a session, and which unread
requests may have been a certain device's (contract, "window"; rules, CAP007).
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable
from functools import cached_property
from typing import TypeVar

from msgspec import Struct

from replay.capture.episodes import Window
from replay.capture.exchange import address_host
from replay.capture.sessions import Enrolment, Traffic
from replay.capture.turns import Turn, host_of
from replay.expect.origins import ByOrigin, Origins
from replay.expect.unopened import Open, Unopened, open_of, unopened_of

_Made = TypeVar("_Made")

#: How many of the requests that were missed are named.
MOST_NAMED = 16


class Missed(Struct, frozen=True):
    """What could not be read and may have been a device's: how many requests and connections, the first of them in words, and the
    first requests."""

    count: int
    text: str
    turns: tuple[Turn, ...] = ()


class _Requests(Struct, frozen=True):
    """Requests in their order, with what sorts them among all events; and those of which it is known when, in order of time."""

    orders: list[float]
    turns: list[Turn]
    clocks: list[float]
    timed: list[Turn]


class _Lost(Struct, frozen=True):
    """What may have carried messages without their being read: once for each message, and what carried any number."""

    single: Open
    any_number: Open


class Unseen:
    """What of a capture could not be read, or was not watched, by its place among all events. It is worked out once."""

    def __init__(self, traffic: Traffic) -> None:
        self.traffic = traffic
        capture = traffic.capture
        cuts = [trouble for trouble in capture.troubles if trouble.kind == "cut" and trouble.exchange is None]
        self._cuts = sorted(float(trouble.line) for trouble in cuts if trouble.line is not None)
        self._cut_anywhere = any(trouble.line is None for trouble in cuts)
        self._starts = [stretch.start.clock for stretch in capture.stretches]

    # -- between two messages ---------------------------------------------------------------------------------------------

    def between(self, before: Turn | None, after: Turn) -> int | None:
        """How many exchanges of a session may have gone unseen between two of its turns (from the beginning of the capture where
        `before` is None), unread or over a connection that was not read; None where any number may have."""
        begin = before.exchange.order if before else float("-inf")
        end = after.exchange.order
        if self._cut_anywhere or bisect_left(self._cuts, end) > bisect_right(self._cuts, begin):
            return None
        if self._is_gap(before, after):
            return None
        broken_off = self._broken_off_between(before, after)
        if broken_off is None:
            return None
        strays = self._strays.of(_host(after.exchange.url), after.device)
        return broken_off + sum(bisect_left(each, end) - bisect_right(each, begin) for each in strays)

    def _is_gap(self, before: Turn | None, after: Turn) -> bool:
        """Whether the recorder was not watching all along."""
        begin, end = before.exchange.at if before else None, after.exchange.at
        if begin is None or end is None:
            return False
        return bisect_right(self._starts, begin.clock) != bisect_right(self._starts, end.clock)

    def _broken_off_between(self, before: Turn | None, after: Turn) -> int | None:
        """How many messages may have gone over connections that were not read, or broke off; None where any number may have.
        Nothing went over one on which TLS failed, and nothing came over one without a request."""
        begin, end = before.exchange.at if before else None, after.exchange.at
        if end is None or not self._unopened:
            return 0
        since, until = begin.clock if begin else float("-inf"), end.clock
        lost = self._lost.of(_name(after.exchange.url), after.device)
        if any(each.any_number.between(since, until) for each in lost):
            return None
        return sum(each.single.between(since, until) for each in lost)

    @cached_property
    def _lost(self) -> ByOrigin[Unopened, _Lost]:
        return self._connections([each for each in self._unopened if each.messages != 0], _lost)

    @cached_property
    def _strays(self) -> ByOrigin[Turn, list[float]]:
        """The exchanges that belong to no session, by their order."""
        turns = (turn for turn in self.traffic.turns if self.traffic.session_of(turn) is None and turn.may_be_a_message)
        return self._exchanges(turns, lambda found: sorted(turn.exchange.order for turn in found))

    # -- requests that may have been a device's -----------------------------------------------------------------------------

    def first_request(self, enrolment: Enrolment, after: float = float("-inf")) -> Turn | None:
        """The first request to the enrolment's host, behind a place among all events, that was not read and may have been its
        device's; None where there is none."""
        found = []
        for each in self._unread.of(host_of(enrolment.server), enrolment.device):
            found += each.turns[(first := bisect_right(each.orders, after)) : first + 1]
        return min(found, key=_order_of, default=None)

    def in_window(self, enrolment: Enrolment, window: Window) -> Missed | None:
        """What fell into the window of an enrolment, could not be read, and may have been the device's; None where nothing did.
        Requests come before connections."""
        since, until = window.start.clock, window.end.clock
        count, turns = 0, []
        for each in self._unread.of(host_of(enrolment.server), enrolment.device):
            first, behind = bisect_right(each.clocks, since), bisect_right(each.clocks, until)
            count += behind - first
            turns += each.timed[first : min(behind, first + MOST_NAMED)]
        turns.sort(key=_order_of)
        opened = [
            each for each in self._opened.of(_name(enrolment.server), enrolment.device) if each.after(since, until)
        ]
        count += sum(each.after(since, until) for each in opened)
        if turns:
            text = f"exchange {turns[0].number} could not be read and may have been the device's"
        elif opened:
            first_of = (each.first_after(since) for each in opened)
            text = f"{min(first_of, key=lambda each: each.begin.clock).text} may have been the device's"
        else:
            return None
        return Missed(count, text, tuple(turns[:MOST_NAMED]))

    @cached_property
    def _opened(self) -> ByOrigin[Unopened, Open]:
        return self._connections(self._unopened, open_of)

    @cached_property
    def _unread(self) -> ByOrigin[Turn, _Requests]:
        """Requests that are there and cannot be read, those that never came whole, and those that do not say whose they are."""
        return self._exchanges((turn for turn in self.traffic.turns if turn.is_unread), _requests)

    # -- by host and origin -------------------------------------------------------------------------------------------------

    @cached_property
    def _origins(self) -> Origins:
        return Origins(self.traffic)

    @cached_property
    def _unopened(self) -> list[Unopened]:
        return unopened_of(self.traffic.capture)

    def _exchanges(self, turns: Iterable[Turn], make: Callable[[list[Turn]], _Made]) -> ByOrigin[Turn, _Made]:
        place = self._origins.place
        things = (
            ({_host(turn.exchange.url)}, place(turn.exchange.client, turn.exchange.client_cert), turn) for turn in turns
        )
        return ByOrigin(self._origins, things, make)

    def _connections(self, found: list[Unopened], make: Callable[[list[Unopened]], _Made]) -> ByOrigin[Unopened, _Made]:
        things = ((each.hosts, self._origins.place(each.connection.client, None), each) for each in found)
        return ByOrigin(self._origins, things, make)


def _order_of(turn: Turn) -> float:
    return turn.exchange.order


def _host(url: str | None) -> str:
    """The host that a request went to; empty where that is not known: it may have been any."""
    return host_of(url) if url and "://" in url else ""


def _name(url: str | None) -> str:
    """The name or address of a server, without the port; empty where that is not known."""
    return address_host(_host(url).partition("://")[2]) or ""


def _requests(found: list[Turn]) -> _Requests:
    turns = sorted(found, key=_order_of)
    timed = sorted((turn.exchange.at.clock, place) for place, turn in enumerate(turns) if turn.exchange.at is not None)
    in_time = [turns[place] for _, place in timed]
    return _Requests([_order_of(turn) for turn in turns], turns, [clock for clock, _ in timed], in_time)


def _lost(found: list[Unopened]) -> _Lost:
    return _Lost(
        open_of([each for each in found for _ in range(each.messages or 0)]),
        open_of([each for each in found if each.messages is None]),
    )
