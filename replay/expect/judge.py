"""The judgement of one capture: every rule, the findings in order, and the verdicts."""

import traceback
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import TypeVar

from msgspec import Struct

from replay.capture.episodes import Episode
from replay.capture.exchange import Capture
from replay.capture.narrow import narrowed
from replay.capture.sessions import Session, Traffic, assemble
from replay.expect.accept import Accepted, whose_in
from replay.expect.case import Case, EpisodeCase, Options, Rule
from replay.expect.finding import Finding, Party, Verdict, verdicts, worst
from replay.expect.fold import fold
from replay.expect.noise import accepted_noise
from replay.expect.phases import Phase, phases_of
from replay.expect.rules import Entry, registry
from replay.normal.noise import NoiseProfile

_T = TypeVar("_T")


class Scope(Struct, frozen=True, kw_only=True):
    """What of a capture is judged: from when (seconds since 1970), which device, which parties, without which rules, with which
    findings accepted, what of the values is noise, and whether messages are read as document samples have them."""

    since: float | None = None
    device: str | None = None
    parties: tuple[Party, ...] = tuple(Party)
    ignore: frozenset[str] = frozenset()
    lenient: bool = False
    accepted: Accepted | None = None
    noise: NoiseProfile | None = None


class EpisodeJudgement(Struct):
    """One episode, judged: its phases, the verdicts, and the places of its findings among the capture's."""

    case: EpisodeCase
    phases: list[Phase]
    verdicts: dict[Party, Verdict]
    findings: list[int]

    @property
    def episode(self) -> Episode:
        """The episode itself."""
        return self.case.episode

    @property
    def verdict(self) -> Verdict:
        """The worst of the parties'."""
        return worst(self.verdicts.values())


class Judgement(Struct):
    """One capture, judged. `sessions` are those that were asked about; `errors` says what the tool itself could not do (a
    rule that crashed); `matched` are the numbers of the accepted entries that a finding is like."""

    path: str
    traffic: Traffic | None
    verdicts: dict[Party, Verdict]
    sessions: list[Session]
    findings: list[Finding]
    episodes: list[EpisodeJudgement]
    errors: list[str]
    matched: frozenset[int] = frozenset()

    @property
    def verdict(self) -> Verdict:
        """The worst of the parties'."""
        return worst(self.verdicts.values())


def judge(capture: Capture, options: Options | None = None, scope: Scope | None = None) -> Judgement:
    """Judges a capture by every rule. A rule that crashes makes the verdict on its party `error`; nothing is raised."""
    options, scope = options or Options(), scope or Scope()
    traffic = assemble(narrowed(capture, since=scope.since, until=options.until), lenient=scope.lenient)
    return judge_traffic(traffic, options, scope)


def judge_traffic(
    traffic: Traffic,
    options: Options,
    scope: Scope,
    *,
    episodes_only: bool = False,
    numbering: Callable[[Episode], int] | None = None,
) -> Judgement:
    """Judges what was read and grouped already; of `scope`, since and lenient were up to whoever did that. `episodes_only` leaves
    out the rules that go through every message, for who looks again and again; `numbering` gives the number of an episode where the
    traffic is a part of a larger capture."""
    case = Case(traffic, options)
    if numbering is not None:
        for each in case.episodes:
            each.episode.number = numbering(each.episode)
    if scope.device is not None:
        case.episodes = [each for each in case.episodes if each.episode.enrolment.device == scope.device]
    crashes = _Crashes()
    attachment = crashes.guard(None, lambda: case.attachment)
    if attachment is not None and attachment.problem is not None:  # evidence that cannot be used is no pass without it
        crashes.said.append(attachment.problem)
        crashes.parties.add(Party.DEVICE)
    findings: list[Finding] = []
    for entry in registry().values():
        if entry.rule.id not in scope.ignore and (entry.rule.scope == "episode" or not episodes_only):
            findings += crashes.guard(entry.rule, partial(_apply, entry, case)) or []
    matched: frozenset[int] = frozenset()
    if scope.accepted is not None:
        findings, matched = scope.accepted.apply(findings, whose_in(traffic))
    if scope.noise is not None:
        findings = accepted_noise(findings, traffic, scope.noise)
    findings = sorted(_asked_for(findings, case, scope), key=place_of)
    findings = fold(findings, partial(_whose, case, {each.number: each for each in traffic.sessions}))
    judged = any(turn.readable and scope.device in (None, turn.device) for turn in traffic.turns)
    places: dict[int, list[int]] = {}
    for place, finding in enumerate(findings):
        for number in _episodes_of(finding, case):
            places.setdefault(number, []).append(place)
    episodes = [_episode(each, places.get(each.episode.number, []), findings, scope, crashes) for each in case.episodes]
    by_party = crashes.on(verdicts(findings, judged=judged, parties=scope.parties))
    sessions = [each for each in traffic.sessions if scope.device in (None, each.device)]
    return Judgement(traffic.capture.path, traffic, by_party, sessions, findings, episodes, crashes.said, matched)


