"""Findings as annotations of GitHub Actions: lines that its runner shows beside the file (`::error file=…,line=…::…`)."""

from collections.abc import Iterator
from typing import Final

from msgspec import UNSET

from replay.expect.finding import Severity
from replay.expect.judge import Judgement
from replay.report.places import also_in_words
from replay.report.safe import visible
from replay.report.told import Told, told_of

_KINDS: Final = {
    Severity.ERROR: "error",
    Severity.WARNING: "warning",
    Severity.INCONCLUSIVE: "warning",
    Severity.INFO: "notice",
}


def annotations(judgements: list[Judgement]) -> Iterator[str]:
    """One line a finding that is not accepted."""
    for judgement in judgements:
        yield from annotations_of(judgement)


def annotations_of(judgement: Judgement) -> Iterator[str]:
    """Those of one capture."""
    yield from annotations_from(told_of(judgement))


def annotations_from(told: Told) -> Iterator[str]:
    """Those of one capture, from what is told of it."""
    path = _property(told.shape.path)
    for error in told.shape.errors:
        yield f"::error file={path}::{_text(error)}"
    for finding, line in told.located:
        if finding.accepted is not UNSET:
            continue
        at = f",line={line}" if line is not None else ""
        title = _property(f"{finding.rule} ({finding.party})")
        also = also_in_words(finding)
        what = f"{finding.message} ({also})" if also else finding.message
        yield f"::{_KINDS[Severity(finding.severity)]} file={path}{at},title={title}::{_text(what)}"


def _text(text: str) -> str:
    return visible(text).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _text(text).replace(":", "%3A").replace(",", "%2C")
