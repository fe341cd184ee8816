"""The report of `omadm check` as one HTML file: verdict and why, a drawing of each unenrolment, findings, messages, rules."""

from collections.abc import Sequence
from typing import Final

from msgspec import UNSET, Struct

from replay.capture.times import iso
from replay.expect.finding import Finding, Severity, Verdict
from replay.expect.judge import EpisodeJudgement, Judgement
from replay.expect.rules import registry
from replay.report.html.drawing import LANES, Drawing, drawing_of
from replay.report.html.exchanges import Listing, listing
from replay.report.html.explained import explained
from replay.report.html.frame import render
from replay.report.html.marks import Anchors, Sheet
from replay.report.html.words import HOW, counted, why, why_episode
from replay.report.places import file_lines, line_of, place_in_words
from replay.report.shapes import CaptureShape, EpisodeShape, ReportShape, capture

_WEIGHTS: Final = list(Severity)
#: Unenrolments whose details are open at first: where something is wrong, or where there are only a few.
_OPEN: Final = 5
#: Exchanges with the same finding that are named; findings and unenrolments that are shown; unenrolments that are drawn.
_ALSO: Final = 40
_FINDINGS: Final = 2_000
_EPISODES: Final = 1_000
_DRAWN: Final = 200


class FindingView(Struct, frozen=True):
    """A finding: where it stands in words and in the page (`place` None where the page does not have it), the line of the capture
    file, and the other exchanges with the same."""

    anchor: str
    finding: Finding
    name: str
    where: str
    place: str | None
    line: int | None
    also: list[tuple[int, str | None]]
    more: int


class EpisodeView(Struct, frozen=True):
    """An unenrolment: the report's own words on it, how the device's clock goes with the recorder's, and the drawing."""

    anchor: str
    shape: EpisodeShape
    how: str
    why: str
    clock: str
    drawing: Drawing | None
    open: bool


class CaptureView(Struct, frozen=True):
    """A capture. Not everything of a large one is shown: `episodes_left_out` and `findings_left_out` count what is not."""

    anchor: str
    shape: CaptureShape
    why: str
    counts: str
    episodes: list[EpisodeView]
    episodes_left_out: int
    findings_left_out: int
    findings: list[FindingView]
    accepted: list[FindingView]
    listing: Listing
    notes: list[tuple[str, str, str]]
    redacted: bool


def check_html(judgements: list[Judgement], report: ReportShape) -> str:
    """The report on one or more captures as one self-contained file."""
    return html_whole([html_piece(each, number) for number, each in enumerate(judgements, 1)], report)


def html_piece(judgement: Judgement, number: int) -> tuple[CaptureView, set[str]]:
    """What the page shows of one capture, the `number`-th of them (from 1), and the rules that it speaks of."""
    rules = {finding.rule for finding in judgement.findings}
    return _capture(number, judgement, capture(judgement)), rules


def html_whole(pieces: Sequence[tuple[CaptureView, set[str]]], report: ReportShape) -> str:
    """The page from what it shows of each capture, and the head of the report."""
    return render(
        "check.html.j2",
        styles=("check.css",),
        report=report,
        captures=[view for view, _ in pieces],
        rules=explained(rule for _, rules in pieces for rule in rules),
        evidence=[] if report.evidence is UNSET else report.evidence,
        accept=[] if report.accept is UNSET else report.accept,
        lanes=LANES,
        counted=counted,
    )


def _capture(number: int, judgement: Judgement, shape: CaptureShape) -> CaptureView:
    sheet = Sheet(number, judgement)
    listed = listing(sheet)
    findings = _findings(judgement, sheet, listed)
    recorded = judgement.traffic.capture if judgement.traffic else None
    return CaptureView(
        anchor=sheet.anchors.capture,
        shape=shape,
        why=why(judgement),
        counts=_counts(shape),
        episodes=_episodes(judgement, shape, sheet),
        episodes_left_out=max(len(shape.episodes) - _EPISODES, 0),
        findings_left_out=max(len(shape.findings) - _FINDINGS, 0),
        findings=[each for each in findings if each.finding.accepted is None],
        accepted=[each for each in findings if each.finding.accepted is not None],
        listing=listed,
        notes=_notes(judgement),
        redacted=recorded is not None and recorded.redacted,
    )


def _counts(shape: CaptureShape) -> str:
    exchanges = f"{counted(shape.exchanges, 'exchange')} ({shape.readable} with OMA DM)"
    sessions, episodes = counted(len(shape.sessions), "session"), counted(len(shape.episodes), "unenrolment")
    return f"{exchanges}, {sessions}, {episodes}"


def _notes(judgement: Judgement) -> list[tuple[str, str, str]]:
    """The marks of a capture: when, name and text."""
    notes = judgement.traffic.capture.notes if judgement.traffic else []
    return [(iso(note.at.wall) if note.at else "", note.name or "mark", note.text) for note in notes]


def _episodes(judgement: Judgement, shape: CaptureShape, sheet: Sheet) -> list[EpisodeView]:
    """The unenrolments that are shown, those first in which something is wrong. A few of these are open at first; all are, where
    there are only a few."""
    pairs = list(zip(judgement.episodes, shape.episodes, strict=True))
    pairs.sort(key=lambda pair: pair[0].verdict is Verdict.PASS)
    few = len(pairs) <= _OPEN
    return [
        EpisodeView(
            anchor=sheet.anchors.episode(each.id),
            shape=each,
            how=HOW[each.scenario],
            why=why_episode(judged, judgement),
            clock=_clock(judged),
            drawing=drawing_of(judged, sheet) if place < _DRAWN else None,
            open=few or (place < _OPEN and judged.verdict is not Verdict.PASS),
        )
        for place, (judged, each) in enumerate(pairs[:_EPISODES])
    ]


def _clock(judged: EpisodeJudgement) -> str:
    """How the device's clock goes with the recorder's, in words; nothing where there is no evidence."""
    evidence = judged.case.evidence
    return evidence.clock.words if evidence is not None and evidence.clock is not None else ""


def _by_weight(findings: list[Finding]) -> list[int]:
    """The places of the findings, the heaviest first."""
    return sorted(range(len(findings)), key=lambda place: _WEIGHTS.index(findings[place].severity))


def _findings(judgement: Judgement, sheet: Sheet, listed: Listing) -> list[FindingView]:
    lines, entries = file_lines(judgement), registry()
    views = []
    for place in _by_weight(judgement.findings)[:_FINDINGS]:
        finding = judgement.findings[place]
        entry = entries.get(finding.rule)
        views.append(
            FindingView(
                anchor=sheet.anchors.finding(place),
                finding=finding,
                name=entry.rule.name if entry else "",
                where=place_in_words(finding),
                place=_place(finding, sheet.anchors, listed),
                line=line_of(finding, lines),
                also=[(number, _if_listed(sheet.anchors.exchange(number), listed)) for number in finding.also[:_ALSO]],
                more=max(len(finding.also) - _ALSO, 0),
            )
        )
    return views


def _place(finding: Finding, anchors: Anchors, listed: Listing) -> str | None:
    """Where the page has what a finding is on: the message, or the exchange, or the unenrolment."""
    if finding.exchange is None:
        return anchors.episode(finding.episode) if finding.episode is not None else None
    message = anchors.message(finding.exchange, finding.side) if finding.side else ""
    return _if_listed(message, listed) or _if_listed(anchors.exchange(finding.exchange), listed)


def _if_listed(anchor: str, listed: Listing) -> str | None:
    return anchor if anchor in listed.anchors else None
