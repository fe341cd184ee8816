"""What a recorded server did: for each device its sessions, and in each, message by message, the answer or the end without one.

What a live device is to be answered `replay.play.server` decides.
"""

import enum
from collections.abc import Hashable
from typing import Final

from msgspec import Struct, field

from replay.capture.exchange import Exchange, header
from replay.capture.references import REQUEST, RESPONSE
from replay.capture.sessions import Session, Traffic
from replay.capture.turns import Turn
from replay.play.pointing import Answer, Place, answers_of, command_key
from replay.play.proofs import proves_itself
from replay.syncml.model import Status
from replay.syncml.names import CHALLENGES
from replay.syncml.unenrol import alerts

#: The Status for a chunk of a large object that is not the last (DMP 7).
CHUNK: Final = "213"


class End(enum.StrEnum):
    """How an exchange ends for the device."""

    ANSWER = "an answer"
    CLOSE = "a closed connection, without an answer"
    RESET = "a connection that is reset, without an answer"
    CUT = "an answer that is cut off"
    HANG = "no answer, however long the device waits"
    #: the recording does not say
    UNKNOWN = "nothing that was recorded"


#: Ends by the journal's causes, where no answer came. Whoever gave up first, the server had not answered.
_WITHOUT_ANSWER: Final = {
    "server-closed": End.CLOSE,
    "other": End.CLOSE,
    "server-reset": End.RESET,
    "truncated": End.CUT,
    "client-closed": End.HANG,
    "timeout": End.HANG,
    "proxy-stopped": End.HANG,
}


class ServerStep(Struct, frozen=True):
    """A recorded device message and what the server did about it.

    `answers` is what of the server's message answers the device's. `challenge` says that it asked for credentials, `proves` that
    the device's message carried some. `goes_on` says that the device's package was not at its end, and the server asked for
    the rest. `sent_again` says that the device had sent this before, byte for byte.
    """

    turn: Turn
    end: End
    answers: tuple[Answer, ...] = ()
    challenge: bool = False
    proves: bool = False
    goes_on: bool = False
    sent_again: bool = False

    @property
    def number(self) -> int:
        """The recorded exchange's number."""
        return self.turn.number


class ServerSession(Struct, frozen=True):
    """A recorded session: its steps in order; `alert` says that it opens with the unenrolment alert; `proves` that the server let
    nobody in without credentials."""

    session: Session
    steps: tuple[ServerStep, ...]
    alert: bool
    proves: bool


class ServerPart(Struct):
    """What the server did for one device. `addresses` are the URLs by which the recording names the server, `users` the names in
    LocName; `codes` are the Status codes that it gave, by what tells a command from others."""

    device: str | None
    sessions: list[ServerSession] = field(default_factory=list)
    addresses: set[str] = field(default_factory=set)
    users: set[str] = field(default_factory=set)
    codes: dict[Hashable, str] = field(default_factory=dict)


def server_parts(traffic: Traffic, *, device: str | None = None) -> list[ServerPart]:
    """The part of the server for each device of a capture, or for one, in order of their first message."""
    found: dict[str | None, ServerPart] = {}
    for session in traffic.sessions:
        if device is None or session.device == device:
            part = found.setdefault(session.device, ServerPart(session.device))
            _take(part, session)
    return [part for part in found.values() if part.sessions]


def _take(part: ServerPart, session: Session) -> None:
    """Notes a session of the part's device."""
    turns = [turn for turn in session.turns if turn.exchange.delivered]
    if not turns:
        return
    pointing = _pointing(session)
    steps = tuple(_step(session, turn, pointing) for turn in turns)
    first = turns[0].request
    part.sessions.append(
        ServerSession(
            session,
            steps,
            alert=first is not None and next(alerts(first), None) is not None,
            proves=any(step.proves for step in steps) or any(step.challenge for step in steps),
        )
    )
    for turn in turns:
        _note_names(part, turn)
    _note_codes(part, session)


def _step(session: Session, turn: Turn, pointing: dict[int, dict[Place, tuple[int, Place]]]) -> ServerStep:
    exchange, request, response = turn.exchange, turn.request, turn.response
    own = pointing.get(turn.number, {})
    redirected = exchange.response is not None and 300 <= exchange.response.status < 400
    return ServerStep(
        turn,
        end_of(exchange),
        tuple(answers_of(response, own)) if response is not None else (),
        challenge=turn.asked_again and not redirected,
        proves=request is not None
        and (proves_itself(request, exchange.headers) or header(exchange.headers, "authorization")) is not None,
        goes_on=request is not None and not request.final and response is not None and not response.final,
        sent_again=turn.number in session.retransmissions and _came_before(session, turn),
    )


def _came_before(session: Session, turn: Turn) -> bool:
    """Whether the server had seen a retransmitted message before: the first try may never have reached it."""
    before = session.turns[: session.turns.index(turn)]
    return any(each.exchange.delivered and each.exchange.body == turn.exchange.body for each in before)


def end_of(exchange: Exchange) -> End:
    """How a recorded exchange ended for the device. A 502 that the proxy made out of a server's close is a close."""
    response, failure = exchange.response, exchange.failure
    if failure is None:
        return End.UNKNOWN if response is None else End.ANSWER
    if response is not None and response.by != "proxy":
        return End.CUT if failure.cause == "truncated" else End.ANSWER
    if response is not None and failure.cause not in ("server-closed", "server-reset"):
        return End.CUT if failure.cause == "truncated" else End.ANSWER
    return _WITHOUT_ANSWER.get(failure.cause, End.UNKNOWN)


def _pointing(session: Session) -> dict[int, dict[Place, tuple[int, Place]]]:
    """What each answer in the server's messages points to: by the exchange that it is in and its place there."""
    found: dict[int, dict[Place, tuple[int, Place]]] = {}
    for reference in session.references():
        answer, to = reference.answer, reference.to
        if answer.side == RESPONSE and to is not None and to.side == REQUEST:
            place = to.place if to.command is not None else ()
            found.setdefault(answer.turn.number, {})[answer.place] = (to.turn.number, place)
    return found


def _note_names(part: ServerPart, turn: Turn) -> None:
    """Notes by which names server and user are known. Where the server sends a device is its own address, for a player: a device
    that is being tested is never sent to the real one."""
    if turn.exchange.url:
        part.addresses.add(turn.exchange.url)
    if turn.request is not None:
        header_ = turn.request.header
        part.addresses.add((header_.target.uri if header_.target else None) or "")
        part.users.add((header_.source.name if header_.source else None) or "")
    if turn.response is not None:
        source = turn.response.header.source
        part.addresses |= {turn.response.header.resp_uri or "", (source.uri if source else None) or ""}
    response = turn.exchange.response
    if response is not None:
        part.addresses |= {header(response.headers, name) or "" for name in ("location", "content-location")}
    part.addresses = {each for each in part.addresses if each.lower().startswith(("http://", "https://"))}


def _note_codes(part: ServerPart, session: Session) -> None:
    """Notes which Status each kind of command got, the first one that was no challenge."""
    for reference in session.references():
        answer, to = reference.answer, reference.to
        status, command = answer.command, to.command if to is not None else None
        if answer.side != RESPONSE or command is None or not isinstance(status, Status) or not status.code:
            continue
        if status.code not in CHALLENGES and status.code != CHUNK:
            part.codes.setdefault(command_key(command), status.code)
