"""What of a capture was not seen: requests that could not be read, connections without any, times in which nobody watched.

What is missing proves nothing. So rules ask here how much may be missing between two messages of a session, and which unread
requests may have been a certain device's (contract, "window"; rules, CAP007).
"""

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterator
from functools import cached_property
from operator import itemgetter

from msgspec import Struct

from replay.capture.episodes import Window
from replay.capture.exchange import NOT_DELIVERED, Connection, Identity, Moment, address_host
from replay.capture.sessions import Enrolment, Traffic
from replay.capture.turns import Turn, host_of
from replay.expect.origins import ByOrigin, Origins


class Missed(Struct, frozen=True):
    """A request or connection that could not be read and may have been a device's."""

    text: str
    turn: Turn | None = None


class _Unopened(Struct, frozen=True):
    """A connection of which no request was read, or a request that broke off on one: when something may have been sent (no end
    where that is not known), in words, and how many messages that may have been (None: any number)."""

    connection: Connection
    begin: Moment
    end: Moment | None
    text: str
    messages: int | None


#: When it began, its place among all, and it.
_Begun = tuple[float, int, _Unopened]
_begin_of = itemgetter(0)


class _Lost(Struct, frozen=True):
    """What may have carried messages of one device to one host without their being read: when each began, and when each ended, both
    in order; and of what carried any number the same."""

    single: tuple[list[float], list[float]]
    any_number: tuple[list[float], list[float]]


