"""session-id

## What it does
Checks that SessionID is at most 4 bytes long, and reports it once a session, to who used it first.

## Why it matters
MDM 2.2.3.8 limits it to 4 bytes. A peer that keeps no more takes two sessions for one.

## Known exceptions
It is a warning, because decimal numbers of five digits are common. What the text is does not matter: it may be a
hexadecimal number, or none at all.

## Good
<SessionID>2DF</SessionID>

## Bad
<SessionID>55230</SessionID>
"""

from collections.abc import Iterable

from replay.expect.case import Case, Rule, Spot
from replay.expect.finding import Finding, Severity

RULE = Rule(
    id="MSG006",
    name="session-id",
    severity=Severity.WARNING,
    party=None,
    source="MDM 2.2.3.8; DMP 8.3; facts B5",
    scope="capture",
)
_LONGEST = 4


def check(subject: Case) -> Iterable[Finding]:
    """Findings of MSG006."""
    known: set[tuple[int, str]] = set()
    for said in subject.said:
        given = said.message.header.session_id or ""
        if len(given) <= _LONGEST and given.isascii():
            continue
        length = len(given.encode())
        whose = said.session.number if said.session else 0
        if length <= _LONGEST or (whose, given) in known:
            continue
        known.add((whose, given))
        message = f"SessionID {given!r} is {length} bytes long; expected at most {_LONGEST}"
        spot = Spot(said.turn, said.side, tail=("SyncHdr", "SessionID"))
        yield subject.finding(RULE, message, spot=spot)
