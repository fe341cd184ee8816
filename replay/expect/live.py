"""Judgement while a journal is being written: what is known of each session and episode now, and when an episode is decided.

No clock and no file here: lines are fed in, and whoever looks says what time it is. What a live judgement says is
provisional. While an episode is pending the rules on its sequence look at it; once it is decided all of them do. What only its end
tells (UNE001, UNE014; contract, "verdict") is no error before it: they find one where the device went on, which decides it. The
verdict is that of `judge` on the whole journal, once that is closed.
"""

from collections.abc import Callable, Iterator
from typing import Final

from msgspec import Struct, structs

from replay.capture.exchange import PUSH, Beyond, Exchange, Moment
from replay.capture.journal_reader import JournalReader
from replay.capture.sessions import Session, Traffic, group
from replay.capture.turns import DM, OPAQUE, Turn, answered_terms, read_turn
from replay.expect.case import Options
from replay.expect.finding import Severity
from replay.expect.judge import EpisodeJudgement, Judgement, Scope, judge_traffic
from replay.expect.phases import Phase

PENDING: Final = "pending"
#: Exchanges that are kept in memory, unless an episode that is not decided needs older ones.
_KEEP: Final = 2_000


class SessionState(Struct, frozen=True):
    """One session as it stands: `key` stays the same from look to look."""

    key: int
    session_id: str | None
    device: str | None
    server: str
    roles: tuple[str, ...]
    exchanges: int
    at: Moment | None


class EpisodeState(Struct, frozen=True):
    """One episode as it stands. `silent` is for how many seconds nothing has come, None where no silence is due; `state` is
    `pending` or a verdict; `failed` are rules that it breaks already; `decided` says that waiting longer changes nothing."""

    key: float
    device: str | None
    scenario: str
    trigger: Phase | None
    alert: Phase | None
    reply: Phase | None
    answered: str | None
    silent: float | None
    quiet: float
    state: str
    failed: tuple[str, ...]
    decided: bool


class Look(Struct, frozen=True):
    """Everything as it stands at one moment, in order of time. `unread` are the exchanges with OMA DM that could not be read."""

    sessions: tuple[SessionState, ...]
    episodes: tuple[EpisodeState, ...]
    exchanges: int
    unread: int


