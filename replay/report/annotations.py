"""Findings as annotations of GitHub Actions: lines that its runner shows beside the file (`::error file=…,line=…::…`)."""

from collections.abc import Iterator
from typing import Final

from replay.expect.finding import Severity
from replay.expect.judge import Judgement
from replay.report.places import file_lines, line_of
from replay.report.safe import visible

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
    lines = file_lines(judgement)
    for error in judgement.errors:
        yield f"::error file={_property(judgement.path)}::{_text(error)}"
    for finding in judgement.findings:
        if finding.accepted is not None:
            continue
        line = line_of(finding, lines)
        at = f",line={line}" if line is not None else ""
        title = _property(f"{finding.rule} ({finding.party})")
        yield f"::{_KINDS[finding.severity]} file={_property(judgement.path)}{at},title={title}::{_text(finding.message)}"


def _text(text: str) -> str:
    return visible(text).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _text(text).replace(":", "%3A").replace(",", "%2C")
