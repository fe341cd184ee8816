"""What came of a played device: its live answers compared with the recorded ones, pair by pair (`replay.compare`).

Two captures are compared that hold nothing but the exchanges that belong together: so a challenge that was answered besides does
not make everything after it look different. The requests in them are ours; only differences in the answers count.
"""

import copy
from collections import defaultdict
from urllib.parse import urlsplit

from msgspec import structs

from replay.capture.exchange import NOT_DELIVERED, Capture, Exchange
from replay.capture.references import RESPONSE
from replay.capture.sessions import Session, Traffic, assemble
from replay.capture.turns import Turn, host_of
from replay.compare.changes import Change, Class, Kind
from replay.compare.compare import compare_views
from replay.compare.replayed import AnswerOutcome, DeviceReplay, LeftOut, Outcome
from replay.compare.views import CaptureView, view
from replay.play.body import take_apart
from replay.play.device import Played
from replay.play.proofs import proves_itself
from replay.play.renew import Renewals, renew
from replay.play.script import NOT_THE_SERVERS, Script, Step
from replay.syncml.credentials import MAC, MD5

_Changes = dict[int, list[Change]]


class Outcomes:
    """Says what came of devices that were played from one recording. `path` is the path that the user gave in place of the recorded
    one, None where that was kept."""

    def __init__(self, traffic: Traffic, path: str | None = None) -> None:
        self._traffic = traffic
        self._path = path
        self._views: dict[frozenset[int], CaptureView] = {}
        self._turns = {turn.number: turn for turn in traffic.turns}
        self._targets = {turn.number: _target(turn) for turn in traffic.turns}
        self._roles: dict[int, str] = {}

    def of(self, name: str, script: Script, played: Played) -> DeviceReplay:
        """What came of one device."""
        steps = {step.number: step for step in script.steps}
        live = {each.number: each for each in played.exchanges}
        why = {each.exchange: each.why for each in played.left_out}
        tries = [*played.pairs.items(), *((recorded, number) for number, recorded in played.asked)]
        replay = DeviceReplay(
            name,
            script.device,
            recorded=len(script.steps) + len(script.left_out),
            sent=len({recorded for recorded, number in tries if live[number].delivered}),
            added=len(played.added) + len(played.asked),
            left_out=played.left_out,
            unknown=played.unknown,
            unused=played.unused,
            notes=played.notes,
            stopped=played.stopped,
        )
        changes = self._changes(script, played)
        answers = [self._answer(step, played, changes, live, why) for step in script.steps]
        answers += [self._missed(each) for each in script.left_out]
        answers += self._asked(played, steps, live)
        replay.answers = sorted(answers, key=lambda each: (each.recorded or 0, each.live or 0))
        return replay

    def _answer(
        self, step: Step, played: Played, changes: _Changes, exchanges: dict[int, Exchange], whys: dict[int, str]
    ) -> AnswerOutcome:
        """What came of one recorded exchange."""
        role, session = self._role(step.session), step.session.number
        live = played.pairs.get(step.number)
        recorded = step.turn.exchange
        if live is None:
            if step.number in played.unasked:
                detail = "the recorded server asked for this message again, the live one took it"
                return AnswerOutcome(step.number, None, session, role, Outcome.DIFFERS, detail)
            why = whys.get(step.number, "it was not sent")
            harmless = step.sent_again or not recorded.answered
            return AnswerOutcome(
                step.number, None, session, role, Outcome.LEFT_OUT if harmless else Outcome.MISSING, why
            )
        outcome, detail = _presence(recorded, exchanges[live])
        mine = tuple(changes.get(live, ())) if outcome is Outcome.SAME else ()
        if mine:
            outcome = Outcome.DIFFERS
        return AnswerOutcome(step.number, live, session, role, outcome, detail, mine)

    def _changes(self, script: Script, played: Played) -> _Changes:
        """The changes in the answers, by the live exchange. An answer that was laid beside another than that of its own request is
        one as well."""
        wanted = frozenset(played.pairs)
        if not wanted:
            return {}
        recorded = {step.number: step.turn.exchange for step in script.steps}
        by_number = {each.number: each for each in played.exchanges}
        if wanted not in self._views:
            kept = [_placed(recorded[number], place, recorded[number]) for place, number in enumerate(sorted(wanted))]
            self._views[wanted] = _view(self._traffic.capture, kept)
        hosts = {host_of(each.url) for each in played.exchanges if each.url}
        live = [
            _placed(
                self._as_recorded(by_number[played.pairs[number]], recorded[number], hosts), place, recorded[number]
            )
            for place, number in enumerate(sorted(wanted))
        ]
        comparison = compare_views(self._views[wanted], _view(self._traffic.capture, live))
        found: _Changes = defaultdict(list)
        beside: dict[int, int | None] = {}
        for message in (each for session in comparison.sessions for each in session.messages):
            expected, actual = message.expected, message.actual
            if RESPONSE not in (expected.side if expected else "", actual.side if actual else ""):
                continue
            if actual is not None:
                beside[actual.number] = expected.number if expected is not None else None
                found[actual.number] += message.changes
            elif expected is not None:
                found[played.pairs[expected.number]] += message.changes
        for number, mine in played.pairs.items():
            if beside.get(mine, number) != number:
                found[mine].append(Change(kind=Kind.MOVED, of=Class.SEQUENCE, expected_path="", side=RESPONSE))
        return found

    def _as_recorded(self, live: Exchange, recorded: Exchange, hosts: set[str]) -> Exchange:
        """A live exchange for the comparison: what we made of the request's line does not count, and where the answer names the
        live server (one of `hosts`) or the path that the user gave, the recorded ones stand."""
        out = copy.copy(live)
        out.url, out.headers, out.method = recorded.url, recorded.headers, recorded.method
        target = self._targets.get(recorded.number)
        response, there = live.response, recorded.url or target
        if there and response is not None and response.body:
            out.response = structs.replace(response, body=self._with_address(response.body, there, hosts))
        return out

    def _with_address(self, body: bytes, there: str, hosts: set[str]) -> bytes:
        """An answer in which URLs on the live server are URLs on the recorded one, that of the URL `there`."""

        def back(text: str) -> str:
            if host_of(text) not in hosts:
                return text
            path, recorded = text.partition("://")[2][len(urlsplit(text).netloc) :], urlsplit(there)
            if self._path is not None and path == self._path:
                path = recorded.path
            return f"{recorded.scheme}://{recorded.netloc}{path}"

        try:
            parts = take_apart(body)
            renew(parts.root, "server", Renewals(address=back))
            return parts.written()
        except ValueError:  # no URLs, or no message: UnreadableMessageError is one
            return body

    def _role(self, session: Session) -> str:
        if session.number not in self._roles:
            self._roles[session.number] = "+".join(session.roles)
        return self._roles[session.number]

    def _missed(self, left: LeftOut) -> AnswerOutcome:
        """What came of a recorded exchange that could not be played: nothing is missed where the server had not answered it."""
        turn = self._turns[left.exchange]
        session = self._traffic.session_of(turn)
        outcome = Outcome.MISSING if turn.exchange.answered else Outcome.LEFT_OUT
        number, role = (session.number, self._role(session)) if session else (0, "")
        return AnswerOutcome(left.exchange, None, number, role, outcome, left.why)

    def _asked(self, played: Played, steps: dict[int, Step], exchanges: dict[int, Exchange]) -> list[AnswerOutcome]:
        """The challenges and redirects that the recording does not have. The first challenge of a device whose recorded credential
        hangs on a nonce is the replay's own doing: nobody can know the nonce that the live server has in mind."""
        found = []
        excused = False
        for live, number in played.asked:
            step, response = steps[number], exchanges[live].response
            status = response.status if response is not None else 0
            message = step.turn.request
            proves = proves_itself(message, step.turn.exchange.headers) if message is not None else None
            ours = proves in (MD5, MAC) and not excused and status < 300
            excused |= ours
            detail = f"the live server asked for the message again (HTTP {status}), the recorded one did not"
            if ours:
                detail = "the live server sent a nonce of its own, because the recorded one could not be known to it"
            outcome = Outcome.NOT_COMPARED if ours else Outcome.DIFFERS
            found.append(AnswerOutcome(None, live, step.session.number, self._role(step.session), outcome, detail))
        return found


