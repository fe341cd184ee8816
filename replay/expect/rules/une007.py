"""alert-repeated

## What it does
Checks that the alert is delivered once for one unenrolment: not again in a new session, not by retransmission, and not
twice in one message.

## Why it matters
The alert is best effort, with no retry built in. A device that repeats it has not begun its clean-up, or waits for
an answer that nobody owes it.

## Known exceptions
Package 1 sent again after a challenge is the same delivery; so is a second try after one that never reached the
server (connect-failed, tls-failed). An answer that cannot be read may have been a challenge.

## Good
Alert in session 4; nothing afterwards, though the server never answered.

## Bad
Alert in session 4 without an answer; the same alert in session 5, 30 s later.
"""

from collections.abc import Iterable

from replay.expect.case import EpisodeCase, Rule
from replay.expect.finding import Finding, Party, Severity

RULE = Rule(
    id="UNE007",
    name="alert-repeated",
    severity=Severity.ERROR,
    party=Party.DEVICE,
    source="UNENR; facts A1.3",
    scope="episode",
)


def check(subject: EpisodeCase) -> Iterable[Finding]:
    """Findings of UNE007."""
    again = subject.run.by_rule(RULE.id)
    if not again:
        return
    first, departure = subject.episode.alert, again[0]
    before = f"exchange {first.turn.number}" if first else "before"
    if first is not None and departure.turn is first.turn:
        how = "in the same message"
    elif departure.turn.number in departure.session.retransmissions:
        how = "in a retransmission"
    else:
        how = f"in session {departure.session.number} (SessionID {departure.session.session_id})"
    times = f"; {len(again)} times in all" if len(again) > 1 else ""
    message = (
        f"the alert, delivered in {before}, is delivered again {how}{times}; it is best effort, with no retry built in"
    )
    yield subject.case.departure(RULE, departure, message, subject.episode)
