"""challenge-unanswered

## What it does
Reports that the server challenged the device (Status 401 or 407 for SyncHdr), and that no later message of the device
in that session carries credentials: neither Cred nor the header `x-syncml-hmac`.

## Why it matters
The message that was challenged was not carried out. An alert in it was not taken: the server will go on believing that
the device is enrolled.

## Known exceptions
The unenrolment alert is best effort and the device may clean up without answering the challenge; that is reported all
the same, because the server does not know then. Only the first challenge of a session is looked at: a device whose
credentials were refused a second time may give up. A device that sends nothing more is reported once another session
of its enrolment has begun, or the recorder has watched for the quiet time. Where the capture lacks later messages of the
session nothing is said, nor where something that could not be read may have been one. A challenge in HTTP (401, 407) is
HTP003.

## Good
Status 407 with Chal in the answer to message 1; message 2 has Cred in SyncHdr.

## Bad
Status 407 with Chal in the answer to message 1; message 2 has no Cred.
"""

from bisect import bisect_right
from collections.abc import Iterable

from replay.capture.episodes import Window
from replay.capture.references import REQUEST, RESPONSE
from replay.capture.sessions import Enrolment
from replay.capture.turns import Turn
from replay.expect.case import Case, Rule
from replay.expect.dialogue import Answer, Dialogue, Line
from replay.expect.finding import Finding, Party, Severity
from replay.expect.rules._answers import waited
from replay.expect.rules._credentials import has_credentials, misplaced
from replay.expect.rules._dialogue import answer_spot, message_name
from replay.expect.schedule import QUIET
from replay.syncml.model import Status
from replay.syncml.names import CHALLENGES

RULE = Rule(
    id="AUT002",
    name="challenge-unanswered",
    severity=Severity.WARNING,
    party=Party.DEVICE,
    source="DMP 9; facts Authentication",
    scope="capture",
)


def check(subject: Case) -> Iterable[Finding]:
    """Findings of AUT002."""
    for dialogue in subject.unsettled:
        challenge = _first_challenge(dialogue)
        if challenge is None or challenge.target is None or _is_plain_refusal(challenge):
            continue
        what = _instead(subject, dialogue, challenge)
        if what is not None:
            message = f"Status {challenge.code} challenges {message_name(challenge.target)}; {what}"
            if challenge.target.turn.number in subject.alert_carriers:
                message += "; the server has not taken the alert"
            yield subject.finding(RULE, message, spot=answer_spot(challenge))


def _first_challenge(dialogue: Dialogue) -> Answer | None:
    for line in dialogue.lines:
        if line.side == RESPONSE and line.challenges:
            return next(each for each in line.carries if each.to_header and each.code in CHALLENGES)
    return None


def _is_plain_refusal(challenge: Answer) -> bool:
    """Whether credentials that were there were refused, and nothing says with what others to try again."""
    status = challenge.command
    return (
        challenge.code == "401"
        and isinstance(status, Status)
        and status.chal is None
        and challenge.target is not None
        and has_credentials(challenge.target)
    )


def _instead(subject: Case, dialogue: Dialogue, challenge: Answer) -> str | None:
    """What the device did instead of sending credentials, in words; None where it did, or that cannot be told."""
    later = [each for each in dialogue.lines[challenge.line.place + 1 :] if each.side == REQUEST and not each.repeated]
    if any(_may_have_credentials(each) for each in later):
        return None
    if later:
        return (
            f"the device goes on with message {later[0].msg_id} (exchange {later[0].turn.number}) without credentials"
        )
    turn, enrolment = challenge.line.turn, dialogue.session.enrolment
    if turn.exchange.failure is not None:
        return None
    began = bisect_right(enrolment.sessions, turn.exchange.order, key=lambda each: each.order)
    following = enrolment.sessions[began] if began < len(enrolment.sessions) else None
    if following is not None:
        if subject.unseen.between(turn, following.turns[0]) != 0:
            return None
        return f"the device sends nothing more in that session, and opens session {following.number}"
    quiet = QUIET if subject.options.quiet is None else subject.options.quiet
    if waited(subject, turn.exchange) < quiet or _may_go_on_unseen(subject, turn, enrolment):
        return None
    return "the device sends nothing more in that session"


def _may_go_on_unseen(subject: Case, turn: Turn, enrolment: Enrolment) -> bool:
    """Whether something that could not be read may have been the device's, from an exchange to the end of the capture."""
    start, stretches = turn.exchange.at, subject.traffic.capture.stretches
    if start is None or not stretches:
        return True
    window = Window(start, stretches[-1].end, subject.traffic.capture.ended_by)
    return subject.unseen.in_window(enrolment, window) is not None


def _may_have_credentials(line: Line) -> bool:
    """Whether a message has credentials, even in the wrong place (AUT001), or is not known."""
    return line.contents is None or has_credentials(line) or any(misplaced(line.contents))
