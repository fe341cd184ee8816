"""The course of an episode: which exchanges are drawn, and the rows that they become, in order of time."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from typing import Final

from msgspec import Struct

from replay.capture.exchange import NOT_DELIVERED, Moment
from replay.capture.turns import ENROLMENT, OPAQUE, Turn
from replay.expect.judge import EpisodeJudgement
from replay.report.html.marks import Mark, Sheet, breaking
from replay.report.html.rows import DEVICE, PROXY, SERVER, Row
from replay.report.html.timed import timed_rows
from replay.report.html.words import contents, counted, ended
from replay.syncml.model import Message

#: Exchanges that a drawing shows at most; those with an Exec, an alert or a finding come first.
MOST: Final = 60
#: Sessions that broke the silence, and requests that could not be read, that are drawn at most.
_MOST_SESSIONS: Final = 12


class Course(Struct, frozen=True):
    """The rows of an episode. `zero` is the time of the first exchange, `earlier` what came before it, in words; `left_out` counts
    the exchanges that are not drawn."""

    rows: list[Row]
    zero: Moment | None
    earlier: str
    left_out: int


def course_of(judged: EpisodeJudgement, sheet: Sheet) -> Course:
    """The course of an episode."""
    turns = _turns(judged, sheet)
    drawn = _chosen(turns, judged, sheet)
    rows = _clocked(_exchanges(turns, drawn, judged, sheet))
    clocks = [row.clock for row in rows if row.clock is not None]
    if clocks:
        for row in timed_rows(judged, sheet, clocks[0], clocks[-1]):
            rows.insert(bisect_right(rows, row.clock or 0.0, key=lambda each: each.clock or 0.0), row)
    zero = next((turn.exchange.at for turn in turns if turn.number in drawn and turn.exchange.at), None)
    return Course(rows, zero, _earlier(judged, turns), len(turns) - len(drawn))


def _turns(judged: EpisodeJudgement, sheet: Sheet) -> list[Turn]:
    """The exchanges that belong into the drawing, in order: the sessions of the trigger and of the alerts, those that broke the
    silence, those in which something is wrong, and what could not be read."""
    episode, silence, findings = judged.episode, judged.case.silence, sheet.findings_of(judged)
    sessions = [seen.session for seen in episode.execs] + [seen.session for seen in episode.alerts]
    sessions += silence.broken_by[:_MOST_SESSIONS] if silence else ()
    sessions += [sheet.sessions[each.session] for each in findings if each.session in sheet.sessions]
    turns = [turn for session in sessions for turn in session.turns]
    alone = [*(each.exchange for each in findings), episode.enrolment.ended_by]
    turns += [sheet.turns[number] for number in alone if number in sheet.turns]
    turns += silence.unseen.turns[:_MOST_SESSIONS] if silence and silence.unseen else ()
    return sorted({turn.number: turn for turn in turns}.values(), key=lambda turn: turn.exchange.order)


def _chosen(turns: list[Turn], judged: EpisodeJudgement, sheet: Sheet) -> set[int]:
    """Numbers of the exchanges that are drawn: all, or those that matter and as many of the first ones as there is room for."""
    if len(turns) <= MOST:
        return {turn.number for turn in turns}
    episode = judged.episode
    key = {seen.turn.number for seen in episode.execs} | {seen.turn.number for seen in episode.alerts}
    wrong = {each.exchange for each in sheet.findings_of(judged)}
    opening = {turn.number for turn in turns if turn.message_id == "1"}
    ranked = sorted(turns, key=lambda t: (t.number not in key, t.number not in wrong, t.number not in opening))
    return {turn.number for turn in ranked[:MOST]}


def _earlier(judged: EpisodeJudgement, turns: list[Turn]) -> str:
    """What the enrolment's sessions before the drawing were, in words; nothing where there were none."""
    begin = turns[0].exchange.order if turns else judged.episode.begin
    before = [session for session in judged.episode.enrolment.sessions if session.ended[0] < begin]
    exchanges = sum(len(session.turns) for session in before)
    return f"{counted(len(before), 'session')} with {counted(exchanges, 'exchange')} before it" if before else ""


def _clocked(rows: Iterable[Row]) -> list[Row]:
    """The rows in order, each with a time where the capture has a clock: what has none of its own stands where it stands."""
    ordered = list(rows)
    known = next((row.clock for row in ordered if row.clock is not None), None)
    for row in ordered:
        known = row.clock = max(row.clock, known) if row.clock is not None and known is not None else known
    return ordered


