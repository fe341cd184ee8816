"""Exchanges into sessions, and sessions into enrolments (contract, "Words")."""

from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Final

from msgspec import Struct, field

from replay.capture.enrolling import Devices, devices_of
from replay.capture.exchange import Capture, Moment, address_host
from replay.capture.references import Reference, Sent, resolve
from replay.capture.turns import ENROLMENT, Turn, host_of, read_turn, server_of
from replay.syncml.unenrol import alerts, execs

#: A byte-identical package 1 within this many seconds of an unanswered one is a retransmission (contract).
_RETRANSMISSION: Final = 60.0
_DIGITS: Final = 18


class Session(Struct):
    """The exchanges of one OMA DM session: same device, same server, same SessionID, from a message with MsgID 1 on.

    `retransmissions` holds the numbers of exchanges that sent package 1 again, byte for byte.
    """

    number: int
    device: str | None
    server: str
    session_id: str | None
    turns: list[Turn]
    enrolment: "Enrolment"
    retransmissions: set[int] = field(default_factory=set)
    moved_to: set[str] = field(default_factory=set)
    resolved: list[Reference] | None = None
    stood: "dict[int, _Standing] | None" = None

    def references(self) -> list[Reference]:
        """Every answer in this session with what it answers; worked out once the session is whole."""
        if self.resolved is None:
            self.resolved = resolve(self)
        return self.resolved

    def add(self, turn: Turn) -> None:
        """Appends a turn."""
        self.turns.append(turn)
        self.stood = None
        if turn.response is not None and turn.response.header.resp_uri:
            self.moved_to.add(server_of(turn.response.header.resp_uri))

    @property
    def order(self) -> float:
        """Order of its first message among all events."""
        return self.turns[0].exchange.order

    @property
    def at(self) -> Moment | None:
        """When its first message was sent."""
        return self.turns[0].exchange.at

    @property
    def ended(self) -> tuple[float, Moment | None]:
        """Order and moment of the last that is known of it."""
        return max((turn.exchange.ended for turn in self.turns), key=lambda end: end[0])

    @property
    def from_start(self) -> bool:
        """Whether the capture has its first message."""
        return self.turns[0].message_id == "1"

    @property
    def roles(self) -> list[str]:
        """What it is in an unenrolment: it carries the alert, the Exec, both, or it is an ordinary one."""
        roles = []
        if any(turn.request and next(alerts(turn.request), None) for turn in self.turns):
            roles.append("alert")
        if any(turn.response and next(execs(turn.response), None) for turn in self.turns):
            roles.append("exec")
        return roles or ["ordinary"]

    def opens_package_one(self, turn: Turn) -> bool:
        """Whether a turn of this session carries package 1: its first message, a retransmission of it, or its re-send
        after a challenge (DMP 9, UNENR)."""
        return turn.message_id == "1" or self.asked_for(turn)

    def asked_for(self, turn: Turn) -> bool:
        """Whether the server asked for a turn's message: it answered every one before it in this session with a challenge
        or a redirect. One that did not reach the server was not answered, and says nothing."""
        return self._standing_of(turn).asked_for

    def may_be_asked_for(self, turn: Turn) -> bool:
        """Whether the server asked for a turn's message for all that is known: an answer that cannot be read may have been a
        challenge."""
        return self._standing_of(turn).may_be_asked_for

    def place_of(self, turn: Turn) -> int:
        """The place of a turn among those of this session, from 0."""
        return self._standing_of(turn).place

    def _standing_of(self, turn: Turn) -> "_Standing":
        if self.stood is None:
            self.stood = {each.turn.number: each for each in _standings(self.turns)}
        return self.stood[turn.number]


class _Standing(Struct, frozen=True):
    """Where a turn stands in its session, and whether the server asked for its message."""

    turn: Turn
    place: int
    asked_for: bool
    may_be_asked_for: bool


def _standings(turns: Iterable[Turn]) -> Iterator[_Standing]:
    asked = may = False  # whether any of the turns so far was asked for again
    all_asked = all_may = True
    for place, turn in enumerate(turns):
        yield _Standing(turn, place, asked and all_asked, may and all_may)
        delivered = turn.exchange.delivered
        asked, all_asked = asked or turn.asked_again, all_asked and (turn.asked_again or not delivered)
        may, all_may = may or turn.may_ask_again, all_may and (turn.may_ask_again or not delivered)


