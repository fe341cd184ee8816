"""The server's side of a recording, played: what a live device is answered, by the state of its session.

Sans-I/O. `answer` takes a request and gives the reply that is due; whoever serves sends it, or ends the exchange as the reply
says, and tells by `Reply.delivered` whether the device got it. Nothing is ever asked of another server.

Live sessions meet recorded ones by role and order: a device's first session with the alert is the recorded one with the alert, its
n-th session without is the n-th recorded one without. Within a session messages meet in order; what differs is evened out where
the protocol says how: a challenge that a device has forestalled, a package in more or fewer messages. What nothing was recorded for
gets the plain answer that every message is owed, and a note.
"""

import hashlib
import os
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

from msgspec import Struct

from replay.capture.exchange import Exchange, Headers, header
from replay.capture.sessions import Traffic
from replay.capture.turns import DM, ENROLMENT, OPAQUE, Turn, read_turn
from replay.play.answers import AnswerMaker, Call
from replay.play.pointing import beside
from replay.play.proofs import Asked, Proofs
from replay.play.server_script import End, ServerPart, ServerSession, ServerStep, server_parts
from replay.play.server_state import Given, LiveSession, Peer, Reply
from replay.syncml import credentials
from replay.syncml.credentials import BASIC, HMAC_HEADER, MAC, MD5, Secret
from replay.syncml.errors import UnreadableMessageError
from replay.syncml.model import Alert, Message, Status, device_of
from replay.syncml.names import CHALLENGES, SESSION_ABORT
from replay.syncml.unenrol import alerts

_NONCE_BYTES: Final = 16
#: Devices that are remembered; the ones that were not heard of for longest are forgotten.
_MOST_DEVICES: Final = 10_000
#: What a message's credentials are worth.
_NONE, _GOOD, _WRONG = "none", "good", "wrong"


class Request(Struct, frozen=True):
    """A live request: the URL is the one that the device called."""

    method: str
    url: str
    headers: Headers
    body: bytes


class Secrets(Struct, frozen=True):
    """What devices have to prove themselves with (None: whatever they show is taken), and what the server proves itself with (None:
    as it was recorded)."""

    device: Secret | None = None
    server: Secret | None = None


