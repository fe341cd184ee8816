"""The report as text: the verdict first, then why, with the place that shows it."""

from collections import Counter
from collections.abc import Iterator, Sequence

import click

from replay.expect.finding import LONGEST
from replay.expect.judge import Judgement
from replay.report.places import also_in_words, first_of
from replay.report.safe import visible
from replay.report.shapes import (
    CaptureShape,
    EpisodeShape,
    EvidenceFileShape,
    EvidenceShape,
    FindingShape,
    ReportShape,
    capture,
)

_COLOURS = {
    "pass": "green",
    "fail": "red",
    "error": "red",
    "inconclusive": "yellow",
    "none": "yellow",
    "warning": "yellow",
    "info": "blue",
}
_MARKS = {"observed": "+", "inferred": "~", "absent": "-", "contradicted": "!", "unobservable": "?"}
_WEIGHTS = ("error", "inconclusive", "warning", "info")


def check_text(report: ReportShape, *, detail: int = 0) -> str:
    """The report on one or more captures as text, with colours as escape sequences of its own (click removes them in
    pipes). `detail` below 0 gives a line a capture, above 0 also infos' sources and all sessions."""
    return "".join(text_whole([shape_text(each, detail) for each in report.captures], report, detail))


def text_piece(judgement: Judgement, detail: int) -> str:
    """What the text says of one capture."""
    return shape_text(capture(judgement), detail)


def text_whole(pieces: Sequence[str | CaptureShape], report: ReportShape, detail: int) -> Iterator[str]:
    """The text from what it says of each capture, or from the shape of one that is too large to be said at once, and the head of
    the report."""
    parts = list(pieces)
    if len(pieces) > 1:
        parts.append(f"{_word(report.verdict)}  {len(pieces)} captures: {_parties(report.verdicts)}\n")
    if report.evidence:
        parts.append("".join(f"{visible(_evidence_file(each))}\n" for each in report.evidence))
    if report.accept:
        parts.append("".join(f"{visible(line)}\n" for line in report.accept))
    for number, part in enumerate(parts):
        if number and detail >= 0:
            yield "\n"
        if isinstance(part, str):
            yield part
        else:
            yield from (f"{line}\n" for line in _shape_lines(part, detail))


def _word(verdict: str) -> str:
    return click.style(verdict.upper(), fg=_COLOURS[verdict], bold=True)


def _parties(verdicts: dict[str, str]) -> str:
    return " · ".join(f"{party} {click.style(word, fg=_COLOURS[word])}" for party, word in verdicts.items())


def shape_text(capture: CaptureShape, detail: int) -> str:
    """What the text says of one capture, from the report's shape of it."""
    return "".join(f"{line}\n" for line in _shape_lines(capture, detail))


def _shape_lines(capture: CaptureShape, detail: int) -> Iterator[str]:
    groups = Counter((_is_accepted(finding), finding.severity) for finding in capture.findings)
    accepted = sum(count for (known, _), count in groups.items() if known)
    known = f" ({_count(accepted, 'finding')} accepted)" if accepted else ""
    yield f"{_word(capture.verdict)}  {visible(capture.path)}: {_parties(capture.verdicts)}{known}"
    yield from (f"  {click.style('cannot be judged', fg='red')}: {visible(error)}" for error in capture.errors)
    if detail < 0:
        return
    if capture.sessions or not capture.errors:
        yield f"  {_counts(capture)}"
    if capture.verdict == "none" and not capture.errors:
        yield "  nothing to judge: not one readable OMA DM message was recorded"
    if detail > 0:
        yield from (
            f"  session {s.id}: {'+'.join(s.role)}, SessionID {_told(s.session_id)}, exchanges "
            f"{first_of(s.exchanges)}, device {_told(s.device)}"
            for s in capture.sessions
        )
    for episode in capture.episodes:
        yield ""
        yield from _episode(episode)
    for heading, known_ones in (("Findings", False), ("Accepted", True)):
        if any(group[0] is known_ones for group in groups):
            yield from ("", f"  {heading}")
        for weight in _WEIGHTS:  # they may be on disk, and more than can be sorted in memory
            if (known_ones, weight) in groups:
                for finding in capture.findings:
                    if (_is_accepted(finding), finding.severity) == (known_ones, weight):
                        yield from _finding(finding)


