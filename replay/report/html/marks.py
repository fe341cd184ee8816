"""Findings where they stand: the marks at an arrow, at a message and at an element, and the names that links go to."""

from collections.abc import Iterable

from msgspec import Struct

from replay.expect.finding import Finding
from replay.expect.judge import EpisodeJudgement, Judgement
from replay.expect.rules import registry


class Mark(Struct, frozen=True):
    """A broken rule at a place. `weight` is the finding's severity, or `accepted`; `target` the finding's anchor."""

    rule: str
    name: str
    weight: str
    target: str


class Anchors:
    """The names of one capture's places in the page; `number` counts the captures, from 1."""

    def __init__(self, number: int) -> None:
        self.capture = f"c{number}"

    def finding(self, place: int) -> str:
        """The anchor of a finding, by its place among the capture's."""
        return f"{self.capture}-finding-{place}"

    def exchange(self, number: int) -> str:
        """The anchor of an exchange."""
        return f"{self.capture}-exchange-{number}"

    def message(self, number: int, side: str) -> str:
        """The anchor of a message: the exchange's, and the side."""
        return f"{self.exchange(number)}-{side}"

    def episode(self, number: int) -> str:
        """The anchor of an episode."""
        return f"{self.capture}-unenrolment-{number}"


class Marks:
    """The marks of one capture, by exchange and side, by place in a message, and by episode."""

    def __init__(self, judgement: Judgement, anchors: Anchors) -> None:
        self._by_side: dict[tuple[int, str], list[tuple[str | None, Mark]]] = {}
        self._by_episode: dict[int, list[Mark]] = {}
        for place, finding in enumerate(judgement.findings):
            mark = _mark(finding, anchors.finding(place))
            if finding.exchange is not None:
                self._add(finding.exchange, finding, mark, finding.path)
            elif finding.episode is not None:
                self._by_episode.setdefault(finding.episode, []).append(mark)
            for other in finding.also:
                self._add(other, finding, mark, None)

    def _add(self, exchange: int, finding: Finding, mark: Mark, path: str | None) -> None:
        self._by_side.setdefault((exchange, finding.side or "request"), []).append((path, mark))

    @property
    def exchanges(self) -> set[int]:
        """Numbers of the exchanges in which anything is marked."""
        return {exchange for exchange, _ in self._by_side}

    def on(self, exchange: int, side: str) -> list[Mark]:
        """Everything that is marked on one side of an exchange."""
        return [mark for _, mark in self._by_side.get((exchange, side), ())]

    def placed(self, exchange: int, side: str) -> dict[str, list[Mark]]:
        """The marks on one side of an exchange by their path; under an empty one those of the message as a whole."""
        found: dict[str, list[Mark]] = {}
        for path, mark in self._by_side.get((exchange, side), ()):
            found.setdefault(path or "", []).append(mark)
        return found

    def of_episode(self, number: int) -> list[Mark]:
        """What is marked on an episode as a whole, in no exchange of it."""
        return self._by_episode.get(number, [])


def breaking(marks: Iterable[Mark]) -> list[Mark]:
    """Those that a drawing shows: neither accepted ones nor mere remarks; each rule once."""
    by_rule = {mark.rule: mark for mark in reversed(list(marks)) if mark.weight not in ("info", "accepted")}
    return list(reversed(by_rule.values()))


def _mark(finding: Finding, target: str) -> Mark:
    entry = registry().get(finding.rule)
    weight = "accepted" if finding.accepted is not None else finding.severity.value
    return Mark(finding.rule, entry.rule.name if entry else "", weight, target)


class Sheet:
    """One capture's part of the page: what was judged, with its anchors and marks; its exchanges and sessions by number, and the
    session of each exchange."""

    def __init__(self, number: int, judgement: Judgement) -> None:
        traffic = judgement.traffic
        self.judgement = judgement
        self.anchors = Anchors(number)
        self.marks = Marks(judgement, self.anchors)
        self.turns = {turn.number: turn for turn in traffic.turns} if traffic else {}
        self.sessions = {session.number: session for session in traffic.sessions} if traffic else {}
        self.sessions_of = traffic.by_exchange if traffic else {}

    def findings_of(self, judged: EpisodeJudgement) -> list[Finding]:
        """The findings of an episode."""
        return [self.judgement.findings[place] for place in judged.findings]
