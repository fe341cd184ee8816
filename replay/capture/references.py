"""Numbers into references: what a Status, Results or asynchronous Alert answers (facts B13; architecture, "The reference graph").

MsgID and CmdID are text and mean something within their session only. Rules, normalisation and comparison work on what
is found here, never on the numbers.
"""

from bisect import bisect_left
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
    heard: dict[str, dict[str | None, _Heard]] = {REQUEST: {}, RESPONSE: {}}
    execs = _Execs(session)
    found: list[Reference] = []
    for turn in session.turns:
        for side, message in ((REQUEST, turn.request), (RESPONSE, turn.response)):
            if message is None:
                continue
            peers = heard[RESPONSE if side == REQUEST else REQUEST]
            found += [Reference(answer, _target(answer, peers, execs)) for answer in _answers(turn, side, message)]
            # of a MsgID that was used twice the later message is meant from here on
            heard[side][message.header.msg_id] = _Heard(turn, side, message)
    return found


class _Heard:
    """A message that a side has sent, with its commands by CmdID, looked up once it is answered."""

    def __init__(self, turn: Turn, side: str, message: Message) -> None:
        self.turn, self.side, self.message = turn, side, message
        self._first: dict[tuple[str | None, str | None], Sent] | None = None

    def command(self, answer: Status | Results) -> Sent | None:
        """The command of that CmdID; of several the one of that name, because a Status names its command."""
        if self._first is None:
            self._first = {}
            for place, command in self.message.walk():
                sent = Sent(self.turn, self.side, place, command)
                self._first.setdefault((command.cmd_id, command.name), sent)
                self._first.setdefault((command.cmd_id, None), sent)
        return self._first.get((answer.cmd_ref, answer.cmd)) or self._first.get((answer.cmd_ref, None))


def _answers(turn: Turn, side: str, message: Message) -> Iterator[Sent]:
    for place, command in message.walk():
        if isinstance(command, (Status, Results)) or (isinstance(command, Alert) and command.correlator):
            yield Sent(turn, side, place, command)


def _target(answer: Sent, peers: dict[str | None, _Heard], execs: "_Execs") -> Sent | None:
    command = answer.command
    if isinstance(command, Alert):
        return execs.before(answer.turn, command.correlator)
    if not isinstance(command, (Status, Results)) or command.cmd_ref is None:
        return None
    msg_ref = command.msg_ref or ("1" if isinstance(command, Results) else None)
    heard = peers.get(msg_ref) if msg_ref is not None else None
    if heard is None:
        return None
    if command.cmd_ref == "0" and isinstance(command, Status):
        return Sent(heard.turn, heard.side)
    return heard.command(command)


class _Execs:
    """The Execs with a Correlator of an enrolment, which asynchronous Alerts answer, in whatever later session."""

    def __init__(self, session: "Session") -> None:
        self._enrolment = session.enrolment

    def before(self, turn: Turn, correlator: str | None) -> Sent | None:
        """The last Exec of that Correlator which the server had sent by the time of a turn."""
        if self._enrolment.correlated is None:
            self._enrolment.correlated = {}
            for sent in self._sent():
                if isinstance(sent.command, Exec) and sent.command.correlator:
                    self._enrolment.correlated.setdefault(sent.command.correlator, []).append(sent)
        known = self._enrolment.correlated.get(correlator or "", [])
        found = bisect_left(known, turn.exchange.order, key=lambda sent: sent.turn.exchange.order)
        return known[found - 1] if found else None

    def _sent(self) -> Iterator[Sent]:
        """What the server sent, in order."""
        for _, turn in self._enrolment.timeline():
            if turn.response is not None:
                for place, command in turn.response.walk():
                    yield Sent(turn, RESPONSE, place, command)