class ServerPlayer:
    """Plays the server's side of a capture to any number of devices, each with its own state.

    With `device` all of them are given the part of that recorded device; `nonce` gives a fresh nonce each time.
    """

    def __init__(
        self,
        traffic: Traffic,
        *,
        device: str | None = None,
        secrets: Secrets | None = None,
        nonce: Callable[[], bytes] = lambda: os.urandom(_NONCE_BYTES),
    ) -> None:
        self.parts = server_parts(traffic, device=device)
        self.secrets = secrets or Secrets()
        self.played: set[int] = set()
        self._nonce = nonce
        self._peers: OrderedDict[str | None, Peer] = OrderedDict()
        self._taken = [0] * len(self.parts)

    @property
    def recorded(self) -> int:
        """How many recorded exchanges there are to be played."""
        return sum(len(session.steps) for part in self.parts for session in part.sessions)

    def unused(self) -> list[int]:
        """The recorded exchanges that no device has met."""
        steps = [step for part in self.parts for session in part.sessions for step in session.steps]
        return sorted(step.number for step in steps if step.number not in self.played)

    def summary(self) -> str:
        """What of the recording was played, in words."""
        unused = ", ".join(map(str, self.unused()))
        rest = f"; no device came as far as exchange {unused}" if unused else ""
        return f"{len(self.played)} of {self.recorded} recorded exchanges were played{rest}"

    def answer(self, request: Request, now: float) -> Reply:
        """What a request is answered; `now` is in seconds of a clock that does not jump."""
        turn = read_turn(_exchange(request))
        message = turn.request
        if message is None:
            return _refused(request, turn)
        peer = self._peer(message)
        proof = self._proof(peer, message, request)
        call = Call(message, request.url, request.headers, proved=proof == _GOOD)
        digest = hashlib.sha256(request.body).digest()
        session, given = peer.session(message, digest, now)
        if given is not None:
            return self._once_more(peer, session, call, given)
        session.step_back()
        before = session.at
        reply = self._play(peer, session, call, proof)
        session.last = (reply, before)
        session.keep(digest, Given(reply, now, message.header.msg_id == "1"))
        return reply

    # -- who calls ------------------------------------------------------------------------------------------------------

    def _peer(self, message: Message) -> Peer:
        """The device that sent a message. A new one gets the part of the recorded device of its id, else the one that the fewest
        have."""
        device = device_of(message)
        peer = self._peers.get(device)
        if peer is None:
            place = self._part_for(device, alert=next(alerts(message), None) is not None)
            part = ServerPart(None) if place is None else self.parts[place]
            if place is not None:
                self._taken[place] += 1
            peer = self._peers[device] = Peer(part, AnswerMaker(part, Proofs(self.secrets.server), self._nonce))
            if len(self._peers) > _MOST_DEVICES:
                self._peers.popitem(last=False)
        self._peers.move_to_end(device)
        return peer

    def _part_for(self, device: str | None, *, alert: bool) -> int | None:
        """The place of a new device's part; where it begins with the alert, of one that has it."""

        def weight(place: int) -> tuple[bool, int, bool]:
            part = self.parts[place]
            lacks = alert and not any(session.alert for session in part.sessions)
            return part.device != device, self._taken[place], lacks

        return min(range(len(self.parts)), key=weight, default=None)

    def _proof(self, peer: Peer, message: Message, request: Request) -> str:
        """What a message's credentials are worth; without a secret whatever is shown is taken."""
        peer.maker.proofs.heard(
            Asked(), None, message
        )  # the device's challenge: what the server is to prove itself with
        cred, mac = message.header.cred, header(request.headers, HMAC_HEADER)
        basic = header(request.headers, "authorization")
        if cred is None and mac is None and basic is None:
            return _NONE
        secret, nonce = self.secrets.device, peer.maker.device_nonce
        if secret is None:
            return _GOOD
        if mac is not None:
            right = _mac_is_right(mac, secret, nonce, request.body)
        elif cred is not None:
            right = credentials.verify(cred, secret, nonce)
        else:
            right = basic == f"Basic {credentials.basic(secret)}"
        return _GOOD if right else _WRONG

    # -- what is due ----------------------------------------------------------------------------------------------------

    def _play(self, peer: Peer, session: LiveSession, call: Call, proof: str) -> Reply:
        """The answer to a message that was not answered before."""
        notes = session.even_out(call, shown=proof == _GOOD, verified=self.secrets.device is not None)
        session.trusted |= proof == _GOOD
        session.again = False
        step, message = session.step, call.message
        if self._must_prove(session, step):
            return self._challenge(peer, session, call, proof)
        if step is None:
            known = session.recorded is not None
            what = f"that session was over after exchange {session.steps[-1].number}" if known else session.why
            return self._plain(peer, session, call, f"{_said(message)} is not in the recording: {what}")
        recorded = step.turn.request
        if _aborts(message) and not (recorded is not None and _aborts(recorded)):
            return self._plain(peer, session, call, f"{_said(message)} aborts the session (Alert 1223)")
        if not message.final and (recorded is None or recorded.final):
            return self._plain(
                peer, session, call, f"{_said(message)} is not the last of its package, as when recorded"
            )
        session.at += 1
        reply = self._recorded(peer, session, call, step)
        reply.notes = (*notes, *reply.notes)
        return reply

    def _once_more(self, peer: Peer, session: LiveSession, call: Call, given: Given) -> Reply:
        """The answer to a retransmission: the same again, unless the recording has another for a retransmission."""
        step = session.step
        if step is not None and step.sent_again:
            session.at += 1
            given.reply = self._recorded(peer, session, call, step)
        else:
            given.reply.notes = (f"{_said(call.message)} was sent again: it is answered as before",)
        return given.reply

    def _recorded(self, peer: Peer, session: LiveSession, call: Call, step: ServerStep) -> Reply:
        """The answer of a recorded step, or the end that it had."""
        self.played.add(step.number)
        session.heard[step.number] = beside(step.turn.request, call.message, session.count)
        session.count += 1
        response, end = step.turn.exchange.response, step.end
        if end is End.UNKNOWN:
            note = f"exchange {step.number}: the recording does not say how {_said(call.message)} was answered"
            return self._plain(peer, session, call, note, step)
        if response is None or end is not End.ANSWER:
            body, headers = peer.maker.plain(call, session.next_id)
            keep = len(response.body or b"") if response is not None else 0
            return Reply(200, "OK", headers, body, end, keep if end is End.CUT else None, plays=step.number)
        session.again = response.status in (401, 407) or 300 <= response.status < 400
        reason = response.reason if response.reason.isascii() and response.reason.isprintable() else ""
        reply = Reply(response.status, reason, plays=step.number)
        if step.turn.response is None:
            reply.headers, reply.body = peer.maker.headers(step, call), response.body or b""
            if step.turn.response_error is not None or step.turn.opaque_response:
                reply.notes = (f"exchange {step.number}: the recorded answer cannot be read, and is sent as it was",)
            return reply
        message_id = session.id_of(step)
        try:
            reply.body, reply.headers = peer.maker.recorded(step, call, message_id, session.heard)
        except UnreadableMessageError as error:
            note = f"exchange {step.number}: the recorded answer cannot be sent to this device: {error}"
            return self._plain(peer, session, call, note, step)
        session.message_id = message_id
        reply.notes = self._about_proofs(step)
        return reply

    def _plain(self, peer: Peer, session: LiveSession, call: Call, note: str, step: ServerStep | None = None) -> Reply:
        """The answer that every message is owed, in place of a step's where one is given."""
        session.message_id = session.next_id
        body, headers = peer.maker.plain(call, session.message_id)
        return Reply(200, "OK", headers, body, plays=step.number if step else None, notes=(note,))

    # -- credentials ----------------------------------------------------------------------------------------------------

    def _must_prove(self, session: LiveSession, step: ServerStep | None) -> bool:
        """Whether a device has to prove itself before it gets what was recorded."""
        if self.secrets.device is None or session.recorded is None or session.trusted:
            return False
        return session.recorded.proves and not (step is not None and step.challenge)

    def _challenge(self, peer: Peer, session: LiveSession, call: Call, proof: str) -> Reply:
        """A challenge that was not recorded (DMP 9)."""
        code, what = ("407", "no credentials") if proof == _NONE else ("401", "credentials that do not verify")
        session.message_id = session.next_id
        kind = _kind_of_challenge(session.recorded)
        body, headers = peer.maker.plain(call, session.message_id, code=code, challenge=kind)
        note = f"{_said(call.message)} carries {what}: it is challenged ({code}), which was not recorded"
        return Reply(200, "OK", headers, body, notes=(note,))

    def _about_proofs(self, step: ServerStep) -> tuple[str, ...]:
        """Says of a server's credentials that they could not be made anew."""
        message, response = step.turn.response, step.turn.exchange.response
        cred = message.header.cred if message is not None else None
        hangs = cred is not None and credentials.auth_type(cred) != BASIC
        if self.secrets.server is None and (hangs or (response and header(response.headers, HMAC_HEADER))):
            return (
                f"exchange {step.number}: the server's own credentials are sent as recorded, with a nonce of that time",
            )
        return ()


