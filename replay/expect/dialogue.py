"""A session as a dialogue: its messages in order, the places where the capture lacks one, and what each message was answered.

Rules about answers (STA) must not mistake what was not recorded for what was not said. So a dialogue has a line for every message
that was or may have been said: one without a message stands for what could not be read, was not answered, or lies between two
MsgIDs that are not neighbours. A message that the device sent again is judged in its last copy alone.

One wrong reference makes several things wrong at once: it dangles or has the wrong name, and what was meant has no answer. Here it
is found out which of the Status elements are `stray`, so that each rule reports its own cause and no other.
"""

from collections.abc import Iterator
from functools import cached_property
from typing import Final

from msgspec import Struct, field

from replay.capture.references import REQUEST, RESPONSE, Reference, Sent
from replay.capture.sessions import Session
from replay.capture.turns import Turn
from replay.syncml.model import Alert, Message, Results, Status
from replay.syncml.names import CHALLENGES, CLIENT_INITIATED, NEXT_MESSAGE, SERVER_INITIATED

#: The place under which the answers to SyncHdr are kept.
HEADER: Final = ()
#: The Status of a command that is still being carried out; another follows it (RP 10).
_IN_PROGRESS: Final = "101"
#: Ends of an exchange after which the device has got nothing; of others nobody knows.
_ENDS: Final = frozenset({"server-closed", "server-reset", "client-closed", "timeout", "connect-failed", "tls-failed"})


class Line(Struct, eq=False):
    """One message of a session; `message` is None where one was or may have been said and is not known.

    `place` is its number among the lines, from 0. `repeated` says that the device sent the message again, so that this copy
    counts for nothing. `carries` are the answers in it, `answers` those that its own commands got, by their place.
    """

    place: int
    turn: Turn
    side: str
    message: Message | None = None
    repeated: bool = False
    carries: list["Answer"] = field(default_factory=list)
    answers: dict[tuple[int, ...], list["Answer"]] = field(default_factory=dict)

    @property
    def by_peer(self) -> bool:
        """Whether device or server said it: what the proxy made is no answer of the server's."""
        answer = self.turn.exchange.response
        return self.side == REQUEST or answer is None or answer.by != "proxy"

    @property
    def judged(self) -> bool:
        """Whether what is wrong with this message is to be reported."""
        return self.message is not None and not self.repeated and self.by_peer

    @property
    def speaker(self) -> str:
        """Who said it, in words."""
        return "device" if self.side == REQUEST else "server"

    @property
    def peer(self) -> str:
        """Whom it was said to, in words."""
        return "server" if self.side == REQUEST else "device"

    @property
    def msg_id(self) -> str:
        """Its MsgID, as text; empty where there is none."""
        return (self.message.header.msg_id if self.message else None) or ""

    @property
    def refused(self) -> bool:
        """Whether SyncHdr was answered with 400 or more: none of its commands was carried out (DMP 9)."""
        return any((answer.code or "")[:1] in ("4", "5") for answer in self.answers.get(HEADER, ()))

    @property
    def challenges(self) -> bool:
        """Whether it challenges the peer: a Status 401 or 407 for SyncHdr (DMP 9)."""
        return any(answer.to_header and answer.code in CHALLENGES for answer in self.carries)

    @property
    def closes(self) -> bool:
        """Whether it is the last of its package: Final, and no Alert that asks for more (DMP 6.2)."""
        return self.message is not None and self.message.final and not self.alerts(NEXT_MESSAGE)

    @property
    def opens(self) -> bool:
        """Whether it is package 1: it has the Alert that opens a session."""
        return self.alerts(CLIENT_INITIATED, SERVER_INITIATED)

    def alerts(self, *codes: str) -> bool:
        """Whether it has an Alert of one of these codes."""
        return self.message is not None and any(
            isinstance(command, Alert) and command.code in codes for command in self.message.commands
        )


