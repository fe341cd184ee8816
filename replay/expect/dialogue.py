"""A session as a dialogue: its messages in order, the places where the capture lacks one, and what each message was answered.

Rules about answers (STA) must not mistake what was not recorded for what was not said. So a dialogue has a line for every message
that was or may have been said: one without a message stands for what could not be read, was not answered, or lies between two
MsgIDs that are not neighbours. A message that the device sent again is judged in its last copy alone.

One wrong reference makes several things wrong at once: it dangles or has the wrong name, and what was meant has no answer. Here it
is found out which of the Status elements are `stray`, so that each rule reports its own cause and no other.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Final

from msgspec import Struct, field

from replay.capture.contents import Contents
from replay.capture.references import REQUEST, RESPONSE, Reference, Sent
from replay.capture.sessions import Session, message_number
from replay.capture.turns import Turn
from replay.expect.unseen import Unseen
from replay.syncml.model import Command, Message, Results, Status
from replay.syncml.names import CHALLENGES, CLIENT_INITIATED, NEXT_MESSAGE, SERVER_INITIATED

#: The place under which the answers to SyncHdr are kept.
HEADER: Final = ()
#: The Status of a command that is still being carried out; another follows it (RP 10).
_IN_PROGRESS: Final = "101"
#: How many messages of one MsgID an answer may mean: a peer that gives the same to all of them breaks MSG007.
_NAMESAKES: Final = 3
#: Ends of an exchange after which the device has got nothing; of others nobody knows.
_ENDS: Final = frozenset({"server-closed", "server-reset", "client-closed", "timeout", "connect-failed", "tls-failed"})


class Line(Struct, eq=False):
    """One message of a session; `message`, and its `contents`, are None where one was or may have been said and is not known.

    `place` is its number among the lines, from 0. `repeated` says that the device sent the message again, so that this copy
    counts for nothing. `carries` are the answers in it, `answers` those that its own commands got, by their place;
    `muddled` the places where some of those are stray. `challenges`: it challenges the peer, by a Status 401 or 407 for SyncHdr.
    `refused`: its own SyncHdr was answered with 400 or more, and none of its commands was carried out (DMP 9).
    """

    place: int
    turn: Turn
    side: str
    contents: Contents | None
    message: Message | None
    repeated: bool
    carries: list["Answer"] = field(default_factory=list)
    answers: dict[tuple[int, ...], list["Answer"]] = field(default_factory=dict)
    muddled: frozenset[tuple[int, ...]] = frozenset()
    challenges: bool = False
    refused: bool = False

    @property
    def by_peer(self) -> bool:
        """Whether device or server said it: what the proxy made is no answer of the server's."""
        if self.side == REQUEST:
            return True
        answer = self.turn.exchange.response
        return answer is None or answer.by != "proxy"

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
    def closes(self) -> bool:
        """Whether it is the last of its package: Final, and no Alert that asks for more (DMP 6.2)."""
        return self.message is not None and self.message.final and not self.has_alert(NEXT_MESSAGE)

    @property
    def opens(self) -> bool:
        """Whether it is package 1: it has the Alert that opens a session."""
        return self.has_alert(CLIENT_INITIATED) or self.has_alert(SERVER_INITIATED)

    @property
    def commands(self) -> Sequence[tuple[tuple[int, ...], Command]]:
        """Every command of the message with its place (`Message.walk`); none where it is not known."""
        return self.contents.commands if self.contents is not None else ()

    def has_alert(self, code: str) -> bool:
        """Whether it has an Alert of this code, not in a group."""
        return self.contents is not None and self.contents.has_outer_alert(code)


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
    """A session, line by line. `unseen` tells what the capture may lack.

    Of its answers it is known at once whether one refers to nothing (`dangling`), has the wrong name (`misnamed`) or is one too
    many (`twice`), whether there are Results, and which codes there are: most sessions hold nothing that a rule looks for.
    """

    def __init__(self, session: Session, unseen: Unseen) -> None:
        self.session = session
        self.lines = _lines(session, unseen)
        self.dangling = self.misnamed = self.twice = self.has_results = False
        self.codes: set[str | None] = set()
        self._looked_up: dict[int, dict[tuple[str, str | None], Sent]] = {}
        self._by_side = {
            (line.turn.exchange.number, line.side): line for line in self.lines if line.message is not None
        }
        self._doubled: dict[int, Line] = {}
        for reference in session.references():
            self._add(reference)
        for line in self._doubled.values():
            self.twice = _sort_out(line) or self.twice

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
        """The lines that an answer's MsgRef can mean: the peer's of that MsgID, the last that were said before it."""
        msg_ref = answer.command.msg_ref or ("1" if isinstance(answer.command, Results) else "")
        said = self.by_msg_id.get((_other(answer.line.side), msg_ref), [])
        end = bisect_left(said, answer.line.place, key=lambda line: line.place)
        return said[max(0, end - _NAMESAKES) : end]

    def whole_until(self, line: Line) -> bool:
        """Whether the capture has everything that the peer had said in this session by the time of a line."""
        return self.session.from_start and line.place < self._first_gap[_other(line.side)]

    @cached_property
    def _first_gap(self) -> dict[str, int]:
        """The place of each side's first message that is not known, or has no MsgID."""
        gaps = {REQUEST: len(self.lines), RESPONSE: len(self.lines)}
        for line in reversed(self.lines):
            if not line.msg_id:
                gaps[line.side] = line.place
        return gaps

    def _add(self, reference: Reference) -> None:
        sent = reference.answer
        line = self._by_side.get((sent.turn.exchange.number, sent.side))
        command = sent.command
        if line is None or line.repeated or not isinstance(command, (Status, Results)):
            return
        answer = Answer(sent, command, line, reference.to)
        line.carries.append(answer)
        if is_status := isinstance(command, Status):
            self.codes.add(command.code)
        else:
            self.has_results = True
        to = reference.to
        given = command.cmd
        if to is None or (to.command is None and given != "SyncHdr"):
            to = answer.to = self._with_cmdid_0(answer) or to or self._second_look(answer)
        if to is None:
            answer.stray = self.dangling = True
            return
        answer.target = target = self._by_side.get((to.turn.exchange.number, to.side))
        if given != ("SyncHdr" if to.command is None else to.command.name) and (is_status or given):
            answer.misnamed = self.misnamed = True
            answer.stray = isinstance(to.command, (Status, Results))  # nobody answers those
        if target is not None and is_status:
            before = target.answers.get(to.place)
            if before is None:
                target.answers[to.place] = [answer]
            else:
                before.append(answer)
                self._doubled[target.place] = target
            if to.command is None:
                code = answer.code or ""
                target.refused = target.refused or code[:1] in ("4", "5")
                line.challenges = line.challenges or code in CHALLENGES

    def _with_cmdid_0(self, answer: Answer) -> Sent | None:
        """The command with CmdID 0 (MSG008) that a Status of another name than SyncHdr answers."""
        to = answer.to
        line = self._by_side.get((to.turn.number, to.side)) if to is not None else None
        found = self._commands(line).get(("0", None)) if line is not None else None
        name = found.command.name if found is not None and found.command is not None else None
        return found if name == answer.command.cmd else None

    def _second_look(self, answer: Answer) -> Sent | None:
        """What an answer means that refers to nothing at first sight: a command of an earlier message of that MsgID, or one without
        a CmdID, which Windows answers with an empty CmdRef (OMADM, B7)."""
        ref, name = answer.command.cmd_ref or "", answer.command.cmd
        for line in reversed(self.named_by(answer)):
            if ref == "0" and isinstance(answer.command, Status):
                return Sent(line.turn, line.side)
            commands = self._commands(line)
            found = commands.get((ref, name)) or commands.get((ref, None)) or commands.get(("", name))
            if found is not None:
                return found
        return None

    def _commands(self, line: Line) -> dict[tuple[str, str | None], Sent]:
        """The commands of a message by CmdID, and by name as well where they have none, as several may."""
        if line.place not in self._looked_up:
            found: dict[tuple[str, str | None], Sent] = {}
            for place, command in line.commands:
                sent = Sent(line.turn, line.side, place, command)
                found.setdefault((command.cmd_id or "", None), sent)
                if not command.cmd_id:
                    found.setdefault(("", command.name), sent)
            self._looked_up[line.place] = found
        return self._looked_up[line.place]


