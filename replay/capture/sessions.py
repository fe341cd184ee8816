"""Exchanges into sessions, and sessions into enrolments (contract, "Words")."""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from msgspec import Struct, field

from replay.capture.exchange import Capture, Moment, address_host
from replay.capture.references import Reference, resolve
from replay.capture.turns import DM, ENROLMENT, OPAQUE, Turn, host_of, read_turn, server_of
from replay.syncml.unenrol import alerts, execs

#: A byte-identical package 1 within this many seconds of an unanswered one is a retransmission (contract).
_RETRANSMISSION: Final = 60.0
_DIGITS: Final = 18
_WORD: Final = re.compile(r"[\w.:-]+")
#: The DeviceID of an enrolment request ([MS-MDE2], ContextItem), with something in it.
_DEVICE_ID: Final = re.compile(
    r"""(?:Name\s*=\s*["']DeviceID["'][^>]*>\s*<[^<>]*Value|<(?:[\w.-]+:)?DeviceID)[^<>]*>\s*[^<\s]"""
)


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
        elif turn.kind == DM and turn.readable:
            grouping.place(turn)
    return traffic


def _note_origins(traffic: Traffic) -> None:
    """Which devices were seen at which client address and with which certificate."""
    for turn in traffic.turns:
        if turn.kind == DM and turn.device is not None:
            exchange = turn.exchange
            if host := address_host(exchange.client):
                traffic.addresses.setdefault(host, set()).add(turn.device)
            if exchange.client_cert and exchange.client_cert.sha256:
                traffic.certificates.setdefault(exchange.client_cert.sha256, set()).add(turn.device)


class _Grouping:
    """The sessions and enrolments that are open while the turns go by."""

    def __init__(self, traffic: Traffic) -> None:
        self.traffic = traffic
        self.by_id: dict[tuple[str | None, str | None], list[Session]] = {}
        self.current: dict[tuple[str | None, str], Enrolment] = {}

    def place(self, turn: Turn) -> None:
        """Puts a turn into the session that it goes on with, or into a new one."""
        known = self.by_id.setdefault((turn.device, turn.session_id), [])
        session = _continued(known, turn)
        if session is None:
            enrolment = self._enrolment(turn)
            session = Session(len(self.traffic.sessions) + 1, turn.device, turn.server, turn.session_id, [], enrolment)
            enrolment.sessions.append(session)
            self.traffic.sessions.append(session)
            known.append(session)
        elif _is_retransmission(session, turn):
            session.retransmissions.add(turn.number)
        session.add(turn)
        self.traffic.by_exchange[turn.number] = session

    def _enrolment(self, turn: Turn) -> Enrolment:
        key = (turn.device, turn.server)
        enrolment = self.current.get(key)
        if enrolment is None:
            enrolment = Enrolment(len(self.traffic.enrolments) + 1, turn.device, turn.server)
            self.current[key] = enrolment
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
        devices = self._devices_of(turn)
        if devices is None:
            self.traffic.unattributed.append(turn)
            return
        for key in [key for key in self.current if key[0] in devices]:
            ended = self.current.pop(key)
            ended.ended_at, ended.ended_by = exchange.at, exchange.number

    def _devices_of(self, turn: Turn) -> set[str] | None:
        """The device that an enrolment request comes from: by the DeviceID in its body, its certificate, or its address
        where no other enrolment uses that. None where it cannot be told; empty where it is a device that has no
        enrolment in this capture."""
        known = {device for device, _ in self.current if device}
        body = (turn.exchange.body or b"").decode("utf-8", "replace")
        words = {word.lower() for word in _WORD.findall(body)}
        named = {device for device in known if _is_named(device, body, words)}
        if named or _DEVICE_ID.search(body):  # a DeviceID that is nobody's here is a new device's
            return named
        cert = turn.exchange.client_cert
        if cert is not None and cert.sha256 in self.traffic.certificates:
            same = self.traffic.certificates[cert.sha256]
            return same if len(same) == 1 else None
        same = self.traffic.addresses.get(address_host(turn.exchange.client) or "", set())
        if cert is not None and any(same & owners for owners in self.traffic.certificates.values()):
            return None  # the device at this address shows another certificate: it may be somebody else
        return same if len(same) == 1 else None


def _is_named(device: str, body: str, words: set[str]) -> bool:
    """Whether a device's id stands in a body as a word of its own."""
    if _WORD.fullmatch(device):
        return device.lower() in words
    return f">{device.lower()}<" in body.lower()  # an id with other characters: the whole text of an element


def _continued(known: Sequence[Session], turn: Turn) -> Session | None:
    """The session among those of the same device and SessionID that a turn goes on with, or None where it opens one."""
    for session in reversed(known):
        if session.server == turn.server or _moved(session, turn):
            if turn.message_id == "1" and not _sent_again(session, turn):
                return None
            return session
    if turn.message_id == "1":
        return None
    return next((session for session in reversed(known) if _goes_on(session, turn)), None)


def _moved(session: Session, turn: Turn) -> bool:
    """Whether the server itself sent the device to this turn's URL: by RespURI or by a redirect (contract)."""
    last = session.turns[-1]
    response = last.exchange.response
    if response is not None and 300 <= response.status < 400:
        return True
    return turn.server in session.moved_to


def _sent_again(session: Session, turn: Turn) -> bool:
    """Whether a message with MsgID 1 belongs to a session that has one: a retransmission, or the answer to a challenge
    or a redirect in HTTP."""
    last = session.turns[-1]
    response = last.exchange.response
    if (
        last.message_id == "1"
        and response is not None
        and (response.status in (401, 407) or 300 <= response.status < 400)
    ):
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


def _goes_on(session: Session, turn: Turn) -> bool:
    """Whether a message at another URL has the MsgID that comes next in a session."""
    last, mine = message_number(session.turns[-1].message_id), message_number(turn.message_id)
    return last is not None and mine == last + 1


def message_number(text: str | None) -> int | None:
    """A MsgID as a number; None for what is none, or has more digits than any count has."""
    if not text or len(text) > _DIGITS or not (text.isascii() and text.isdigit()):
        return None
    return int(text)


def same_host(one: str, other: str) -> bool:
    """Whether two servers or URLs are the same scheme, host and port."""
    return host_of(one) == host_of(other)


def requests_not_read(traffic: Traffic) -> list[Turn]:
    """Turns whose device message is there and cannot be read, opaque ones included."""
    return [turn for turn in traffic.turns if turn.kind == OPAQUE or turn.request_error is not None]
