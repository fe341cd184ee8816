"""The report's shape in JSON, exactly as the contract has it (`check --format json`)."""

from collections.abc import Collection, Mapping

from msgspec import UNSET, Struct, UnsetType, field, structs

from replay.capture.episodes import Window
from replay.capture.exchange import Moment
from replay.capture.sessions import Session
from replay.capture.times import iso
from replay.expect.cleanup import Evidence
from replay.expect.evidence import Log
from replay.expect.finding import Finding, Party, Verdict, worst
from replay.expect.judge import EpisodeJudgement, Judgement
from replay.report.safe import without_surrogates
from replay.version import __version__

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


class EvidenceShape(Struct):
    """One step of the clean-up as the device's evidence has it; `at` is by the device's own clock."""

    step: str
    at: str
    event: int | None
    text: str
    outcome: str


class ClockShape(Struct):
    """How many seconds the device's clock is ahead of the recorder's: most likely, at least, at most; null in a capture without
    a clock. `kind` is `given`, `estimated` or `assumed`, `basis` says from what."""

    offset: float | None
    least: float | None
    most: float | None
    kind: str
    basis: str


class EvidenceFileShape(Struct):
    """One file of evidence: how many events of the provider or items it has, how many of others, how many that could not be
    read, from when to when by the device's clock, and whether any unenrolment is the one that it tells of."""

    path: str
    format: str
    events: int
    others: int
    unread: int
    from_: str | None = field(name="from")
    to: str | None
    used: bool


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
    evidence: list[EvidenceShape]
    advice: list[AdviceShape]
    findings: list[int]
    clock: ClockShape | UnsetType = UNSET


class SessionShape(Struct):
    """One session."""

    id: int
    device: str | None
    server: str
    session_id: str | None
    exchanges: list[int]
    role: list[str]


class FindingShape(Struct):
    """One finding. `accepted` is the reason for which it changes no verdict, `also` the exchanges in which the same is wrong;
    each is there only where there is something to say."""

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
    also: list[int] | UnsetType = UNSET


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
    evidence: list[EvidenceFileShape] | UnsetType = UNSET
    accept: list[str] | UnsetType = UNSET


def report(judgements: list[Judgement], accept: list[str] | None = None, evidence: Log | None = None) -> ReportShape:
    """The report on one or more captures, and on the file of accepted findings and the evidence where there were any."""
    used = any(evidence_used(each) for each in judgements)
    head = heading([each.verdicts for each in judgements], accept, evidence, used=used)
    return structs.replace(head, captures=[capture(each) for each in judgements])


def heading(
    judged: Collection[Mapping[Party, Verdict]], accept: list[str] | None, evidence: Log | None, *, used: bool
) -> ReportShape:
    """A report without its captures, from their verdicts; `used` says whether any of them has the unenrolment that the evidence
    tells of."""
    by_party = {party: worst(each[party] for each in judged) for party in Party}
    return ReportShape(
        format=FORMAT,
        version=1,
        tool=f"omadm-replay {__version__}",
        verdict=worst(by_party.values()).word,
        verdicts=words(by_party),
        captures=[],
        evidence=UNSET if evidence is None else _files(evidence, used=used),
        accept=UNSET if accept is None else [without_surrogates(each) for each in accept],
    )


def capture(judgement: Judgement) -> CaptureShape:
    """One capture's part of the report."""
    traffic = judgement.traffic
    return CaptureShape(
        path=without_surrogates(judgement.path),
        verdict=judgement.verdict.word,
        verdicts=words(judgement.verdicts),
        exchanges=len(traffic.capture.exchanges) if traffic else 0,
        readable=traffic.readable if traffic else 0,
        sessions=[session(each) for each in judgement.sessions],
        episodes=[episode_shape(each) for each in judgement.episodes],
        findings=[finding_shape(each) for each in judgement.findings],
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


def words(by_party: Mapping[Party, Verdict]) -> dict[str, str]:
    """Verdicts by their words."""
    return {party.value: verdict.word for party, verdict in by_party.items()}


def _at(moment: Moment | None) -> str | None:
    return iso(moment.wall) if moment is not None else None


def _window(window: Window | None) -> WindowShape | None:
    if window is None:
        return None
    return WindowShape(iso(window.start.wall), iso(window.end.wall), round(window.seconds, 3), window.ended_by)


def episode_shape(judged: EpisodeJudgement) -> EpisodeShape:
    """One unenrolment's part of the report."""
    episode = judged.episode
    trigger = episode.trigger
    return EpisodeShape(
        id=episode.number,
        device=episode.enrolment.device,
        server=episode.enrolment.server,
        scenario=episode.scenario,
        verdict=judged.verdict.word,
        verdicts=words(judged.verdicts),
        trigger=TriggerShape(trigger.turn.number, _at(trigger.at), trigger.exec.target) if trigger else None,
        phases=[
            PhaseShape(phase.name, phase.status, phase.exchange, _at(phase.at), phase.detail) for phase in judged.phases
        ],
        window=_window(judged.case.window),
        evidence=_evidence(judged.case.evidence),
        clock=_clock(judged.case.evidence),
        advice=[AdviceShape(each.kind, each.text, each.source) for each in judged.case.advice],
        findings=judged.findings,
    )


def _evidence(evidence: Evidence | None) -> list[EvidenceShape]:
    """The steps that the evidence tells of, in order of the device's clock."""
    if evidence is None:
        return []
    return [
        EvidenceShape(item.step, iso(item.at), item.event, without_surrogates(item.text), item.outcome)
        for item in evidence.steps
    ]


def _clock(evidence: Evidence | None) -> ClockShape | UnsetType:
    clock = evidence.clock if evidence else None
    if clock is None:
        return UNSET
    likely, least, most = (None, None, None) if clock.offset is None else (round(each, 3) for each in clock.offset)
    return ClockShape(likely, least, most, clock.kind, clock.basis)


def evidence_used(judgement: Judgement) -> bool:
    """Whether the evidence tells of an unenrolment in this capture."""
    return any(each.case.evidence is not None for each in judgement.episodes)


def _files(log: Log, *, used: bool) -> list[EvidenceFileShape]:
    return [
        EvidenceFileShape(
            path=without_surrogates(file.path),
            format=file.format,
            events=len(file.logged) + len(file.stated),
            others=file.others,
            unread=file.unread,
            from_=iso(file.first) if file.first is not None else None,
            to=iso(file.last) if file.last is not None else None,
            used=used,
        )
        for file in log.files
    ]


def finding_shape(finding: Finding) -> FindingShape:
    """One finding's part of the report."""
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
        also=list(finding.also) or UNSET,
        accepted=UNSET if finding.accepted is None else finding.accepted,
    )
