"""The report's shape in JSON, exactly as the contract has it (`check --format json`)."""

from msgspec import UNSET, Struct, UnsetType, field

from replay import __version__
from replay.capture.episodes import Window
from replay.capture.exchange import Moment
from replay.capture.sessions import Session
from replay.expect.finding import Finding, Party, Verdict, worst
from replay.expect.judge import EpisodeJudgement, Judgement
from replay.report.safe import iso, without_surrogates

FORMAT = "omadm-report"


class PhaseShape(Struct):
    """One phase of an episode."""

    name: str
    status: str
    exchange: int | None
    at: str | None
    detail: str


class TriggerShape(Struct):
    """The Exec that began an episode."""

    exchange: int
    at: str | None
    target: str


class WindowShape(Struct, rename={"from_": "from"}):
    """The window of silence."""

    from_: str
    to: str
    seconds: float
    ended_by: str


class AdviceShape(Struct):
    """What the document has to say of an episode: `unexpected` or `advice`, and where it says it."""

    kind: str
    text: str
    source: str


class EpisodeShape(Struct):
    """One unenrolment."""

    id: int
    device: str | None
    server: str
    scenario: str
    verdict: str
    verdicts: dict[str, str]
    trigger: TriggerShape | None
    phases: list[PhaseShape]
    window: WindowShape | None
    evidence: list[dict[str, str]]
    advice: list[AdviceShape]
    findings: list[int]


class SessionShape(Struct):
    """One session."""

    id: int
    device: str | None
    server: str
    session_id: str | None
    exchanges: list[int]
    role: list[str]


class FindingShape(Struct):
    """One finding; `accepted` is the reason for which it changes no verdict, and is there only where it does not."""

    rule: str
    severity: str
    party: str
    message: str
    exchange: int | None
    side: str | None
    session: int | None
    episode: int | None
    path: str | None
    line: int | None
    source: str
    accepted: str | UnsetType = UNSET


class CaptureShape(Struct):
    """One capture. `errors` is what the tool itself could not do."""

    path: str
    verdict: str
    verdicts: dict[str, str]
    exchanges: int
    readable: int
    sessions: list[SessionShape]
    episodes: list[EpisodeShape]
    findings: list[FindingShape]
    errors: list[str] = field(default_factory=list)


class ReportShape(Struct):
    """The whole report. `accept` is what is to be said of a file of accepted findings: expired and unused entries."""

    format: str
    version: int
    tool: str
    verdict: str
    verdicts: dict[str, str]
    captures: list[CaptureShape]
    accept: list[str] | UnsetType = UNSET


def report(judgements: list[Judgement], accept: list[str] | None = None) -> ReportShape:
    """The report on one or more captures, and on the file of accepted findings where there was one."""
    by_party = {party: worst(each.verdicts[party] for each in judgements) for party in Party}
    return ReportShape(
        format=FORMAT,
        version=1,
        tool=f"omadm-replay {__version__}",
        verdict=worst(by_party.values()).word,
        verdicts=_words(by_party),
        captures=[capture(each) for each in judgements],
        accept=UNSET if accept is None else [without_surrogates(each) for each in accept],
    )


def capture(judgement: Judgement) -> CaptureShape:
    """One capture's part of the report."""
    traffic = judgement.traffic
    return CaptureShape(
        path=without_surrogates(judgement.path),
        verdict=judgement.verdict.word,
        verdicts=_words(judgement.verdicts),
        exchanges=len(traffic.capture.exchanges) if traffic else 0,
        readable=traffic.readable if traffic else 0,
        sessions=[session(each) for each in judgement.sessions],
        episodes=[_episode(each) for each in judgement.episodes],
        findings=[_finding(each) for each in judgement.findings],
        errors=[without_surrogates(error) for error in judgement.errors],
    )


def session(each: Session) -> SessionShape:
    """One session's part of the report."""
    return SessionShape(
        id=each.number,
        device=each.device,
        server=each.server,
        session_id=each.session_id,
        exchanges=[turn.number for turn in each.turns],
        role=each.roles,
    )


def _words(by_party: dict[Party, Verdict]) -> dict[str, str]:
    return {party.value: verdict.word for party, verdict in by_party.items()}


def _at(moment: Moment | None) -> str | None:
    return iso(moment.wall) if moment is not None else None


def _window(window: Window | None) -> WindowShape | None:
    if window is None:
        return None
    return WindowShape(iso(window.start.wall), iso(window.end.wall), round(window.seconds, 3), window.ended_by)


def _episode(judged: EpisodeJudgement) -> EpisodeShape:
    episode = judged.episode
    trigger = episode.trigger
    return EpisodeShape(
        id=episode.number,
        device=episode.enrolment.device,
        server=episode.enrolment.server,
        scenario=episode.scenario,
        verdict=judged.verdict.word,
        verdicts=_words(judged.verdicts),
        trigger=TriggerShape(trigger.turn.number, _at(trigger.at), trigger.exec.target) if trigger else None,
        phases=[
            PhaseShape(phase.name, phase.status, phase.exchange, _at(phase.at), phase.detail) for phase in judged.phases
        ],
        window=_window(judged.case.window),
        evidence=[],
        advice=[AdviceShape(each.kind, each.text, each.source) for each in judged.case.advice],
        findings=judged.findings,
    )


def _finding(finding: Finding) -> FindingShape:
    return FindingShape(
        rule=finding.rule,
        severity=finding.severity.value,
        party=finding.party.value,
        message=finding.message,
        exchange=finding.exchange,
        side=finding.side,
        session=finding.session,
        episode=finding.episode,
        path=finding.path,
        line=finding.line,
        source=finding.source,
        accepted=UNSET if finding.accepted is None else finding.accepted,
    )
