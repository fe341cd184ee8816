"""The order of sessions and exchanges of one device at one server: what stands elsewhere, whether an old session went on after a
new one began, how long the gaps are; and with that, what is to be said of each session."""

import itertools
from bisect import bisect_left
from collections.abc import Iterator
from functools import cached_property

from msgspec import structs

from replay.compare import words
from replay.compare.aliases import Aliases
from replay.compare.changes import Change, Class, MessageDiff, Row, SessionDiff, change_of, moved_change
from replay.compare.messages import MessagePair, alone, http_row
from replay.compare.sequence import longest_rise
from replay.compare.sessions import SessionPair
from replay.compare.timing import gap_change, taken, waited
from replay.compare.views import ExchangeView, MessageView, SessionView

#: What a whole session is called where a path is asked for.
SESSION = "session"
#: A request: in which enrolment, when, the place of its session's pair, and its session's number.
_Sent = tuple[int, float, int, int]
#: The path of a time, and its seconds on each side; None where it is not known, or follows on something else.
_Times = tuple[str, float | None, float | None]


class ChainOrder:
    """The sessions of a chain beside each other. `enrolled` says that both captures have as many enrolment requests, `by_second`
    that of equals those of the second side go first."""

    def __init__(self, sessions: list[SessionPair], *, timing: bool, enrolled: bool, by_second: bool) -> None:
        self._before = _Predecessors(sessions) if timing else None
        self._sessions = sessions
        self._elsewhere = self._out_of_order(by_second=by_second)
        self._begins = dict(self._other_boundaries()) if enrolled else {}

    def session(self, pair: SessionPair, aliases: Aliases) -> SessionDiff:
        """What is to be said of a session."""
        one, other = pair.one, pair.other
        if one is None or other is None:
            whole = _whole(one, second=False) if one is not None else _whole(other, second=True)  # type: ignore[arg-type]
            return SessionDiff(one, other, [whole])
        if self._is_equal(pair, one, other, aliases):
            return SessionDiff(one, other, pair.nothing)
        found = []
        for mine, theirs, message in pair.messages:
            if message is None:
                row = alone(mine, second=False) if mine is not None else alone(theirs, second=True)  # type: ignore[arg-type]
                found.append(MessageDiff(mine, theirs, (row,)))
                continue
            said = self._of_request if message.one.side == "request" else self._of_response
            times = self._times(one, other, message)
            changes = *said(pair, one, other, message), *(change for each in times if (change := gap_change(*each)))
            untimed = frozenset(path for path, *both in times if None in both)
            found.append(MessageDiff(mine, theirs, _with(message.rows(aliases), changes, message), untimed))
        return SessionDiff(one, other, found)

    def _is_equal(self, pair: SessionPair, one: SessionView, other: SessionView, aliases: Aliases) -> bool:
        """Whether it is known without looking into two sessions that nothing is to be said of them."""
        if not pair.same or pair.moved or self._before is not None:
            return False
        if id(pair) in self._begins or one.has_late_answers or other.has_late_answers:
            return False
        if self._elsewhere and any(id(turn) in self._elsewhere for turn in one.session.turns):
            return False
        return not aliases.doubtful or aliases.same(one.marks, other.marks)

    # -- the order ------------------------------------------------------------------------------------------------------

    def _out_of_order(self, *, by_second: bool) -> set[int]:
        """The exchanges that stand elsewhere in their session, that another session's exchange has overtaken, or that overtook one:
        as few as can be, of equals those of the side with the lesser digest, else of that on which earlier sessions go on first."""
        still = [
            (mine.exchange.order, theirs.exchange.order, id(mine))
            for session in self._sessions
            if not session.moved
            for mine, theirs in session.turns
        ]
        if all(session.same for session in self._sessions):  # no digest tells the sides apart: their order alone does
            ranks = [sorted(range(len(still)), key=lambda place: still[place][side]) for side in (0, 1)]
            by_second = ranks[0] > ranks[1]
        mine, theirs = (1, 0) if by_second else (0, 1)
        still.sort(key=lambda each: each[mine])
        rise = set(longest_rise([each[theirs] for each in still]))
        found = {each[2] for place, each in enumerate(still) if place not in rise}
        unequal = (each for session in self._sessions if not session.same for each in session.exchanges)
        return found | {id(each.one.turn) for each in unequal if each.moved and each.one}

    def _other_boundaries(self) -> Iterator[tuple[int, bool]]:
        """The sessions that begin another enrolment on one side only, and whether on the first."""
        both = [
            (each, each.one.enrolment, each.other.enrolment)
            for each in self._sessions
            if each.one and each.other and not each.moved
        ]
        for (_, one, other), (pair, next_one, next_other) in itertools.pairwise(both):
            if (next_one > one) != (next_other > other):
                yield id(pair), next_one > one

    def _of_request(
        self, pair: SessionPair, one: SessionView, other: SessionView, message: MessagePair
    ) -> Iterator[Change]:
        mine, theirs = message.one, message.other
        if mine.turn == 0:
            yield from self._of_beginning(pair, one, other, is_first=theirs.turn == 0)
        if id(one.exchanges[mine.turn].turn) in self._elsewhere:
            yield moved_change("SyncML", f"exchange {mine.number}", f"exchange {theirs.number}")

    def _times(self, one: SessionView, other: SessionView, message: MessagePair) -> list[_Times]:
        """Both sides' times at a request, where they are asked for."""
        if self._before is None or message.one.side != "request":
            return []
        return self._before.times(one.exchanges[message.one.turn], other.exchanges[message.other.turn])

    def _of_beginning(
        self, pair: SessionPair, one: SessionView, other: SessionView, *, is_first: bool
    ) -> Iterator[Change]:
        if pair.moved:
            yield moved_change(SESSION, f"session {one.number}", f"session {other.number}")
        if id(pair) in self._begins:
            told = "the first of another enrolment", "of the same enrolment as the one before"
            yield change_of(SESSION, *(told if self._begins[id(pair)] else told[::-1]), of=Class.SEQUENCE)
        if is_first and one.first != other.first:
            yield change_of("SyncHdr/MsgID", one.first or "1", other.first or "1", of=Class.SEQUENCE)

    def _of_response(
        self, _pair: SessionPair, one: SessionView, other: SessionView, message: MessagePair
    ) -> Iterator[Change]:
        """Whether an answer came after later requests, and after those of another session. What only one side has is said
        where it is missing."""
        after, after_there = self._after(message.one, one, 0), self._after(message.other, other, 1)
        if (after and after[0]) != (after_there and after_there[0]):
            told = [each and f"after the request of session {each[1]}" for each in (after, after_there)]
            yield change_of("HTTP/order", told[0], told[1], of=Class.SEQUENCE)

    def _after(self, answer: MessageView, session: SessionView, side: int) -> tuple[int, int] | None:
        """The last request before an answer, of those that both sides have: the place of its session's pair, and its session's
        number; None where that is the answer's own."""
        response = answer.exchange.response
        if answer.late is None or response is None:
            return None
        sent = self._sent[side]
        _, order, place, number = sent[bisect_left(sent, (session.enrolment, response.order, 0, 0)) - 1]
        return None if order == answer.exchange.order else (place, number)

    @cached_property
    def _sent(self) -> tuple[list[_Sent], list[_Sent]]:
        """The requests that both sides have, in their order on each."""
        mine: list[_Sent] = []
        theirs: list[_Sent] = []
        for place, pair in enumerate(self._sessions):
            for each in pair.exchanges:
                if pair.one and pair.other and each.one and each.other:
                    mine.append((pair.one.enrolment, each.one.order, place, pair.one.number))
                    theirs.append((pair.other.enrolment, each.other.order, place, pair.other.number))
        return sorted(mine), sorted(theirs)


