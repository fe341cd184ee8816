"""The phases of an episode and what is known of each (rules, "Phases and their status")."""

from msgspec import Struct, structs

from replay.capture.evidence import DONE
from replay.capture.exchange import Moment
from replay.expect.case import EpisodeCase
from replay.expect.cleanup import Evidence
from replay.expect.finding import shortened
from replay.expect.scenarios import shipped
from replay.expect.silence import Silence
from replay.syncml.model import Status


class Phase(Struct, frozen=True):
    """One phase: `observed`, `inferred`, `absent`, `contradicted` or `unobservable`, where it is seen, and in words."""

    name: str
    status: str
    exchange: int | None = None
    at: Moment | None = None
    detail: str = ""


def phases_of(case: EpisodeCase) -> list[Phase]:
    """The phases that belong to an episode's scenario, in order. An unseen trigger is left out where the user may have
    been the one who began."""
    makers = {"trigger": _trigger, "alert": _alert, "reply": _reply, "cleanup": _cleanup, "silence": _silence}
    wanted = case.case.options.expect
    scenario = wanted if wanted is not None and wanted.kind == case.episode.scenario else shipped(case.episode.scenario)
    names = scenario.phases
    if case.episode.trigger is None:
        names = tuple(name for name in names if name != "trigger")
    phases = [makers[name](case) for name in names]
    return [structs.replace(phase, detail=shortened(phase.detail)) for phase in phases]


def _trigger(case: EpisodeCase) -> Phase:
    trigger = case.episode.trigger
    if trigger is None:
        return Phase("trigger", "absent")
    return Phase("trigger", "observed", trigger.turn.number, trigger.at, f"Exec {trigger.exec.target}")


def _alert(case: EpisodeCase) -> Phase:
    seen = case.episode.alert
    if seen is None:
        return Phase("alert", "absent", detail="no alert came; it is best effort")
    detail = (
        f"Alert 1226 with Data {seen.alert.data!r}, MsgID {seen.turn.message_id}, in session {seen.session.number} "
        f"(SessionID {seen.session.session_id})"
    )
    if not seen.turn.exchange.delivered:
        failure = seen.turn.exchange.failure
        detail += f"; it could not be delivered ({failure.cause if failure else 'unknown'})"
    return Phase("alert", "observed", seen.turn.number, seen.at, detail)


def _reply(case: EpisodeCase) -> Phase:
    """The server's answer to the alert; after a challenge, the answer to its re-send."""
    episode = case.episode
    if episode.alert is None:
        return Phase("reply", "absent", detail="there was no alert to answer")
    seen = next((s for s in reversed(episode.alerts) if s.session is episode.alert.session), episode.alert)
    exchange, number = seen.turn.exchange, seen.turn.number
    response = exchange.response
    if response is None or response.by == "proxy":
        why = exchange.failure.cause if exchange.failure else "none came while the recorder was watching"
        if response is not None:
            why = f"what the device got (HTTP {response.status}) was made by the proxy"
        return Phase("reply", "absent", number, None, f"{why}; none is needed")
    codes = [
        f"Status {status.code} for the alert"
        for status in (seen.turn.response.commands if seen.turn.response else ())
        if isinstance(status, Status) and status.cmd_ref == seen.alert.command.cmd_id
    ]
    what = ", ".join([f"HTTP {response.status}", *codes])
    if exchange.cut:
        what += "; the response is cut"
    return Phase("reply", "observed", number, response.at, what)


def _cleanup(case: EpisodeCase) -> Phase:
    if case.evidence is not None and (told := _told(case.evidence, case.silence)) is not None:
        return told
    silence = case.silence
    beside = (
        f"the device's evidence: {case.evidence.words}" if case.evidence else "there is no evidence from the device"
    )
    if silence is None or silence.status == "unobservable":
        detail = "it leaves no trace in the traffic but silence, which is not shown"
        return Phase("cleanup", "unobservable", detail=f"{detail}; {beside}" if case.evidence else detail)
    if silence.status == "contradicted":
        return Phase("cleanup", "contradicted", detail=f"by traffic after it: {silence.detail}")
    return Phase("cleanup", "inferred", detail=f"from the silence; {beside}")


def _told(evidence: Evidence, silence: Silence | None) -> Phase | None:
    """The clean-up as the device's own evidence tells of it; None where that says nothing, and where traffic contradicts it."""
    if silence is not None and silence.status == "contradicted":
        what = f"by traffic after it: {silence.detail}; the device's evidence: {evidence.words}"
        return Phase("cleanup", "contradicted", detail=what)
    if evidence.against:
        return Phase(
            "cleanup", "contradicted", detail=f"by the device's evidence: {evidence.against}; {evidence.words}"
        )
    cleaned = [item for item in evidence.items if item.outcome == DONE and (item.cleans or item is evidence.ended)]
    if not cleaned:
        return None
    last = max(item.at for item in cleaned)
    at = evidence.clock.on_recorder(last) if evidence.clock else None
    return Phase("cleanup", "observed", at=at, detail=f"by the device's evidence: {evidence.words}")


def _silence(case: EpisodeCase) -> Phase:
    silence = case.silence
    if silence is None:
        return Phase("silence", "unobservable")
    broken_by = silence.broken_by[0] if silence.broken_by else None
    return Phase(
        "silence",
        silence.status,
        broken_by.turns[0].number if broken_by else None,
        broken_by.at if broken_by else (case.window.start if case.window else None),
        silence.detail,
    )
