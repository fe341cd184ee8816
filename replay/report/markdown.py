"""The report as Markdown, for pull requests: the verdicts, the sequence as a Mermaid drawing, and the findings. Texts from
captures are escaped, so that nothing in one becomes markup, a link or a mention."""

import re
from collections.abc import Iterator
from typing import Final

from replay.capture.sessions import Session
from replay.expect.finding import Finding
from replay.expect.judge import EpisodeJudgement, Judgement
from replay.report.places import place_in_words
from replay.report.safe import visible

_MARKS: Final = {"pass": "✅", "fail": "❌", "error": "💥", "inconclusive": "❔", "none": "⚪"}
_SPECIAL: Final = re.compile(r"([\\`*_{}\[\]()#+\-.!|<>~&@:/^$])")
_ORDER: Final = ("error", "inconclusive", "warning", "info")


def markdown(judgements: list[Judgement]) -> str:
    """The judgements as Markdown."""
    return "".join(markdown_piece(judgement) for judgement in judgements)


def markdown_piece(judgement: Judgement) -> str:
    """One capture's part of it."""
    return "".join(f"{line}\n" for line in _capture(judgement))


def _escaped(text: str) -> str:
    """A text in which nothing is markup: every special character as a character reference, which no dialect takes for
    anything."""
    return _SPECIAL.sub(lambda found: f"&#{ord(found.group())};", visible(text))


def _capture(judgement: Judgement) -> Iterator[str]:
    word = judgement.verdict.word
    yield f"## {_MARKS[word]} {word}: {_escaped(judgement.path)}"
    yield ""
    yield "| " + " | ".join(party.value for party in judgement.verdicts) + " |"
    yield "| " + " | ".join("---" for _ in judgement.verdicts) + " |"
    yield "| " + " | ".join(f"{_MARKS[v.word]} {v.word}" for v in judgement.verdicts.values()) + " |"
    yield ""
    for error in judgement.errors:
        yield f"- cannot be judged: {_escaped(error)}"
    for each in judgement.episodes:
        yield from _episode(each, judgement)
    if judgement.findings:
        yield "### Findings"
        yield ""
        yield "| rule | severity | party | what | where |"
        yield "| --- | --- | --- | --- | --- |"
        for finding in sorted(judgement.findings, key=lambda f: _ORDER.index(f.severity)):
            yield _row(finding)
        yield ""


def _row(finding: Finding) -> str:
    what = _escaped(finding.message)
    if finding.accepted is not None:
        what += f" (accepted: {_escaped(finding.accepted)})"
    cells = (finding.rule, finding.severity.value, finding.party.value, what, _escaped(place_in_words(finding)))
    return "| " + " | ".join(cells) + " |"


def _episode(each: EpisodeJudgement, judgement: Judgement) -> Iterator[str]:
    episode, word = each.episode, each.verdict.word
    yield f"### Unenrolment {episode.number}, {episode.scenario}: {_MARKS[word]} {word}"
    yield ""
    yield from _drawing(each, judgement)
    yield ""
    for phase in each.phases:
        where = f" (exchange {phase.exchange})" if phase.exchange else ""
        yield f"- **{phase.name}** {phase.status}{where}: {_escaped(phase.detail)}"
    yield ""


def _drawing(each: EpisodeJudgement, judgement: Judgement) -> Iterator[str]:
    """The sequence as Mermaid draws it. Only words of our own and numbers get in."""
    broken: dict[tuple[int, str], list[str]] = {}
    for place in each.findings:
        finding = judgement.findings[place]
        if finding.exchange and finding.severity != "info" and finding.accepted is None:
            broken.setdefault((finding.exchange, finding.side or "request"), []).append(finding.rule)
    yield "```mermaid"
    yield "sequenceDiagram"
    yield "  participant D as device"
    yield "  participant S as server"
    seen: set[int] = set()
    for turn in sorted((t for s in _sessions(each) for t in s.turns), key=lambda t: t.exchange.order):
        if turn.number in seen:
            continue
        seen.add(turn.number)
        alert = any(one.turn is turn for one in each.episode.alerts)
        executed = any(one.turn is turn for one in each.episode.execs)
        yield f"  D->>S: exchange {turn.number}{', alert' if alert else ''}{_rules(broken, turn.number, 'request')}"
        response = turn.exchange.response
        if response is None:
            yield f"  S--xD: {turn.exchange.failure.cause if turn.exchange.failure else 'no answer'}"
        else:
            made = " by the proxy" if response.by == "proxy" else ""
            what = ", Exec Unenroll" if executed else ""
            yield f"  S-->>D: HTTP {response.status}{made}{what}{_rules(broken, turn.number, 'response')}"
    if each.case.window is not None:
        yield f"  Note over D,S: {each.case.window.seconds:.1f} s were watched after it"
    yield "```"


def _sessions(each: EpisodeJudgement) -> list[Session]:
    """The sessions of an episode: those of the trigger and the alert, and those that broke the silence."""
    found = [seen.session for seen in each.episode.execs] + [seen.session for seen in each.episode.alerts]
    return found + (list(each.case.silence.broken_by) if each.case.silence else [])


def _rules(broken: dict[tuple[int, str], list[str]], number: int, side: str) -> str:
    rules = broken.get((number, side))
    return f" ({' '.join(dict.fromkeys(rules))})" if rules else ""
