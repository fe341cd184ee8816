"""package-one-incomplete

## What it does
Checks that package 1 has an Alert 1200 or 1201 and a Replace of DevInfo, in one message or in several. It is
what begins with MsgID 1; sent again after a challenge it must have both again.

## Why it matters
The alert says who began the session, DevInfo which device it is. Without them the server does not know what it talks
to.

## Known exceptions
A package of which the capture has not all is not judged. A device that ends the session with Alert 1223 when it is
challenged sends no package 1. What is said in a wrong way is there all the same: DevInfo in
another command than Replace is MSG011's, under a leading / MSG014's.

## Good
<Alert><CmdID>2</CmdID><Data>1201</Data></Alert>
<Replace><CmdID>3</CmdID><Item><Source><LocURI>./DevInfo/DevId</LocURI></Source>…</Item>…</Replace>

## Bad
<Alert><CmdID>2</CmdID><Data>1226</Data>…</Alert>
<Replace><CmdID>3</CmdID>…</Replace>
"""

from collections.abc import Iterable, Iterator

from replay.capture.references import REQUEST
from replay.capture.sessions import Session
from replay.capture.turns import Turn
from replay.expect.case import Case, Rule, Spot
from replay.expect.finding import Finding, Severity
from replay.expect.rules._devinfo import opens_session
from replay.expect.rules._packages import Packages, asked_in_http
from replay.expect.rules._said import name_of
from replay.expect.unseen import Unseen
from replay.syncml.model import Alert
from replay.syncml.names import SESSION_ABORT

RULE = Rule(
    id="MSG013",
    name="package-one-incomplete",
    severity=Severity.ERROR,
    party=None,
    source="DMP 8.3; MDM 3.1.5.1.2; facts B21",
    scope="capture",
)


def check(subject: Case) -> Iterable[Finding]:
    """Findings of MSG013."""
    unseen = subject.unseen
    for session in subject.traffic.sessions:
        if _is_plainly_whole(session):
            continue
        for package in _packages_one(session, unseen):
            messages = [turn.request_contents for turn in package if turn.request_contents is not None]
            lacks = []
            if not any(opens_session(message) for message in messages):
                lacks.append("no Alert 1200 or 1201")
            if not any(message.parts.dev_info for message in messages):
                lacks.append("no Replace of DevInfo")
            if lacks:
                text = f"in {name_of(package[0], REQUEST)}: package 1 has {' and '.join(lacks)}"
                yield subject.finding(RULE, text, spot=Spot(package[0], REQUEST, tail=("SyncBody",)))


def _is_plainly_whole(session: Session) -> bool:
    """Whether package 1 is the first message alone and has everything, and was not sent again: so it nearly always is."""
    first = session.turns[0]
    contents = first.request_contents
    if contents is None or not contents.message.final or not contents.parts.dev_info or not opens_session(contents):
        return False
    return not first.asked_again and (len(session.turns) == 1 or session.turns[1].message_id != "1")


def _gives_up(turn: Turn) -> bool:
    """Whether the device ends its session with a message (DMP 8.1)."""
    commands = turn.request.commands if turn.request is not None else ()
    return any(isinstance(command, Alert) and command.code == SESSION_ABORT for command in commands)


def _packages_one(session: Session, unseen: Unseen) -> Iterator[list[Turn]]:
    """Package 1 of a session, and again each time that it was sent again, where the capture has all of it."""
    packages = Packages(session, unseen)
    package: list[Turn] = []
    again = False
    before: Turn | None = None
    for place, turn in enumerate(session.turns):
        if not package and turn.message_id != "1" and not again:
            return
        if before is not None and unseen.between(before, turn) != 0:
            return
        before = turn
        if again and _gives_up(turn):
            return
        if asked_in_http(turn) and turn is not session.turns[-1]:
            continue  # this message comes again, not the package
        package.append(turn)
        ended = packages.ended_by_device(place)
        if ended:
            yield package
        if ended or turn.asked_again:
            package, again = [], turn.asked_again
        elif ended is None:
            return