class Unseen:
    """What of a capture could not be read, or was not watched, by its place among all events. It is worked out once."""

    def __init__(self, traffic: Traffic) -> None:
        self.traffic = traffic
        capture = traffic.capture
        cuts = [trouble for trouble in capture.troubles if trouble.kind == "cut" and trouble.exchange is None]
        self._cuts = sorted(float(trouble.line) for trouble in cuts if trouble.line is not None)
        self._cut_anywhere = any(trouble.line is None for trouble in cuts)
        self._starts = [stretch.start.clock for stretch in capture.stretches]
        self._lost_to: dict[str, ByOrigin[_Unopened, _Lost]] = {}

    @cached_property
    def _origins(self) -> Origins:
        return Origins(self.traffic)

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
        hosts = {"", _host(after.exchange.url)}
        orders = (self._strays(host, after.device) for host in hosts)
        return broken_off + sum(bisect_left(each, end) - bisect_right(each, begin) for each in orders)

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
        if not self._carriers or end is None:
            return 0
        since, until = begin.clock if begin else float("-inf"), end.clock
        host = _host(after.exchange.url)
        if host not in self._lost_to:
            mine = (each for each in self._carriers if _may_go_to(each.connection, host))
            placed = ((self._origins.place(each.connection.client, None), each) for each in mine)
            self._lost_to[host] = ByOrigin(self._origins, placed, _lost)
        lost = self._lost_to[host].of(after.device)
        return None if _overlapping(lost.any_number, since, until) else _overlapping(lost.single, since, until)

    def _strays(self, host: str, device: str | None) -> list[float]:
        """The exchanges with a host that belong to no session, and may be a device's, by their order."""
        return self._strays_by_host[host].of(device) if host in self._strays_by_host else []

    @cached_property
    def _strays_by_host(self) -> dict[str, ByOrigin[float, list[float]]]:
        found: dict[str, list[tuple[str | None, float]]] = {}
        for turn in self.traffic.turns:
            if self.traffic.session_of(turn) is None and turn.may_be_a_message:
                exchange = turn.exchange
                place = self._origins.place(exchange.client, exchange.client_cert)
                found.setdefault(_host(exchange.url), []).append((place, exchange.order))
        return {host: ByOrigin(self._origins, strays, sorted) for host, strays in found.items()}

    # -- requests that may have been a device's -----------------------------------------------------------------------------

    def may_be(self, device: str | None, client: str | None, cert: Identity | None) -> bool:
        """Whether something may have come from a device: neither its client address nor its certificate shows that it came from
        another."""
        return self._origins.may_be(device, self._origins.place(client, cert))

    def requests(self, enrolment: Enrolment) -> list[Turn]:
        """The requests to the enrolment's host, in order, that were not read and may have been its device's."""
        turns = [turn for host in {"", host_of(enrolment.server)} for turn in self._unread.get(host, ())]
        turns.sort(key=lambda turn: turn.exchange.order)
        return [
            turn
            for turn in turns
            if self.may_be(enrolment.device, turn.exchange.client, turn.exchange.client_cert)
        ]  # fmt: skip

    def in_window(self, enrolment: Enrolment, window: Window) -> Iterator[Missed]:
        """What fell into the window of an enrolment, could not be read, and may have been the device's."""
        inside = [turn for host in {"", host_of(enrolment.server)} for turn in self._inside(host, window)]
        for turn in sorted(inside, key=lambda turn: turn.exchange.order):
            exchange = turn.exchange
            if self.may_be(enrolment.device, exchange.client, exchange.client_cert):
                yield Missed(f"exchange {turn.number} could not be read and may have been the device's", turn)
        for each in self._open_in(window):
            client = each.connection.client
            if _may_go_to(each.connection, enrolment.server) and self.may_be(enrolment.device, client, None):
                yield Missed(f"{each.text} may have been the device's")

    def _open_in(self, window: Window) -> list[_Unopened]:
        """The connections of which a part that was not read lies in a window, in their order. Those that ended are looked for no
        farther back than the longest of them lasted."""
        ended, unended, longest = self._begun
        until = window.end.clock
        since = window.start.clock - longest - 1.0  # a second, because floats are rounded
        begun = ended[bisect_left(ended, since, key=_begin_of) : bisect_right(ended, until, key=_begin_of)]
        begun += unended[: bisect_right(unended, until, key=_begin_of)]
        in_order = (each for _, _, each in sorted(begun, key=itemgetter(1)))
        return [each for each in in_order if each.end is None or each.end.clock > window.start.clock]

    @cached_property
    def _begun(self) -> tuple[list[_Begun], list[_Begun], float]:
        """The connections that ended, those that did not, each with when it began and its place, in order of time; and the seconds
        that the longest of the former lasted."""
        found = [(each.begin.clock, place, each) for place, each in enumerate(self._unopened)]
        found.sort(key=itemgetter(0, 1))
        ended = [each for each in found if each[2].end is not None]
        longest = max((each.end.clock - begin for begin, _, each in ended if each.end is not None), default=0.0)
        return ended, [each for each in found if each[2].end is None], longest

    def _inside(self, host: str, window: Window) -> list[Turn]:
        """The unread requests to a host in a window, told by a clock that never runs backwards."""
        timed = self._timed.get(host, [])
        begin = bisect_right(timed, window.start.clock, key=lambda each: each[0])
        return [turn for _, turn in timed[begin : bisect_right(timed, window.end.clock, key=lambda each: each[0])]]

    @cached_property
    def _timed(self) -> dict[str, list[tuple[float, Turn]]]:
        return {
            host: sorted(
                ((turn.exchange.at.clock, turn) for turn in turns if turn.exchange.at is not None),
                key=lambda each: each[0],
            )
            for host, turns in self._unread.items()
        }

    @cached_property
    def _unread(self) -> dict[str, list[Turn]]:
        """By host, requests that are there and cannot be read, those that never came whole, and those that do not say whose they
        are."""
        found: dict[str, list[Turn]] = {}
        for turn in sorted(
            (turn for turn in self.traffic.turns if turn.is_unread), key=lambda turn: turn.exchange.order
        ):
            found.setdefault(_host(turn.exchange.url), []).append(turn)
        return found

    @cached_property
    def _carriers(self) -> list[_Unopened]:
        return [each for each in self._unopened if each.messages != 0]

    @cached_property
    def _unopened(self) -> list[_Unopened]:
        """Connections of which no request was read, and requests that broke off on one, where it is known when. On a connection
        that could not be read, a request may have been sent at any time; of one on which nothing came, its beginning counts."""
        capture = self.traffic.capture
        read = {exchange.made_on for exchange in capture.exchanges}
        read |= capture.beyond.opened if capture.beyond is not None else set()
        sent = Counter(each.connection.key for each in capture.broken_off if each.failure.cause not in NOT_DELIVERED)
        told = set()
        found = []

        def add(made: Connection, begin: Moment | None, end: Moment | None, text: str, messages: int | None) -> None:
            if begin is not None:
                found.append(_Unopened(made, begin, end, text, messages))

        for broken in capture.broken_off:
            failure, connection = broken.failure, broken.connection
            key = connection.key
            text = f"a request that was not read ({failure.detail or failure.cause})"
            if key in read:
                add(connection, failure.at, failure.at, text, int(failure.cause not in NOT_DELIVERED))
            elif key not in told:
                messages = None if failure.cause == "other" else sent[key]
                add(connection, connection.at or failure.at, connection.until, text, messages)
            told.add(key)
        for made in capture.connections:
            if made.key not in told and made.key not in read:
                add(made, made.at, made.at, "a connection in which no request was read", 0)
        return found


def _host(url: str | None) -> str:
    """The host that a request went to; empty where that is not known: it may have been any."""
    return host_of(url) if url and "://" in url else ""


def _lost(carriers: list[_Unopened]) -> _Lost:
    return _Lost(
        _in_order([each for each in carriers for _ in range(each.messages or 0)]),
        _in_order([each for each in carriers if each.messages is None]),
    )


def _in_order(lost: list[_Unopened]) -> tuple[list[float], list[float]]:
    """When each may have begun to carry messages, and when each may have carried the last, both in order."""
    return sorted(each.begin.clock for each in lost), sorted(
        each.end.clock if each.end is not None else float("inf") for each in lost
    )


def _overlapping(lost: tuple[list[float], list[float]], since: float, until: float) -> int:
    """How many have a part between two times: those that began before the later one, but for those that ended before the first."""
    begins, ends = lost
    return bisect_right(begins, until) - bisect_left(ends, since)


def _may_go_to(connection: Connection, server: str) -> bool:
    """Whether a connection may have gone to the enrolment's host: by the host or the SNI; where neither is known it may."""
    known = {name.lower() for name in (connection.host, connection.sni) if name}
    if not known:
        return True
    host = address_host(host_of(server).partition("://")[2])
    return any(address_host(name) == host for name in known)
