"""The time that exchanges span in a format that has one clock and does not say when anybody was watching."""

from typing import Final

from msgspec import structs

from replay.capture.exchange import Capture, Exchange, Moment, Stretch

#: Exchanges are written when they end; two that end together may be written in either order.
_SLACK: Final = 1.0


class Extent:
    """What is told from the times of exchanges, taken in the order in which they stand in their file. `proved` is the latest end
    before their clock ran backwards, if it did: what came after that is somewhere in time, and nobody knows where silence was."""

    def __init__(self) -> None:
        self.first, self.latest, self.latest_begin = float("inf"), float("-inf"), float("-inf")
        self.proved: float | None = None

    def take(self, exchange: Exchange) -> str | None:
        """Takes the next exchange, whose `order` is its time, and has it end no sooner than it began. What is wrong with its times,
        in words; None where nothing is."""
        text = None
        end = exchange.ended[0]
        if end < exchange.order:
            text = f"it ended {exchange.order - end:.3f} s before it began"
            _end_no_sooner(exchange)
            end = exchange.order
        elif end < self.latest - _SLACK:
            text = f"it ended {self.latest - end:.3f} s before the one written ahead of it"
        # neither in the order in which they end, nor in that in which they begin, as mitmproxy's views save them
        if end < self.latest - _SLACK and exchange.order < self.latest_begin - _SLACK:
            self.proved = self.latest if self.proved is None else self.proved
            text = f"{text}, and began before another: the clock was set back, or there is no order; silence is proved up to there"
        self.first, self.latest = min(self.first, exchange.order), max(self.latest, end)
        self.latest_begin = max(self.latest_begin, exchange.order)
        return text

    def tell(self, capture: Capture) -> None:
        """Notes in a capture when the recorder was watching: from the first thing in it to the last, as far as that is known."""
        if self.first < float("inf"):
            end = self.latest if self.proved is None else self.proved
            capture.stretches.append(Stretch(Moment(self.first, self.first), Moment(end, end)))
            capture.anchors.append(Moment(self.first, self.first))


def _end_no_sooner(exchange: Exchange) -> None:
    """Has an exchange end no sooner than it began, wherever the clock was set meanwhile: a window begins where one ends."""
    start, response, failure = Moment(exchange.order, exchange.order), exchange.response, exchange.failure
    if response is not None and response.order < start.clock:
        exchange.response = structs.replace(response, order=start.clock, at=start)
    if failure is not None and failure.order < start.clock:
        exchange.failure = structs.replace(failure, order=start.clock, at=start)