class Enrolment(Struct):
    """A device at a server, from its first session, or an enrolment request, to the next enrolment request."""

    number: int
    device: str | None
    server: str
    sessions: list[Session] = field(default_factory=list)
    ended_at: Moment | None = None
    ended_by: int | None = None
    in_order: list[tuple[Session, Turn]] | None = None
    correlated: dict[str, list[Sent]] | None = None

    def timeline(self) -> list[tuple[Session, Turn]]:
        """Every turn of its sessions, in order of time; worked out once the enrolment is whole."""
        if self.in_order is None:
            turns = [(session, turn) for session in self.sessions for turn in session.turns]
            self.in_order = sorted(turns, key=lambda each: each[1].exchange.order)
        return self.in_order


class Traffic(Struct):
    """A capture, read and grouped: every turn in order, sessions, enrolments, and what belongs to none.

    `enrolling` are the enrolment requests, `unattributed` those whose device could not be told.
    """

    capture: Capture
    turns: list[Turn]
    sessions: list[Session] = field(default_factory=list)
    enrolments: list[Enrolment] = field(default_factory=list)
    enrolling: list[Turn] = field(default_factory=list)
    unattributed: list[Turn] = field(default_factory=list)
    addresses: dict[str, set[str]] = field(default_factory=dict)
    certificates: dict[str, set[str]] = field(default_factory=dict)
    by_exchange: dict[int, Session] = field(default_factory=dict)
    enrolling_at: dict[str | None, list[Turn]] | None = None

    def enrolling_from(self, addresses: Iterable[str | None]) -> list[Turn]:
        """The enrolment requests from client addresses (without the port; None for those that have none), by address."""
        if self.enrolling_at is None:
            self.enrolling_at = {}
            for turn in self.enrolling:
                self.enrolling_at.setdefault(address_host(turn.exchange.client), []).append(turn)
        return [turn for address in addresses for turn in self.enrolling_at.get(address, ())]

    @property
    def readable(self) -> int:
        """How many exchanges carry a readable OMA DM message."""
        return sum(turn.readable for turn in self.turns)

    def session_of(self, turn: Turn) -> Session | None:
        """The session that a turn belongs to."""
        return self.by_exchange.get(turn.number)


def assemble(capture: Capture, *, lenient: bool = False) -> Traffic:
    """Reads every exchange of a capture and groups them, in order of time; `lenient` reads messages as documents have them."""
    turns = [read_turn(exchange, lenient=lenient) for exchange in sorted(capture.exchanges, key=lambda e: e.order)]
    return group(capture, turns)


def group(capture: Capture, turns: list[Turn]) -> Traffic:
    """Turns that were read, in order of time, into sessions and enrolments."""
    traffic = Traffic(capture, turns)
    _note_origins(traffic)
    grouping = _Grouping(traffic)
    for turn in turns:
        if turn.kind == ENROLMENT:
            traffic.enrolling.append(turn)
            grouping.enrol(turn)
        elif turn.readable:
            grouping.place(turn)
    return traffic


def _note_origins(traffic: Traffic) -> None:
    """Which devices were seen at which client address and with which certificate."""
    beyond = traffic.capture.beyond
    if beyond is not None:
        traffic.addresses = {address: set(devices) for address, devices in beyond.addresses.items()}
        traffic.certificates = {sha256: set(devices) for sha256, devices in beyond.certificates.items()}
    for turn in traffic.turns:
        if (device := turn.device) is not None:
            exchange = turn.exchange
            if host := address_host(exchange.client):
                traffic.addresses.setdefault(host, set()).add(device)
            if exchange.client_cert and exchange.client_cert.sha256:
                traffic.certificates.setdefault(exchange.client_cert.sha256, set()).add(device)


class _Known:
    """The sessions of one device and SessionID: by their server, by those that a server sent them to (RespURI), with a redirect
    as the last answer, and by the MsgID that comes next."""

    def __init__(self) -> None:
        self.at: dict[str, Session] = {}
        self.sent_to: dict[str, Session] = {}
        self.redirected: list[Session] = []
        self.next: dict[int, list[Session]] = {}

    def continued(self, turn: Turn) -> Session | None:
        """The session that a turn goes on with, the newest of several; None where it opens one. At another server it goes on where
        the server itself sent it there, or where its MsgID is the next one (contract)."""
        while self.redirected and not _is_redirect(self.redirected[-1].turns[-1]):
            self.redirected.pop()
        found = [self.at.get(turn.server), self.sent_to.get(turn.server), *self.redirected[-1:]]
        session = max((each for each in found if each is not None), key=lambda each: each.number, default=None)
        if session is not None:
            return None if turn.message_id == "1" and not _sent_again(session, turn) else session
        number = message_number(turn.message_id)
        waiting = self.next.get(number, []) if number is not None and turn.message_id != "1" else []
        while waiting and _next_number(waiting[-1].turns[-1]) != number:
            waiting.pop()
        return waiting[-1] if waiting else None

    def take(self, session: Session, turn: Turn) -> None:
        """Puts a turn into a session."""
        session.add(turn)
        newest = self.at.get(session.server)
        if newest is None or newest.number < session.number:
            self.at[session.server] = session
        if session.moved_to:
            self.sent_to.update(dict.fromkeys(session.moved_to, session))
        if _is_redirect(turn):
            self.redirected.append(session)
        number = _next_number(turn)
        if number is not None:
            self.next.setdefault(number, []).append(session)


