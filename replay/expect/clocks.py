"""Two clocks: when the alert was sent by the device's own clock, and how sure that is (facts E, A1.3, A1.10, A2.6).

What the device logs and what the recorder saw are tied together by events that stand next to the alert. 48 is written when
the alert has been handed over; 60 or 1600 after the Exec arrived and before the alert is sent; 61 before the alert. Each bounds
the moment at which the alert was sent. Where they leave a side open, the two clocks are assumed to agree.

Times are in seconds since 1970, on the device's clock unless another is named.
"""

from collections.abc import Sequence
from typing import Final

from msgspec import Struct

from replay.capture.episodes import Episode
from replay.capture.evidence import Logged
from replay.capture.exchange import Moment
from replay.expect.events import ALERT_HANDED_OVER, BY_USER, EXEC_ACCEPTED, NOT_BY_USER

#: The recorder sees a message a moment after it was sent: how far off an offset that is given may be.
GIVEN_WITHIN: Final = 1.0
#: Two clocks that are both set from the network are assumed to differ by no more than this.
ASSUMED_WITHIN: Final = 10.0
#: Event 48 is written at most so long after the alert was sent, and the alert is sent at most so long after the event: its
#: session is only asked for then, and has to be started.
LOGGED_LATE: Final = 2.0
SENT_LATE: Final = 10.0


class Clock(Struct, frozen=True):
    """When the alert (the Exec, where no alert came) was sent by the device's clock: about `likely`, not before `earliest`,
    not after `latest`. `kind` is `given`, `estimated` or `assumed`; `basis` says from what. `reference` is that moment as the
    recorder has it, None in a capture without a clock."""

    likely: float
    earliest: float
    latest: float
    kind: str
    basis: str
    reference: Moment | None

    @property
    def offset(self) -> tuple[float, float, float] | None:
        """How far the device's clock is ahead of the recorder's: likely, at least, at most; None in a capture without a clock."""
        if self.reference is None:
            return None
        wall = self.reference.wall
        return self.likely - wall, self.earliest - wall, self.latest - wall

    def on_recorder(self, at: float) -> Moment | None:
        """A moment of the device's clock as the recorder's, most likely."""
        if self.reference is None:
            return None
        since = at - self.likely
        return Moment(self.reference.wall + since, self.reference.clock + since)

    @property
    def words(self) -> str:
        """The clock in words: `the device's clock is 0.4 s ahead (-1.6 to +30.4 s; estimated from event 48)`."""
        offset = self.offset
        if offset is None:
            return f"the capture has no clock; the alert is dated by the device's own ({self.basis})"
        likely, least, most = (round(each, 1) + 0.0 for each in offset)
        how = (
            "agrees with the recorder's"
            if likely == 0
            else f"is {abs(likely):.1f} s {'ahead' if likely > 0 else 'behind'}"
        )
        return f"the device's clock {how} ({least:+.1f} to {most:+.1f} s; {self.basis})"


def reference_of(episode: Episode) -> Moment | None:
    """When the alert was first sent; when the device had the Exec, where no alert came. None where the capture has no clock."""
    if episode.alerts:
        return episode.alerts[0].at
    return episode.trigger.at if episode.trigger else None


def clock_of(episode: Episode, events: Sequence[Logged], given: float | None) -> Clock | None:
    """The device's clock against an episode, from the events of its unenrolment and the offset that was given (seconds by which the
    device's clock is ahead). None where there is nothing to go by: no clock in the capture, and no event near the alert."""
    reference = reference_of(episode)
    bounds = _Bounds(episode, reference, events)
    if given is not None and reference is not None:
        likely = reference.wall + given
        basis = "as given" + bounds.doubt(likely)
        return Clock(likely, likely - GIVEN_WITHIN, likely + GIVEN_WITHIN, "given", basis, reference)
    if bounds.least is None and reference is None:
        return None
    return bounds.clock()


class _Bounds:
    """What the events say about the moment at which the alert was sent."""

    def __init__(self, episode: Episode, reference: Moment | None, events: Sequence[Logged]) -> None:
        self.reference = reference
        self.lower: list[float] = []
        self.upper: list[float] = []
        self.point: float | None = None
        self.used: list[int] = []
        began = _first(events, (NOT_BY_USER, EXEC_ACCEPTED))
        by_user = _first(events, (BY_USER,))
        handed_over = _first(events, (ALERT_HANDED_OVER,))
        if not episode.alerts:
            if began is not None:  # the Exec arrived before it, and not long before
                self._bound(began, began.at - SENT_LATE, began.at)
            return
        exec_at = episode.trigger.at if episode.trigger else None
        if began is not None and exec_at is not None and reference is not None:
            self._bound(began, began.at, began.at + (reference.clock - exec_at.clock))
        elif began is not None:
            self._bound(began, began.at, None)
        if by_user is not None:
            self._bound(by_user, by_user.at, None)
        if handed_over is not None:
            self._bound(handed_over, handed_over.at - LOGGED_LATE, handed_over.at + SENT_LATE)
            self.point = handed_over.at

    def _bound(self, event: Logged, least: float, most: float | None) -> None:
        self.used.append(event.event)
        self.lower.append(least)
        self.upper += [most] if most is not None else []

    @property
    def least(self) -> float | None:
        """Not before this."""
        return max(self.lower, default=None)

    @property
    def most(self) -> float | None:
        """Not after this; where it is known, so is `least`."""
        return min(self.upper, default=None)

    def doubt(self, likely: float) -> str:
        """That the events speak against a moment that was given, in words; nothing where they do not."""
        early = self.least is not None and likely < self.least - GIVEN_WITHIN
        late = self.most is not None and likely > self.most + GIVEN_WITHIN
        return f", though event {' and '.join(map(str, self.used))} speaks against it" if early or late else ""

    def clock(self) -> Clock:
        """The narrowest that the bounds allow; where they contradict each other, all that any of them allows."""
        least, most = self.least, self.most
        wall = self.reference.wall if self.reference else None
        kind, basis = "estimated", "estimated from event " + " and ".join(map(str, self.used))
        if least is None or most is None:
            kind = "assumed"
            basis = "assumed to agree" + (
                f"; not before event {' and '.join(map(str, self.used))}" if self.used else ""
            )
            least, most = _assumed(least, wall)
        elif least > most:
            basis += ", which disagree"
            least, most = min(self.lower), max(self.upper)
        likely = self.point if self.point is not None else (wall if kind == "assumed" else None)
        likely = (least + most) / 2 if likely is None else min(max(likely, least), most)
        return Clock(likely, least, most, kind, basis, self.reference)


def _assumed(least: float | None, wall: float | None) -> tuple[float, float]:
    """Both bounds where the events give no upper one: the clocks agree, as far as the lower one allows. One of the two is known."""
    if wall is None:  # without a clock in the capture, the one bound is all there is
        known = least if least is not None else 0.0
        return known, known + SENT_LATE
    low, high = wall - ASSUMED_WITHIN, wall + ASSUMED_WITHIN
    low = low if least is None else max(least, low)
    return low, high if low <= high else low + SENT_LATE


def _first(events: Sequence[Logged], wanted: tuple[int, ...]) -> Logged | None:
    return next((each for each in events if each.event in wanted), None)