def _is_accepted(finding: FindingShape) -> bool:
    return bool(finding.accepted)


def _counts(capture: CaptureShape) -> str:
    return ", ".join(
        [
            _count(capture.exchanges, "exchange") + f" ({capture.readable} with OMA DM)",
            _count(len(capture.sessions), "session"),
            _count(len(capture.episodes), "unenrolment"),
        ]
    )


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _episode(episode: EpisodeShape) -> list[str]:
    how = {"user": "by the user", "server": "by the server", "unjoin-failed": "that failed: the directory unjoin"}
    lines = [
        f"  Unenrolment {episode.id}, {how[episode.scenario]}: {_word(episode.verdict)}",
        f"    device {_told(episode.device)} at {_told(episode.server)}",
    ]
    for phase in episode.phases:
        at = f"{phase.at.partition('T')[2] or phase.at}  " if phase.at else ""
        where = f"exchange {phase.exchange}  " if phase.exchange else ""
        status = f"{phase.status:<12}"
        status = click.style(status, fg="red") if phase.status == "contradicted" else status
        lines.append(f"    {_MARKS[phase.status]} {phase.name:<8} {status}  {at}{where}{visible(phase.detail)}")
        if phase.name == "cleanup":
            lines += _steps(episode.evidence)
    return lines + [f"    {advice.kind}: {advice.text}  [{advice.source}]" for advice in episode.advice]


def _steps(evidence: list[EvidenceShape]) -> Iterator[str]:
    """A line for each step and outcome: how often, when by the device's clock, and from which events."""
    groups: dict[tuple[str, str], list[EvidenceShape]] = {}
    for each in evidence:
        groups.setdefault((each.step, each.outcome), []).append(each)
    for (step, outcome), found in groups.items():
        times = [each.at.partition("T")[2] or each.at for each in found]
        when = times[0] if len(found) == 1 else f"{times[0]} to {times[-1]}, {len(found)} times"
        events = sorted({each.event for each in found if each.event is not None})
        what = f"event{'s' if len(events) > 1 else ''} {', '.join(map(str, events))}" if events else found[0].text
        said = f"{outcome:<6}"
        said = click.style(said, fg="red") if outcome == "failed" else said
        yield f"        {step:<13} {said}  {when}  {visible(what)}".rstrip()


def _evidence_file(file: EvidenceFileShape) -> str:
    """What a file of evidence held."""
    items = _count(file.events, "item" if file.format == "json" else "event")
    also = [f"{file.others} of other providers"] if file.others else []
    also += [f"{file.unread} unreadable"] if file.unread else []
    counted = f" ({', '.join(also)})" if also else ""
    unused = "" if file.used else "; it belongs to no unenrolment here"
    return f"evidence  {file.path}: {items}{counted}, {file.from_} to {file.to} by the device's clock{unused}"


def _finding(finding: FindingShape) -> list[str]:
    severity = click.style(finding.severity, fg=_COLOURS.get(finding.severity, "red"))
    lines = [f"    {click.style(finding.rule, bold=True)} {severity} ({finding.party}): {visible(finding.message)}"]
    where = [
        f"exchange {finding.exchange}" if finding.exchange else "",
        finding.side or "",
        f"session {finding.session}" if finding.session else "",
        visible(finding.path or ""),
        f"line {finding.line}" if finding.line else "",
    ]
    place = ", ".join(part for part in where if part)
    lines.append(f"      {place + '  ' if place else ''}[{finding.source}]")
    if also := also_in_words(finding):
        lines.append(f"      {also}")
    if finding.accepted:
        lines.append(f"      accepted: {visible(finding.accepted)}")
    return lines


def _told(text: str | None) -> str:
    """A name from a capture, safe to print and not longer than one can read."""
    name = str(text)
    return visible(name if len(name) <= LONGEST else name[: LONGEST - 1] + "…")
