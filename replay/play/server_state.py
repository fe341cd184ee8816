"""What a played server knows of its devices: who plays whose part, which sessions are open, what was answered.

`replay.play.server` decides with it what a message is answered.
"""

from collections import OrderedDict
from typing import Final

from msgspec import Struct, field

from replay.capture.exchange import Headers
from replay.capture.sessions import message_number
from replay.play.answers import AnswerMaker, Call
from replay.play.pointing import Heard
from replay.play.server_script import End, ServerPart, ServerSession, ServerStep
from replay.syncml.model import Message
from replay.syncml.unenrol import alerts

#: A byte-identical package 1 within this many seconds of an unanswered one is a retransmission (contract).
_RETRANSMISSION: Final = 60.0
#: Sessions of one device and answers of one session that are remembered; the oldest are forgotten.
_MOST_SESSIONS: Final = 50
_MOST_ANSWERS: Final = 1_000


class Reply(Struct, eq=False):
    """What a request is answered, and how the exchange ends. With an `end` other than an answer the device gets nothing, or, of one
    that is cut, the first `keep` bytes of the body; status, headers and body are then what a server that answers would have said.

    `by_server` is False where the player refuses what no server of OMA DM could answer. `plays` is the recorded exchange. `notes`
    say what departs from the recording. Whoever serves sets `delivered` once the device has got the whole answer.
    """

    status: int
    reason: str = ""
    headers: Headers = ()
    body: bytes = b""
    end: End = End.ANSWER
    keep: int | None = None
    by_server: bool = True
    plays: int | None = None
    notes: tuple[str, ...] = ()
    delivered: bool = False


class Given(Struct):
    """A reply that was given, when, and whether to a message with MsgID 1."""

    reply: Reply
    at: float
    first: bool


class LiveSession(Struct):
    """A live session: which recorded one it plays (where it is None, `why` says why), and how far it has come.

    `message_id` is the server's last MsgID; `last` is the newest reply, and how far the session had come before it; `again` says
    that it asks for the same bytes once more (HTTP 401, 407 or a redirect); `trusted` that the device has proved itself. `heard`
    are the live messages by the recorded exchange.
    """

    recorded: ServerSession | None
    why: str = ""
    at: int = 0
    message_id: str = "0"
    last: tuple[Reply, int] | None = None
    heard: dict[int, Heard] = field(default_factory=dict)
    given: dict[bytes, Given] = field(default_factory=dict)
    count: int = 0
    again: bool = False
    trusted: bool = False

    @property
    def steps(self) -> tuple[ServerStep, ...]:
        """The recorded steps."""
        return self.recorded.steps if self.recorded is not None else ()

    @property
    def step(self) -> ServerStep | None:
        """The recorded step that is due."""
        return self.steps[self.at] if self.at < len(self.steps) else None

    @property
    def owes(self) -> bool:
        """Whether the device did not get the last answer, because a fault took its place or it did not wait: it is due again."""
        return self.last is not None and self.last[0].end is End.ANSWER and not self.last[0].delivered

    def step_back(self) -> None:
        """Makes an answer that the device did not get due again. What it says next cannot be an answer to it."""
        if self.last is not None and self.owes:
            self.at = self.last[1]

    @property
    def next_id(self) -> str:
        """The MsgID of a message that was not recorded."""
        number = message_number(self.message_id)
        return "1" if number is None else str(number + 1)

    def id_of(self, step: ServerStep) -> str:
        """The MsgID of a recorded message here: by as much more than the last one as it was when recorded; one that is no number is
        kept."""
        own, before = _server_id(step), None
        for each in self.steps[: self.steps.index(step)]:
            before = _server_id(each) or before
        number, last = message_number(own), message_number(before)
        if number is None:
            return own or ""
        if last is None:
            return self.next_id if self.message_id != "0" or step.turn.message_id != "1" else own or ""
        return self.message_id if number == last else self.next_id

    def keep(self, digest: bytes, given: Given) -> None:
        """Remembers an answer by the digest of the request."""
        self.given[digest] = given
        if len(self.given) > _MOST_ANSWERS:
            self.given.pop(next(iter(self.given)))

    def even_out(self, call: Call, *, shown: bool, verified: bool) -> tuple[str, ...]:
        """Passes over recorded steps that this device has no need of, and says which: challenges, where credentials were `shown`
        (and `verified`, or there were none when it was challenged), retransmissions, and what a shorter package does without."""
        notes = []
        while (step := self.step) is not None:
            if shown and step.challenge and (verified or not step.proves):
                why = "the recorded challenge is left out, because the device has shown credentials"
            elif step.sent_again:
                why = "the device has not sent its message again, as it did when recorded"
            elif step.goes_on and call.message.final and self._package_ends():
                why = "the device's package has fewer messages than when recorded"
            else:
                break
            notes.append(f"exchange {step.number}: {why}")
            self.at += 1
        return tuple(notes)

    def _package_ends(self) -> bool:
        """Whether the recording has a later message that ends the package."""
        return any(step.turn.request is not None and step.turn.request.final for step in self.steps[self.at + 1 :])


class Peer:
    """One live device: the recorded one whose part it has, and its sessions."""

    def __init__(self, part: ServerPart, maker: AnswerMaker) -> None:
        self.part = part
        self.maker = maker
        self._sessions: OrderedDict[str, LiveSession] = OrderedDict()
        self._begun = {True: 0, False: 0}
        self._newest: dict[bool, LiveSession] = {}

    def session(self, message: Message, digest: bytes, now: float) -> tuple[LiveSession, Given | None]:
        """The live session of a message, a new one where it opens one; with the answer that was given to a retransmission.

        MsgID 1 opens a session, unless the message is byte-identical to one of the last 60 s that was not answered, or was
        asked for once more (contract).
        """
        key, first = message.header.session_id or "", message.header.msg_id == "1"
        session = self._sessions.get(key)
        if session is not None:
            given = session.given.get(digest)
            if session.again:
                return session, None
            if given is not None and (not given.first or _is_retransmission(given, now)):
                return session, given
            if not first:
                return session, None
        return self._open(key, alert=next(alerts(message), None) is not None, first=first), None

    def _open(self, key: str, *, alert: bool, first: bool) -> LiveSession:
        """A new session: the next one with, or without, the alert; the same once more where the device did not get its answers."""
        live = LiveSession(None, "its session began before this server, or goes on under another SessionID")
        if first:
            newest = self._newest.get(alert)
            if newest is None or not newest.owes:
                self._begun[alert] += 1
            place = self._begun[alert] - 1
            mine = [each for each in self.part.sessions if each.alert is alert]
            kind = "with the alert" if alert else "without the alert"
            why = f"it is session {place + 1} {kind} of this device, and the recording has {len(mine)}"
            live = self._newest[alert] = LiveSession(mine[place] if place < len(mine) else None, why)
        self._sessions[key] = live
        self._sessions.move_to_end(key)
        if len(self._sessions) > _MOST_SESSIONS:
            self._sessions.popitem(last=False)
        return live


def _is_retransmission(given: Given, now: float) -> bool:
    return not given.reply.delivered and now - given.at <= _RETRANSMISSION


def _server_id(step: ServerStep) -> str | None:
    response = step.turn.response
    return response.header.msg_id if response is not None else None
