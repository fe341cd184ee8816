"""The comparison as a page: both sides beside each other."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

from replay import __version__
from replay.compare import words
from replay.compare.changes import Change, Comparison, Kind, MessageDiff, Row, SessionDiff
from replay.report import diff_words
from replay.report.html import page

#: Characters of a value that a page shows; the JSON has all of it.
_LONGEST = 4_000
#: Indentation in rem: of the first level, and of each below it.
_FIRST, _STEP = 0.6, 1.2


def diff_html(comparison: Comparison, expected: str, actual: str, *, notes: Sequence[str] = ()) -> str:
    """A comparison of what has these two names, as one page that needs nothing else."""
    return page(
        "diff.html",
        tool=f"omadm-replay {__version__}",
        title=f"{expected} → {actual}",
        expected=expected,
        actual=actual,
        equal=comparison.equal,
        counts=diff_words.counts(comparison),
        notes=(*comparison.apart, *notes),
        sessions=list(_sessions(comparison.sessions)),
    )


def _sessions(sessions: list[SessionDiff]) -> Iterator[dict[str, Any]]:
    """Every session that differs; those between in one line."""
    for equal, group in groupby(sessions, key=lambda each: each.equal):
        found = list(group)
        if equal:
            yield {"folded": True, "title": f"{diff_words.of_sessions(found)}: {diff_words.alike(found)}"}
            continue
        for each in found:
            messages = [_message(message) for message in each.messages]
            yield {"folded": False, "title": diff_words.of_session(each), "messages": messages}


def _message(message: MessageDiff) -> dict[str, Any]:
    rows = message.rows or tuple(Row(line, line) for line in _lines(message))
    told = f": {diff_words.alike([message])}" if message.equal else ""
    return {"title": diff_words.of_message(message) + told, "equal": message.equal, "rows": [_row(row) for row in rows]}


def _lines(message: MessageDiff) -> list[str]:
    """What a message that is equal on both sides consists of."""
    view = message.expected or message.actual
    return words.lines_of_message(view) if view is not None else []


def _row(row: Row) -> dict[str, Any]:
    state = "changed"
    if not row.changes:
        state = "alike"
    elif row.expected is None or row.actual is None:
        state = "added" if row.expected is None else "removed"
    elif all(each.kind is Kind.MOVED for each in row.changes):
        state = "moved"
    return {
        "state": state,
        "expected": _cut(row.expected),
        "actual": _cut(row.actual),
        "indent": _FIRST + _STEP * row.depth,
        "changes": [_change(each, row) for each in row.changes],
    }


def _change(change: Change, row: Row) -> dict[str, Any]:
    alone = row.expected is None or row.actual is None
    return {
        "path": change.path,
        "of": change.of.value,
        "kind": change.kind.value,
        "values": not alone or change.kind is Kind.CHANGED,
        "expected": _cut(change.expected) if change.expected is not None else "nothing",
        "actual": _cut(change.actual) if change.actual is not None else "nothing",
    }


def _cut(text: str | None) -> str | None:
    return text if text is None or len(text) <= _LONGEST else f"{text[:_LONGEST]}… ({len(text)} characters)"
