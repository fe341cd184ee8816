"""The disturbance suite as a table and as JSON."""

from collections.abc import Sequence
from typing import Final

import click
from msgspec import Struct

from replay.expect.finding import Verdict
from replay.expect.suite import Row, verdict_of
from replay.report.safe import visible

_COLOURS: Final = {Verdict.PASS: "green", Verdict.FAIL: "red", Verdict.ERROR: "red"}
_HEAD: Final = (
    "the answer to the alert",
    "the device got",
    "unenrolled",
    "tried again",
    "stayed silent",
    "verdict",
    "breaks",
)


class RowShape(Struct, frozen=True):
    """One trial. `unenrolled` is whether the device said that it leaves, `stays` that it does not, `alerts` how often; `silence` is
    the status of that phase."""

    name: str
    fault: str | None
    verdict: str
    unenrolled: bool
    alerts: int
    stays: bool
    answer: str
    retried: bool
    silence: str
    window: float | None
    breaks: list[str]
    applied: bool
    journal: str


class SuiteShape(Struct, frozen=True):
    """The whole suite. `scale` is what all times were multiplied by, `quiet` the quiet time in seconds that came of it."""

    capture: str
    scale: float
    quiet: float
    verdict: str
    trials: list[RowShape]
    format: str = "omadm-suite"
    version: int = 1


def suite_shape(rows: Sequence[Row], capture: str, scale: float, quiet: float) -> SuiteShape:
    """The suite as values for JSON."""
    shaped = [
        RowShape(
            row.trial.name,
            row.trial.fault,
            row.verdict.word,
            row.unenrolled,
            row.alerts,
            row.stays,
            row.answer,
            row.retried,
            row.silence,
            None if row.window is None else round(row.window, 3),
            list(row.breaks),
            row.applied,
            row.journal,
        )
        for row in rows
    ]
    return SuiteShape(capture, scale, quiet, verdict_of(rows).word, shaped)


def suite_text(rows: Sequence[Row], quiet: float) -> str:
    """The suite as a table, the verdict first, with colours as escape sequences of its own."""
    verdict = verdict_of(rows)
    good = sum(row.verdict is Verdict.PASS for row in rows)
    head = f"{_word(verdict)}  {good} of {len(rows)} trials passed; the quiet time was {quiet:g} s"
    table = [_HEAD, *(_cells(row) for row in rows)]
    widths = [max(len(click.unstyle(line[column])) for line in table) for column in range(len(_HEAD))]
    lines = [
        "  ".join(cell + " " * (width - len(click.unstyle(cell))) for cell, width in zip(line, widths, strict=True))
        for line in table
    ]
    return "\n".join([head, "", *(f"  {line}".rstrip() for line in lines)]) + "\n"


def _cells(row: Row) -> tuple[str, ...]:
    seen = "" if row.window is None else f", {row.window:.1f} s"
    silent = {"observed": f"yes{seen}", "contradicted": "no"}.get(row.silence, f"{row.silence}{seen}")
    return (
        row.trial.words,
        visible(row.answer) or "-",
        "yes" if row.unenrolled else ("it stays" if row.stays else "no alert"),
        "yes" if row.retried else "no",
        silent,
        _word(row.verdict) + ("" if row.applied or not row.unenrolled else ", the fault was not applied"),
        ", ".join(row.breaks) or "-",
    )


def _word(verdict: Verdict) -> str:
    return click.style(verdict.word.upper(), fg=_COLOURS.get(verdict, "yellow"), bold=True)
