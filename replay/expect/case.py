"""What rules judge: a capture, read and grouped, with its episodes, and the options of the judgement."""

from collections.abc import Sequence
from functools import cached_property

from msgspec import Struct

from replay.capture.contents import Contents
from replay.capture.episodes import Episode, Window, find_episodes, window_of
from replay.capture.exchange import Headers, Moment, header
from replay.capture.references import REQUEST, RESPONSE
from replay.capture.sessions import Session, Traffic
from replay.capture.turns import Terms, Turn, answered_terms
from replay.expect.cleanup import Evidence, evidence_of
from replay.expect.dialogue import Dialogue
from replay.expect.enrolments import Advice, EnrolmentKind, advice_on
from replay.expect.evidence import Attachment, Log, attach
from replay.expect.finding import Finding, Party, Severity, shortened
from replay.expect.scenarios.model import Scenario
from replay.expect.schedule import QUIET, Quiet, schedule_of
from replay.expect.sequence import Departure, Run, run
from replay.expect.settled import is_settled
from replay.expect.silence import Silence, silence_of
from replay.expect.unseen import Unseen
from replay.syncml.credentials import Secret
from replay.syncml.model import Command, Message
from replay.syncml.places import locate


class Options(Struct, frozen=True, kw_only=True):
    """How to judge: the quiet time in seconds (None: the device's own schedule), the scenario that is expected, the end of the
    time to be judged (seconds since 1970), the secrets of devices that are known, the kind of enrolment that was made, and
    evidence from the device, with the seconds by which its clock is ahead of the recorder's (None: to be estimated)."""

    quiet: float | None = QUIET
    expect: Scenario | None = None
    until: float | None = None
    secrets: tuple[Secret, ...] = ()
    enrolment: EnrolmentKind | None = None
    evidence: Log | None = None
    evidence_offset: float | None = None


class Spot(Struct, frozen=True):
    """A place that a finding shows: an exchange, one side of it, and an element there."""

    turn: Turn | None = None
    side: str | None = None
    places: tuple[int, ...] = ()
    tail: tuple[str | tuple[str, int], ...] = ()


class Rule(Struct, frozen=True, kw_only=True):
    """A rule's identity, as the catalogue has it. `party` is None where it falls to whoever sent the message. `scope` is what its
    `check` is given: `episode` (an EpisodeCase), `message` (a Said) or `capture` (the Case)."""

    id: str
    name: str
    severity: Severity
    party: Party | None
    source: str
    scope: str


class Said:
    """One message that is judged: who said it, where, in which session, and what it holds. `commands` are all of them with their
    places, those inside Atomic and Sequence too."""

    __slots__ = ("_content_type", "case", "contents", "message", "party", "side", "turn")

    def __init__(self, case: "Case", turn: Turn, side: str, contents: Contents) -> None:
        self.case = case
        self.turn = turn
        self.side = side
        self.contents = contents
        self.message = contents.message
        #: The sender.
        self.party = Party.DEVICE if side == REQUEST else Party.SERVER
        self._content_type: str | None = None

    @property
    def session(self) -> Session | None:
        """The session that the message belongs to; None where it has none (no readable header)."""
        return self.case.traffic.session_of(self.turn)

    @property
    def headers(self) -> Headers:
        """The headers that the message came with; empty where the source has none."""
        exchange = self.turn.exchange
        if self.side == REQUEST:
            return exchange.headers
        return exchange.response.headers if exchange.response else ()

    @property
    def content_type(self) -> str | None:
        """Content-Type of the request or response that the message came in, as it stands; looked up once."""
        if self._content_type is None:
            self._content_type = header(self.headers, "content-type")
        return self._content_type

    @property
    def commands(self) -> list[tuple[tuple[int, ...], Command]]:
        """Every command with its place (`Message.walk`)."""
        return self.contents.commands

    def finding(
        self,
        rule: Rule,
        message: str,
        *,
        places: tuple[int, ...] = (),
        tail: tuple[str | tuple[str, int], ...] = (),
        severity: Severity | None = None,
    ) -> Finding:
        """A finding on this message, at an element of it (`Spot`)."""
        spot = Spot(self.turn, self.side, places, tail)
        return self.case.finding(rule, message, spot=spot, severity=severity)


class EpisodeCase:
    """One episode, with everything that is worked out of it once."""

    def __init__(self, episode: Episode, case: "Case") -> None:
        self.episode = episode
        self.case = case

    @cached_property
    def run(self) -> Run:
        """The episode run through the sequence machine."""
        return run(self.episode)

    @cached_property
    def window(self) -> Window | None:
        """The window of silence."""
        until, capture = self.case.options.until, self.case.traffic.capture
        clock = None if until is None else capture.clock_at(until)
        return window_of(self.episode, capture, None if until is None or clock is None else Moment(until, clock))

    @cached_property
    def silence(self) -> Silence | None:
        """What is known of the silence; None where the enrolment stays and none is expected."""
        return silence_of(self.case.unseen, self.episode, self.run, self.window, self.quiet)

    @cached_property
    def own_exchanges(self) -> set[int]:
        """Numbers of the exchanges that are this episode's own: those of its alert sessions, and its triggers."""
        sessions = {seen.session.number: seen.session for seen in self.episode.alerts}
        own = {turn.number for session in sessions.values() for turn in session.turns}
        return own | {seen.turn.number for seen in self.episode.execs}

    @cached_property
    def advice(self) -> list[Advice]:
        """What the document has to say of this episode."""
        return advice_on(self.case.options.enrolment, self.episode)

    @cached_property
    def evidence(self) -> Evidence | None:
        """What the device's own evidence says of it; None where there is none that belongs to it."""
        attached = self.case.attachment.by_episode.get(self.episode.number)
        if attached is None:
            return None
        return evidence_of(attached, self.case.traffic, self.episode, self.window, self.quiet.seconds)

    @cached_property
    def quiet(self) -> Quiet:
        """The quiet time: as it was given, or by the device's own schedule."""
        given = self.case.options.quiet
        return schedule_of(self.case.traffic, self.episode) if given is None else Quiet(given)


