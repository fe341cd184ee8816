"""The device's side of a recording, played: which message is due, and what the live server's answer means for the next one.

Sans-I/O. `next` gives the request that is due, or None at the end; the answer, or what came in its place, is handed in with
`take`. Whoever sends decides how and when; where `Request.goes_on` is set the next request may be asked for before the answer is
there, because the recorded device did not wait for it either.

The order is the recording's. Only this departs from it, and is said: a challenge or a redirect that was not recorded is answered
once more where that is possible; a message that the recorded server had asked for and the live one did not is left out, and so are
a retransmission of what the live server has answered, a message that nothing is left of, and what comes after a session broke
off. Nothing is sent a second time because no answer came: least of all the alert (UNENR, "best effort").
"""

import contextlib
from collections import defaultdict, deque
from typing import Final
from urllib.parse import urljoin, urlsplit

from msgspec import Struct, field

from replay.capture.exchange import Exchange, Headers, header
from replay.capture.turns import Turn, read_turn
from replay.compare.replayed import LeftOut, UnknownCommand, Unused
from replay.play.pointing import Heard, Known, beside, described
from replay.play.requests import Made, Maker, SessionState, Settings
from replay.play.script import Script, Step
from replay.syncml.errors import UnreadableMessageError
from replay.syncml.model import Command
from replay.syncml.unenrol import execs

#: How often a server may ask for one message again, and how often it may go on with what was not recorded.
_MOST_TRIES: Final = 3
_MOST_EXTRA: Final = 20
#: Redirects that hold for the rest of the session; others hold for the message alone (RFC 9110, 15.4).
_FOR_GOOD: Final = (301, 308)

#: Why a message was sent that the recording does not have in this place.
CHALLENGED, REDIRECTED, UNKNOWN = "challenge", "redirect", "unknown commands"


class Request(Struct, frozen=True):
    """A request that is due. `number` counts the live exchanges from 1; `due` is when the recorded device sent it, in seconds since
    its first one; `line` names the connection that it goes over; `why` is empty for a recorded message in its place."""

    number: int
    step: Step
    method: str
    url: str
    headers: Headers
    body: bytes
    line: int
    due: float | None = None
    goes_on: bool = False
    why: str = ""
    tries: int = 0


class Played(Struct):
    """What was played: the live exchanges in the order in which they were begun, the live exchange of each recorded one, the
    challenges and redirects that were not recorded (live exchange, recorded one), and what was left out, added or not used."""

    exchanges: list[Exchange] = field(default_factory=list)
    pairs: dict[int, int] = field(default_factory=dict)
    asked: list[tuple[int, int]] = field(default_factory=list)
    added: list[int] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)
    unasked: list[int] = field(default_factory=list)
    unknown: list[UnknownCommand] = field(default_factory=list)
    unused: list[Unused] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    stopped: str = ""


