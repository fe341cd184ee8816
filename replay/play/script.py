"""What is to be played of a capture's device side: its messages in order, with what each answers and when it was sent.

What never was a message of a session cannot be played: it is left out, and said to be.
"""

from collections.abc import Iterator
from typing import Final

from msgspec import Struct, field, structs

from replay.capture.exchange import Exchange
from replay.capture.references import REQUEST, RESPONSE, Sent
from replay.capture.sessions import Session, Traffic
from replay.capture.turns import DM, ENROLMENT, OPAQUE, Turn
from replay.compare.replayed import LeftOut
from replay.play.pointing import Answer, Place, answers_of
from replay.syncml.model import Command, Status

#: Ends of an exchange that say nothing of the server: the device went away, the recorder stopped, nobody knows.
NOT_THE_SERVERS: Final = frozenset({"client-closed", "proxy-stopped", "other", "timeout"})


#: Exchange by exchange: where each answer of the device's message stands, the exchange that it points to, and the place there.
_Pointing = dict[int, dict[Place, tuple[int, Place]]]


class Step(Struct, frozen=True):
    """A recorded device message to be played.

    `at` is when it was sent, in seconds since the first one, None where the capture has no times. `goes_on` says that the device
    sent its next message before this exchange was over. `message_before` is the MsgID of the session's message before, None for
    the first. `asked_for` says that the server had asked for it, by a challenge or a
    redirect of the message before; `sent_again` that it is a retransmission. `alert` says that its session carries the
    unenrolment alert.
    """

    turn: Turn
    session: Session
    answers: tuple[Answer, ...] = ()
    at: float | None = None
    goes_on: bool = False
    message_before: str | None = None
    asked_for: bool = False
    sent_again: bool = False
    alert: bool = False

    @property
    def number(self) -> int:
        """The recorded exchange's number."""
        return self.turn.number


class Script(Struct):
    """One device's part: its id, its steps in order of time, and what of the recording is left out. `addresses` are the URLs by
    which the recording names the server; `commands` are all commands that the server sent, with the numbers of their exchanges."""

    device: str | None
    steps: list[Step] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)
    addresses: set[str] = field(default_factory=set)
    commands: list[tuple[int, Command]] = field(default_factory=list)


def scripts(traffic: Traffic, *, device: str | None = None, session: int | None = None) -> list[Script]:
    """A script for each device of a capture, or for one device, or one session alone, in order of their first message."""
    found: dict[str | None, Script] = {}
    pointing: dict[int, _Pointing] = {}
    before: dict[int, Turn] = {}
    for turn in traffic.turns:
        belongs = traffic.session_of(turn)
        if belongs is None or (device is not None and belongs.device != device):
            continue
        if session is not None and belongs.number != session:
            continue
        script = found.setdefault(belongs.device, Script(belongs.device))
        if belongs.number not in pointing:
            pointing[belongs.number] = _pointing(belongs, alone=session is not None)
        _take(script, turn, belongs, pointing[belongs.number], before.get(belongs.number))
        if turn.exchange.delivered:
            before[belongs.number] = turn
    for script in found.values():
        script.steps = list(_timed(script.steps))
    return list(found.values())


def outside(traffic: Traffic) -> list[LeftOut]:
    """What belongs to no session, and so cannot be played."""
    whats = {
        DM: "its message cannot be read",
        OPAQUE: "its message is in an envelope, which only the device itself can make",
        ENROLMENT: "it is an enrolment request",
    }
    return [
        LeftOut(turn.number, whats[turn.kind], counts=turn.kind != ENROLMENT)
        for turn in traffic.turns
        if traffic.session_of(turn) is None and turn.kind in whats
    ]


def _take(script: Script, turn: Turn, session: Session, pointing: _Pointing, before: Turn | None) -> None:
    """Notes a turn, as a step or as left out. `before` is the one of its session before, of those that were delivered."""
    if turn.exchange.url:
        script.addresses.add(turn.exchange.url)
    if turn.request is not None and turn.request.header.target is not None:
        script.addresses.add(turn.request.header.target.uri or "")
    if turn.response is not None:
        script.commands += [(turn.number, each) for _, each in turn.response.walk() if not isinstance(each, Status)]
    if turn.request is None:
        why = "its message cannot be read" if turn.request_error else "the capture does not have the device's message"
        script.left_out.append(LeftOut(turn.number, why))
        return
    if not turn.exchange.delivered:
        script.left_out.append(LeftOut(turn.number, "it never reached the server when it was recorded"))
        return
    script.steps.append(
        Step(
            turn,
            session,
            tuple(answers_of(turn.request, pointing.get(turn.number, {}))),
            message_before=before.message_id if before is not None else None,
            asked_for=before is not None and before.asked_again,
            sent_again=turn.number in session.retransmissions,
            alert="alert" in session.roles,
        )
    )


def _pointing(session: Session, *, alone: bool) -> _Pointing:
    """What each answer in the device's messages of a session points to, by the exchange that it is in. What answers a message that
    the server had not sent by then (a Correlator that is used twice) answers nothing, and is played as it was; so is, in a session
    that is played `alone`, what answers an Exec of another one."""
    found: _Pointing = {}
    own = {turn.number for turn in session.turns}
    for reference in session.references():
        answer, to = reference.answer, reference.to
        if answer.side != REQUEST or to is None or to.side != RESPONSE:
            continue
        if (not alone or to.turn.number in own) and to.turn.exchange.order < answer.turn.exchange.order:
            found.setdefault(answer.turn.number, {})[answer.place] = (to.turn.number, _place(to))
    return found


def _place(sent: Sent) -> Place:
    return sent.place if sent.command is not None else ()


def _timed(steps: list[Step]) -> Iterator[Step]:
    """The steps with their times: when each was sent, and whether the next one was sent before it was over."""
    first = next((step.turn.exchange.at for step in steps if step.turn.exchange.at is not None), None)
    for place, step in enumerate(steps):
        exchange = step.turn.exchange
        at = exchange.at.clock - first.clock if exchange.at is not None and first is not None else None
        after = steps[place + 1] if place + 1 < len(steps) else None
        needed = after is None or after.session is step.session  # the next message of a session needs the answer
        goes_on = after is not None and not needed and not _was_over(exchange, after.turn.exchange)
        yield structs.replace(step, at=at, goes_on=goes_on)


def _was_over(exchange: Exchange, after: Exchange) -> bool:
    """Whether an exchange was over when another one began. One of which nothing more is known was not, and what a recorder that
    stopped says of its end is not known either; a format without URLs does not tell."""
    if exchange.url is None:
        return True
    if exchange.response is None and (exchange.failure is None or exchange.failure.cause == "proxy-stopped"):
        return False
    return exchange.ended[0] <= after.order
