"""Devices that call a played server, in memory, and the capture that comes of it."""

import copy
import io
from collections.abc import Callable

from replay.capture.exchange import Capture, Exchange, Failure, Moment, Response
from replay.capture.journal_reader import read as read_journal
from replay.capture.sessions import Traffic, assemble
from replay.normal.form import normal_form, normal_others
from replay.normal.text import normal_text
from replay.play.body import in_form
from replay.play.server import Request, ServerPlayer
from replay.play.server_script import End
from replay.play.server_state import Reply
from replay.syncml.model import Message, Status
from replay.syncml.read import read as read_message
from tests.story import URL, Story

_CAUSES = {End.CLOSE: "server-closed", End.RESET: "server-reset", End.HANG: "client-closed", End.CUT: "truncated"}


def traffic_of(story: Story) -> Traffic:
    return assemble(read_journal(io.BytesIO(story.text()), "story.jsonl"))


def text_of(traffic: Traffic) -> str:
    """The normal form."""
    return normal_text(normal_form(traffic), normal_others(traffic))


class Caller:
    """Calls a player, and keeps what it was answered."""

    def __init__(self, recording: Story | Traffic, **more) -> None:
        self.traffic = traffic_of(recording) if isinstance(recording, Story) else recording
        self.player = ServerPlayer(self.traffic, **more)
        self.capture = Capture("served.jsonl", "journal")
        self.notes: list[str] = []
        self.now = 0.0

    def call(self, body: bytes, *, url: str = URL, lost: bool = False, headers=(), method: str = "POST") -> Reply:
        """Sends a request; an answer that is `lost` does not reach the device."""
        reply = self.player.answer(Request(method, url, tuple(headers), body), self.now)
        reply.delivered = reply.end is End.ANSWER and not lost
        self.notes += reply.notes
        number = len(self.capture.exchanges) + 1
        exchange = Exchange(
            number, str(number), self.now, method=method, url=url, headers=tuple(headers), body=body, at=_at(self.now)
        )
        self._end(exchange, reply, self.now + 0.5)
        self.capture.exchanges.append(exchange)
        self.now += 1.0
        return reply

    def ask(self, body: bytes, **more) -> Message:
        """Sends a message and reads the answer."""
        reply = self.call(body, **more)
        assert reply.end is End.ANSWER, reply.end
        assert reply.status == 200, reply.status
        return read_message(reply.body)

    def again(self, form: str | None = None, change: Callable[[bytes], bytes] = bytes) -> "Caller":
        """Sends every device message of the recording again, in XML or WBXML where that is asked for."""
        for exchange in sorted(self.traffic.capture.exchanges, key=lambda each: each.order):
            played = copy.copy(exchange)
            played.body = change(in_form(exchange.body or b"", form) if form else exchange.body or b"")
            if exchange.delivered:
                played.response = played.failure = None
                request = Request(
                    exchange.method or "POST", exchange.url or "http://played/", exchange.headers, played.body
                )
                reply = self.player.answer(request, exchange.order)
                reply.delivered = reply.end is End.ANSWER
                self.notes += reply.notes
                self._end(played, reply, exchange.ended[0], exchange.ended[1])
            self.capture.exchanges.append(played)
        return self

    def _end(self, exchange: Exchange, reply: Reply, order: float, at: Moment | None = None) -> None:
        at = at or _at(order)
        if reply.end in (End.ANSWER, End.CUT):
            body = reply.body if reply.end is End.ANSWER else reply.body[: reply.keep]
            exchange.response = Response(reply.status, order, headers=reply.headers, body=body, at=at)
        if reply.end is not End.ANSWER:
            exchange.failure = Failure(_CAUSES[reply.end], order, at=at)

    @property
    def served(self) -> Traffic:
        """What was served, as a capture."""
        return assemble(self.capture)


def _at(seconds: float) -> Moment:
    return Moment(1_800_000_000.0 + seconds, 5_000.0 + seconds)


def statuses(message: Message) -> list[tuple[str | None, ...]]:
    """The Status elements of a message: MsgRef, CmdRef, Cmd and code."""
    return [(each.msg_ref, each.cmd_ref, each.cmd, each.code) for each in message.commands if isinstance(each, Status)]


def others(message: Message) -> list[str]:
    """The names of everything in a message that is no Status."""
    return [each.name for each in message.commands if not isinstance(each, Status)]
