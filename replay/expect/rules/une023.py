"""generic-alert-header

## What it does
Checks that each Type which the HTTP header MDM-GenericAlert names is that of an alert which the device sends in the same
session.

## Why it matters
The header lets a server see what a session is about before it reads a message. One that is wrong sends it the wrong
way: it may take an ordinary session for an unenrolment.

## Known exceptions
The header stands on every message of the session, so the alert may be in another one. No header is no fault: Windows 8.1 and 10
version 1507 have none, and alerts that are neither critical nor fatal get none. Nothing is said where a message of the
session is missing or unreadable, nor of the case of a Type or blanks around it (UNE004).

## Good
```http
MDM-GenericAlert: <com.microsoft:mdm.unenrollment.userrequest>
```
and an Alert 1226 of that Type in package 1.

## Bad
The same header in a session without such an alert.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Final

from replay.capture.sessions import Session, message_number
from replay.capture.turns import Turn
from replay.expect.case import Case, Rule, Spot
from replay.expect.finding import Finding, Party, Severity
from replay.syncml.model import Alert, Message
from replay.syncml.names import UNENROL_TYPE
from replay.syncml.unenrol import alerts

RULE = Rule(
    id="UNE023",
    name="generic-alert-header",
    severity=Severity.WARNING,
    party=Party.DEVICE,
    source="MDM 2.1, Note 5; facts A1.6",
    scope="capture",
)
_HEADER: Final = "mdm-genericalert"
_BRACKETED: Final = re.compile(r"<([^<>]*)>")


def check(subject: Case) -> Iterable[Finding]:
    """Findings of UNE023."""
    for session in subject.traffic.sessions:
        named = [(turn, kind) for turn in session.turns for kind in _named(turn)]
        if not named or not _whole(session):
            continue
        sent = list(dict.fromkeys(kind for turn in session.turns if turn.request for kind in _types(turn.request)))
        known = {kind.casefold() for kind in sent}
        wrong = [(turn, kind) for turn, kind in named if kind.casefold() not in known]
        if wrong:
            yield _finding(subject, session, wrong, sent)


def _finding(subject: Case, session: Session, wrong: list[tuple[Turn, str]], sent: list[str]) -> Finding:
    turns = {turn.number for turn, _ in wrong}
    kinds = ", ".join(repr(kind) for kind in dict.fromkeys(kind for _, kind in wrong))
    others = f"; the alerts there are of Type {', '.join(map(repr, sent))}" if sent else ""
    message = (
        f"MDM-GenericAlert names {kinds}, and no alert in session {session.number} (SessionID {session.session_id}) is of that "
        f"Type{others}" + (f"; on {len(turns)} messages" if len(turns) > 1 else "")
    )
    return subject.finding(RULE, message, spot=Spot(wrong[0][0], "request"))


def _named(turn: Turn) -> Iterator[str]:
    """The Types that the header of a request names: each in angle brackets, or, where there are none, between commas."""
    for name, value in turn.exchange.headers:
        if name.lower() == _HEADER:
            found = _BRACKETED.findall(value) or value.split(",")
            yield from (kind.strip() for kind in found if kind.strip())


def _types(message: Message) -> Iterator[str]:
    """The Types of a message's alerts, trimmed; the unenrolment's also where an alert says so in another way (UNE004)."""
    for _, command in message.walk():
        if isinstance(command, Alert):
            for item in command.items:
                if item.meta and item.meta.type and item.meta.type.text.strip():
                    yield item.meta.type.text.strip()
    if next(alerts(message), None):
        yield UNENROL_TYPE


def _whole(session: Session) -> bool:
    """Whether the capture has every message that the device sent in a session: from MsgID 1 on, none left out or unreadable, up to
    the end of a package."""
    numbers = [turn.message_id for turn in session.turns]
    last = session.turns[-1].request
    known = {message_number(number) for number in numbers} - {None}
    return None not in numbers and known == set(range(1, len(known) + 1)) and last is not None and last.final
