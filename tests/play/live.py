"""A live server for played devices, made of a recording: it answers as the recorded one did, with its own numbers, nonces and ids.

It is written with the model's values alone, so that it shares nothing with what it tests.
"""

import base64

from msgspec import structs

from replay.capture.exchange import Exchange, Failure, Moment, Response, header
from replay.capture.references import REQUEST, RESPONSE
from replay.capture.sessions import Session
from replay.compare.replayed import Outcome
from replay.lab.messages import to_wbxml
from replay.play.device import DevicePlayer, Played
from replay.play.outcome import Outcomes
from replay.play.script import Script
from replay.syncml import credentials
from replay.syncml.credentials import Secret
from replay.syncml.model import Address, Command, Leaf, Message, Status
from replay.syncml.read import read
from replay.syncml.write import write


class Recorded:
    """The live server. It numbers its messages from `first` on, its commands backwards, and challenges with its own nonces."""

    def __init__(self, secret: Secret | None = None, first: int = 7) -> None:
        self.secret, self.first = secret, first
        self.heard: dict[int, Message] = {}
        self.nonce: bytes | None = None
        self.proofs: list[tuple[str, bool | None]] = []
        self._sent: dict[int, int] = {}
        self._nonces = 0

    def answer(self, session: Session, number: int, request: bytes) -> bytes | None:
        """The answer to the live request for the recorded exchange of that number."""
        turn = next(each for each in session.turns if each.number == number)
        live = read(request)
        self.heard[number] = live
        if live.header.cred is not None and self.secret is not None:
            right = credentials.verify(live.header.cred, self.secret, self.nonce)
            self.proofs.append((credentials.auth_type(live.header.cred), right))
        if turn.response is None:
            return None
        self._sent[session.number] = self._sent.get(session.number, self.first - 1) + 1
        head = turn.response.header
        new_head = structs.replace(
            head,
            session_id=live.header.session_id,
            msg_id=str(self._sent[session.number]),
            target=Address(live.header.source.uri, head.target.name if head.target else None),
            source=Address(live.header.target.uri),
        )
        pointers = {
            ref.answer.place: ref.to
            for ref in session.references()
            if ref.answer.turn is turn and ref.answer.side == RESPONSE
        }
        total = len(list(turn.response.walk()))
        ids = {place: str(500 + total - at) for at, (place, _) in enumerate(turn.response.walk())}

        def renewed(place: tuple[int, ...], command: Command) -> Command:
            new = structs.replace(command, cmd_id=ids[place])
            if hasattr(new, "commands"):
                inner = tuple(renewed((*place, at), each) for at, each in enumerate(new.commands))
                new = structs.replace(new, commands=inner)
            to = pointers.get(place)
            if to is not None:
                assert to.side == REQUEST
                heard = self.heard[to.turn.number]
                ref = "0" if to.command is None else dict(heard.walk())[to.place].cmd_id
                new = structs.replace(new, msg_ref=heard.header.msg_id, cmd_ref=ref)
            if isinstance(new, Status) and new.chal is not None and new.chal.next_nonce is not None:
                self._nonces += 1
                self.nonce = b"live nonce %d" % self._nonces
                fresh = Leaf(base64.b64encode(self.nonce).decode(), new.chal.next_nonce.namespace)
                new = structs.replace(new, chal=structs.replace(new.chal, next_nonce=fresh))
            return new

        commands = tuple(
            renewed((at,), each)
            for at, each in enumerate(turn.response.commands)
            if self._was_sent(pointers.get((at,)))
        )
        return written(structs.replace(turn.response, header=new_head, commands=commands), live.form)

    def _was_sent(self, to) -> bool:
        """Whether the live device sent what a recorded Status of the server answers."""
        if to is None:
            return True
        heard = self.heard.get(to.turn.number)
        return heard is not None and (to.command is None or to.place in dict(heard.walk()))


def written(message: Message, form: str) -> bytes:
    body = write(message)
    return to_wbxml(body) if form == "wbxml" else body


def converse(player: DevicePlayer, server) -> Played:
    """Plays a device to its end. `server` gives (status, headers, body) for a request, or None for no answer at all."""
    order = 0
    while (request := player.next()) is not None:
        order += 2
        exchange = Exchange(
            request.number, str(request.number), order, method=request.method, url=request.url, headers=request.headers,
            body=request.body, at=Moment(order, order),
        )  # fmt: skip
        answer = server(request)
        if answer is None:
            recorded = request.step.turn.exchange.failure
            cause = recorded.cause if recorded is not None else "server-closed"
            exchange.failure = Failure(cause, order + 1, at=Moment(order + 1, order + 1))
        else:
            status, headers, body = answer
            exchange.response = Response(status, order + 1, headers=headers, body=body, at=Moment(order + 1, order + 1))
        player.take(request, exchange)
    return player.played


def as_recorded(server: Recorded):
    """The server of `converse` that answers as a recording did."""

    def answer(request):
        recorded = request.step.turn.exchange
        body = server.answer(request.step.session, recorded.number, request.body)
        if recorded.response is None:
            return None
        headers = [(name, value) for name, value in recorded.response.headers if name.lower() != "content-type"]
        kind = header(request.headers, "content-type")
        if header(recorded.response.headers, "content-type") is not None:
            headers.append(("Content-Type", kind if body is not None else "text/plain"))
        return recorded.response.status, tuple(headers), recorded.response.body if body is None else body

    return answer


def outcome(traffic, script: Script, played: Played, path: str | None = None):
    return Outcomes(traffic, path).of("live", script, played)


def outcomes(replay) -> dict[int, Outcome]:
    return {each.recorded: each.outcome for each in replay.answers if each.recorded is not None}
