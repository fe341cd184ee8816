"""The comparison as text: what is equal in few words, what differs with its surroundings, no line wider than the terminal."""

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Final

import click
from rich.cells import cell_len, set_cell_size

from replay.compare.changes import Change, Comparison, Kind, MessageDiff, Row, SessionDiff
from replay.report import diff_words
from replay.report.safe import visible

_COLOURS: Final = {"-": "red", "+": "green", "~": "yellow", ">": "cyan"}
_MARKS: Final = {Kind.ADDED: "+", Kind.REMOVED: "-", Kind.CHANGED: "~", Kind.MOVED: ">"}
#: Paths are padded to each other up to this length.
_PATH: Final = 44
#: Of a command or message that is there or is missing, only so much is shown, without -v.
_LABEL: Final = 120
#: Of what is alike between two changes only so much is shown.
_ALIKE: Final = 60


def diff_text(
    comparison: Comparison,
    expected: str,
    actual: str,
    *,
    detail: int = 0,
    width: int | None = None,
    notes: Sequence[str] = (),
) -> str:
    """A comparison of what has these two names. `detail` below 0 gives one line, above 0 also what is alike. Lines are cut to
    `width` cells of a terminal where it is given."""
    writer = _Writer(detail, width)
    counts = f": {diff_words.counts(comparison)}" if comparison.ignored or not comparison.equal else ""
    writer.line(0, f"{_verdict(comparison)}  {visible(expected)} → {visible(actual)}{counts}")
    if detail >= 0:
        for note in (*comparison.apart, *notes):
            writer.line(1, visible(note))
        writer.sessions(comparison.sessions)
    return "".join(f"{line}\n" for line in writer.lines)


def _verdict(comparison: Comparison) -> str:
    return (
        click.style("EQUAL", fg="green", bold=True)
        if comparison.equal
        else click.style("DIFFERENT", fg="red", bold=True)
    )


