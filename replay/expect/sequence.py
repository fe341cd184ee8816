"""An episode run through the machine: which event each message is, and where the sequence departs from the table."""

from bisect import bisect_left
from collections.abc import Iterator

from msgspec import Struct

from replay.capture.episodes import AlertSeen, Episode, ExecSeen
from replay.capture.exchange import header
from replay.capture.references import REQUEST, Sent
from replay.capture.sessions import Session
from replay.capture.turns import Turn
from replay.expect.machine import Event, State, step
from replay.syncml.credentials import HMAC_HEADER
from replay.syncml.model import Alert, Command, Message, Results, Status
from replay.syncml.names import CLIENT_INITIATED, SERVER_INITIATED, SESSION_ABORT

#: Between Exec and alert other sessions may finish within this many seconds (rules, UNE008; facts A2.6).
FINISH_WITHIN = 10.0


class Departure(Struct, frozen=True):
    """An event that the machine did not accept: where the sequence stood, and the rule that it breaks."""

    rule: str
    state: State
    event: Event
    turn: Turn
    session: Session
    command: Command | None = None
    place: tuple[int, ...] = ()


class Run(Struct, frozen=True):
    """An episode run through the machine: the state that it was left in, its departures in order, the sessions that were
    opened after the trigger, and the order of the first alert's session among all events."""

    state: State
    departures: tuple[Departure, ...]
    opened: tuple[Session, ...]
    alerted_at: float | None

    def by_rule(self, rule: str) -> list[Departure]:
        """The departures that break one rule."""
        return [departure for departure in self.departures if departure.rule == rule]


class _Step(Struct, frozen=True):
    event: Event
    turn: Turn
    session: Session
    command: Command | None = None
    place: tuple[int, ...] = ()


def run(episode: Episode) -> Run:
    """Runs an episode through the machine, in the order in which things happened."""
    walk = _Walk(episode)
    state = State.MANAGED
    departures: list[Departure] = []
    for each in walk.steps():
        after, rule = step(state, each.event)
        if rule is not None:
            departures.append(Departure(rule, state, each.event, each.turn, each.session, each.command, each.place))
        state = State.STAYS if episode.enrolment_stays and after is State.ALERT_SENT else after
    alerted_at = walk.alerted[0].order if walk.alerted else None
    return Run(state, tuple(departures), tuple(walk.opened.values()), alerted_at)


class _Walk:
    """Names the events of an episode."""

    def __init__(self, episode: Episode) -> None:
        self.episode = episode
        self.alerted: list[AlertSeen] = []
        self.opened: dict[int, Session] = {}
        self.reported: set[tuple[int, Event]] = set()
        self.seen: dict[int, list[AlertSeen]] = {}
        for alert in episode.alerts:
            self.seen.setdefault(alert.turn.number, []).append(alert)
        #: Sessions whose alert came, those in which it is delivered at any time, and whether one was delivered so far.
        self.alerting: set[int] = set()
        self.delivering = {seen.session.number for seen in episode.alerts if seen.turn.exchange.delivered}
        self.delivered = False
        self.answers = _Answers(episode)

    def steps(self) -> Iterator[_Step]:
        """Every event from the trigger (or the alert) on, until the next episode of the enrolment begins."""
        episode = self.episode
        happenings: list[tuple[float, int, Session, Turn | ExecSeen]] = [
            (seen.order, 0, seen.session, seen) for seen in episode.execs
        ]
        timeline = episode.enrolment.timeline()
        begin = bisect_left(timeline, episode.begin, key=_order)
        end = len(timeline) if episode.end is None else bisect_left(timeline, episode.end, key=_order)
        happenings += [(turn.exchange.order, 1, session, turn) for session, turn in timeline[begin:end]]
        for _, _, session, what in sorted(happenings, key=lambda each: each[:2]):
            if isinstance(what, ExecSeen):
                yield _Step(Event.EXEC, what.turn, session, what.exec.command, what.exec.place)
            else:
                yield from self._turn(session, what)

    def _turn(self, session: Session, turn: Turn) -> Iterator[_Step]:
        message = turn.request
        if message is None:
            return
        answer = self.answers.to_exec(session, turn)
        if answer is not None:
            yield _Step(Event.EXEC_ANSWERED, turn, session, answer.command, answer.place)
        for place, seen in enumerate(self.seen.get(turn.number, ())):
            event = Event.ALERT_AGAIN if place else self._alert_event(seen)
            if event is Event.OPENS:
                self.opened[session.number] = session
            yield _Step(event, turn, session, seen.alert.command, seen.alert.place)
            self.alerted.append(seen)
            self.alerting.add(session.number)
            self.delivered = self.delivered or turn.exchange.delivered
        if turn.number in self.seen:
            return
        event = self._plain_event(session, turn, message)
        if event in (Event.GOES_ON, Event.FINISHES):
            # one session that goes on is one cause, and one that goes on to answer the Exec is UNE009's
            if answer is not None or (session.number, event) in self.reported:
                return
            self.reported.add((session.number, event))
        yield _Step(event, turn, session)

    def _alert_event(self, seen: AlertSeen) -> Event:
        session, turn = seen.session, seen.turn
        if self.alerted:
            return self._repeated_alert_event(session, turn)
        if _carried_commands(session, turn):
            return Event.ALERT_IN_OLD_SESSION
        if not (session.opens_package_one(turn) or _resend_from_the_middle(session, turn)):
            return Event.ALERT_LATE
        return Event.ALERT_STAYS if seen.alert.enrolment_stays else Event.ALERT

    def _repeated_alert_event(self, session: Session, turn: Turn) -> Event:
        same_session = session.number in self.alerting
        if same_session and session.may_be_asked_for(turn):
            return Event.ALERT_RESENT
        if not self.delivered:
            return Event.ALERT_RETRIED
        if turn.exchange.delivered:
            return Event.ALERT_AGAIN
        # a session in which it is delivered after all is one cause: that alert is the repetition
        return Event.ALERT_RETRIED if same_session or session.number in self.delivering else Event.OPENS

    def _plain_event(self, session: Session, turn: Turn, message: Message) -> Event:
        if session.number in self.alerting:
            return Event.MESSAGE
        began = self.alerted[0].session.order if self.alerted else self.episode.begin
        if session.order < began:
            if any(isinstance(c, Alert) and c.code == SESSION_ABORT for c in message.commands):
                return Event.CLOSES
            trigger = self.episode.trigger
            if not self.alerted and trigger is not None and session is not trigger.session and _soon(trigger, turn):
                return Event.FINISHES
            return Event.GOES_ON
        if session.number in self.opened:
            return Event.MESSAGE
        self.opened[session.number] = session
        return Event.OPENS


