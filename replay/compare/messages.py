"""Two messages that belong together: whether they are equal, and if not, what differs, row by row."""

from collections.abc import Iterator
from functools import cached_property
from typing import Final

from msgspec import Struct, structs

from replay.compare import words
from replay.compare.aliases import Aliases
from replay.compare.answered import Answered
from replay.compare.changes import Change, Class, Kind, Row, change_of, moved_change
from replay.compare.commands import Anatomy, CommandPair, CommandView
from replay.compare.parts import Part, Side, aliases_in, changes_in, markup, pair_up
from replay.compare.shapes import is_answer
from replay.compare.views import MessageView, Target
from replay.normal.nodes import Node

#: What the normal form says of a MsgID that leaves out a number.
_JUMPS: Final = "{does not go on}"
_MESSAGE: Final = "SyncML"


class _Piece(Struct, frozen=True):
    """A row to be: a command beside its counterpart, or another part of the message (`title`), with what they are made of
    where both sides have it."""

    title: str | None = None
    commands: CommandPair | None = None
    part: Part | None = None


class MessagePair(Struct, dict=True):
    """Two messages that belong together. `follows` says that one side has another message right before this one: then the number
    of this one says nothing. `known` says that their sessions are equal as a whole."""

    one: MessageView
    other: MessageView
    answered: Answered
    follows: bool
    known: bool

    @cached_property
    def same(self) -> bool:
        """Whether they are equal but perhaps for their aliases: by digest, and by what is answered. No tree is looked at."""
        return self.known or (
            self.one.digest == self.other.digest and all(map(self._answers_same, self.one.targets, self.other.targets))
        )

    def _answers_same(self, mine: Target | None, theirs: Target | None) -> bool:
        return self.answered.same(self.one, mine, self.other, theirs)

    def vote(self, aliases: Aliases) -> None:
        """Says which aliases stand beside each other."""
        if self.same:
            aliases.vote(self.one.marks, self.other.marks)
            return
        here, there = dict(self.one.header_marks), dict(self.other.header_marks)
        for kind in here.keys() & there.keys():
            aliases.vote([(kind, here[kind])], [(kind, there[kind])])
        for piece in self._pieces:
            if piece.part is not None:
                for mine, theirs in aliases_in(piece.part):
                    aliases.vote([mine], [theirs])
            elif piece.commands is not None and piece.commands.one and piece.commands.other:
                aliases.vote(piece.commands.one.shaped[1], piece.commands.other.shaped[1])

    def rows(self, aliases: Aliases) -> tuple[Row, ...]:
        """What differs, with what stands around it; empty where they are equal."""
        if self.same and aliases.same(self.one.marks, self.other.marks):
            return ()
        found = [Row(http_row(self.one), http_row(self.other), tuple(self._http_changes(aliases)))]
        broken = self._unread()
        if broken is not None:
            found.append(broken)
        found += [row for piece in self._pieces for row in self._rows_of(piece, aliases)]
        return tuple(found) if any(row.changes for row in found) else ()

    # -- the message ----------------------------------------------------------------------------------------------------

    @cached_property
    def _pieces(self) -> list[_Piece]:
        one, other = (Anatomy.of(side) for side in (self.one, self.other))
        if one is None or other is None:
            return []
        namespaces = one.root.namespace or "", other.root.namespace or ""
        found = [_Piece(_MESSAGE, part=_pair(one.root, other.root, "", namespaces))]
        if one.header or other.header:
            found.append(_Piece("SyncHdr", part=_pair(one.header, other.header, "SyncHdr", namespaces)))
        found += self._commands(namespaces)
        mine, theirs = self._rest(one, self.one, second=False), self._rest(other, self.other, second=True)
        found.append(_Piece("SyncBody", part=_pair(mine, theirs, "SyncBody", namespaces)))
        return found

    def _rest(self, anatomy: Anatomy, side: MessageView, *, second: bool) -> Node | None:
        """SyncBody without its commands, which are looked at by themselves."""
        if anatomy.body is None:
            return None
        apart = {id(command.node) for command in self.answered.commands(side, second=second)}
        return structs.replace(anatomy.body, children=tuple(c for c in anatomy.body.children if id(c) not in apart))

    def _commands(self, namespaces: tuple[str, str]) -> Iterator[_Piece]:
        for pair in self.answered.aligned(self.one, self.other).pairs:
            one, other = pair.one, pair.other
            if one is None or other is None or one.shaped == other.shaped:
                yield _Piece(commands=pair)
            else:
                sides = Side(one.own, one.path, namespaces[0]), Side(other.own, other.path, namespaces[1])
                yield _Piece(commands=pair, part=pair_up(*sides))

    def _unread(self) -> Row | None:
        """One side is no readable message, or they are two different ones."""
        if self.one.node is not None and self.other.node is not None:
            return None
        one, other = (self._told(each) for each in (self.one, self.other))
        if one == other:
            return None
        of = Class.STRUCTURE if one is not None and other is not None else Class.SEQUENCE
        return Row(one, other, (change_of(_MESSAGE, one, other, of),))

    def _told(self, side: MessageView) -> str | None:
        if side.node is None and side.problem is None:
            return None
        return side.problem or words.of_message(side)

    def _rows_of(self, piece: _Piece, aliases: Aliases) -> Iterator[Row]:
        if piece.commands is not None:
            pair = piece.commands
            found = tuple(self._command_changes(piece, pair, aliases))
            one = self._words(pair.one, second=False)
            other = self._words(pair.other, second=True) if found else one
            yield Row(one, other, found, pair.depth)
            return
        if piece.part is None:
            return
        changes = [each for each in changes_in(piece.part, aliases) if not self._jumps(each)]
        if piece.title == "SyncBody":
            changes += self._final_changes()
        if changes or piece.title == "SyncHdr":
            yield Row(
                piece.title if piece.part.one else None, piece.title if piece.part.other else None, tuple(changes)
            )

    def _jumps(self, change: Change) -> bool:
        """Whether a MsgID leaves out a number because the message before it is missing: that is said there."""
        return self.follows and change.path == "SyncHdr/MsgID" and _JUMPS in (change.expected, change.actual)

    def _final_changes(self) -> Iterator[Change]:
        one, other = self.one.message, self.other.message
        if one and other and one.final and other.final and one.final_is_last != other.final_is_last:
            places = ["last" if each.final_is_last else "before other elements" for each in (one, other)]
            path = "SyncBody/Final"
            yield moved_change(path, *places)

    def _command_changes(self, piece: _Piece, pair: CommandPair, aliases: Aliases) -> Iterator[Change]:
        one, other = pair.one, pair.other
        if one is None or other is None:
            yield Change(
                kind=Kind.ADDED if one is None else Kind.REMOVED,
                of=Class.SEQUENCE,
                expected_path=one.path if one else None,
                actual_path=other.path if other else None,
                expected=markup(one.node) if one else None,
                actual=markup(other.node) if other else None,
            )
            return
        if pair.moved:
            yield Change(
                kind=Kind.MOVED,
                of=Class.SEQUENCE if one.path.count("/") == other.path.count("/") else Class.STRUCTURE,
                expected_path=one.path,
                actual_path=other.path,
                expected=_standing(one),
                actual=_standing(other),
            )
        part = piece.part
        if part is None and not aliases.same(one.shaped[1], other.shaped[1]):
            part = pair_up(Side(one.own, one.path, ""), Side(other.own, other.path, ""))
        if part is not None:
            yield from changes_in(part, aliases)
        if not self._answers_same(one.target, other.target):
            yield Change(
                kind=Kind.CHANGED,
                of=Class.REFERENCE,
                expected_path=f"{one.path}/CmdRef",
                actual_path=f"{other.path}/CmdRef",
                expected=_reference(one.node),
                actual=_reference(other.node),
            )

    def _words(self, command: CommandView | None, *, second: bool) -> str | None:
        if command is None:
            return None
        return words.of_command(command, self.answered.said(command.target, second=second))

    # -- HTTP -----------------------------------------------------------------------------------------------------------

    def _http_changes(self, aliases: Aliases) -> Iterator[Change]:
        if not (self.one.carried and self.other.carried):
            return
        one, other = (
            dict(self._http_values(self.one, aliases, second=False)),
            dict(self._http_values(self.other, aliases, second=True)),
        )
        for path in dict.fromkeys((*one, *other)):
            expected, actual = one.get(path), other.get(path)
            if expected != actual and not (path == "HTTP/ms-cv" and self._counts_on(aliases)):
                yield change_of(path, expected, actual)

    def _http_values(self, side: MessageView, aliases: Aliases, *, second: bool) -> Iterator[tuple[str, str]]:
        marks = dict(side.header_marks)
        named = {f"{{{kind}}}": aliases.name((kind, number), second=second) for kind, number in marks.items()}
        for path, value in side.http:
            shown = named.get(value, value) if path in ("HTTP/ms-cv", "HTTP/client-request-id") else value
            if path == "HTTP/ms-cv" and side.counter is not None:
                shown += side.counter.text
            yield path, shown
        if side.end is not None and self._both_ended:
            yield "HTTP/end", side.end

    @property
    def _both_ended(self) -> bool:
        """Whether ends are compared: a request's is that there was no answer, and an answer that one side has is one of its own."""
        return self.one.side == "response" or (self.one.end is not None and self.other.end is not None)

    def _counts_on(self, aliases: Aliases) -> bool:
        """Whether two correlation vectors with the same base are the same step after the one before."""
        one, other = self.one.counter, self.other.counter
        return (
            one is not None
            and other is not None
            and one.since == other.since
            and aliases.same([("CV", one.base)], [("CV", other.base)])
        )