def _other(side: str) -> str:
    return RESPONSE if side == REQUEST else REQUEST


def _lines(session: Session, unseen: Unseen) -> list[Line]:
    lines: list[Line] = []

    def add(turn: Turn, side: str, contents: Contents | None, *, repeated: bool = False) -> None:
        if contents is None or contents.message.is_foreign:
            lines.append(Line(len(lines), turn, side, None, None, repeated))
        else:
            lines.append(Line(len(lines), turn, side, contents, contents.message, repeated))

    turns = session.turns
    for number, turn in enumerate(turns):
        if number and (not _follows(turns[number - 1], turn) or _went_on_unseen(turns[number - 1], turn, unseen)):
            add(turn, REQUEST, None)
            add(turn, RESPONSE, None)
        repeated = number + 1 < len(turns) and bool(turn.message_id) and turn.message_id == turns[number + 1].message_id
        add(turn, REQUEST, turn.request_contents, repeated=repeated)
        if not _said_nothing(turn):
            add(turn, RESPONSE, turn.response_contents, repeated=repeated)
    return lines


def _follows(before: Turn, turn: Turn) -> bool:
    """Whether a device's message is the next after another, or the same again."""
    last, mine = message_number(before.message_id), message_number(turn.message_id)
    return last is not None and mine is not None and mine - last in (0, 1)