class _Writer:
    """Lines, each cut to the width."""

    def __init__(self, detail: int, width: int | None) -> None:
        self.lines: list[str] = []
        self.detail, self.width = detail, width

    def line(self, depth: int, text: str, mark: str = "") -> None:
        """A line at a depth, in the colour of its mark."""
        line = f"{'  ' * depth}{f'{mark} ' if mark else ''}{text}"
        if self.width is not None and cell_len(click.unstyle(line)) > self.width:
            line = _cut(click.unstyle(line), self.width)
        self.lines.append(click.style(line, fg=_COLOURS[mark]) if mark else line)

    def _label(self, text: str | None) -> str:
        """What a row is called: as much of it as one recognises it by, unless all is asked for."""
        return visible(text or "") if self.detail > 0 else _cut(visible(text or ""), _LABEL)

    def quiet(self, depth: int, text: str) -> None:
        """A line of what is alike."""
        self.line(depth, click.style(text, dim=True))

    # -- sessions -------------------------------------------------------------------------------------------------------

    def sessions(self, sessions: Iterable[SessionDiff]) -> None:
        """Every session; those that are equal in one line as long as they follow each other."""
        for equal, group in groupby(sessions, key=lambda each: each.equal):
            found = list(group)
            if equal and self.detail <= 0:
                self.lines.append("")
                self.quiet(1, f"{diff_words.of_sessions(found)}: {diff_words.alike(found)}")
                continue
            for session in found:
                self.lines.append("")
                self._session(session)

    def _session(self, session: SessionDiff) -> None:
        changes = [each for message in session.messages for each in message.changes]
        if (session.expected is None) != (session.actual is None) and [each.path for each in changes] == ["session"]:
            text = visible(changes[0].expected or changes[0].actual or "")
            self.line(1, f"{diff_words.of_session(session)}: {text}", _MARKS[changes[0].kind])
            return
        self.line(1, click.style(diff_words.of_session(session), bold=True))
        for equal, group in groupby(session.messages, key=lambda each: each.equal):
            found = list(group)
            if equal and self.detail <= 0:
                self.quiet(2, f"{diff_words.of_messages(found)}: {diff_words.alike(found)}")
                continue
            for message in found:
                self._message(message)

    # -- messages -------------------------------------------------------------------------------------------------------

    def _message(self, message: MessageDiff) -> None:
        rows = message.rows
        alone = (message.expected is None) != (message.actual is None)
        if alone and [each.path for each in message.changes] == ["SyncML"]:
            text = rows[0].expected if rows[0].expected is not None else rows[0].actual
            self.line(2, f"{diff_words.of_exchange(message)}, {self._label(text)}", _MARKS[rows[0].changes[0].kind])
            return
        if message.expected is not None or message.actual is not None:
            self.line(
                2, f"{diff_words.of_message(message)}{f': {diff_words.alike([message])}' if message.equal else ''}"
            )
        paths = [cell_len(visible(each.path)) for each in message.changes]
        pad = min(max(paths, default=0), _PATH)
        for changed, group in groupby(rows, key=lambda row: bool(row.changes)):
            found = list(group)
            if changed:
                for row in found:
                    self._row(row, pad)
            elif self.detail > 0:
                for row in found:
                    self.quiet(3 + row.depth, f"  {visible(row.expected or row.actual or '')}")
            else:
                self.quiet(3, f"  {_alike(found)}")

    def _row(self, row: Row, pad: int) -> None:
        mark = "~"
        if row.expected is None or row.actual is None:
            mark = "+" if row.expected is None else "-"
        elif all(each.kind is Kind.MOVED for each in row.changes):
            mark = ">"
        self.line(3 + row.depth, self._label(row.expected if row.expected is not None else row.actual), mark)
        for change in row.changes:
            self._change(row, change, pad)

    def _change(self, row: Row, change: Change, pad: int) -> None:
        path = visible(change.path)
        head = f"{path}{' ' * (pad - cell_len(path))}  {change.of}"
        depth = 5 + row.depth
        if (row.expected is None or row.actual is None) and change.kind in (Kind.ADDED, Kind.REMOVED):
            self.line(depth, click.style(head, dim=True))
            return
        told = " moved" if change.kind is Kind.MOVED else ""
        expected, actual = diff_words.value(change.expected), diff_words.value(change.actual)
        whole = f"{head}{told}  {expected} → {actual}"
        if self.width is None or cell_len(whole) + 2 * depth <= self.width:
            values = f"{click.style(expected, fg='red')} → {click.style(actual, fg='green')}"
            self.line(depth, f"{click.style(head + told, dim=True)}  {values}")
            return
        self.line(depth, click.style(f"{head}{told}", dim=True))
        expected, actual = _around_difference(expected, actual, self.width - 2 * depth - 4)
        self.line(depth + 1, expected, "-")
        self.line(depth + 1, actual, "+")


def _alike(rows: list[Row]) -> str:
    """What is alike between two changes: the first and the last of it."""
    texts = [visible(row.expected or row.actual or "") for row in rows]
    ends = [_cut(text, _ALIKE) for text in (texts if len(texts) == 1 else (texts[0], texts[-1]))]
    return f"{len(texts)} alike: {' … '.join(ends)}"


def _cut(text: str, width: int) -> str:
    return text if cell_len(text) <= width else set_cell_size(text, max(1, width - 1)) + "…"


def _around_difference(expected: str, actual: str, width: int) -> tuple[str, str]:
    """Two texts that are too long, from shortly before where they begin to differ."""
    same = next((place for place, pair in enumerate(zip(expected, actual, strict=False)) if pair[0] != pair[1]), 0)
    if not same:
        same = min(len(expected), len(actual)) if expected.startswith(actual) or actual.startswith(expected) else 0
    start = max(0, same - max(4, width // 3))
    head = "…" if start else ""
    return head + expected[start:], head + actual[start:]
