"""message-id

## What it does
Checks that the MsgIDs of the device, and those of the server, begin with 1 in every session and grow by 1.

## Why it matters
A Status refers to a message by its MsgID. Where one is used twice, or passed over, the references mean something else
than was meant, and a peer takes a message for lost.

## Known exceptions
A device's message sent again, byte for byte, is a warning; nothing at all where HTTP asked for it (401, 407, a
redirect), where the first did not reach the server, or where it is the alert (UNE007). A server may give the same answer
again to a message that was sent again, and to no other. The answer to a device's MsgID 3 need not be the server's
MsgID 3: each counts its own messages. An answer that got lost, was refused or empty, or could not be read, may have used
a number; so may a request that broke off, and what went over a connection that was not read. Of a session that the
capture does not have from its beginning the first number is not judged.

## Good
The device's MsgIDs are 1, 2, 3; the server's too.

## Bad
The device's MsgIDs are 1, 3; or the server answers MsgID 1 and MsgID 2 with MsgID 1 each.
"""

from collections.abc import Iterable, Iterator
from typing import Final

from replay.capture.exchange import header
from replay.capture.references import REQUEST, RESPONSE
from replay.capture.sessions import Session, message_number
from replay.capture.turns import Turn, host_of
from replay.expect.case import Case, Rule, Spot
from replay.expect.finding import Finding, Severity
from replay.expect.rules._counting import Counter, Step
from replay.expect.rules._devinfo import opens_session
from replay.expect.rules._packages import answer_of, asked_in_http
from replay.expect.unseen import Unseen
from replay.syncml.credentials import HMAC_HEADER
from replay.syncml.model import Status

#: Headers in which a device shows credentials: a MAC, and those of HTTP itself.
_CREDENTIALS: Final = (HMAC_HEADER, "authorization")
RULE = Rule(
    id="MSG007",
    name="message-id",
    severity=Severity.ERROR,
    party=None,
    source="MDM 2.2.3.6; facts B6",
    scope="capture",
)


def check(subject: Case) -> Iterable[Finding]:
    """Findings of MSG007."""
    unseen = subject.unseen
    for session in subject.traffic.sessions:
        if _is_right(session):
            continue
        for side, steps in ((REQUEST, _of_device(subject, session, unseen)), (RESPONSE, _of_server(session, unseen))):
            for step in steps:
                spot = Spot(step.turn, side, tail=("SyncHdr", "MsgID"))
                severity = Severity.WARNING if step.resent else None
                yield subject.finding(RULE, step.text, spot=spot, severity=severity)


def _is_right(session: Session) -> bool:
    """Whether both count from 1 on without a gap: so it nearly always is, and there is nothing more to be asked."""
    for number, turn in enumerate(session.turns, 1):
        message = answer_of(turn)
        if message is None or turn.message_id != message.header.msg_id or turn.message_id != str(number):
            return False
    return True


def _of_device(subject: Case, session: Session, unseen: Unseen) -> Iterator[Step]:
    count = Counter(REQUEST, unseen, from_start=session.from_start or _begins_wrong(subject, session, unseen))
    before: Turn | None = None
    for turn in session.turns:
        if turn.request is None:
            count.miss()
            continue
        step = count.say(turn, turn.request, may_repeat=before is not None and _is_due_again(before))
        if step is not None and not (step.resent and turn.number in subject.alert_carriers):
            yield step
        before = turn


def _of_server(session: Session, unseen: Unseen) -> Iterator[Step]:
    count = Counter(RESPONSE, unseen, from_start=session.from_start)
    asked: str | None = None
    host = ""
    for turn in session.turns:
        message = answer_of(turn)
        again = turn.message_id is not None and turn.message_id == asked
        asked = turn.message_id
        if message is None:
            count.miss()
            continue
        here = host_of(turn.exchange.url or "")
        if host and here != host:  # sent elsewhere (RespURI, redirect): another server may count for itself
            count = Counter(RESPONSE, unseen, from_start=False)
        host = here
        step = count.say(turn, message, may_repeat=again)
        if step is not None:
            yield step


def _is_due_again(before: Turn) -> bool:
    """Whether the message before is to be sent again as it was: HTTP asked for it, or it did not reach the server."""
    return asked_in_http(before) or not before.exchange.delivered


def _begins_wrong(subject: Case, session: Session, unseen: Unseen) -> bool:
    """Whether a session that does not begin with MsgID 1 begins in this capture all the same: with package 1 that answers
    nothing, and is not sent again with credentials (in the message or in HTTP) after a challenge. Of the alert in such a message
    UNE002 speaks."""
    contents = session.turns[0].request_contents
    first = session.turns[0].request
    if (
        contents is None
        or session.turns[0].number in subject.alert_carriers
        or first is None
        or message_number(first.header.msg_id) is None
        or first.header.cred is not None
        or any(header(session.turns[0].exchange.headers, name) for name in _CREDENTIALS)
    ):
        return False
    answers = any(isinstance(command, Status) for command in first.commands)
    return opens_session(contents) and not answers and unseen.between(None, session.turns[0]) == 0
