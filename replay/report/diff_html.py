"""The comparison as a page: both sides beside each other, what is equal folded."""

from collections.abc import Iterator, Sequence
from itertools import groupby

from msgspec import Struct

from replay.compare import words
from replay.compare.changes import Change, Comparison, Kind, MessageDiff, Row, SessionDiff
from replay.report import diff_words
from replay.report.html.frame import render

#: Of more rows than this that are alike, only so many are shown at either end.
_MANY, _ENDS = 8, 3


class ChangeView(Struct, frozen=True):
    """A change; its values are `shown` unless they are the row itself."""

    path: str
    of: str
    kind: str
    shown: bool
    expected: str
    actual: str


class RowView(Struct, frozen=True):
    """A row of two cells; `state` is `alike`, or what happened to it."""

    state: str
    depth: int
    expected: str | None
    actual: str | None
    changes: list[ChangeView]


class MessageView(Struct, frozen=True):
    """A message."""

    title: str
    equal: bool
    rows: list[RowView]


class SessionView(Struct, frozen=True):
    """A session, or several that are equal, of which the page shows no messages."""

    title: str
    messages: list[MessageView] | None


def diff_html(comparison: Comparison, expected: str, actual: str, *, notes: Sequence[str] = ()) -> str:
    """A comparison of what has these two names, as one page that needs nothing else."""
    return render(
        "diff.html.j2",
        styles=("diff.css",),
        word="equal" if comparison.equal else "different",
        expected=expected,
        actual=actual,
        counts=diff_words.counts(comparison),
        notes=(*comparison.apart, *notes),
        sessions=list(_sessions(comparison.sessions)),
    )


def _sessions(sessions: list[SessionDiff]) -> Iterator[SessionView]:
    """Every session that differs; those between in one line."""
    for equal, group in groupby(sessions, key=lambda each: each.equal):
        found = list(group)
        if equal:
            yield SessionView(f"{diff_words.of_sessions(found)}: {diff_words.alike(found)}", None)
            continue
        for each in found:
            yield SessionView(diff_words.of_session(each), [_message(message) for message in each.messages])


def _message(message: MessageDiff) -> MessageView:
    rows = message.rows or tuple(Row(line, line) for line in _lines(message))
    told = f": {diff_words.alike([message])}" if message.equal else ""
    return MessageView(diff_words.of_message(message) + told, message.equal, list(_folded(rows)))


def _lines(message: MessageDiff) -> list[str]:
    """What a message that is equal on both sides consists of."""
    view = message.expected or message.actual
    return words.lines_of_message(view) if view is not None else []


def _folded(rows: Sequence[Row]) -> Iterator[RowView]:
    """Every row that has changes, and of those between as many as one needs to know where one is."""
    for changed, group in groupby(rows, key=lambda row: bool(row.changes)):
        found = [_row(row) for row in group]
        if changed or len(found) <= _MANY:
            yield from found
            continue
        more = f"… {len(found) - 2 * _ENDS} more that are alike"
        yield from (*found[:_ENDS], RowView("alike", 0, more, more, []), *found[-_ENDS:])


def _row(row: Row) -> RowView:
    state = "changed"
    if not row.changes:
        state = "alike"
    elif row.expected is None or row.actual is None:
        state = "added" if row.expected is None else "removed"
    elif all(each.kind is Kind.MOVED for each in row.changes):
        state = "moved"
    changes = [_change(each, row) for each in row.changes]
    return RowView(state, row.depth, row.expected, row.actual, changes)


def _change(change: Change, row: Row) -> ChangeView:
    alone = (row.expected is None or row.actual is None) and change.kind in (Kind.ADDED, Kind.REMOVED)
    return ChangeView(
        path=change.path,
        of=change.of.value,
        kind=change.kind.value,
        shown=not alone,
        expected=diff_words.value(change.expected),
        actual=diff_words.value(change.actual),
    )