def unreadable(path: str, reason: str) -> Judgement:
    """The judgement of a capture that could not be read: `error` for all."""
    return Judgement(path, None, dict.fromkeys(Party, Verdict.ERROR), [], [], [], [reason])


class _Crashes:
    """Faults of the tool itself: said, and an `error` for the parties that they leave unjudged."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.parties: set[Party] = set()

    def guard(self, rule: Rule | None, work: Callable[[], _T]) -> _T | None:
        """What `work` gives; None where it crashes, as a rule or (without one) as a whole episode."""
        try:
            return work()
        except Exception as error:  # noqa: BLE001 - one fault must neither hide what others find nor pass for a pass
            where = traceback.extract_tb(error.__traceback__)[-1]
            what = f"rule {rule.id}" if rule else "an episode"
            self.said.append(
                f"{what} crashed: {type(error).__name__}: {error} ({where.name}, line {where.lineno}). Please report it"
            )
            self.parties |= {rule.party} if rule and rule.party else set(Party)
            return None

    def on(self, by_party: dict[Party, Verdict]) -> dict[Party, Verdict]:
        """The verdicts, with `error` where something crashed."""
        return {party: Verdict.ERROR if party in self.parties else verdict for party, verdict in by_party.items()}


def _apply(entry: Entry, case: Case) -> list[Finding]:
    if entry.rule.scope == "capture":
        return list(entry.check(case))
    if entry.rule.scope == "message":
        found: list[Finding] = []
        for said in case.said:
            if of_message := entry.check(said):  # nearly always an empty tuple
                found += of_message
        return found
    return [finding for each in case.episodes for finding in entry.check(each)]


def _asked_for(findings: Iterable[Finding], case: Case, scope: Scope) -> Iterable[Finding]:
    """The findings on the parties and the device that were asked about."""
    of_device = {s.number for s in case.traffic.sessions if scope.device is None or s.device == scope.device}
    for finding in findings:
        if finding.party not in scope.parties:
            continue
        if finding.session is not None and finding.session not in of_device:
            continue
        yield finding


def _whose(case: Case, sessions: Mapping[int, Session], finding: Finding) -> object:
    return whose(finding, sessions, _episodes_of(finding, case))


def whose(finding: Finding, sessions: Mapping[int, Session], episodes: tuple[int, ...]) -> object:
    """Whose finding it is: of which device or server, and in which episodes. `sessions` are known by their numbers."""
    session = sessions[finding.session] if finding.session else None
    party = None if session is None else session.device if finding.party is Party.DEVICE else session.server
    return party, episodes


def place_of(finding: Finding) -> tuple[int, int, str]:
    """Where a finding stands among those of a capture."""
    return (finding.exchange or 0, 0 if finding.side != "response" else 1, finding.rule)


def _episode(
    case: EpisodeCase, places: list[int], findings: list[Finding], scope: Scope, crashes: _Crashes
) -> EpisodeJudgement:
    phases = crashes.guard(None, partial(phases_of, case)) or []
    by_party = crashes.on(verdicts((findings[place] for place in places), parties=scope.parties))
    return EpisodeJudgement(case, phases, by_party, places)


def _episodes_of(finding: Finding, case: Case) -> tuple[int, ...]:
    """The numbers of the episodes that a finding is on: it says so, or it stands in the alert session or at the trigger."""
    if finding.episode is not None:
        return (finding.episode,)
    return case.episodes_at.get(finding.exchange, ()) if finding.exchange is not None else ()
