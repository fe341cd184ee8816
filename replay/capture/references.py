"""Numbers into references: what a Status, Results or asynchronous Alert answers (facts B13; architecture, "The reference graph").

MsgID and CmdID are text and mean something within their session only. Rules, normalisation and comparison work on what
is found here, never on the numbers.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from msgspec import Struct

from replay.capture.turns import Turn
from replay.syncml.model import Alert, Command, Exec, Message, Results, Status

if TYPE_CHECKING:
    from replay.capture.sessions import Session

REQUEST = "request"
RESPONSE = "response"


class Sent(Struct, frozen=True):
    """A command as it was sent: in which turn, on which side, where (`Message.walk`); SyncHdr where `command` is None."""

    turn: Turn
    side: str
    place: tuple[int, ...] = ()
    command: Command | None = None


class Reference(Struct, frozen=True):
    """An answer and what it answers; `to` is None where the peer sent no such message or command."""

    answer: Sent
    to: Sent | None


def resolve(session: "Session") -> list[Reference]:
    """Every Status, Results and correlated Alert of a session, resolved, in the order in which they were sent."""
    return [
        Reference(answer, _target(session, answer))
        for turn in session.turns
        for side, message in ((REQUEST, turn.request), (RESPONSE, turn.response))
        if message is not None
        for answer in _answers(turn, side, message)
    ]


def _answers(turn: Turn, side: str, message: Message) -> Iterator[Sent]:
    for place, command in message.walk():
        if isinstance(command, (Status, Results)) or (isinstance(command, Alert) and command.correlator):
            yield Sent(turn, side, place, command)


def _target(session: "Session", answer: Sent) -> Sent | None:
    command = answer.command
    if isinstance(command, Alert):
        return _correlated(session, command, answer.turn)
    if not isinstance(command, (Status, Results)) or command.cmd_ref is None:
        return None
    msg_ref = command.msg_ref or ("1" if isinstance(command, Results) else None)
    for turn, side, message in _heard_before(session, answer):
        if message.header.msg_id == msg_ref:
            if command.cmd_ref == "0" and isinstance(command, Status):
                return Sent(turn, side)
            found = _command(message, command)
            return Sent(turn, side, *found) if found else None
    return None


def _heard_before(session: "Session", answer: Sent) -> Iterator[tuple[Turn, str, Message]]:
    """What the peer had said by then, newest first: of a MsgID that was used twice the later one is meant."""
    place = session.turns.index(answer.turn)
    for turn in reversed(session.turns[: place + 1]):
        if answer.side == RESPONSE and turn.request is not None:
            yield turn, REQUEST, turn.request
        if answer.side == REQUEST and turn is not answer.turn and turn.response is not None:
            yield turn, RESPONSE, turn.response


def _command(message: Message, answer: Status | Results) -> tuple[tuple[int, ...], Command] | None:
    """The command of that CmdID; of several the one of that name, because a Status names its command."""
    same_id = [(place, command) for place, command in message.walk() if command.cmd_id == answer.cmd_ref]
    same_name = [(place, command) for place, command in same_id if command.name == answer.cmd]
    return next(iter(same_name or same_id), None)


def _correlated(session: "Session", alert: Alert, turn: Turn) -> Sent | None:
    """The Exec that an asynchronous Alert answers, by its Correlator, in this or an earlier session of the enrolment."""
    found = None
    for other in session.enrolment.sessions:
        for before in other.turns:
            if before.response is None or before.exchange.order > turn.exchange.order:
                continue
            for place, command in before.response.walk():
                if isinstance(command, Exec) and command.correlator == alert.correlator:
                    found = Sent(before, RESPONSE, place, command)
    return found
