"""What a message is owed and did not get: the Status of SyncHdr and of its commands (MDM 2.2.6.1; DMP 6.2, 8, 9; facts B10 to B14).

A Status for SyncHdr is due in the peer's next message, and so is the one for Alert 1222, which asks for that message. Those for
other commands are due by the end of the package that answers: the peer's first message with Final (and without Alert 1222)
after the package of the commands has ended. One that comes later still counts. Whoever says nothing more owes nothing.
"""

from bisect import bisect_left, bisect_right
from collections import deque
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Final

from msgspec import Struct

from replay.capture.references import REQUEST, RESPONSE
from replay.expect.dialogue import HEADER, Answer, Dialogue, Line
from replay.syncml.model import Alert, Command, Exec, Group, Results, Status
from replay.syncml.names import NEXT_MESSAGE, SESSION_ABORT
from replay.syncml.unenrol import is_unenroll_node

#: Codes of Atomic and Sequence after which each command inside has a Status of its own: done, or tried and rolled back. Any other
#: says that they were not looked at, or that their answers do not fit (OMADM; DMRP 6.6.3).
_TRIED: Final = frozenset({"200", "201", "202", "203", "204", "205", "206", "207", "216", "507", "516"})
Place = tuple[int, ...]


class Debt(Struct, frozen=True):
    """What one message is owed: the commands (None for SyncHdr) with their places, and the message by which they were due."""

    line: Line
    commands: tuple[tuple[Place, Command | None], ...]
    due: Line


def debts(dialogue: Dialogue) -> Iterator[Debt]:
    """What was not answered in a session although it was due, message by message."""
    waiting = list(_waiting(dialogue))
    if not waiting:
        return
    over = _Over(dialogue.lines)
    packages = _Packages(dialogue.lines)
    strays = _Strays(dialogue.lines)
    for line, missing in waiting:
        next_answer, end = packages.next_answer(line), packages.end_of_answer(line)
        late: dict[Place, tuple[Command | None, Line]] = {}
        for place, command in missing:
            by = next_answer if command is None or _asks_for_more(command) else end
            if by is not None and not over.before(by):
                late[place] = command, by
        for place in strays.explain(line, {place: command for place, (command, _) in late.items()}):
            del late[place]
        if late:
            due = max((by for _, by in late.values()), key=lambda by: by.place)
            yield Debt(line, tuple((place, command) for place, (command, _) in late.items()), due)


def _waiting(dialogue: Dialogue) -> Iterator[tuple[Line, list[tuple[Place, Command | None]]]]:
    """The messages after which the peer says anything at all, with what of them has no Status."""
    last = {line.side: line.place for line in dialogue.lines}
    for line in dialogue.lines:
        if line.repeated or last.get(_other(line), -1) < line.place:
            continue
        missing = _missing(line)
        if missing and _arrived(dialogue, line):
            yield line, missing


def _missing(line: Line) -> list[tuple[Place, Command | None]]:
    """SyncHdr and commands of a message without a Status, whether they are due or not."""
    message = line.message
    if message is None or message.header.no_resp or not line.msg_id or line.challenges or line.refused:
        return []
    if len(line.answers) == len(line.commands) + 1:  # every one of them has one, and SyncHdr too
        return []
    missing: list[tuple[Place, Command | None]] = [] if HEADER in line.answers else [(HEADER, None)]
    answered: set[str | None] | None = None
    spared: set[Place] = set()
    for place, command in line.commands:
        if place[:-1] in spared or _spares_what_is_inside(line, place, command):
            spared.add(place)
        if place[:-1] in spared or place in line.answers or _needs_none(command):
            continue
        if answered is None:  # of two commands with one CmdID nobody can tell which was answered (MSG009)
            answered = {each.command.cmd_ref for answers in line.answers.values() for each in answers}
        if command.cmd_id not in answered:
            missing.append((place, command))
    return missing


def _needs_none(command: Command) -> bool:
    """Whether a command is owed no Status, or none that anybody could give: it has no CmdID (MSG008)."""
    return isinstance(command, (Status, Results)) or command.no_resp or not command.cmd_id or is_unenrolment(command)


def _asks_for_more(command: Command) -> bool:
    return isinstance(command, Alert) and command.code == NEXT_MESSAGE


def _spares_what_is_inside(line: Line, place: Place, command: Command) -> bool:
    """Whether the commands inside of a group have no answers of their own to get. Of a group that has no answer itself they have,
    because that is missing as well."""
    if not isinstance(command, Group):
        return False
    answers = line.answers.get(place, ())
    return command.no_resp or (bool(answers) and not any(answer.code in _TRIED for answer in answers))


def is_unenrolment(command: Command) -> bool:
    """Whether a command is an Exec Unenroll, which nobody answers (UNENR)."""
    return isinstance(command, Exec) and any(
        item.target is not None and is_unenroll_node(item.target.uri) for item in command.items
    )


def _arrived(dialogue: Dialogue, line: Line) -> bool:
    """Whether a message is known to have reached the peer, and the peer to have answered with something: a closed connection and an
    empty 200 owe nothing, and of what is not a message nothing is known (`_Packages`)."""
    if line.side == REQUEST:  # there is a line after it, because the peer says something later
        return dialogue.lines[line.place + 1].turn is line.turn
    if _answered_in_place_of(dialogue, line):
        return False
    return line.turn.exchange.failure is None or bool(line.answers)