class Answer(Struct, eq=False):
    """A Status or Results, in which line it is, and what it answers: the line and the command there (SyncHdr where `to` has
    no command); both None where it answers nothing that the peer is known to have sent.

    `misnamed`: its Cmd is not the name of what it answers. `twice`: that has its answer already. `stray`: it was most
    likely meant for something else.
    """

    sent: Sent
    command: Status | Results
    line: Line
    to: Sent | None = None
    target: Line | None = None
    misnamed: bool = False
    twice: bool = False
    stray: bool = False

    @property
    def code(self) -> str | None:
        """The code of a Status; None for Results."""
        return self.command.code if isinstance(self.command, Status) else None

    @property
    def to_header(self) -> bool:
        """Whether it answers SyncHdr."""
        return self.to is not None and self.to.command is None

    @property
    def expected_name(self) -> str:
        """The name of what it answers."""
        if self.to is None or self.to.command is None:
            return "SyncHdr"
        return self.to.command.name

    @property
    def about(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The items that it speaks of: TargetRef and SourceRef."""
        return self.command.target_refs, self.command.source_refs


class Dialogue:
    """A session, line by line."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.lines = _lines(session)
        self._by_side = {(line.turn.number, line.side): line for line in self.lines if line.message is not None}
        for reference in session.references():
            self._add(reference)
        for line in self.lines:
            _sort_out(line)

    @property
    def judged(self) -> Iterator[Line]:
        """The lines whose messages are judged, in order."""
        return (line for line in self.lines if line.judged)

    @cached_property
    def by_msg_id(self) -> dict[tuple[str, str], list[Line]]:
        """The known lines of a side and MsgID, in order."""
        found: dict[tuple[str, str], list[Line]] = {}
        for line in self.lines:
            if line.message is not None:
                found.setdefault((line.side, line.msg_id), []).append(line)
        return found

    def named_by(self, answer: Answer) -> list[Line]:
        """The lines that an answer's MsgRef can mean: the peer's of that MsgID, said before it."""
        msg_ref = answer.command.msg_ref or ("1" if isinstance(answer.command, Results) else "")
        said = self.by_msg_id.get((_other(answer.line.side), msg_ref), ())
        return [line for line in said if line.place < answer.line.place]

    def whole_until(self, line: Line) -> bool:
        """Whether the capture has everything that the peer had said in this session by the time of a line."""
        if not self.session.from_start:
            return False
        before = (each for each in self.lines[: line.place] if each.side != line.side)
        return all(each.message is not None and each.msg_id for each in before)

    def _add(self, reference: Reference) -> None:
        sent = reference.answer
        line = self._by_side.get((sent.turn.number, sent.side))
        command = sent.command
        if line is None or line.repeated or not isinstance(command, (Status, Results)):
            return
        answer = Answer(sent, command, line, reference.to)
        line.carries.append(answer)
        to = answer.to = _meant_literally(answer) or reference.to or self._second_look(answer)
        if to is None:
            answer.stray = True
            return
        answer.target = target = self._by_side.get((to.turn.number, to.side))
        given = command.cmd
        answer.misnamed = given != answer.expected_name and (isinstance(command, Status) or bool(given))
        answer.stray = answer.misnamed and isinstance(to.command, (Status, Results))  # nobody answers those
        if target is not None and isinstance(command, Status):
            target.answers.setdefault(to.place, []).append(answer)

    def _second_look(self, answer: Answer) -> Sent | None:
        """What an answer means that refers to nothing at first sight: a command of an earlier message of that MsgID, or one without
        a CmdID, which Windows answers with an empty CmdRef (OMADM, B7)."""
        ref, name = answer.command.cmd_ref or "", answer.command.cmd
        for line in reversed(self.named_by(answer)):
            if ref == "0" and isinstance(answer.command, Status):
                return Sent(line.turn, line.side)
            for place, command in line.message.walk() if line.message else ():
                if (command.cmd_id or "") == ref or (not command.cmd_id and name == command.name):
                    return Sent(line.turn, line.side, place, command)
        return None


def _other(side: str) -> str:
    return RESPONSE if side == REQUEST else REQUEST


def _lines(session: Session) -> list[Line]:
    lines: list[Line] = []

    def add(turn: Turn, side: str, message: Message | None, *, repeated: bool = False) -> None:
        lines.append(Line(len(lines), turn, side, message, repeated))

    turns = session.turns
    for number, turn in enumerate(turns):
        if number and not _follows(turns[number - 1], turn):
            add(turn, REQUEST, None)
            add(turn, RESPONSE, None)
        repeated = number + 1 < len(turns) and bool(turn.message_id) and turn.message_id == turns[number + 1].message_id
        add(turn, REQUEST, turn.request, repeated=repeated)
        if turn.response is not None or not _said_nothing(turn):
            add(turn, RESPONSE, turn.response, repeated=repeated)
    return lines


def _follows(before: Turn, turn: Turn) -> bool:
    """Whether a device's message is the next after another, or the same again."""
    last, mine = before.message_id or "", turn.message_id or ""
    if not last.isdecimal() or not mine.isdecimal() or len(last) > 18 or len(mine) > 18:
        return False
    return int(mine) - int(last) in (0, 1)


def _said_nothing(turn: Turn) -> bool:
    """Whether the server is known to have said nothing: an empty 200, which ends a session (facts A1.24), or an end without
    a byte of an answer."""
    response, failure = turn.exchange.response, turn.exchange.failure
    if response is None:
        return failure is not None and failure.cause in _ENDS and not failure.received
    if response.by == "proxy" or failure is not None:
        return False
    return 200 <= response.status < 300 and response.body == b""


def _meant_literally(answer: Answer) -> Sent | None:
    """The command with CmdID 0 (MSG008) that a Status of another name than SyncHdr answers."""
    status, to = answer.command, answer.to
    if to is None or to.command is not None or status.cmd in (None, "", "SyncHdr"):
        return None
    message = to.turn.request if to.side == REQUEST else to.turn.response
    for place, command in message.walk() if message else ():
        if command.cmd_id == "0" and command.name == status.cmd:
            return Sent(to.turn, to.side, place, command)
    return None


def _sort_out(line: Line) -> None:
    """Tells the answers of each command that count from those that are too many, or meant for another command."""
    for place, answers in line.answers.items():
        if len(answers) < 2:
            continue
        alike: dict[object, list[Answer]] = {}
        for answer in answers:
            if answer.code != _IN_PROGRESS:
                alike.setdefault(answer.about, []).append(answer)
        for same in alike.values():
            # a message that was refused is sent again, with the answers in it (DMP 9)
            counted = [answer for answer in same if not answer.line.refused] or same[-1:]
            right = [answer for answer in counted if not answer.misnamed]
            wrong = [answer for answer in counted if answer.misnamed]
            for answer in right[_twins(line, place) :]:
                answer.twice = answer.stray = True
            for answer in wrong if right else wrong[1:]:
                answer.stray = True


def _twins(line: Line, place: tuple[int, ...]) -> int:
    """How many commands of a message have the CmdID and name of the one at a place; more than one is MSG009."""
    if place == HEADER or line.message is None:
        return 1
    commands = dict(line.message.walk())
    mine = commands[place]
    return sum(each.cmd_id == mine.cmd_id and each.name == mine.name for each in commands.values())