class LiveJudge:
    """Follows one journal. `feed` takes its bytes as they come, `look` judges what there is."""

    def __init__(self, path: str, options: Options, scope: Scope) -> None:
        self.options, self.scope = options, scope
        self._reader = JournalReader(path)
        self._rest = b""
        self._turns: dict[int, tuple[int, Turn]] = {}
        self._decided: dict[float, _Decided] = {}

    def feed(self, data: bytes) -> bool:
        """Takes what was appended to the journal. Says whether a whole line was among it."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            self._reader.take(line + b"\n")
        return bool(lines)

    def look(self, mono: float, give_up: Callable[[], bool] = lambda: False) -> Look | None:
        """Judges what was fed so far, at a reading of the recorder's steady clock (seconds). None where there was so much to
        read that `give_up` said so meanwhile."""
        self._reader.watched_until(mono)
        capture = self._reader.capture
        turns = []
        for exchange in capture.exchanges:
            turns.append(self._turn(exchange))
            if give_up():
                return None
        traffic = group(capture, turns)
        judgement = judge_traffic(traffic, self.options, self.scope, episodes_only=True)
        standing = {state.key: (at, state) for each in judgement.episodes for at, state in [_stands(each, judgement)]}
        new = {state.device for at, state in standing.values() if self._is_new(at, state)}
        if new:
            whole = judge_traffic(_of_devices(traffic, new), self.options, self.scope)
            for found in (_episode(each, whole) for each in whole.episodes):
                if found.decided:
                    self._decided[found.key] = _Decided(standing[found.key][0], found.state, found.failed)
        episodes = tuple(self._as_decided(state) for _, state in standing.values())
        sessions = tuple(_session(session) for session in judgement.sessions)
        unread = sum(turn.kind in (DM, OPAQUE) and not turn.readable for turn in turns)
        self._forget(judgement, episodes)
        return Look(sessions, episodes, self._reader.read, unread)

    def _is_new(self, at: "_Standing", state: EpisodeState) -> bool:
        """Whether an episode is decided and was not yet, or has gone on since: then every rule has to look at it."""
        known = self._decided.get(state.key)
        return state.decided and (known is None or known.standing != at)

    def _as_decided(self, state: EpisodeState) -> EpisodeState:
        """An episode as every rule sees it, where it is decided."""
        known = self._decided.get(state.key) if state.decided else None
        return state if known is None else structs.replace(state, state=known.state, failed=known.failed)

    def _turn(self, exchange: Exchange) -> Turn:
        """The exchange, read; again only when something has come to it."""
        parts = (exchange.response is not None) + 2 * (exchange.failure is not None)
        known = self._turns.get(exchange.number)
        if known is None or known[0] != parts:
            known = (parts, read_turn(exchange, lenient=self.scope.lenient))
            self._turns[exchange.number] = known
        return known[1]

    def _forget(self, judgement: Judgement, episodes: tuple[EpisodeState, ...]) -> None:
        """Lets go of what is long past, so that a recorder can be left in the path for days."""
        exchanges = self._reader.capture.exchanges
        open_since = min(_begins(judgement, episodes), default=float("inf"))
        needed = sum(exchange.order >= open_since for exchange in exchanges)
        if len(exchanges) > 2 * max(_KEEP, needed):
            for exchange in self._reader.forget(max(_KEEP, needed)):
                self._turns.pop(exchange.number, None)
            first = self._reader.capture.exchanges[0].order
            self._decided = {key: known for key, known in self._decided.items() if key >= first}


def _of_devices(traffic: Traffic, devices: set[str | None]) -> Traffic:
    """The traffic of some devices, with what may be theirs and what has to be known of the others. All of it where something in it
    counts for a device only as long as there is no other."""
    notes = traffic.capture.notes
    if traffic.unattributed or traffic.enrolling or any(note.name == PUSH for note in notes):
        return traffic
    turns = [turn for turn in traffic.turns if not _is_of_another(turn, devices)]
    exchanges = traffic.capture.exchanges
    beyond = Beyond(
        addresses=traffic.addresses,
        certificates=traffic.certificates,
        answered=answered_terms(exchanges),
        opened={each.made_on for each in exchanges},
    )
    capture = structs.replace(traffic.capture, exchanges=[each.exchange for each in turns], beyond=beyond)
    return group(capture, turns)


def _is_of_another(turn: Turn, devices: set[str | None]) -> bool:
    return turn.readable and not turn.is_unread and turn.device is not None and turn.device not in devices


#: What a decided episode is known by: what the rules on its sequence say of it, and how much there is of it.
_Standing = tuple[str, tuple[str, ...], bool, int]


class _Decided(Struct, frozen=True):
    """What every rule said of a decided episode, as it stood then."""

    standing: _Standing
    state: str
    failed: tuple[str, ...]


def _stands(each: EpisodeJudgement, judgement: Judgement) -> tuple[_Standing, EpisodeState]:
    state = _episode(each, judgement)
    sessions = {seen.session.number: seen.session for seen in each.episode.alerts}
    parts = sum(
        1 + (turn.exchange.response is not None) + (turn.exchange.failure is not None)
        for session in sessions.values()
        for turn in session.turns
    )
    return (state.state, state.failed, state.silent is None, parts), state


def _begins(judgement: Judgement, episodes: tuple[EpisodeState, ...]) -> Iterator[float]:
    """Where the sessions of the episodes that are not decided begin, in the order of events."""
    for each, state in zip(judgement.episodes, episodes, strict=True):
        if not state.decided:
            yield from (seen.session.order for seen in each.episode.execs)
            yield from (seen.session.order for seen in each.episode.alerts)


def _session(session: Session) -> SessionState:
    first = session.turns[0].number
    return SessionState(
        first, session.session_id, session.device, session.server, tuple(session.roles), len(session.turns), session.at
    )


def _episode(each: EpisodeJudgement, judgement: Judgement) -> EpisodeState:
    phases = {phase.name: phase for phase in each.phases}
    silence, window, episode = each.case.silence, each.case.window, each.episode
    quiet = each.case.quiet.seconds
    own = [judgement.findings[place] for place in each.findings]
    contradicted = silence is not None and silence.status == "contradicted"
    silent = window.seconds if silence is not None and window is not None and not contradicted else None
    ended = episode.alert is not None and episode.alert.session.turns[-1].exchange
    if episode.enrolment_stays:
        decided = bool(ended and (ended.response is not None or ended.failure is not None))
    else:
        decided = contradicted or (silent is not None and silent >= quiet)
    answer = episode.alert.session.turns[-1].exchange.response if episode.alert else None
    failed = sorted({finding.rule for finding in own if finding.severity is Severity.ERROR})
    return EpisodeState(
        key=episode.begin,
        device=episode.enrolment.device,
        scenario=episode.scenario,
        trigger=phases.get("trigger"),
        alert=phases.get("alert"),
        reply=phases.get("reply"),
        answered=str(answer.status) if answer is not None else None,
        silent=silent,
        quiet=quiet,
        state=each.verdict.word if decided else PENDING,
        failed=tuple(failed),
        decided=decided,
    )