def _is_redirect(turn: Turn) -> bool:
    response = turn.exchange.response
    return response is not None and 300 <= response.status < 400


def _next_number(turn: Turn) -> int | None:
    """The MsgID that comes after a turn's."""
    number = message_number(turn.message_id)
    return None if number is None else number + 1


class _Grouping:
    """The sessions and enrolments that are open while the turns go by."""

    def __init__(self, traffic: Traffic) -> None:
        self.traffic = traffic
        self.by_id: dict[tuple[str | None, str | None], _Known] = {}
        self.current: dict[str | None, dict[str, Enrolment]] = {}
        self.devices = Devices()

    def place(self, turn: Turn) -> None:
        """Puts a turn into the session that it goes on with, or into a new one."""
        device, session_id = turn.device, turn.session_id
        known = self.by_id.get((device, session_id))
        session = known.continued(turn) if known is not None else None
        if known is None:
            known = self.by_id[device, session_id] = _Known()
        if session is None:
            enrolment = self._enrolment(device, turn.server)
            session = Session(len(self.traffic.sessions) + 1, device, turn.server, session_id, [], enrolment)
            enrolment.sessions.append(session)
            self.traffic.sessions.append(session)
        elif _is_retransmission(session, turn):
            session.retransmissions.add(turn.number)
        known.take(session, turn)
        self.traffic.by_exchange[turn.number] = session

    def _enrolment(self, device: str | None, server: str) -> Enrolment:
        by_server = self.current.setdefault(device, {})
        enrolment = by_server.get(server)
        if enrolment is None:
            if device:
                self.devices.add(device)
            enrolment = Enrolment(len(self.traffic.enrolments) + 1, device, server)
            by_server[server] = enrolment
            self.traffic.enrolments.append(enrolment)
        return enrolment

    def enrol(self, turn: Turn) -> None:
        """Ends the enrolments of the device that enrols again; notes the request where its device cannot be told.

        A request that was refused (HTTP 400 or more) or never reached the server enrols nobody.
        """
        exchange = turn.exchange
        if not exchange.delivered or (exchange.response is not None and exchange.response.status >= 400):
            return
        if not self.current:
            return
        devices = devices_of(turn, self.devices, self.traffic.addresses, self.traffic.certificates)
        if devices is None:
            self.traffic.unattributed.append(turn)
            return
        for device in devices:
            self.devices.discard(device)
            for ended in self.current.pop(device, {}).values():
                ended.ended_at, ended.ended_by = exchange.at, exchange.number


def _sent_again(session: Session, turn: Turn) -> bool:
    """Whether a message with MsgID 1 belongs to a session that has one: a retransmission, or the answer to a challenge
    or a redirect in HTTP."""
    last = session.turns[-1]
    response = last.exchange.response
    if last.message_id == "1" and response is not None and (response.status in (401, 407) or _is_redirect(last)):
        return True
    return _is_retransmission(session, turn)


def _is_retransmission(session: Session, turn: Turn) -> bool:
    """A byte-identical package 1 within 60 s of one that was not answered (contract)."""
    if turn.message_id != "1":
        return False
    for before in reversed(session.turns):
        if before.message_id == "1":
            answer = before.exchange.response
            answered = before.exchange.answered and answer is not None and answer.order <= turn.exchange.order
            if answered or before.exchange.body != turn.exchange.body:
                return False
            if before.exchange.at is None or turn.exchange.at is None:
                return True
            return turn.exchange.at.clock - before.exchange.at.clock <= _RETRANSMISSION
    return False


@lru_cache(maxsize=1024)
def message_number(text: str | None) -> int | None:
    """A MsgID as a number; None for what is none, or has more digits than any count has."""
    if not text or len(text) > _DIGITS or not (text.isascii() and text.isdigit()):
        return None
    return int(text)


def same_host(one: str, other: str) -> bool:
    """Whether two servers or URLs are the same scheme, host and port."""
    return host_of(one) == host_of(other)
