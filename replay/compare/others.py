"""What belongs to no session: messages that cannot be read, envelopes, enrolment requests, and damage of the capture itself."""

from replay.capture.references import REQUEST
from replay.compare.changes import Class, MessageDiff, Row, SessionDiff, change_of, moved_change
from replay.compare.sequence import align, rows
from replay.compare.shapes import digest_of
from replay.compare.views import MessageView, Other

#: Where the capture itself is damaged.
_CAPTURE = "capture"


def compare_others(one: list[Other], other: list[Other]) -> SessionDiff | None:
    """All of it, in no session; None where there is none."""

    def likeness(here: int, there: int) -> float:
        mine, theirs = one[here], other[there]
        return float(mine.head == theirs.head and mine.turn is not None)

    sizes = len(one), len(other)
    order = digest_of(*(each.line for each in one)), digest_of(*(each.line for each in other))
    alignment = align([(lambda place: one[place].line, lambda place: other[place].line)], sizes, likeness, order=order)
    found = []
    for here, there in rows(alignment, sizes):
        mine, theirs = one[here] if here is not None else None, other[there] if there is not None else None
        moved = (here, there) in alignment.moved
        found.append(_diff(mine, theirs, moved=moved))
    return SessionDiff(None, None, found) if found else None


def _diff(one: Other | None, other: Other | None, *, moved: bool) -> MessageDiff:
    views = _view(one), _view(other)
    lines = one.line if one else None, other.line if other else None
    if lines[0] == lines[1] and not moved:
        return MessageDiff(*views)
    path = "SyncML" if any(each and each.turn for each in (one, other)) else _CAPTURE
    change = change_of(path, *lines, of=Class.STRUCTURE if one and other else Class.SEQUENCE)
    if moved:
        change = moved_change(path, *(f"exchange {each.number}" if each else _CAPTURE for each in views))
    return MessageDiff(*views, (Row(*lines, (change,)),))


def _view(other: Other | None) -> MessageView | None:
    if other is None or other.turn is None:
        return None
    return MessageView(
        exchange=other.turn.exchange, side=REQUEST, turn=0, there=True, carried=False, problem=other.line
    )
