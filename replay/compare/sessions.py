"""Sessions aligned within their chain, exchanges within their session (contract: by enrolment, role and order)."""

from collections.abc import Callable, Hashable, Iterator, Sequence
from functools import cached_property
from typing import TypeVar

from msgspec import Struct

from replay.capture.references import REQUEST, RESPONSE
from replay.capture.turns import Turn
from replay.compare.aliases import Aliases
from replay.compare.answered import Answered
from replay.compare.changes import MessageDiff
from replay.compare.likeness import Features
from replay.compare.messages import MessagePair
from replay.compare.sequence import align, rows
from replay.compare.shapes import digest_of
from replay.compare.views import ExchangeView, MessageView, SessionView

_T = TypeVar("_T", ExchangeView, SessionView)


class ExchangePair(Struct, frozen=True):
    """An exchange beside its counterpart; `moved` where it stands elsewhere in the session there."""

    one: ExchangeView | None
    other: ExchangeView | None
    moved: bool


class SessionPair(Struct, dict=True):
    """A session beside its counterpart; `moved` where it stands elsewhere in the chain there."""

    one: SessionView | None
    other: SessionView | None
    moved: bool
    features: Features

    @cached_property
    def _equal(self) -> tuple[SessionView, SessionView] | None:
        """Both, where they are equal, but perhaps for their aliases."""
        if self.one is None or self.other is None or self.one.digest != self.other.digest:
            return None
        return self.one, self.other

    @property
    def same(self) -> bool:
        """Whether both are there and equal, but perhaps for their aliases."""
        return self._equal is not None

    @property
    def turns(self) -> list[tuple[Turn, Turn]]:
        """The turns of both that belong together and stand in one order there."""
        if self._equal is not None:
            one, other = self._equal
            return list(zip(one.session.turns, other.session.turns, strict=True))
        return [
            (each.one.turn, each.other.turn) for each in self.exchanges if each.one and each.other and not each.moved
        ]

    def nothing(self) -> list[MessageDiff]:
        """The messages of two sessions that do not differ."""
        return [MessageDiff(mine, theirs) for mine, theirs, _ in self.messages]

    def vote(self, aliases: Aliases) -> None:
        """Says which aliases stand beside each other. Of two equal sessions nothing but those is looked at."""
        if self._equal is not None:
            one, other = self._equal
            aliases.vote(one.marks, other.marks)
            return
        for _, _, message in self.messages:
            if message is not None:
                message.vote(aliases)

    @cached_property
    def exchanges(self) -> list[ExchangePair]:
        """Their exchanges beside each other; of two equal sessions each beside that of its place."""
        if self.one is None or self.other is None:
            return []
        one, other = self.one.exchanges, self.other.exchanges
        if self.same:
            return [ExchangePair(mine, theirs, False) for mine, theirs in zip(one, other, strict=True)]
        return [ExchangePair(*each) for each in _beside(one, other, self.features.sketch, self.features.exchanges)]

    @cached_property
    def messages(self) -> list[tuple[MessageView | None, MessageView | None, MessagePair | None]]:
        """Every message of both, with its counterpart; the pair where both are there."""
        if self.one is None or self.other is None:
            return []
        places = [
            (each.one.request.turn, each.other.request.turn) for each in self.exchanges if each.one and each.other
        ]
        answered = Answered(self.one, self.other, places)
        found: list[tuple[MessageView | None, MessageView | None, MessagePair | None]] = []
        missing = {REQUEST: False, RESPONSE: False}
        for each in self.exchanges:
            for side, mine, theirs in _sides(each):
                if mine is None or theirs is None:
                    missing[side] = True
                    found.append((mine, theirs, None))
                else:
                    found.append(
                        (mine, theirs, MessagePair(mine, theirs, answered, follows=missing[side], known=self.same))
                    )
                    missing[side] = False
        return found


def _sides(pair: ExchangePair) -> Iterator[tuple[str, MessageView | None, MessageView | None]]:
    """Request and response of an exchange and its counterpart, as far as there are any. An answer without a message is nothing
    beside a format that carries no such thing."""
    for place, side in enumerate((REQUEST, RESPONSE)):
        mine = pair.one.sides[place] if pair.one else None
        theirs = pair.other.sides[place] if pair.other else None
        mine, theirs = (each if each and each.there else None for each in (mine, theirs))
        if mine is None and theirs is None:
            continue
        if pair.one and pair.other and (mine is None or theirs is None):
            there, elsewhere = (mine, pair.other) if mine else (theirs, pair.one)
            unknown = (
                not elsewhere.request.carried and there is not None and there.node is None and there.problem is None
            )
            if unknown:
                continue
        yield side, mine, theirs


def equal_sessions(one: list[SessionView], other: list[SessionView], features: Features) -> list[SessionPair]:
    """The sessions of two chains that are equal as a whole: each beside that of its place."""
    return [SessionPair(mine, theirs, False, features) for mine, theirs in zip(one, other, strict=True)]


def pair_sessions(one: list[SessionView], other: list[SessionView], features: Features) -> list[SessionPair]:
    """The sessions of two chains beside each other."""
    return [SessionPair(*each, features) for each in _beside(one, other, features.sketch, features.sessions)]


def _beside(
    one: Sequence[_T], other: Sequence[_T], sketch: Callable[[_T], Hashable], like: Callable[[_T, _T], float]
) -> list[tuple[_T | None, _T | None, bool]]:
    """Two sequences beside each other, by digest, by sketch and by likeness; and whether a pair stands in another order."""

    def likeness(here: int, there: int) -> float:
        return like(one[here], other[there])

    sizes = len(one), len(other)
    digests = lambda place: one[place].digest, lambda place: other[place].digest
    sketches = lambda place: sketch(one[place]), lambda place: sketch(other[place])
    order = digest_of(*(each.digest for each in one)), digest_of(*(each.digest for each in other))
    alignment = align([digests, sketches], sizes, likeness, order=order)
    moved = set(alignment.moved)
    return [
        (one[here] if here is not None else None, other[there] if there is not None else None, (here, there) in moved)
        for here, there in rows(alignment, sizes)
    ]
