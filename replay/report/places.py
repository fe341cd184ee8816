"""Where a finding stands in its capture file: a journal's line, for readers that point into files (SARIF, annotations)."""

from replay.capture.journal import FORMAT
from replay.expect.finding import Finding
from replay.expect.judge import Judgement
from replay.report.shapes import FindingShape


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