def _exchanges(turns: list[Turn], drawn: set[int], judged: EpisodeJudgement, sheet: Sheet) -> list[Row]:
    """Arrows for the exchanges that are drawn, in order, with a caption where another session goes on."""
    placed: list[tuple[float, Row]] = []
    left_out = 0
    for turn in turns:
        if turn.number not in drawn:
            left_out += 1
            continue
        if left_out:
            placed.append((turn.exchange.order, Row(kind="more", label=f"{counted(left_out, 'exchange')} not drawn")))
            left_out = 0
        placed += _Arrows(turn, judged, sheet).rows()
    if left_out:
        placed.append((turns[-1].exchange.order, Row(kind="more", label=f"{counted(left_out, 'exchange')} not drawn")))
    placed.sort(key=lambda pair: pair[0])
    return list(_captioned([row for _, row in placed], sheet))


def _captioned(rows: list[Row], sheet: Sheet) -> Iterator[Row]:
    """The rows, with a caption before the first one of every session and where one goes on after another."""
    current: int | None = None
    for row in rows:
        session = None if row.exchange is None else sheet.sessions_of.get(row.exchange)
        if session is not None and session.number != current and row.side == "request":
            goes_on = "" if row.exchange == session.turns[0].number else " goes on"
            label = f"session {session.number}{goes_on}"
            detail = f"{' and '.join(session.roles)}, SessionID {session.session_id}"
            yield Row(kind="session", label=label, detail=detail, clock=row.clock)
            current = session.number
        yield row


class _Arrows:
    """The rows of one exchange."""

    def __init__(self, turn: Turn, judged: EpisodeJudgement, sheet: Sheet) -> None:
        self.turn, self.exchange, self.sheet = turn, turn.exchange, sheet
        self.alert = next((seen for seen in judged.episode.alerts if seen.turn is turn), None)
        self.exec = next((seen for seen in judged.episode.execs if seen.turn is turn), None)

    def rows(self) -> Iterator[tuple[float, Row]]:
        """The request, and what became of it, each with its order among all events."""
        exchange = self.exchange
        if exchange.body is not None or exchange.url is not None:
            yield exchange.order, self._request()
        response = exchange.response
        if response is not None:
            yield response.order, self._response()
        if exchange.failure is not None:
            yield exchange.failure.order, self._end(exchange.failure.cause, exchange.failure.at)
        elif response is None and exchange.url is not None:
            yield exchange.order, self._end("", None)

    def _request(self) -> Row:
        label, detail, weight = f"exchange {self.turn.number}", _what(self.turn.request), ""
        if self.alert is not None:
            label, detail, weight = "unenrolment alert 1226", f"{label}: Data {self.alert.alert.data!r}", "alert"
        elif self.turn.request_error is not None or self.turn.kind == OPAQUE:
            detail = "cannot be read"
        elif self.turn.kind == ENROLMENT:
            detail = "an enrolment request"
        end = SERVER if self.exchange.delivered else PROXY
        at = self.exchange.at
        return self._arrow("request", at, label, detail, begin=DEVICE, end=end, weight=weight)

    def _response(self) -> Row:
        response = self.exchange.response
        assert response is not None
        label, detail, weight = f"HTTP {response.status}", _what(self.turn.response), ""
        if self.exec is not None:
            label, detail, weight = "Exec Unenroll", f"exchange {self.turn.number}, HTTP {response.status}", "exec"
        elif self.turn.response_error is not None:
            detail = "cannot be read"
        begin = SERVER
        if response.by == "proxy":
            label, begin, weight = f"{label} by the proxy", PROXY, weight or "proxy"
        return self._arrow("response", response.at, label, detail, begin=begin, end=DEVICE, weight=weight)

    def _arrow(
        self, side: str, at: Moment | None, label: str, detail: str, *, begin: str, end: str, weight: str
    ) -> Row:
        return Row(
            kind="arrow",
            clock=at.clock if at else None,
            label=label,
            detail=detail,
            begin=begin,
            end=end,
            weight=weight,
            exchange=self.turn.number,
            side=side,
            marks=self._marks(side),
        )

    def _end(self, cause: str, at: Moment | None) -> Row:
        """Where an exchange ended without a whole answer."""
        lane = {"client-closed": DEVICE, "proxy-stopped": PROXY}.get(cause, SERVER)
        failure = self.exchange.failure
        return Row(
            kind="broken",
            clock=at.clock if at else None,
            label=ended(failure),
            detail=failure.detail if failure else "",
            begin=PROXY if cause in NOT_DELIVERED else lane,
            weight="open" if cause in ("", "proxy-stopped") else "",
            exchange=self.turn.number,
            side="" if self.exchange.response else "response",
            marks=() if self.exchange.response else self._marks("response"),
        )

    def _marks(self, side: str) -> tuple[Mark, ...]:
        return tuple(breaking(self.sheet.marks.on(self.turn.number, side)))


def _what(message: Message | None) -> str:
    return contents(message) if message is not None else ""