class _Predecessors:
    """What came right before each exchange of a chain, on both sides: gaps are compared where that belongs together too."""

    def __init__(self, sessions: list[SessionPair]) -> None:
        self._before: dict[int, ExchangeView] = {}
        self._beside = {id(each.one): each.other for session in sessions for each in session.exchanges}
        for views in ([each.one for each in sessions], [each.other for each in sessions]):
            exchanges = sorted(
                (each for view in views if view is not None for each in view.exchanges), key=lambda each: each.order
            )
            self._before |= {id(each): before for before, each in itertools.pairwise(exchanges)}

    def times(self, one: ExchangeView, other: ExchangeView) -> list[_Times]:
        """How long two exchanges took and how long was waited before them, as far as that can be compared."""
        before, before_there = self._before.get(id(one)), self._before.get(id(other))
        gaps: tuple[float | None, float | None] = None, None
        if before is not None and before_there is not None and self._beside.get(id(before)) is before_there:
            gaps = waited(before, one), waited(before_there, other)
        return [("HTTP/duration", taken(one), taken(other)), ("HTTP/gap", *gaps)]


def _with(rows: tuple[Row, ...], extra: tuple[Change, ...], message: MessagePair) -> tuple[Row, ...]:
    """The rows of a message with changes of its place and time at their head."""
    if not extra:
        return rows
    if not rows:
        return (Row(http_row(message.one), http_row(message.other), extra),)
    return (structs.replace(rows[0], changes=extra + rows[0].changes), *rows[1:])


def _whole(session: SessionView, *, second: bool) -> MessageDiff:
    """A session that only one side has: one change, at its first message."""
    text = words.of_session(session)
    first = next((each for each in session.exchanges[0].sides if each.there), None)
    expected, actual = (None, text) if second else (text, None)
    row = Row(expected, actual, (change_of(SESSION, expected, actual, of=Class.SEQUENCE),))
    return MessageDiff(None if second else first, first if second else None, (row,))
