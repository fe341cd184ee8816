"""Packages: where the messages of one sender end one, although they do not say so (DMP 6.2, 8; facts B25 to B28).

A message without Final says that more of its package follows. Whether it does is told from what comes next: Alert 1222 asks for
more, and what still answers an older message goes on.
"""

from replay.capture.contents import Contents
from replay.capture.exchange import Exchange
from replay.capture.sessions import Session
from replay.capture.turns import Turn
from replay.expect.rules._devinfo import opens_session
from replay.expect.unseen import Unseen
from replay.syncml.model import Alert, Message, Results, Status
from replay.syncml.names import CHALLENGES, NEXT_MESSAGE, SESSION_ABORT
from replay.syncml.unenrol import alerts, execs


class Packages:
    """The packages of one session. Questions are about the turn at a place among the session's; an answer None means that it
    cannot be told from the capture."""

    def __init__(self, session: Session, unseen: Unseen) -> None:
        self.session = session
        self.unseen = unseen

    def ended_by_device(self, place: int) -> bool | None:
        """Whether the device's message there is the last of its package."""
        turn = self.session.turns[place]
        contents = turn.request_contents
        if contents is None or contents.message.is_foreign:
            return None
        message = contents.message
        if message.final:
            return True
        if _has_alert(message, NEXT_MESSAGE) or _is_in_object(message):
            return False
        answer = answer_of(turn)
        if answer is None or turn.asked_again:
            return self._ended_unanswered(place, contents)
        if _has_alert(answer, NEXT_MESSAGE):
            return False
        following, known = self._following(place)
        if not known or _has_alert(answer, SESSION_ABORT):
            return None
        return following is None or not _goes_on(following, answer)

    def _ended_unanswered(self, place: int, contents: Contents) -> bool | None:
        """Of a message that no message of the server answered: it was the last of its package where it was the last of the
        session, all was said in it that was due, and the server closed the session in peace or nothing depended on its
        answer (an empty 200; the alert, UNENR)."""
        turn = self.session.turns[place]
        if place + 1 < len(self.session.turns) or turn.asked_again:
            return None
        exchange, response = turn.exchange, turn.exchange.response
        closed = response is not None and exchange.answered and response.status == 200 and not response.body
        if exchange.cut or not (closed or _is_delivered_alert(exchange, contents.message)):
            return None
        return True if self._is_whole(place, contents) else None

    def _is_whole(self, place: int, contents: Contents) -> bool:
        """Whether a device's message says all that was due in it: package 1's parts, or a Status for everything before."""
        message = contents.message
        if _has_alert(message, SESSION_ABORT):
            return True
        before = answer_of(self.session.turns[place - 1]) if place else None
        if before is None:
            return opens_session(contents) and contents.parts.dev_info
        answered = {c.cmd_ref for c in message.commands if isinstance(c, Status) and c.msg_ref == before.header.msg_id}
        return all(isinstance(command, (Status, Results)) or command.cmd_id in answered for _, command in before.walk())

    def ended_by_server(self, place: int) -> bool | None:
        """Whether the server's message there, which has no Final, is the last of its package."""
        turn = self.session.turns[place]
        message, request = answer_of(turn), turn.request
        if message is None or request is None or message.is_foreign:
            return None
        if not request.final or _has_alert(message, NEXT_MESSAGE) or _is_in_object(message):
            return False
        following, known = self._following(place)
        if not known:
            return None
        if following is not None:
            said = following.message
            if _has_alert(said, SESSION_ABORT) or said.header.msg_id == request.header.msg_id:
                return None  # it broke off, or the same again: nobody knows what the server would have sent
            return not _has_alert(said, NEXT_MESSAGE)
        return True if _leaves_nothing_to_answer(message) else None

    def _following(self, place: int) -> tuple[Contents | None, bool]:
        """The device's next message, None where the session ends; and whether that is known."""
        turns = self.session.turns
        if place + 1 == len(turns):
            return None, True
        following = turns[place + 1]
        return following.request_contents, following.request is not None and self.unseen.between(
            turns[place], following
        ) == 0


def answer_of(turn: Turn) -> Message | None:
    """The server's own message in a turn; what the proxy made is none."""
    answer = turn.exchange.response
    return turn.response if answer is not None and answer.by != "proxy" else None


def asked_in_http(turn: Turn) -> bool:
    """Whether HTTP asked for the same message again: by a challenge, or by a redirect."""
    answer = turn.exchange.response
    return answer is not None and (str(answer.status) in CHALLENGES or 300 <= answer.status < 400)


def _is_delivered_alert(exchange: Exchange, message: Message) -> bool:
    over = exchange.failure is not None and exchange.failure.cause != "proxy-stopped"
    return exchange.delivered and over and next(alerts(message), None) is not None


def _has_alert(message: Message, code: str) -> bool:
    return any(isinstance(command, Alert) and command.code == code for command in message.commands)


def _is_in_object(message: Message) -> bool:
    """Whether a message ends in the middle of a large object (DMP 7)."""
    last = [command for _, command in message.walk() if command.items][-1:]
    return any(command.items[-1].more_data for command in last)


def _goes_on(following: Contents, answer: Message) -> bool:
    """Whether a device's message goes on with the package before: it still answers what came before the last message of the
    server, or it still brings parts of package 1."""
    if opens_session(following) or following.parts.dev_info:
        return True
    answers = [c for c in following.message.commands if isinstance(c, (Status, Results))]
    # without MsgRef, Results refer to message 1 (DMRP 6.6.12), a Status to nothing
    references = [c.msg_ref or ("1" if isinstance(c, Results) else None) for c in answers]
    return any(reference != answer.header.msg_id for reference in references if reference)


def _leaves_nothing_to_answer(message: Message) -> bool:
    """Whether the device owes no message after this one: it holds nothing but Status, or closes the session, or ends it with an
    Exec Unenroll, which nobody answers (UNENR)."""
    if _has_alert(message, SESSION_ABORT) or next(execs(message), None) is not None:
        return True
    return all(isinstance(command, Status) for command in message.commands)