class DevicePlayer:
    """One device's part of a recording."""

    def __init__(self, script: Script, settings: Settings) -> None:
        self.script = script
        self.settings = settings
        self.played = Played(left_out=list(script.left_out))
        self._maker = Maker(settings)
        self._states: dict[int, SessionState] = {}
        self._at = 0
        self._count = 0
        self._again: list[Request] = []
        self._named: dict[int, tuple[Command, UnknownCommand]] = {}
        self._known = Known(script.commands)
        self._turns = {step.number: step.turn for step in script.steps}
        self._to_come: dict[int, deque[Step]] = defaultdict(deque)
        for step in script.steps:
            self._to_come[step.session.number].append(step)

    def next(self) -> Request | None:
        """The request that is due now, or None where there is none: at the end, or until an answer is handed in."""
        if self._again:
            return self._again.pop(0)
        while self._at < len(self.script.steps):
            step = self.script.steps[self._at]
            self._at += 1
            self._to_come[step.session.number].popleft()
            if (request := self._due(step)) is not None:
                return request
        return None

    def take(self, request: Request, exchange: Exchange) -> None:
        """Takes what became of a request: the live exchange, with its response, its failure, or both."""
        step, state = request.step, self._state(request.step)
        self.played.exchanges.append(exchange)
        turn = read_turn(exchange)
        self._maker.proofs.heard(state.asked, exchange.response, turn.response)
        moved = self._follow(exchange, turn, state)
        if turn.asked_again and not self._recorded_again(step):
            able = moved or self._maker.proofs.can_answer(state.asked)
            if able and request.tries < _MOST_TRIES and not self.played.stopped:
                self._ask_again(request, turn, state, exchange.number, moved=moved)
                return
        if request.why == UNKNOWN:
            self._hear(step, turn, state, recorded=None)
        else:
            counterpart = self._counterpart(step, turn, state)
            self.played.pairs[counterpart.number] = exchange.number
            self._hear(step, turn, state, recorded=counterpart.turn)
        state.broken = state.broken or self._break(step, turn)
        self._go_on_alone(request, state)

    # -- what is due ----------------------------------------------------------------------------------------------------

    def _due(self, step: Step) -> Request | None:
        """The request of a step; None where it is left out."""
        state = self._state(step)
        why = self._reason(step, state)
        if why:
            self._leave_out(step, state, why)
            return None
        try:
            made = self._maker.request(step, state)
        except UnreadableMessageError as error:
            self._leave_out(step, state, f"its message cannot be played: {error}")
            return None
        self._note_answers(step, made)
        if made.empty:
            self._leave_out(
                step, state, "nothing is left to be said in it: the live server had sent no command that it answers"
            )
            return None
        if state.once is not None and step.asked_for and step.turn.exchange.url is not None:
            state.places[step.turn.exchange.url] = state.once
        state.once = None
        return self._request(made, step)

    def _reason(self, step: Step, state: SessionState) -> str:
        """Why a step is not played; empty where it is."""
        if self.played.stopped:
            return f"the replay was stopped: {self.played.stopped}"
        if state.broken:
            return f"the session had broken off: {state.broken}"
        return state.skipped.get(step.number, "")

    def _leave_out(self, step: Step, state: SessionState, why: str) -> None:
        self.played.left_out.append(LeftOut(step.number, why))
        if step.message_before is not None and step.message_before != step.turn.message_id:
            state.shift -= 1

    def _request(self, made: Made, step: Step, why: str = "", tries: int = 0) -> Request:
        self._count += 1
        return Request(
            self._count,
            step,
            made.method,
            made.url,
            made.headers,
            made.body,
            line=step.session.number,
            due=None if why else step.at,
            goes_on=step.goes_on and not why,
            why=why,
            tries=tries,
        )

    def _state(self, step: Step) -> SessionState:
        session = step.session
        if session.number not in self._states:
            new = self._maker.session_ids.like(session.session_id) if session.session_id else ""
            self._states[session.number] = SessionState(session, new)
        return self._states[session.number]

    # -- what an answer means -------------------------------------------------------------------------------------------

    def _hear(self, step: Step, turn: Turn, state: SessionState, recorded: Turn | None) -> None:
        """Lays the live server's message beside the recorded one."""
        if turn.response is None:
            state.last = None
            return
        heard = beside(recorded.response if recorded else None, turn.response, turn.number)
        heard.answered |= {found.place for found in execs(turn.response)}  # nobody owes a Status for it (UNENR)
        if recorded is not None:
            self._maker.heard[recorded.number] = heard
        state.last = heard
        self._note_unknown(turn.number, step, heard)

    def _note_unknown(self, number: int, step: Step, heard: Heard) -> None:
        """Names the commands that nothing was recorded for, with the nearest recorded one."""
        known = set(heard.counterparts.values())
        unenrol = {found.place for found in execs(heard.message)}
        pending = {place for place, _ in heard.unknown()} | (unenrol - known)
        for place, command in heard.message.walk():
            if place not in pending:
                continue
            near, where = self._known.nearest(command)
            entry = UnknownCommand(number, described(command), None, near, where, "the session ended before")
            if place in unenrol:
                entry.why = "nobody owes a Status for an Exec Unenroll"
            elif step.alert:
                entry.why = "a device is silent after its alert"
            elif self.settings.unknown is None:
                entry.why = "the replay stopped here"
                self.played.stopped = f"the live server sent {entry.command}, for which nothing was recorded"
            else:
                self._named[id(command)] = (command, entry)
            self.played.unknown.append(entry)

    def _note_answers(self, step: Step, made: Made) -> None:
        """Notes what became of a message's answers."""
        for answer in made.pointed.unused:
            command = _command_at(self._turns.get(answer.exchange), answer.to)
            words = described(command) if command else "SyncHdr"
            self.played.unused.append(Unused(step.number, answer.name, words))
        self._note_given(made.pointed.added)

    def _note_given(self, commands: list[Command]) -> None:
        for command in commands:
            if (named := self._named.get(id(command))) is not None:
                named[1].status, named[1].why = self.settings.unknown, ""

    def _counterpart(self, step: Step, turn: Turn, state: SessionState) -> Step:
        """The recorded step whose answer a live answer is to be compared with. Where the server had asked for the message again, or
        had not answered it, and now does, that is the last time that it was sent; the times between are left out."""
        counterpart = step
        for later in self._later(step):
            if later.sent_again and turn.exchange.response is not None:
                why = "it is a retransmission, and the live server had answered the first one"
            elif later.asked_for and not turn.asked_again and turn.exchange.response is not None:
                why = "the live server did not ask for it: it had taken the message before"
                self.played.unasked.append(counterpart.number)
            else:
                break
            state.skipped[later.number] = why
            counterpart = later
        return counterpart

    def _later(self, step: Step) -> list[Step]:
        """The steps of the session that are still to come."""
        return list(self._to_come[step.session.number])

    def _recorded_again(self, step: Step) -> bool:
        """Whether the recording goes on with a message that the server had asked for."""
        later = self._later(step)
        return bool(later) and later[0].asked_for

    def _follow(self, exchange: Exchange, turn: Turn, state: SessionState) -> bool:
        """Goes where the live server sends the device: by a redirect (then True), or by RespURI from the next message on."""
        response = exchange.response
        if response is not None and 300 <= response.status < 400 and (place := header(response.headers, "location")):
            target = self._sent_to(exchange, place, "redirects")
            if target is not None:
                state.once = target
                state.url = target if response.status in _FOR_GOOD else state.url
                return True
        if turn.response is not None and (place := turn.response.header.resp_uri):
            target = self._sent_to(exchange, place, "sends (RespURI)")
            if target is not None:
                state.url = target
                state.places.clear()
        return False

    def _sent_to(self, exchange: Exchange, place: str, how: str) -> str | None:
        """The URL to which the live server sends the device; None, and said, where that is none or the device may not go there."""
        url, why = place, "which is no URL"
        with contextlib.suppress(ValueError):  # of a URL, also of its port
            url = urljoin(exchange.url or "", place)
            if urlsplit(url).port != 0:
                if self.settings.may_call(url):
                    return url
                why = "where it may not go"
        self.played.notes.append(f"the live server {how} the device to {url}, {why}: not followed")
        return None

    def _ask_again(self, request: Request, turn: Turn, state: SessionState, number: int, *, moved: bool) -> None:
        """Has a message sent once more, because the live server asked for that and the recorded one had not."""
        step = request.step
        self.played.asked.append((number, step.number))
        if (
            turn.response is not None
        ):  # a challenge of SyncML's own: the next MsgID (DMP 9); in HTTP it is the same message
            state.shift += 1
        try:
            made = self._maker.request(step, state, pointing=False)
        except UnreadableMessageError as error:
            state.broken = str(error)
            return
        state.once = None
        why = REDIRECTED if moved else CHALLENGED
        self._again.append(self._request(made, step, why, request.tries + 1))

    def _break(self, step: Step, turn: Turn) -> str:
        """Why a session cannot go on after a live answer; empty where it can: what the recorded device got over, it gets over."""
        if turn.asked_again and not self._recorded_again(step):
            answer = turn.exchange.response
            if answer is not None and 300 <= answer.status < 400:
                return "the live server sends the device elsewhere, and that was not followed"
            return "the live server wants credentials" + ("" if self.settings.secret is None else ", and not these")
        if step.turn.response is None or turn.response is not None:
            return ""
        if turn.response_error is not None:
            return "the live answer cannot be read"
        response = turn.exchange.response
        if response is None:
            return "the live server did not answer"
        return f"the live server answered HTTP {response.status} without a message"

    def _go_on_alone(self, request: Request, state: SessionState) -> None:
        """Where the recorded session is at its end, commands that nothing was recorded for get their Status in a message of their
        own."""
        step, last, code = request.step, state.last, self.settings.unknown
        if last is None or code is None or step.alert or state.broken or not last.unknown() or not last.message.final:
            return
        if any(each.number not in state.skipped for each in self._later(step)):
            return
        if state.extra >= _MOST_EXTRA:
            self.played.notes.append(
                f"the live server goes on after {_MOST_EXTRA} messages that were not recorded: not answered"
            )
            return
        state.extra += 1
        state.shift += 1
        made = self._maker.statuses_alone(step, state, code)
        self._note_given(made.pointed.added)
        again = self._request(made, step, UNKNOWN)
        self.played.added.append(again.number)
        self._again.append(again)


def _command_at(turn: Turn | None, place: tuple[int, ...]) -> Command | None:
    if turn is None or turn.response is None:
        return None
    return next((command for where, command in turn.response.walk() if where == place), None)
