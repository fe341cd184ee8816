"""Rows as text, in columns, and as JSON. Texts from captures are made visible; long ones end in `…` in the text."""

from collections.abc import Iterable, Sequence
from typing import Any, Final

from rich.cells import cell_len

from replay.expect.finding import shortened
from replay.report.as_json import as_json
from replay.report.safe import visible

_BETWEEN: Final = "  "
FORMAT: Final = "omadm-find"


def table_text(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """A table with a head; the last column is as long as it is."""
    lines = [[visible(name) for name in columns], *([_cell(value) for value in row] for row in rows)]
    widths = [max(map(cell_len, column)) for column in zip(*lines, strict=True)]
    return "".join(f"{_BETWEEN.join(_padded(line, widths)).rstrip()}\n" for line in lines)


def table_json(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """The rows as objects."""
    found = [dict(zip(columns, map(_value, row), strict=True)) for row in rows]
    return as_json({"format": FORMAT, "version": 1, "rows": found})


def _padded(line: list[str], widths: list[int]) -> list[str]:
    return [cell + " " * (width - cell_len(cell)) for cell, width in zip(line[:-1], widths, strict=False)] + line[-1:]


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    return visible(shortened(str(_value(value))))


def _value(value: Any) -> Any:
    return value.hex() if isinstance(value, bytes) else value
