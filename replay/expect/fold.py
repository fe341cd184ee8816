"""One cause, one finding: what one party gets wrong in the same way again and again is said once, with the exchanges where else.

A server that counts its MsgIDs across sessions breaks MSG007 in every session; that is one mistake in the server. Findings of
an episode stay apart from those outside it, so that no episode loses one that weighs on its verdict."""

import re
from collections.abc import Callable, Hashable, Iterable
from typing import Final

import msgspec

from replay.expect.finding import Finding, Party

#: Rules on messages, their answers and their transport; the others speak of one episode or one recording each.
_FOLDED: Final = ("MSG", "STA", "AUT", "LOB", "HTP", "UNE023")
#: What differs from message to message though the mistake is the same: numbers and ids of sessions, messages and commands, and
#: addresses. Codes (of HTTP, of a Status, of an Alert) and whatever else is quoted are part of the mistake.
_VARYING: Final = re.compile(
    r"\b(?:SessionID|MsgID|CmdID|CmdRef|MsgRef|message|exchange|session) '?[^\s;,:()']+'?"
    r"|'\.{0,2}/[^']*'|(?<![\w/'])\.{0,2}/[^\s';:,)]*"
    r"|\b\d+(?= (?:bytes|more|times))"
    r"|(?<!HTTP )(?<!Status )(?<!code )(?<!with )(?<![\w'.])\d+(?![\w'])"
)


def fold(findings: Iterable[Finding], whose: Callable[[Finding], object]) -> list[Finding]:
    """Findings with those of one cause as one: the first, with the exchanges of the others in `also`. `whose` tells the
    device or server, and the episode, that a finding is on; findings are given in order."""
    given = list(findings)
    kept, folded = fold_places((cause_of(each, whose), each.exchange) for each in given)
    return [
        msgspec.structs.replace(first, also=_also(first, [given[other] for other in folded[place]]))
        if place in folded
        else first
        for place, first in ((place, given[place]) for place in kept)
    ]


def fold_places(findings: Iterable[tuple[Hashable | None, int | None]]) -> tuple[list[int], dict[int, list[int]]]:
    """The same, told of findings by their places: the causes (None where one stands for itself) and exchanges are given in order.
    Gives the places of those that stay, in order, and by these the places of those that go into them."""
    kept: list[int] = []
    folded: dict[int, list[int]] = {}
    first: dict[Hashable, tuple[int, int | None]] = {}
    for place, (cause, exchange) in enumerate(findings):
        known = first.setdefault(cause, (place, exchange)) if cause is not None else (place, exchange)
        if exchange == known[1]:  # itself, or another on the same exchange
            kept.append(place)
        else:
            folded.setdefault(known[0], []).append(place)
    return kept, folded


def _also(first: Finding, others: list[Finding]) -> tuple[int, ...]:
    """The exchanges that a finding stands for besides its own; what is given may be folded already, part by part."""
    more = {exchange for each in others for exchange in (each.exchange, *each.also) if exchange is not None}
    return tuple(sorted({*first.also, *more}))


def cause_of(finding: Finding, whose: Callable[[Finding], object]) -> tuple[object, ...] | None:
    """What findings of one cause have in common, as a value whose `repr` is the same for all of them; None for a finding that
    stands for itself."""
    if not finding.rule.startswith(_FOLDED) or finding.exchange is None or finding.party is Party.PROXY:
        return None
    text = _VARYING.sub("#", finding.message)
    return finding.rule, finding.severity, finding.party, finding.side, text, finding.accepted, whose(finding)
