"""Connections of which no request was read, and requests that broke off on one: when something may have been sent over them.

A capture may have as many of them as unenrolments in one minute. So how many have a part between two times, and which of them began
first, is told by their ends in order, and never by looking at each.
"""

from bisect import bisect_left, bisect_right
from collections import Counter
from itertools import accumulate

from msgspec import Struct

from replay.capture.exchange import NOT_DELIVERED, Capture, Connection, ConnectionKey, Moment, address_host


class Unopened(Struct, frozen=True):
    """A connection of which no request was read, or a request that broke off on one: when something may have been sent (no end
    where that is not known), in words, and how many messages that may have been (None: any number)."""

    connection: Connection
    begin: Moment
    end: Moment | None
    text: str
    messages: int | None

    @property
    def hosts(self) -> set[str]:
        """Where it may have gone, by the host and the SNI; none where neither is known."""
        known = (self.connection.host, self.connection.sni)
        return {address_host(name.lower()) or "" for name in known if name}

    @property
    def ended(self) -> float:
        """When it ended by the clock; infinite where that is not known."""
        return float("inf") if self.end is None else self.end.clock


class Open(Struct, frozen=True):
    """What may have carried something: the beginnings and the ends, each in order; and in the order in which they began what it
    was, and until when one of those so far lasted."""

    begins: list[float]
    ends: list[float]
    all: list[Unopened]
    lasted: list[float]

    def between(self, since: float, until: float) -> int:
        """How many have a part between two times: those that began before the later one, but for those that ended before the
        first."""
        return bisect_right(self.begins, until) - bisect_left(self.ends, since)

    def after(self, since: float, until: float) -> int:
        """The same without those that ended at the very first."""
        return bisect_right(self.begins, until) - bisect_right(self.ends, since)

    def first_after(self, since: float) -> Unopened:
        """The one that began first of those that lasted past a time; there must be one."""
        return self.all[bisect_right(self.lasted, since)]


def open_of(found: list[Unopened]) -> Open:
    """What is needed of connections to ask how many were open."""
    in_order = sorted(found, key=lambda each: each.begin.clock)
    ends = [each.ended for each in in_order]
    return Open([each.begin.clock for each in in_order], sorted(ends), in_order, list(accumulate(ends, max)))


def unopened_of(capture: Capture) -> list[Unopened]:
    """Those of a capture of which it is known when. On a connection that could not be read, a request may have been sent at any
    time; of one on which nothing came, its beginning counts."""
    read = {exchange.made_on for exchange in capture.exchanges}
    read |= capture.beyond.opened if capture.beyond is not None else set()
    causes: dict[ConnectionKey, Counter[str]] = {}
    for each in capture.broken_off:
        causes.setdefault(each.connection.key, Counter())[each.failure.cause] += 1
    told = set()
    found = []

    def add(made: Connection, begin: Moment | None, end: Moment | None, text: str, messages: int | None) -> None:
        if begin is not None:
            found.append(Unopened(made, begin, end, text, messages))

    for broken in capture.broken_off:
        failure, connection = broken.failure, broken.connection
        key = connection.key
        text = f"a request that was not read ({failure.detail or failure.cause})"
        if key in read:
            add(connection, failure.at, failure.at, text, int(failure.cause not in NOT_DELIVERED))
        elif key not in told:
            add(connection, connection.at or failure.at, connection.until, text, _messages(causes[key]))
        told.add(key)
    for made in capture.connections:
        if made.key not in told and made.key not in read:
            add(made, made.at, made.at, "a connection in which no request was read", 0)
    return found


def _messages(causes: Counter[str]) -> int | None:
    """How many messages may have gone over a connection on which requests ended like this; None: any number."""
    return None if causes["other"] else sum(count for cause, count in causes.items() if cause not in NOT_DELIVERED)
