"""One cause, one finding: what one party gets wrong in the same way again and again is said once, with the exchanges where else.

A server that counts its MsgIDs across sessions breaks MSG007 in every session; that is one mistake in the server. Findings of
an episode stay apart from those outside it, so that no episode loses one that weighs on its verdict."""

import re
from collections.abc import Callable, Iterable
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
    found: list[Finding] = []
    places: dict[tuple[object, ...], int] = {}
    also: dict[int, list[int]] = {}
    for finding in findings:
        key = cause_of(finding, whose)
        if key is None or key not in places:
            if key is not None:
                places[key] = len(found)
            found.append(finding)
        elif finding.exchange is not None and finding.exchange != found[places[key]].exchange:
            also.setdefault(places[key], []).extend((finding.exchange, *finding.also))
        else:
            found.append(finding)
    for place, exchanges in also.items():  # what is given may be folded already, part by part
        found[place] = msgspec.structs.replace(found[place], also=tuple(sorted({*found[place].also, *exchanges})))
    return found


def cause_of(finding: Finding, whose: Callable[[Finding], object]) -> tuple[object, ...] | None:
    """What findings of one cause have in common, as a value whose `repr` is the same for all of them; None for a finding that
    stands for itself."""
    if not finding.rule.startswith(_FOLDED) or finding.exchange is None or finding.party is Party.PROXY:
        return None
    text = _VARYING.sub("#", finding.message)
    return finding.rule, finding.severity, finding.party, finding.side, text, finding.accepted, whose(finding)
