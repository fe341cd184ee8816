"""Gaps in time: how long an answer took, and how long a side waited before. Compared on request only, and with tolerance,
because no two runs are equally fast."""

from typing import Final

from replay.compare.changes import Change, Class, Kind
from replay.compare.views import ExchangeView

#: Gaps differ when the longer is more than this many seconds longer, and more than this many times as long.
TOLERANCE: Final = 1.0
TIMES: Final = 1.5


def gap_change(path: str, expected: float | None, actual: float | None) -> Change | None:
    """The change between two gaps in seconds, where they differ; None where they do not, or one is not known."""
    if expected is None or actual is None:
        return None
    short, long = sorted((max(expected, 0.0), max(actual, 0.0)))
    if long - short <= TOLERANCE or long <= short * TIMES:
        return None
    return Change(
        kind=Kind.CHANGED,
        of=Class.TIMING,
        expected_path=path,
        actual_path=path,
        expected=f"{expected:.1f} s",
        actual=f"{actual:.1f} s",
    )


def taken(exchange: ExchangeView) -> float | None:
    """Seconds from a request to the end of its exchange."""
    begin, end = exchange.turn.exchange.at, exchange.turn.exchange.ended[1]
    return None if begin is None or end is None else end.clock - begin.clock


def waited(before: ExchangeView, exchange: ExchangeView) -> float | None:
    """Seconds from the end of one exchange to the next request; negative where that did not wait for it."""
    end, begin = before.turn.exchange.ended[1], exchange.turn.exchange.at
    return None if begin is None or end is None else begin.clock - end.clock