def _answered_in_place_of(dialogue: Dialogue, line: Line) -> bool:
    """Whether the device answered what it had got when it sent the same message before."""
    for place in range(line.place - 1, -1, -1):
        before = dialogue.lines[place]
        if before.turn.message_id != line.turn.message_id:
            break
        if before.repeated and before.answers:
            return True
    return False


class _Packages:
    """Where each side's messages and the ends of its packages are, and how far from a message on everything is known."""

    def __init__(self, lines: list[Line]) -> None:
        self._lines = lines
        counted = [line for line in lines if not line.repeated]
        self._said = {side: [each.place for each in counted if each.side == side] for side in (REQUEST, RESPONSE)}
        self._closed = {
            side: [each.place for each in counted if each.side == side and each.closes] for side in (REQUEST, RESPONSE)
        }
        self._unknown = [each.place for each in counted if each.message is None or not each.by_peer]

    def next_answer(self, line: Line) -> Line | None:
        """The peer's next message, which answers SyncHdr and Alert 1222; None where there is none or it is not known, or where it
        is package 1 as it was: nothing but the credentials changes in it (DMP 9)."""
        by = self._known(line, _first_after(self._said[_other(line)], line.place))
        if by is not None and by.side == REQUEST and by.opens and not by.carries:
            return None
        return by

    def end_of_answer(self, line: Line) -> Line | None:
        """The peer's message by which the commands of a message had to be answered; None where none was due, or something
        between is not known.

        It closes the peer's package after the sender's own was closed. Where it has no Final, that package ended all the same
        when the sender closed its next one, unless the peer had said that more was to come (1222). Where the sender never
        closes any, the peer's Final alone says that it did.
        """
        own, said, closed = self._closed[line.side], self._said[_other(line)], self._closed[_other(line)]
        end = _first_after(own, line.place - 1)
        by = _first_after(closed, line.place if end is None else end)
        begun = None if end is None else _first_after(said, end)
        next_end = None if begun is None else _first_after(own, begun)
        if next_end is not None and (by is None or by > next_end):
            last = said[bisect_left(said, next_end) - 1]
            by = by if self._lines[last].has_alert(NEXT_MESSAGE) else last
        return self._known(line, by)

    def _known(self, line: Line, by: int | None) -> Line | None:
        """A line by its place, where everything up to there is known."""
        if by is None:
            return None
        gap = _first_after(self._unknown, line.place)
        return self._lines[by] if gap is None or gap > by else None


def _first_after(places: list[int], place: int) -> int | None:
    """The first of some places (in order) that lies behind a place."""
    found = bisect_right(places, place)
    return places[found] if found < len(places) else None


def _other(line: Line) -> str:
    return RESPONSE if line.side == REQUEST else REQUEST


class _Over:
    """When a session was over, so that nothing is owed any more: from an Alert 1223 on for both, from an Exec Unenroll on for the
    device, which aborts its sessions (UNENR)."""

    def __init__(self, lines: list[Line]) -> None:
        self._lines = lines

    def before(self, due: Line) -> bool:
        """Whether it was over before the message by which something was due."""
        if due.place >= self._aborted:
            return True
        return due.side == REQUEST and due.place > self._left

    @cached_property
    def _aborted(self) -> int:
        return next((each.place for each in self._lines if each.has_alert(SESSION_ABORT)), len(self._lines))

    @cached_property
    def _left(self) -> int:
        return next((each.place for each in self._lines if _has_exec(each)), len(self._lines))


def _has_exec(line: Line) -> bool:
    return line.contents is not None and any(is_unenrolment(command) for _, command in line.contents.execs)


class _Strays:
    """Answers that were meant for something else than they say. Each explains one answer that is missing; the rule that finds the
    wrong reference reports both."""

    def __init__(self, lines: list[Line]) -> None:
        self._used: set[int] = set()
        self._by: dict[tuple[str, str | None], deque[Answer]] = {}
        for line in lines:
            for answer in line.carries:
                if answer.stray and isinstance(answer.command, Status):
                    name, ref = answer.command.cmd or "", answer.command.cmd_ref
                    self._by.setdefault((line.side, name), deque()).append(answer)
                    self._by.setdefault((line.side, f"#{ref}"), deque()).append(answer)

    def explain(self, line: Line, missing: Mapping[Place, Command | None]) -> set[Place]:
        """The commands of a message whose answers were sent astray; those are used up then: first those that have the CmdID, then
        those of that name, then those of none. Lines are asked for in their order."""
        found: set[Place] = set()
        for key in (_by_number, _by_name, _by_nothing) if self._by else ():
            found |= {
                place for place, command in missing.items() if place not in found and self._take(line, key(command))
            }
        return found

    def _take(self, line: Line, what: str) -> bool:
        waiting = self._by.get((_other(line), what))
        while waiting:
            answer = waiting.popleft()
            if answer.line.place > line.place and id(answer) not in self._used:
                self._used.add(id(answer))
                return True
        return False


def _by_number(command: Command | None) -> str:
    return f"#{command.cmd_id if command else 0}"


def _by_name(command: Command | None) -> str:
    return command.name if command else "SyncHdr"


def _by_nothing(_: Command | None) -> str:
    return ""