def _order(each: tuple[Session, Turn]) -> float:
    return each[1].exchange.order


def _soon(trigger: ExecSeen, turn: Turn) -> bool:
    if trigger.at is None or turn.exchange.at is None:
        return True
    return turn.exchange.at.clock - trigger.at.clock <= FINISH_WITHIN


def _carried_commands(session: Session, turn: Turn) -> bool:
    """Whether the server sent commands in this session before: anything but Status, and Alerts that only go on (1222)."""
    place = session.place_of(turn)
    return any(
        not isinstance(command, (Status, Alert))
        for before in session.turns[:place]
        if before.response is not None
        for command in before.response.commands
    )


def _resend_from_the_middle(session: Session, turn: Turn) -> bool:
    """Whether a session of which the capture lacks message 1 begins with package 1 sent again with credentials."""
    message = turn.request
    if session.turns[0] is not turn or message is None:
        return False
    if message.header.cred is None and header(turn.exchange.headers, HMAC_HEADER) is None:
        return False
    return any(isinstance(c, Alert) and c.code in (SERVER_INITIATED, CLIENT_INITIATED) for c in message.commands)


class _Answers:
    """The answers in an enrolment that refer to an Exec Unenroll of the episode."""

    def __init__(self, episode: Episode) -> None:
        self._commands = {(seen.turn.number, id(seen.exec.command)) for seen in episode.execs}
        #: By MsgID and CmdID: for answers in another session, where these refer to nothing.
        self._numbers = {
            (seen.turn.response.header.msg_id, seen.exec.command.cmd_id)
            for seen in episode.execs
            if seen.turn.response is not None
        }
        self._by_session: dict[int, dict[int, Sent]] = {}

    def to_exec(self, session: Session, turn: Turn) -> Sent | None:
        """The Status or Results in a turn's message that refers to an Exec Unenroll of the episode."""
        if not self._commands:
            return None
        if session.number not in self._by_session:
            found: dict[int, Sent] = {}
            for reference in session.references():
                answer = reference.answer
                if answer.side == REQUEST and self._refers(answer.command, reference.to):
                    found.setdefault(answer.turn.number, answer)
            self._by_session[session.number] = found
        return self._by_session[session.number].get(turn.number)

    def _refers(self, answer: Command | None, to: Sent | None) -> bool:
        """Whether an answer is one to an Exec of the episode. Numbers mean something in their own session; in another one, where
        they refer to nothing, the name has to say it."""
        if not isinstance(answer, (Status, Results)):
            return False
        if to is not None:
            return (to.turn.number, id(to.command)) in self._commands
        msg_ref = answer.msg_ref or ("1" if isinstance(answer, Results) else None)
        return answer.cmd == "Exec" and (msg_ref, answer.cmd_ref) in self._numbers
