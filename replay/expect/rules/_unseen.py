"""What a capture may lack between two messages of a session, so that a number that is missing proves nothing."""

from bisect import bisect_left, bisect_right

from replay.capture.turns import DM, OPAQUE, OTHER, Turn, host_of
from replay.expect.case import Case


class Unseen:
    """What of a capture could not be read, or was not watched, by its place among all events."""

    def __init__(self, case: Case) -> None:
        capture = case.traffic.capture
        cuts = [trouble for trouble in capture.troubles if trouble.kind == "cut" and trouble.exchange is None]
        self._cuts = sorted(float(trouble.line) for trouble in cuts if trouble.line is not None)
        self._cut_anywhere = any(trouble.line is None for trouble in cuts)
        self._starts = [stretch.start.clock for stretch in capture.stretches]
        self._strays: dict[str, list[float]] = {}
        for turn in case.traffic.turns:
            if case.traffic.session_of(turn) is None and _may_be_a_message(turn):
                self._strays.setdefault(host_of(turn.exchange.url or ""), []).append(turn.exchange.order)

    def between(self, before: Turn | None, after: Turn) -> int | None:
        """How many exchanges of a session may have gone unseen between two of its turns (from the beginning of the capture where
        `before` is None); None where any number may have."""
        begin = before.exchange.order if before else float("-inf")
        end = after.exchange.order
        if self._cut_anywhere or bisect_left(self._cuts, end) > bisect_right(self._cuts, begin):
            return None
        if self._is_gap(before, after):
            return None
        strays = (self._strays.get(host, []) for host in {"", host_of(after.exchange.url or "")})
        return sum(bisect_left(orders, end) - bisect_right(orders, begin) for orders in strays)

    def _is_gap(self, before: Turn | None, after: Turn) -> bool:
        """Whether the recorder was not watching all along."""
        begin, end = before.exchange.at if before else None, after.exchange.at
        if begin is None or end is None:
            return False
        return bisect_right(self._starts, begin.clock) != bisect_right(self._starts, end.clock)


def _may_be_a_message(turn: Turn) -> bool:
    """Whether an exchange that belongs to no session may have carried a message: one that was not read, or not kept."""
    exchange = turn.exchange
    return turn.kind in (DM, OPAQUE) or (turn.kind == OTHER and exchange.url is None and exchange.body is None)
