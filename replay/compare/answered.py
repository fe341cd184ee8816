"""What was sent on one side and what is its counterpart on the other, within two sessions that belong together.

A Status refers to a command of a message before it. Whether two of them refer to the same can only be said once the
messages that they refer to are aligned; so an alignment is made when it is first asked for, and kept.
"""

from collections.abc import Hashable

from msgspec import Struct

from replay.compare.commands import CommandPair, CommandView, align_commands, commands_of
from replay.compare.views import MessageView, SessionView, Target
from replay.syncml.model import Results, Status

_Side = tuple[int, str]


class AlignedCommands(Struct, frozen=True):
    """The commands of two messages beside each other, and the places that belong together, both ways."""

    pairs: list[CommandPair]
    there: dict[tuple[int, ...], tuple[int, ...]]
    here: dict[tuple[int, ...], tuple[int, ...]]


class Answered:
    """Two sessions of which it is known which exchanges belong together, by their places."""

    def __init__(self, one: SessionView, other: SessionView, pairs: list[tuple[int, int]]) -> None:
        self._one, self._other = one, other
        self._there = dict(pairs)
        self._here = {there: here for here, there in pairs}
        self._aligned: dict[_Side, AlignedCommands | None] = {}
        self._answers = _answers(one), _answers(other)
        self._commands: dict[tuple[bool, int, str], dict[tuple[int, ...], CommandView]] = {}

    def commands(self, message: MessageView, *, second: bool) -> list[CommandView]:
        """The commands of a message of either session."""
        return [each for place, each in self._by_place(message, second=second).items() if len(place) == 1]

    def aligned(self, one: MessageView, other: MessageView) -> AlignedCommands:
        """The commands of two messages that belong together."""
        key = (one.turn, one.side)
        found = self._aligned.get(key)
        if found is None:
            self._aligned[key] = None  # messages that answer each other in a ring: the place alone says what is meant
            mine, theirs = self.commands(one, second=False), self.commands(other, second=True)
            pairs = align_commands(mine, theirs, self.identify)
            places = [(each.one.place, each.other.place) for each in pairs if each.one and each.other]
            found = AlignedCommands(pairs, dict(places), {there: here for here, there in places})
            self._aligned[key] = found
        return found

    def identify(self, target: Target | None, second: bool) -> Hashable:
        """What stands for a target when answers are aligned, the same for counterparts; everything without a counterpart is the
        same, and so is every message as a whole."""
        if target is not None and not target[2]:
            return target[1]
        counterpart = self.counterpart(target, second=second)
        return counterpart if second or counterpart is None else target

    def same(self, one: MessageView, mine: Target | None, other: MessageView, theirs: Target | None) -> bool:
        """Whether answers in two messages that belong together answer the same. What one side lacks is reported where it is
        missing, and not again where it is referred to; a message as a whole is also the same where both are the last."""
        if mine and theirs and not mine[2] and not theirs[2] and (mine[0], theirs[0]) == (one.heard, other.heard):
            return True
        there, here = self.counterpart(mine, second=False), self.counterpart(theirs, second=True)
        return there == theirs if there is not None else here is None

    def counterpart(self, target: Target | None, *, second: bool) -> Target | None:
        """The counterpart of what a Status answers; None where there is none."""
        if target is None:
            return None
        turn, side, place = target
        turn_there = (self._here if second else self._there).get(turn)
        if turn_there is None:
            return None
        mine, theirs = (self._other, self._one) if second else (self._one, self._other)
        message, beside = _side(mine, turn, side), _side(theirs, turn_there, side)
        if beside.message is None:
            return None
        if not place or message.shape == beside.shape:
            return turn_there, side, place
        key = (turn_there if second else turn, side)
        if key in self._aligned and self._aligned[key] is None:
            return turn_there, side, place
        one, other = (beside, message) if second else (message, beside)
        aligned = self.aligned(one, other)
        found = (aligned.here if second else aligned.there).get(place)
        return None if found is None else (turn_there, side, found)

    def said(self, target: Target | None, *, second: bool) -> CommandView | None:
        """The command that is meant; None for SyncHdr and for nothing."""
        if target is None:
            return None
        session = self._other if second else self._one
        return self._by_place(_side(session, target[0], target[1]), second=second).get(target[2])

    def _by_place(self, message: MessageView, *, second: bool) -> dict[tuple[int, ...], CommandView]:
        key = (second, message.turn, message.side)
        if key not in self._commands:
            found = dict(_with_places(commands_of(message)))
            for place, command in found.items():
                answers = self._answers[second].get((message.turn, message.side, place), ())
                command.answered = tuple((turn - message.turn, said) for turn, said in answers)
            self._commands[key] = found
        return self._commands[key]


def _with_places(commands: list[CommandView]) -> list[tuple[tuple[int, ...], CommandView]]:
    found = []
    for each in commands:
        found.append((each.place, each))
        found += _with_places(each.inner)
    return found


def _answers(session: SessionView) -> dict[Target | None, list[tuple[int, str | None]]]:
    """How each thing that was sent is answered: in which turn, and with which status; None for Results."""
    found: dict[Target | None, list[tuple[int, str | None]]] = {}
    for exchange in session.exchanges:
        for side in exchange.sides:
            commands = [each for _, each in side.message.walk()] if side.message is not None else []
            answers = [each for each in commands if isinstance(each, (Status, Results))]
            for target, answer in zip(side.targets, answers, strict=True):
                found.setdefault(target, []).append((side.turn, answer.code if isinstance(answer, Status) else None))
    return found


def _side(session: SessionView, turn: int, side: str) -> MessageView:
    exchange = session.exchanges[turn]
    return exchange.request if side == "request" else exchange.response
