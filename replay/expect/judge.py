"""The judgement of one capture: every rule, the findings in order, and the verdicts."""

import traceback
from collections.abc import Iterable
from typing import TypeVar

from msgspec import Struct

from replay.capture.episodes import Episode
from replay.capture.exchange import Capture, Exchange, Moment
from replay.capture.sessions import Traffic, assemble
from replay.expect.case import Case, EpisodeCase, Options, Rule
from replay.expect.finding import Finding, Party, Verdict, verdicts, worst
from replay.expect.rules import Entry, registry

_T = TypeVar("_T", bound=Struct)


class Scope(Struct, frozen=True, kw_only=True):
    """What of a capture is judged: from when (seconds since 1970), which device, which parties, and without which rules."""

    since: float | None = None
    device: str | None = None
    parties: tuple[Party, ...] = tuple(Party)
    ignore: frozenset[str] = frozenset()


class EpisodeJudgement(Struct):
    """One episode, judged: the verdicts, and the places of its findings among the capture's."""

    case: EpisodeCase
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
    """One capture, judged. `errors` says what the tool itself could not do (a rule that crashed)."""

    path: str
    traffic: Traffic | None
    verdicts: dict[Party, Verdict]
    findings: list[Finding]
    episodes: list[EpisodeJudgement]
    errors: list[str]

    @property
    def verdict(self) -> Verdict:
        """The worst of the parties'."""
        return worst(self.verdicts.values())


def judge(capture: Capture, options: Options | None = None, scope: Scope | None = None) -> Judgement:
    """Judges a capture by every rule. A rule that crashes makes the verdict on its party `error`; nothing is raised."""
    options, scope = options or Options(), scope or Scope()
    traffic = assemble(_narrowed(capture, options, scope))
    case = Case(traffic, options)
    if scope.device is not None:
        case.episodes = [each for each in case.episodes if each.episode.enrolment.device == scope.device]
    findings: list[Finding] = []
    errors: list[str] = []
    crashed: set[Party] = set()
    for entry in registry().values():
        if entry.rule.id in scope.ignore:
            continue
        try:
            findings += _apply(entry, case)
        except Exception as error:  # noqa: BLE001 - one rule's fault must neither hide the others' findings nor pass for a pass
            crashed.add(entry.rule.party)
            errors.append(_crash(entry.rule, error))
    findings = sorted(_asked_for(findings, case, scope), key=_place)
    judged = traffic.readable > 0
    by_party = verdicts(findings, judged=judged, parties=scope.parties)
    by_party.update((party, Verdict.ERROR) for party in crashed)
    episodes = [_episode(each, findings, scope) for each in case.episodes]
    return Judgement(capture.path, traffic, by_party, findings, episodes, errors)


def unreadable(path: str, reason: str) -> Judgement:
    """The judgement of a capture that could not be read: `error` for all."""
    return Judgement(path, None, dict.fromkeys(Party, Verdict.ERROR), [], [], [reason])


def _apply(entry: Entry, case: Case) -> list[Finding]:
    if entry.rule.scope == "capture":
        return list(entry.check(case))
    return [finding for each in case.episodes for finding in entry.check(each)]


def _crash(rule: Rule, error: Exception) -> str:
    where = traceback.extract_tb(error.__traceback__)[-1]
    return (
        f"rule {rule.id} crashed: {type(error).__name__}: {error} ({where.name}, line {where.lineno}). Please report it"
    )


def _narrowed(capture: Capture, options: Options, scope: Scope) -> Capture:
    """A capture without what lies outside the time to be judged."""
    if options.until is None and scope.since is None:
        return capture

    def inside(at: Moment | None) -> bool:
        if at is None:
            return True
        return (scope.since is None or at.wall >= scope.since) and (options.until is None or at.wall <= options.until)

    def ended(exchange: Exchange) -> Exchange:
        """The exchange as it stood at `until`: what came later had not come yet."""
        late_response = exchange.response is not None and not inside(exchange.response.at)
        late_failure = exchange.failure is not None and not inside(exchange.failure.at)
        if not late_response and not late_failure:
            return exchange
        copy = _copied(exchange)
        copy.response = None if late_response else exchange.response
        copy.failure = None if late_failure else exchange.failure
        return copy

    narrowed = _copied(capture)
    narrowed.exchanges = [ended(exchange) for exchange in capture.exchanges if inside(exchange.at)]
    narrowed.connections = [connection for connection in capture.connections if inside(connection.at)]
    return narrowed


def _copied(value: _T) -> _T:
    import copy

    return copy.copy(value)


def _asked_for(findings: Iterable[Finding], case: Case, scope: Scope) -> Iterable[Finding]:
    """The findings on the parties and the device that were asked about."""
    of_device = {s.number for s in case.traffic.sessions if scope.device is None or s.device == scope.device}
    for finding in findings:
        if finding.party not in scope.parties:
            continue
        if finding.session is not None and finding.session not in of_device:
            continue
        yield finding


def _place(finding: Finding) -> tuple[int, int, str]:
    return (finding.exchange or 0, 0 if finding.side != "response" else 1, finding.rule)


def _episode(case: EpisodeCase, findings: list[Finding], scope: Scope) -> EpisodeJudgement:
    places = [place for place, finding in enumerate(findings) if _belongs(finding, case)]
    by_party = verdicts((findings[place] for place in places), parties=scope.parties)
    return EpisodeJudgement(case, by_party, places)


def _belongs(finding: Finding, case: EpisodeCase) -> bool:
    """Whether a finding is this episode's: it says so, or it stands in the alert session or at the trigger."""
    if finding.episode is not None:
        return finding.episode == case.episode.number
    own = {turn.number for seen in case.episode.alerts for turn in seen.session.turns}
    own |= {seen.turn.number for seen in case.episode.execs}
    return finding.exchange in own