class Case:
    """One capture to be judged."""

    def __init__(self, traffic: Traffic, options: Options) -> None:
        self.traffic = traffic
        self.options = options
        self.episodes = [EpisodeCase(episode, self) for episode in find_episodes(traffic)]

    @cached_property
    def said(self) -> list[Said]:
        """Every message that is judged, in order. What the proxy made is none, nor is the body of an HTTP error (rules)."""
        found = []
        for turn in self.traffic.turns:
            asked, answered = turn.request_contents, turn.response_contents
            if asked is not None:
                found.append(Said(self, turn, REQUEST, asked))
            answer = turn.exchange.response
            if answered is not None and (answer is None or answer.by != "proxy"):
                found.append(Said(self, turn, RESPONSE, answered))
        return found

    @cached_property
    def attachment(self) -> Attachment:
        """Which of the episodes that are judged the device's evidence belongs to."""
        log = self.options.evidence
        episodes = [each.episode for each in self.episodes]
        return attach(log, episodes, self.options.evidence_offset) if log is not None else Attachment({})

    @cached_property
    def dialogues(self) -> list[Dialogue]:
        """Every session with its messages and their answers, in order."""
        known = {dialogue.session.number: dialogue for dialogue in self.unsettled}
        return [
            known[session.number] if session.number in known else Dialogue(session, self.unseen)
            for session in self.traffic.sessions
        ]

    @cached_property
    def unsettled(self) -> list[Dialogue]:
        """The sessions, in order, in which not every message is answered as it should be (`is_settled`)."""
        return [Dialogue(session, self.unseen) for session in self.traffic.sessions if not is_settled(session)]

    @cached_property
    def unseen(self) -> Unseen:
        """What of the capture was not seen."""
        return Unseen(self.traffic)

    @cached_property
    def alert_carriers(self) -> set[int]:
        """Numbers of the exchanges whose request carries an alert."""
        return {seen.turn.number for each in self.episodes for seen in each.episode.alerts}

    @cached_property
    def alert_turns(self) -> set[int]:
        """Numbers of the exchanges that belong to an alert session."""
        sessions = {seen.session.number: seen.session for each in self.episodes for seen in each.episode.alerts}
        return {turn.number for session in sessions.values() for turn in session.turns}

    @cached_property
    def episodes_at(self) -> dict[int, tuple[int, ...]]:
        """The numbers of the episodes that an exchange is one of the own exchanges of."""
        found: dict[int, list[int]] = {}
        for each in self.episodes:
            for exchange in each.own_exchanges:
                found.setdefault(exchange, []).append(each.episode.number)
        return {exchange: tuple(numbers) for exchange, numbers in found.items()}

    @cached_property
    def answered_terms(self) -> set[Terms]:
        """On what terms (scheme, host and port; certificate shown to the server) the server itself answered anything."""
        capture = self.traffic.capture
        beyond = capture.beyond.answered if capture.beyond is not None else set()
        return beyond | answered_terms(capture.exchanges)

    def finding(
        self,
        rule: Rule,
        message: str,
        *,
        spot: Spot | None = None,
        severity: Severity | None = None,
        party: Party | None = None,
        episode: Episode | None = None,
    ) -> Finding:
        """A finding of a rule, at a spot, with the place worked out from the bytes there."""
        spot = spot or Spot()
        place = None
        on_side = _message_on(spot)
        if on_side is not None and (spot.places or spot.tail):
            place = locate(on_side, spot.places, spot.tail)
        session = self.traffic.session_of(spot.turn) if spot.turn else None
        return Finding(
            rule=rule.id,
            severity=severity or rule.severity,
            party=party or rule.party or _sender_of(spot),
            message=shortened(message),
            exchange=spot.turn.number if spot.turn else None,
            side=spot.side,
            session=session.number if session else None,
            episode=episode.number if episode else None,
            path=shortened(place.path) or None if place else None,
            line=place.line if place else None,
            source=rule.source,
        )

    def departure(
        self, rule: Rule, departure: Departure, message: str, episode: Episode, severity: Severity | None = None
    ) -> Finding:
        """A finding for a departure from the sequence, at the message that departs."""
        spot = Spot(departure.turn, "request", departure.place)
        return self.finding(rule, message, spot=spot, severity=severity, episode=episode)


def _sender_of(spot: Spot) -> Party:
    """Who sent what is on that side: a request is the device's message, a response the server's (contract)."""
    return Party.SERVER if spot.side == RESPONSE else Party.DEVICE


def _message_on(spot: Spot) -> Message | None:
    if spot.turn is None:
        return None
    return spot.turn.request if spot.side == "request" else spot.turn.response


def name_sessions(sessions: Sequence[Session]) -> str:
    """Sessions in words: `session 4 (SessionID 12)`, and how many more there are."""
    first = sessions[0]
    more = f", and {len(sessions) - 1} more" if len(sessions) > 1 else ""
    return f"session {first.number} (SessionID {first.session_id}){more}"
