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
<SyncBody><Status>…</Status></SyncBody>, and the answer is the server's own package; or <SyncBody><Final/><Status>…
"""

from collections.abc import Iterable, Iterator
from typing import Final

from replay.capture.references import REQUEST, RESPONSE
from replay.capture.sessions import Session
from replay.expect.case import Case, Rule, Spot
from replay.expect.finding import Finding, Severity
from replay.expect.rules._faults import Fault, folded
from replay.expect.rules._packages import Packages
from replay.expect.rules._unseen import Unseen

RULE = Rule(
    id="MSG010",
    name="final-missing",
    severity=Severity.ERROR,
    party=None,
    source="MDM 2.2.3.4; DMP 6.2; facts B25, B27, B28",
    scope="capture",
)
_NOT_LAST: Final = Fault(
    "Final is not the last element of SyncBody; expected nothing after it", tail=("SyncBody", "Final")
)
_MISSING: Final = Fault("there is no Final, though it is the last of its package", tail=("SyncBody",))


def check(subject: Case) -> Iterable[Finding]:
    """Findings of MSG010."""
    return folded(subject, RULE, _faults(subject))


def _faults(subject: Case) -> Iterator[tuple[Spot, Fault]]:
    for said in subject.said:
        if said.message.final and not said.message.final_is_last:
            yield Spot(said.turn, said.side, tail=_NOT_LAST.tail), _NOT_LAST
    unseen = Unseen(subject)
    for session in subject.traffic.sessions:
        for spot in _unfinished(session, unseen):
            yield spot, _MISSING


def _unfinished(session: Session, unseen: Unseen) -> Iterator[Spot]:
    """The messages of a session that end a package without saying so."""
    packages = Packages(session, unseen)
    for place, turn in enumerate(session.turns):
        if turn.request is not None and not turn.request.final and packages.ended_by_device(place):
            yield Spot(turn, REQUEST, tail=_MISSING.tail)
        if turn.response is not None and not turn.response.final and packages.ended_by_server(place):
            yield Spot(turn, RESPONSE, tail=_MISSING.tail)