def alone(view: MessageView, *, second: bool) -> Row:
    """The row of a message that only one side has."""
    text = words.of_message(view)
    expected, actual = (None, text) if second else (text, None)
    return Row(expected, actual, (change_of(_MESSAGE, expected, actual, Class.SEQUENCE),))


def http_row(side: MessageView) -> str:
    """What HTTP says of a message, in one line."""
    values = dict(side.http)
    if side.side == "response":
        by = " made by the proxy" if values.get("HTTP/by") == "proxy" else ""
        return f"HTTP {values.get('HTTP/status', '')}{by}"
    return " ".join(values[path] for path in ("HTTP/method", "HTTP/url") if path in values)


def _pair(one: Node | None, other: Node | None, path: str, namespaces: tuple[str, str]) -> Part:
    if one is None or other is None:
        return Part(
            Side(one, path, namespaces[0]) if one is not None else None,
            Side(other, path, namespaces[1]) if other is not None else None,
        )
    return pair_up(Side(one, path, namespaces[0]), Side(other, path, namespaces[1]))


def _standing(command: CommandView) -> str:
    """Where a command stands among the commands around it."""
    return f"number {command.place[-1] + 1} in {command.path.rpartition('/')[0]}"


def _reference(node: Node) -> str:
    return next((child.sign or "" for child in node.children if is_answer(child)), "")