def _target(turn: Turn) -> str | None:
    """The server, as the device's message calls it: all that a capture without URLs says of its address."""
    target = turn.request.header.target if turn.request is not None else None
    return target.uri if target is not None and "://" in (target.uri or "") else None


def _view(capture: Capture, exchanges: list[Exchange]) -> CaptureView:
    """Exchanges by themselves, made ready to be compared."""
    return view(assemble(Capture(capture.path, capture.format, exchanges=exchanges)))


def _placed(exchange: Exchange, place: int, recorded: Exchange) -> Exchange:
    """An exchange at its place among those that are compared: in the recorded order and at the recorded time, because when an
    answer came is no matter here. How a device or a recorder ended an exchange that was answered is none either."""
    out = copy.copy(exchange)
    out.order, out.at = float(2 * place), recorded.at
    if out.response is not None:
        out.response = structs.replace(out.response, order=out.order + 1, at=None, by="server")
        if out.failure is not None and out.failure.cause in NOT_THE_SERVERS:
            out.failure = None
    if out.failure is not None:
        out.failure = structs.replace(out.failure, order=out.order + 1, at=None)
    return out


def _presence(recorded: Exchange, live: Exchange) -> tuple[Outcome, str]:
    """Whether an answer came where there was one; SAME where there are two, which are still to be compared."""
    ended = live.failure
    if recorded.answered:
        if live.response is not None:
            return Outcome.SAME, ""
        return Outcome.MISSING, f"no answer came: {ended.cause}, {ended.detail}" if ended else "no answer came"
    if live.response is None and ended is not None and ended.cause in NOT_DELIVERED:
        return Outcome.UNDELIVERED, f"the message did not reach the server: {ended.detail}"
    if live.response is None:
        return Outcome.SILENT, "no answer, then as now"
    if recorded.response is not None:
        return Outcome.NOT_COMPARED, "the recorded answer was made by the proxy, not by the server"
    if recorded.failure is None or recorded.failure.cause in NOT_THE_SERVERS:
        return Outcome.NOT_COMPARED, "the recording does not have what the server would have answered"
    return (
        Outcome.NEW,
        f"HTTP {live.response.status}, where the recorded server gave no answer ({recorded.failure.cause})",
    )