def _exchange(request: Request) -> Exchange:
    """A request as an exchange that has no answer yet."""
    return Exchange(1, "", 0.0, method=request.method, url=request.url, headers=request.headers, body=request.body)


def _refused(request: Request, turn: Turn) -> Reply:
    """The answer to what no server of OMA DM could answer: 400 where a message was meant that cannot be read, else 404."""
    status, why = 404, f"{request.method} {request.url} is no OMA DM, and nothing here can answer it"
    if turn.kind == ENROLMENT:
        why = f"{request.method} {request.url} is an enrolment request, and a recording of sessions cannot answer it"
    elif turn.request_error is not None:
        status, why = 400, f"the device's message cannot be read: {turn.request_error}"
    elif turn.kind in (DM, OPAQUE):
        status, why = 400, "the device's message is in an envelope, or missing"
    text = f"omadm serve: {why}\n".encode("utf-8", "backslashreplace")
    return Reply(
        status, headers=(("Content-Type", "text/plain; charset=utf-8"),), body=text, by_server=False, notes=(why,)
    )


def _said(message: Message) -> str:
    """A live message in words."""
    return f"message {message.header.msg_id or '?'} of session {message.header.session_id or '?'}"


def _aborts(message: Message) -> bool:
    """Whether a message aborts its session (DMP 8.1)."""
    return any(isinstance(each, Alert) and each.code == SESSION_ABORT for each in message.commands)


def _kind_of_challenge(recorded: ServerSession | None) -> str:
    """The type of credential that the recorded server asked for, or took."""
    for step in recorded.steps if recorded is not None else ():
        for status in step.turn.response.commands if step.turn.response is not None else ():
            if (
                isinstance(status, Status)
                and status.code in CHALLENGES
                and status.chal is not None
                and status.chal.type
            ):
                return status.chal.type.text.strip()
        cred = step.turn.request.header.cred if step.turn.request is not None else None
        if cred is not None:
            return credentials.auth_type(cred)
        if header(step.turn.exchange.headers, HMAC_HEADER) is not None:
            return MAC
    return MD5


def _mac_is_right(value: str, secret: Secret, nonce: bytes | None, body: bytes) -> bool | None:
    try:
        return credentials.verify_mac(credentials.parse_hmac_header(value), secret, nonce, body)
    except ValueError:
        return False
