"""The order of sessions and exchanges of one device at one server: what stands elsewhere, whether an old session went on after a
new one began, how long the gaps are; and with that, what is to be said of each session."""

import itertools
from collections.abc import Iterator

from msgspec import structs

from replay.compare import words
from replay.compare.aliases import Aliases
from replay.compare.changes import Change, Class, MessageDiff, Row, SessionDiff, change_of, moved_change
from replay.compare.messages import alone, http_row
from replay.compare.sequence import longest_rise
from replay.compare.sessions import ExchangePair, SessionPair
from replay.compare.timing import gap_change, taken, waited
from replay.compare.views import ExchangeView, MessageView, SessionView

#: What a whole session is called where a path is asked for.
SESSION = "session"


class ChainOrder:
    """The sessions of a chain beside each other. `enrolled` says that both captures have as many enrolment requests, `by_second`
    that of equals those of the second side go first."""

    def __init__(self, sessions: list[SessionPair], *, timing: bool, enrolled: bool, by_second: bool) -> None:
        self._before = _Predecessors(sessions) if timing else None
        self._places = {
            id(each.one): each.other for each in sessions if each.one is not None and each.other is not None
        }
        self._sessions = sessions
        self._elsewhere = self._out_of_order(by_second=by_second)
        self._begins = dict(self._other_boundaries()) if enrolled else {}

    def session(self, pair: SessionPair, aliases: Aliases) -> SessionDiff:
        """What is to be said of a session."""
        one, other = pair.one, pair.other
        if one is None or other is None:
            return SessionDiff(one, other, [_whole(one, other)])
        if self._is_equal(pair, aliases):
            return SessionDiff(one, other, pair.nothing)
        exchanges = {id(each.one): each for each in pair.exchanges if each.one}
        found = []
        for mine, theirs, message in pair.messages:
            if message is None or mine is None or theirs is None:
                row = alone(mine, second=False) if mine is not None else alone(theirs, second=True)  # type: ignore[arg-type]
                found.append(MessageDiff(mine, theirs, (row,)))
                continue
            exchange = exchanges[id(one.exchanges[mine.turn])]
            extra = tuple(
                self._of_request(pair, exchange) if mine.side == "request" else self._of_response(mine, theirs)
            )
            found.append(MessageDiff(mine, theirs, _with(message.rows(aliases), extra, mine, theirs)))
        return SessionDiff(one, other, found)

    def _is_equal(self, pair: SessionPair, aliases: Aliases) -> bool:
        """Whether it is known without looking into two sessions that nothing is to be said of them."""
        one, other = pair.one, pair.other
        if one is None or other is None or not pair.same or pair.moved or self._before is not None:
            return False
        if id(pair) in self._begins or one.has_late_answers or other.has_late_answers:
            return False
        if self._elsewhere and any(id(turn) in self._elsewhere for turn in one.session.turns):
            return False
        return not aliases.doubtful or aliases.same(one.marks, other.marks)

    # -- the order ------------------------------------------------------------------------------------------------------

    def _out_of_order(self, *, by_second: bool) -> set[int]:
        """The exchanges that another session's exchange has overtaken, or that overtook one: as few as can be, of equals those of
        the side with the lesser digest, else of that on which earlier sessions go on first."""
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
        return {each[2] for place, each in enumerate(still) if place not in rise}

    def _other_boundaries(self) -> Iterator[tuple[int, bool]]:
        """The sessions that begin another enrolment on one side only, and whether on the first."""
        both = [each for each in self._sessions if each.one and each.other and not each.moved]
        for before, each in itertools.pairwise(both):
            if _begins(before.one, each.one) != _begins(before.other, each.other):
                yield id(each), _begins(before.one, each.one)

    def _of_request(self, session: SessionPair, exchange: ExchangePair) -> Iterator[Change]:
        one, other = exchange.one, exchange.other
        if one is None or other is None or session.one is None or session.other is None:
            return
        if one is session.one.exchanges[0]:
            yield from self._of_beginning(
                session, session.one, session.other, is_first=other is session.other.exchanges[0]
            )
        if exchange.moved or id(one.turn) in self._elsewhere:
            yield moved_change("SyncML", f"exchange {one.request.number}", f"exchange {other.request.number}")
        if self._before is not None:
            yield from self._before.gaps(one, other)

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

    def _of_response(self, one: MessageView, other: MessageView) -> Iterator[Change]:
        """Whether an answer came after a later request, and after that of the same session."""
        late, late_there = one.late, other.late
        counterpart = self._places.get(id(late)) if late is not None else None
        if counterpart is late_there or (late is not None and late_there is None and counterpart is None):
            return
        if late is None and late_there is not None and not any(each is late_there for each in self._places.values()):
            return
        told = [
            f"after the request of session {each.number}" if each is not None else None for each in (late, late_there)
        ]
        yield change_of("HTTP/order", told[0], told[1], of=Class.SEQUENCE)


class _Predecessors:
    """What came right before each exchange of a chain, on both sides: gaps are compared where that belongs together too."""

    def __init__(self, sessions: list[SessionPair]) -> None:
        self._before: dict[int, ExchangeView] = {}
        self._beside = {id(each.one): each.other for session in sessions for each in session.exchanges if each.one}
        for views in ([each.one for each in sessions], [each.other for each in sessions]):
            exchanges = sorted(
                (each for view in views if view is not None for each in view.exchanges), key=lambda each: each.order
            )
            self._before |= {id(each): before for before, each in itertools.pairwise(exchanges)}

    def gaps(self, one: ExchangeView, other: ExchangeView) -> Iterator[Change]:
        before, before_there = self._before.get(id(one)), self._before.get(id(other))
        found = [gap_change("HTTP/duration", taken(one), taken(other))]
        if before is not None and before_there is not None and self._beside.get(id(before)) is before_there:
            found.append(gap_change("HTTP/gap", waited(before, one), waited(before_there, other)))
        yield from (each for each in found if each is not None)


def _begins(before: SessionView | None, session: SessionView | None) -> bool:
    return before is not None and session is not None and session.enrolment > before.enrolment


def _with(rows: tuple[Row, ...], extra: tuple[Change, ...], one: MessageView, other: MessageView) -> tuple[Row, ...]:
    """The rows of a message with changes of its place and time at their head."""
    if not extra:
        return rows
    if not rows:
        return (Row(http_row(one), http_row(other), extra),)
    return (structs.replace(rows[0], changes=extra + rows[0].changes), *rows[1:])


def _whole(one: SessionView | None, other: SessionView | None) -> MessageDiff:
    """A session that only one side has: one change, at its first message."""
    session = one or other
    text = words.of_session(session) if session is not None else ""
    first = next((each for each in session.exchanges[0].sides if each.there), None) if session is not None else None
    change = change_of(SESSION, text if one else None, text if other else None, of=Class.SEQUENCE)
    row = Row(text if one else None, text if other else None, (change,))
    return MessageDiff(first if one else None, first if other else None, (row,))
