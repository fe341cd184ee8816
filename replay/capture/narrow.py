"""A capture as it would be if it had begun later or ended earlier."""

import copy

from msgspec import Struct

from replay.capture.exchange import Capture, Exchange, Moment, Stretch


def narrowed(capture: Capture, *, since: float | None = None, until: float | None = None) -> Capture:
    """A capture without what lies before `since` and after `until` (seconds since 1970, as the wall clock showed them).

    An exchange that was under way at `until` has no answer yet. What has no time, or came with no clock, stays.
    """
    if since is None and until is None:
        return capture
    bounds = bounds_of(capture, since=since, until=until)
    out = copy.copy(capture)
    out.exchanges = [bounds.as_it_stood(exchange) for exchange in capture.exchanges if bounds.hold(exchange.at)]
    out.connections = [connection for connection in capture.connections if bounds.hold(connection.at)]
    out.broken_off = [broken for broken in capture.broken_off if bounds.hold(broken.failure.at)]
    out.stretches = [clipped for stretch in capture.stretches if (clipped := bounds.clip(stretch)) is not None]
    out.troubles = [trouble for trouble in capture.troubles if bounds.hold(trouble.at)]
    if [stretch.end for stretch in out.stretches[-1:]] != [stretch.end for stretch in capture.stretches[-1:]]:
        out.ended_by = "until"
    return out


def bounds_of(capture: Capture, *, since: float | None, until: float | None) -> "Bounds":
    """Since and until (seconds since 1970) on a capture's clock."""
    return Bounds(
        None if since is None else capture.clock_at(since), None if until is None else capture.clock_at(until)
    )


class Bounds(Struct):
    """Since and until on the capture's clock."""

    since: float | None
    until: float | None

    def hold(self, at: Moment | None) -> bool:
        """Whether a moment lies within."""
        if at is None:
            return True
        return (self.since is None or at.clock >= self.since) and (self.until is None or at.clock <= self.until)

    def as_it_stood(self, exchange: Exchange) -> Exchange:
        """The exchange as it stood at `until`."""
        late_response = exchange.response is not None and not self.hold(exchange.response.at)
        late_failure = exchange.failure is not None and not self.hold(exchange.failure.at)
        if not late_response and not late_failure:
            return exchange
        out = copy.copy(exchange)
        out.response = None if late_response else exchange.response
        out.failure = None if late_failure else exchange.failure
        return out

    def clip(self, stretch: Stretch) -> Stretch | None:
        """The part of a stretch that lies within; None where there is none."""
        start, end = stretch.start, stretch.end
        if self.since is not None and start.clock < self.since:
            start = Moment(start.wall + (self.since - start.clock), self.since)
        if self.until is not None and end.clock > self.until:
            end = Moment(start.wall + (self.until - start.clock), self.until)
        return Stretch(start, end) if end.clock >= start.clock else None