def _went_on_unseen(before: Turn, turn: Turn, unseen: Unseen) -> bool:
    """Whether a device that got no answer goes on all the same, and the capture may lack the exchange in which it got one."""
    if before.message_id == turn.message_id or before.exchange.response is not None:
        return False
    return unseen.between(before, turn) != 0


def _said_nothing(turn: Turn) -> bool:
    """Whether the server is known to have said nothing: an empty 200, which ends a session (facts A1.24), or an end without
    a byte of an answer."""
    response, failure = turn.exchange.response, turn.exchange.failure
    if response is None:
        return failure is not None and failure.cause in _ENDS and not failure.received
    if response.by == "proxy" or failure is not None:
        return False
    return 200 <= response.status < 300 and response.body == b""


def _sort_out(line: Line) -> bool:
    """Tells the answers of each command that count from those that are too many, or meant for another command. Gives whether one is
    too many."""
    any_twice = False
    muddled = set()
    twins: Counter[tuple[str | None, str]] | None = None
    for place, answers in line.answers.items():
        if len(answers) < 2:
            continue
        if twins is None:
            twins = _twins(line)
        to = answers[0].to.command if answers[0].to else None
        allowed = twins[to.cmd_id, to.name] if to else 1
        alike: dict[object, list[Answer]] = {}
        for answer in answers:
            if answer.code != _IN_PROGRESS:
                alike.setdefault(answer.about, []).append(answer)
        for same in alike.values():
            # a message that was refused is sent again, with the answers in it (DMP 9)
            counted = [answer for answer in same if not answer.line.refused]
            right = [answer for answer in counted if not answer.misnamed]
            wrong = [answer for answer in counted if answer.misnamed]
            for answer in right[allowed:]:
                answer.twice = answer.stray = any_twice = True
            for answer in wrong if right else wrong[1:]:
                answer.stray = True
            if len(right) > allowed or (wrong and right) or len(wrong) > 1:
                muddled.add(place)
    line.muddled = frozenset(muddled)
    return any_twice


def _twins(line: Line) -> Counter[tuple[str | None, str]]:
    """How many commands of a message there are of each CmdID and name; more than one is MSG009."""
    return Counter((each.cmd_id, each.name) for _, each in line.commands)
