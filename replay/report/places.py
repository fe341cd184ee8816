"""Where a finding stands: in words, and in its capture file, a journal's line, for readers that point into files (SARIF,
annotations)."""

from collections.abc import Sequence
from typing import Final

from replay.capture.journal import FORMAT
from replay.expect.finding import Finding
from replay.expect.judge import Judgement
from replay.report.shapes import FindingShape

#: Exchanges that are named.
_NAMED: Final = 8


def file_lines(judgement: Judgement) -> dict[tuple[int, str], int]:
    """The line of every request and response in a journal, by exchange and side. Empty for other formats, which have no lines to
    point at, and for compressed journals."""
    traffic = judgement.traffic
    if traffic is None or traffic.capture.format != FORMAT or judgement.path.endswith(".zst"):
        return {}
    lines = {}
    for exchange in traffic.capture.exchanges:
        lines[exchange.number, "request"] = int(exchange.order)
        lines[exchange.number, "response"] = int(exchange.response.order if exchange.response else exchange.ended[0])
    return lines


def line_of(finding: Finding, lines: dict[tuple[int, str], int]) -> int | None:
    """The line of the capture file that a finding is on; None where there is none."""
    return lines.get((finding.exchange, finding.side or "request")) if finding.exchange else None


def place_in_words(finding: Finding | FindingShape) -> str:
    """Exchange, side and path in words: `exchange 4, request, SyncBody/Alert[3]`."""
    parts = [f"exchange {finding.exchange}" if finding.exchange else "", finding.side or "", finding.path or ""]
    return ", ".join(part for part in parts if part)


def also_in_words(finding: FindingShape) -> str:
    """Where else the same is wrong: `the same in exchange 5, 6`; empty where it is nowhere else."""
    return f"the same in exchange {first_of(finding.also)}" if finding.also else ""


def first_of(exchanges: Sequence[int]) -> str:
    """The numbers of exchanges, or the first of them and how many there are besides."""
    first = ", ".join(map(str, exchanges[:_NAMED]))
    return first + (f" and {len(exchanges) - _NAMED} more" if len(exchanges) > _NAMED else "")
