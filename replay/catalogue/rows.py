"""A judgement as rows: the capture, its sessions, episodes and findings. A pure function, so that it can run anywhere."""

from collections.abc import Iterable
from typing import Any

from msgspec import Struct

from replay.capture.exchange import Moment
from replay.capture.sessions import Session
from replay.capture.times import iso
from replay.expect.finding import Finding, Party, Verdict
from replay.expect.judge import EpisodeJudgement, Judgement
from replay.expect.rules import registry
from replay.expect.rules._devinfo import dev_info
from replay.report.safe import without_surrogates

_NODES = {"DevInfo/Man": "manufacturer", "DevInfo/Mod": "model"}


class Rows(Struct, frozen=True):
    """The rows of one capture, as columns by name."""

    capture: dict[str, Any]
    sessions: list[dict[str, Any]]
    episodes: list[dict[str, Any]]
    findings: list[dict[str, Any]]


def rows_of(judgement: Judgement, _number: int = 0) -> Rows:
    """The rows of a judgement. What a device says of itself in one session (DevInfo in package 1) holds for the others that it has
    in the capture."""
    machines = _machines(judgement.sessions)
    episodes = [_episode(each, machines) for each in judgement.episodes]
    about = _About(judgement, machines, episodes)
    return Rows(
        _encodable(_capture(judgement)),
        [_encodable(_session(each, machines)) for each in judgement.sessions],
        [_encodable(each) for each in episodes],
        [_encodable(about.row(place, finding)) for place, finding in enumerate(judgement.findings)],
    )


def _encodable(row: dict[str, Any]) -> dict[str, Any]:
    return {name: without_surrogates(value) if isinstance(value, str) else value for name, value in row.items()}


def _at(moment: Moment | None) -> str | None:
    return iso(moment.wall) if moment is not None else None


def _verdicts(by_party: dict[Party, Verdict]) -> dict[str, str]:
    return {f"{party.value}_verdict": verdict.word for party, verdict in by_party.items()}


def _capture(judgement: Judgement) -> dict[str, Any]:
    traffic = judgement.traffic
    seen = [turn.exchange for turn in traffic.turns if turn.exchange.at is not None] if traffic else []
    return {
        "verdict": judgement.verdict.word,
        **_verdicts(judgement.verdicts),
        "exchanges": len(traffic.turns) if traffic else 0,
        "readable": traffic.readable if traffic else 0,
        "redacted": int(traffic is not None and traffic.capture.redacted),
        "first_at": _at(seen[0].at) if seen else None,
        "last_at": _at(seen[-1].ended[1]) if seen else None,
        "error": "\n".join(judgement.errors) or None,
    }


def _machines(sessions: Iterable[Session]) -> dict[str | None, dict[str, str]]:
    """What each device says that it is, the last word of it."""
    found: dict[str | None, dict[str, str]] = {}
    for session in sessions:
        for turn in session.turns:
            for _, _, node, data in dev_info(turn.request) if turn.request else ():
                if node in _NODES and data is not None:
                    found.setdefault(session.device, {})[_NODES[node]] = data.strip()
    return found


def _machine(device: str | None, machines: dict[str | None, dict[str, str]]) -> dict[str, Any]:
    said = machines.get(device, {})
    return {"device": device, **{name: said.get(name) for name in _NODES.values()}}


def _session(session: Session, machines: dict[str | None, dict[str, str]]) -> dict[str, Any]:
    return {
        "number": session.number,
        **_machine(session.device, machines),
        "server": session.server,
        "session_id": session.session_id,
        "role": "+".join(session.roles),
        "exchanges": len(session.turns),
        "at": _at(session.at),
        "ended": _at(session.ended[1]),
    }


def _episode(judged: EpisodeJudgement, machines: dict[str | None, dict[str, str]]) -> dict[str, Any]:
    episode, window = judged.episode, judged.case.window
    trigger = episode.trigger.at if episode.trigger else None
    alert = episode.alert.at if episode.alert else None
    silence = next((phase.status for phase in judged.phases if phase.name == "silence"), None)
    return {
        "number": episode.number,
        **_machine(episode.enrolment.device, machines),
        "server": episode.enrolment.server,
        "scenario": episode.scenario,
        "verdict": judged.verdict.word,
        **_verdicts(judged.verdicts),
        "at": _at(trigger or alert),
        "trigger_at": _at(trigger),
        "alert_at": _at(alert),
        "silence": silence,
        "window_seconds": round(window.seconds, 3) if window else None,
    }


class _About:
    """What findings are about."""

    def __init__(
        self, judgement: Judgement, machines: dict[str | None, dict[str, str]], episodes: list[dict[str, Any]]
    ) -> None:
        self._traffic, self._machines = judgement.traffic, machines
        self._episodes = {each["number"]: each for each in episodes}
        self._sessions = {session.number: session for session in judgement.sessions}
        self._turns = {turn.number: turn for turn in judgement.traffic.turns} if judgement.traffic else {}
        self._owners: dict[int, int] = {}
        for judged in judgement.episodes:
            for place in judged.findings:
                self._owners.setdefault(place, judged.episode.number)

    def row(self, place: int, finding: Finding) -> dict[str, Any]:
        """The row of the finding at that place: its device, server and time are those of its session, else of its episode."""
        number = finding.episode if finding.episode is not None else self._owners.get(place)
        episode = self._episodes.get(number or 0)
        turn = self._turns.get(finding.exchange or 0)
        session = self._sessions.get(finding.session or 0)
        if session is None and turn is not None and self._traffic is not None:
            session = self._traffic.session_of(turn)
        device = session.device if session else episode["device"] if episode else self._only_device()
        server = session.server if session else episode["server"] if episode else turn.server if turn else None
        at = _at(turn.exchange.at) if turn else None
        return {
            "number": place,
            "rule": finding.rule,
            "name": registry()[finding.rule].rule.name if finding.rule in registry() else None,
            "severity": finding.severity.value,
            "party": finding.party.value,
            "message": finding.message,
            **_machine(device, self._machines),
            "server": server,
            "scenario": episode["scenario"] if episode else None,
            "at": at or (episode["at"] if episode else _at(session.at) if session else self._begin()),
            "exchange": finding.exchange,
            "side": finding.side,
            "session": session.number if session else None,
            "episode": number,
            "element": finding.path,
            "line": finding.line,
            "times": 1 + len(finding.also),
            "source": finding.source,
            "accepted": finding.accepted,
        }

    def _only_device(self) -> str | None:
        """The device of what is said of the capture as a whole, where it has but one."""
        devices = {session.device for session in self._sessions.values()}
        return devices.pop() if len(devices) == 1 else None

    def _begin(self) -> str | None:
        first = next((turn.exchange.at for turn in self._turns.values() if turn.exchange.at is not None), None)
        return _at(first)
