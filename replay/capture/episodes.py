"""Episodes: one unenrolment of one enrolment, with its trigger, its alerts, and the window of silence after them."""

import itertools
from typing import Final

from msgspec import Struct, field

from replay.capture.exchange import Capture, Moment
from replay.capture.sessions import Enrolment, Session, Traffic
from replay.capture.turns import Turn
from replay.syncml.names import GENERIC_ALERT
from replay.syncml.unenrol import UnenrolAlert, UnenrolExec, alerts, execs

#: What the unenrolment alerts are among.
_GENERIC: Final = frozenset({GENERIC_ALERT})


class ExecSeen(Struct, frozen=True):
    """An Exec Unenroll that was delivered: in which session and turn."""

    session: Session
    turn: Turn
    exec: UnenrolExec

    @property
    def order(self) -> float:
        """When the device had it: order of the response."""
        response = self.turn.exchange.response
        return response.order if response else self.turn.exchange.order

    @property
    def at(self) -> Moment | None:
        """When the device had it."""
        response = self.turn.exchange.response
        return response.at if response else None


class AlertSeen(Struct, frozen=True):
    """An unenrolment alert that the device sent: in which session and turn."""

    session: Session
    turn: Turn
    alert: UnenrolAlert

    @property
    def order(self) -> float:
        """When the device sent it."""
        return self.turn.exchange.order

    @property
    def at(self) -> Moment | None:
        """When the device sent it."""
        return self.turn.exchange.at


class Window(Struct, frozen=True):
    """The time during which the capture can prove that nothing was sent (contract). `unwatched` are the gaps in it, in
    which the recorder was not watching."""

    start: Moment
    end: Moment
    ended_by: str
    unwatched: tuple[tuple[Moment, Moment], ...] = ()

    @property
    def seconds(self) -> float:
        """Its length."""
        return max(0.0, self.end.clock - self.start.clock)


class Episode(Struct):
    """One unenrolment of one enrolment. `begin` and `end` bound it in the order of events; `execs` are its triggers; `alert` is
    the first alert that was delivered, else the first that was tried."""

    number: int
    enrolment: Enrolment
    execs: list[ExecSeen] = field(default_factory=list)
    alerts: list[AlertSeen] = field(default_factory=list)
    alert: AlertSeen | None = None
    end: float | None = None

    def add(self, seen: ExecSeen | AlertSeen) -> None:
        """Takes what is seen next. What a server sends in answer to the alert triggers nothing."""
        if isinstance(seen, ExecSeen):
            if not self.alerts:
                self.execs.append(seen)
            return
        self.alerts.append(seen)
        if self.alert is None or (seen.turn.exchange.delivered and not self.alert.turn.exchange.delivered):
            self.alert = seen

    @property
    def trigger(self) -> ExecSeen | None:
        """The first Exec, or None where the user (or nothing visible) began it."""
        return self.execs[0] if self.execs else None

    @property
    def begin(self) -> float:
        """Order of its first event."""
        return min([seen.order for seen in self.execs[:1]] + [seen.order for seen in self.alerts[:1]])

    @property
    def enrolment_stays(self) -> bool:
        """Whether the device said that the directory unjoin failed and it stays enrolled (facts A1.5)."""
        return self.alert is not None and self.alert.alert.enrolment_stays

    @property
    def scenario(self) -> str:
        """Which of the expected sequences it is."""
        if self.enrolment_stays:
            return "unjoin-failed"
        return "server" if self.execs else "user"


def find_episodes(traffic: Traffic) -> list[Episode]:
    """The episodes of a capture, numbered in order of time."""
    found = [episode for enrolment in traffic.enrolments for episode in _of_enrolment(enrolment)]
    found.sort(key=lambda episode: episode.begin)
    for number, episode in enumerate(found, 1):
        episode.number = number
    return found


def _of_enrolment(enrolment: Enrolment) -> list[Episode]:
    episodes: list[Episode] = []
    for seen in _seen(enrolment):
        current = episodes[-1] if episodes else None
        if current is None or _begins_another(current, seen):
            if current is not None:
                current.end = seen.order
            current = Episode(0, enrolment)
            episodes.append(current)
        current.add(seen)
    return episodes


def _seen(enrolment: Enrolment) -> list[ExecSeen | AlertSeen]:
    found: list[ExecSeen | AlertSeen] = []
    for session in enrolment.sessions:
        for turn in session.turns:
            asked, answered = turn.request_contents, turn.response_contents
            if asked is not None and asked.has_alert(_GENERIC):
                found += [AlertSeen(session, turn, alert) for alert in alerts(asked.message)]
            if answered is not None and answered.execs and turn.exchange.failure is None:
                found += [ExecSeen(session, turn, each) for each in execs(answered.message)]
    found.sort(key=lambda seen: seen.order)
    return found


def _begins_another(current: Episode, seen: ExecSeen | AlertSeen) -> bool:
    """Whether something seen begins another episode of the same enrolment: an Exec in a session that was opened after the
    alert session, or an alert that says something else than the one with which the enrolment stayed."""
    if not current.alerts:
        return False
    last = current.alerts[-1]
    if isinstance(seen, ExecSeen):
        return seen.session.order > last.session.order
    return current.enrolment_stays and seen.turn is not last.turn and seen.alert.data != last.alert.data


def window_of(episode: Episode, capture: Capture, until: Moment | None = None) -> Window | None:
    """The window of an episode: from the end of the alert session (from the Exec where no alert came) to the last moment
    at which the recorder is known to have been watching, or until the enrolment was made again.

    `until` (on the capture's clock) ends it earlier; in a format that does not say how long the recorder watched it is the
    user's word that it did until then. None where the capture has no clock, or the enrolment stays.
    """
    if episode.enrolment_stays or not capture.stretches:
        return None
    alert, trigger = episode.alert, episode.trigger
    start = alert.session.ended[1] if alert else (trigger.at if trigger else None)
    if start is None:
        return None
    end, ended_by = capture.stretches[-1].end, capture.ended_by
    if until is not None and (until.clock < end.clock or not capture.says_when_watching):
        end, ended_by = until, "until"
    again = episode.enrolment.ended_at
    if again is not None and again.clock < end.clock:
        end, ended_by = again, "enrolled-again"
    if end.clock < start.clock:
        end = start
    gaps = itertools.pairwise(capture.stretches)
    unwatched = tuple(
        (before.end, after.start)
        for before, after in gaps
        if before.end.clock < end.clock and after.start.clock > start.clock
    )
    return Window(start, end, ended_by, unwatched)
