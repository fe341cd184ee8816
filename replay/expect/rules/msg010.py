"""final-missing

## What it does
Checks that the last message of a package has Final, and that Final is the last element of SyncBody.

## Why it matters
Final says that the sender has finished. Without it the peer waits for the rest, or asks for it with Alert 1222.

## Known exceptions
A message that is not the last of its package has none: where the peer asks for the next one (Alert 1222), where the
message itself asks for it, inside a large object, and in a server's answer to a device that has not finished. Where
the session breaks off, so that nobody knows what would have followed, nothing is said.

## Good
<SyncBody><Status>…</Status><Final/></SyncBody>

## Bad
<!-- the peer's answer does not ask for more -->
<SyncBody><Status>…</Status></SyncBody>
"""

from collections.abc import Iterable, Iterator
from typing import Final

from replay.capture.references import REQUEST, RESPONSE
from replay.capture.sessions import Session
from replay.capture.turns import Turn
from replay.expect.case import Case, Rule, Spot
from replay.expect.finding import Finding, Severity
from replay.expect.rules._packages import Packages
from replay.expect.rules._said import fault, name_of
from replay.expect.unseen import Unseen

RULE = Rule(
    id="MSG010",
    name="final-missing",
    severity=Severity.ERROR,
    party=None,
    source="MDM 2.2.3.4; DMP 6.2; facts B25, B27, B28",
    scope="capture",
)
_NOT_LAST: Final = "Final is not the last element of SyncBody; expected nothing after it"
_MISSING: Final = "there is no Final, though it is the last of its package"


def check(subject: Case) -> Iterable[Finding]:
    """Findings of MSG010."""
    for said in subject.said:
        if said.message.final and not said.message.final_is_last:
            yield fault(said, RULE, _NOT_LAST, tail=("SyncBody", "Final"))
    unseen = subject.unseen
    for session in subject.traffic.sessions:
        for turn, side in _unfinished(session, unseen):
            text = f"in {name_of(turn, side)}: {_MISSING}"
            yield subject.finding(RULE, text, spot=Spot(turn, side, tail=("SyncBody",)))


def _unfinished(session: Session, unseen: Unseen) -> Iterator[tuple[Turn, str]]:
    """The messages of a session that end a package without saying so: turn and side."""
    packages = Packages(session, unseen)
    for place, turn in enumerate(session.turns):
        if turn.request is not None and not turn.request.final and packages.ended_by_device(place):
            yield turn, REQUEST
        if turn.response is not None and not turn.response.final and packages.ended_by_server(place):
            yield turn, RESPONSE
