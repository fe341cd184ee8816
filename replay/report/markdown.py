"""The report as Markdown, for pull requests: the verdicts, the sequence as a Mermaid drawing, and the findings. Texts from
captures are escaped, so that nothing in one becomes markup, a link or a mention."""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from msgspec import UNSET, structs

from replay.capture.sessions import Session
from replay.expect.judge import EpisodeJudgement, Judgement
from replay.report.places import also_in_words, place_in_words
from replay.report.safe import visible
from replay.report.shapes import EpisodeShape, FindingShape
from replay.report.told import Drawing, Told, told_of

_MARKS: Final = {"pass": "✅", "fail": "❌", "error": "💥", "inconclusive": "❔", "none": "⚪"}
_SPECIAL: Final = re.compile(r"([\\`*_{}\[\]()#+\-.!|<>~&@:/^$])")
_ORDER: Final = ("error", "inconclusive", "warning", "info")


def markdown(judgements: list[Judgement]) -> str:
    """The judgements as Markdown."""
    return "".join(markdown_piece(judgement) for judgement in judgements)


def markdown_piece(judgement: Judgement) -> str:
    """One capture's part of it."""
    told = structs.replace(told_of(judgement), drawings=[drawing_of(each) for each in judgement.episodes])
    return "".join(f"{line}\n" for line in _capture(told))


def markdown_whole(pieces: Sequence[str | Told]) -> Iterator[str]:
    """It from the parts of all captures; that of a large one is made as it is written."""
    for each in pieces:
        if isinstance(each, str):
            yield each
        else:
            yield from (f"{line}\n" for line in _capture(each))


def _escaped(text: str) -> str:
    """A text in which nothing is markup: every special character as a character reference, which no dialect takes for
    anything."""
    return _SPECIAL.sub(lambda found: f"&#{ord(found.group())};", visible(text))


def _capture(told: Told) -> Iterator[str]:
    shape = told.shape
    word = shape.verdict
    yield f"## {_MARKS[word]} {word}: {_escaped(shape.path)}"
    yield ""
    yield "| " + " | ".join(shape.verdicts) + " |"
    yield "| " + " | ".join("---" for _ in shape.verdicts) + " |"
    yield "| " + " | ".join(f"{_MARKS[each]} {each}" for each in shape.verdicts.values()) + " |"
    yield ""
    for error in shape.errors:
        yield f"- cannot be judged: {_escaped(error)}"
    for episode, drawing in zip(shape.episodes, told.drawings, strict=True):
        yield from _episode(episode, drawing, [shape.findings[place] for place in episode.findings])
    if len(shape.findings):
        yield "### Findings"
        yield ""
        yield "| rule | severity | party | what | where |"
        yield "| --- | --- | --- | --- | --- |"
        for severity in _ORDER:  # they may be on disk, and more than can be sorted in memory
            yield from (_row(finding) for finding in shape.findings if finding.severity == severity)
        yield ""


def _row(finding: FindingShape) -> str:
    what = _escaped(finding.message)
    if finding.accepted is not UNSET:
        what += f" (accepted: {_escaped(finding.accepted)})"
    where = "; ".join(part for part in (place_in_words(finding), also_in_words(finding)) if part)
    cells = (finding.rule, finding.severity, finding.party, what, _escaped(where))
    return "| " + " | ".join(cells) + " |"


def _episode(episode: EpisodeShape, drawing: Drawing, findings: list[FindingShape]) -> Iterator[str]:
    word = episode.verdict
    yield f"### Unenrolment {episode.id}, {episode.scenario}: {_MARKS[word]} {word}"
    yield ""
    broken: dict[tuple[int, str], list[str]] = {}
    for finding in findings:
        if finding.exchange and finding.severity != "info" and finding.accepted is UNSET:
            broken.setdefault((finding.exchange, finding.side or "request"), []).append(finding.rule)
    yield from ("```mermaid", "sequenceDiagram", "  participant D as device", "  participant S as server")
    yield from (f"{line}{_rules(broken, exchange, side)}" for line, exchange, side in drawing)
    yield "```"
    yield ""
    for phase in episode.phases:
        where = f" (exchange {phase.exchange})" if phase.exchange else ""
        yield f"- **{phase.name}** {phase.status}{where}: {_escaped(phase.detail)}"
    yield ""


def drawing_of(each: EpisodeJudgement) -> Drawing:
    """The sequence of an episode as Mermaid draws it, before anything in it is called wrong. Only words of our own and numbers get
    in."""
    drawing: Drawing = []
    seen: set[int] = set()
    for turn in sorted((t for s in _sessions(each) for t in s.turns), key=lambda t: t.exchange.order):
        if turn.number in seen:
            continue
        seen.add(turn.number)
        alert = any(one.turn is turn for one in each.episode.alerts)
        executed = any(one.turn is turn for one in each.episode.execs)
        drawing.append((f"  D->>S: exchange {turn.number}{', alert' if alert else ''}", turn.number, "request"))
        response = turn.exchange.response
        if response is None:
            drawing.append((f"  S--xD: {turn.exchange.failure.cause if turn.exchange.failure else 'no answer'}", 0, ""))
        else:
            made = " by the proxy" if response.by == "proxy" else ""
            what = ", Exec Unenroll" if executed else ""
            drawing.append((f"  S-->>D: HTTP {response.status}{made}{what}", turn.number, "response"))
    if each.case.window is not None:
        drawing.append((f"  Note over D,S: {each.case.window.seconds:.1f} s were watched after it", 0, ""))
    return drawing


def _sessions(each: EpisodeJudgement) -> list[Session]:
    """The sessions of an episode: those of the trigger and the alert, and those that broke the silence."""
    found = [seen.session for seen in each.episode.execs] + [seen.session for seen in each.episode.alerts]
    return found + (list(each.case.silence.broken_by) if each.case.silence else [])


def _rules(broken: dict[tuple[int, str], list[str]], number: int, side: str) -> str:
    rules = broken.get((number, side))
    return f" ({' '.join(dict.fromkeys(rules))})" if rules else ""
