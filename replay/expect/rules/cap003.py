"""no-answer-unproved

## What it does
Reports that nothing was answered, where no other exchange with the same scheme, host and port, made with the same
certificate towards the server, was answered by the server itself.

## Why it matters
A server that refuses the proxy's certificate under TLS 1.3, and one that is down, look exactly like one that does
not reply. That silence says nothing about the device or the server.

## Known exceptions
Where the server answered anything on the same terms it was reachable, and HTP006 speaks instead.

## Good
The alert got no reply, and an ordinary session before it was answered.

## Bad
The alert got no reply, and nothing else was ever answered.
"""

from collections.abc import Iterable

from replay.capture.turns import Terms, Turn, terms
from replay.expect.case import Case, Rule, Spot
from replay.expect.finding import Finding, Party, Severity
from replay.expect.rules._answers import how_it_ended, reachable, unanswered

RULE = Rule(
    id="CAP003",
    name="no-answer-unproved",
    severity=Severity.INCONCLUSIVE,
    party=Party.PROXY,
    source="facts, mitmproxy, Endings; contract",
    scope="capture",
)


def check(subject: Case) -> Iterable[Finding]:
    """Findings of CAP003."""
    waiting: dict[tuple[Terms, str | None], list[Turn]] = {}
    for turn in unanswered(subject):
        if not reachable(subject, turn):
            waiting.setdefault((terms(turn.exchange), turn.device), []).append(turn)
    for turns in waiting.values():
        first = turns[0]
        more = f", and {len(turns) - 1} more exchanges" if len(turns) > 1 else ""
        message = (
            f"no response: {how_it_ended(first)}{more}; nothing in the capture shows that this server could be reached "
            "through the proxy"
        )
        yield subject.finding(RULE, message, spot=Spot(first, "request"))
