"""Numbers into references: what a Status, Results or asynchronous Alert answers (facts B13; architecture, "The reference graph").

MsgID and CmdID are text and mean something within their session only. Rules, normalisation and comparison work on what
is found here, never on the numbers.
"""

from bisect import bisect_left
from typing import TYPE_CHECKING

from msgspec import Struct

from replay.capture.contents import Contents, Place
from replay.capture.turns import Turn
from replay.syncml.model import Alert, Command, Results, Status

if TYPE_CHECKING:
    from replay.capture.sessions import Enrolment, Session

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
    asked: dict[str | None, _Heard] = {}
    answered: dict[str | None, _Heard] = {}
    found: list[Reference] = []
    for turn in session.turns:
        request, response = turn.request_contents, turn.response_contents
        # of a MsgID that was used twice the later message is meant from here on
        if request is not None:
            for place, command in request.answers:
                to = _target(session, turn, command, answered)
                found.append(Reference(Sent(turn, REQUEST, place, command), to))
            asked[request.message.header.msg_id] = _Heard(turn, REQUEST, request)
        if response is not None:
            for place, command in response.answers:
                to = _target(session, turn, command, asked)
                found.append(Reference(Sent(turn, RESPONSE, place, command), to))
            answered[response.message.header.msg_id] = _Heard(turn, RESPONSE, response)
    return found


class _Heard:
    """A message that a side has sent, with its commands by CmdID and name where a CmdID alone does not tell."""

    __slots__ = ("_first", "contents", "side", "turn")

    def __init__(self, turn: Turn, side: str, contents: Contents) -> None:
        self.turn, self.side, self.contents = turn, side, contents
        self._first: dict[tuple[str | None, str | None], tuple[Place, Command]] | None = None

    def command(self, answer: Status | Results) -> Sent | None:
        """The command of that CmdID; of several the one of that name, because a Status names its command."""
        contents = self.contents
        alone = len(contents.by_id) == len(contents.commands)
        found = contents.by_id.get(answer.cmd_ref) if alone else self._of_several(answer)
        return Sent(self.turn, self.side, *found) if found is not None else None

    def _of_several(self, answer: Status | Results) -> tuple[Place, Command] | None:
        if self._first is None:
            self._first = {}
            for each in self.contents.commands:
                command = each[1]
                self._first.setdefault((command.cmd_id, command.name), each)
                self._first.setdefault((command.cmd_id, None), each)
        return self._first.get((answer.cmd_ref, answer.cmd)) or self._first.get((answer.cmd_ref, None))


def _target(
    session: "Session", turn: Turn, command: Status | Results | Alert, peers: dict[str | None, _Heard]
) -> Sent | None:
    if isinstance(command, Alert):
        return _exec_before(session.enrolment, turn, command.correlator)
    if command.cmd_ref is None:
        return None
    msg_ref = command.msg_ref or ("1" if isinstance(command, Results) else None)
    heard = peers.get(msg_ref) if msg_ref is not None else None
    if heard is None:
        return None
    if command.cmd_ref == "0" and isinstance(command, Status):
        return Sent(heard.turn, heard.side)
    return heard.command(command)


def _exec_before(enrolment: "Enrolment", turn: Turn, correlator: str | None) -> Sent | None:
    """The last Exec of that Correlator which the server had sent by the time of a turn. Asynchronous Alerts answer it in whatever
    later session of the enrolment."""
    if enrolment.correlated is None:
        enrolment.correlated = {}
        for _, sent_in in enrolment.timeline():
            contents = sent_in.response_contents
            for place, command in contents.execs if contents is not None else ():
                if command.correlator:
                    sent = Sent(sent_in, RESPONSE, place, command)
                    enrolment.correlated.setdefault(command.correlator, []).append(sent)
    known = enrolment.correlated.get(correlator or "", [])
    found = bisect_left(known, turn.exchange.order, key=lambda sent: sent.turn.exchange.order)
    return known[found - 1] if found else None
