"""Faults in messages, and how they become findings: what a sender does wrong again and again in one session is one finding.

So a retransmission does not repeat what was said of the first message, nor does a sender that writes all its messages alike.
"""

from collections.abc import Callable, Iterable, Iterator

from msgspec import Struct

from replay.capture.references import REQUEST
from replay.expect.case import Case, Rule, Said, Spot
from replay.expect.dialogue import Line
from replay.expect.finding import Finding, Severity
from replay.expect.rules._dialogue import message_name


class Fault(Struct, frozen=True):
    """What is wrong with a message, where in it (`Spot`), and how grave it is where the rule's severity is not meant."""

    text: str
    places: tuple[int, ...] = ()
    tail: tuple[str | tuple[str, int], ...] = ()
    severity: Severity | None = None


def findings_of(case: Case, rule: Rule, judge: Callable[[Said], Iterable[Fault]]) -> Iterator[Finding]:
    """The findings of a rule that looks at every message by itself: `judge` says what is wrong with one."""
    said = (
        (Spot(each.turn, each.side, fault.places, fault.tail), fault) for each in case.said for fault in judge(each)
    )
    return folded(case, rule, said)


def folded(case: Case, rule: Rule, faults: Iterable[tuple[Spot, Fault]]) -> Iterator[Finding]:
    """Faults as findings of a rule. The same text on the same side of a session is one finding, on the first such message,
    and says how many more there are."""
    first: dict[tuple[int, str | None, str, Severity | None], tuple[Spot, Fault, list[int]]] = {}
    for spot, fault in faults:
        if spot.turn is None:
            continue
        session = case.traffic.session_of(spot.turn)
        whose = session.number if session else -spot.turn.number
        _, _, turns = first.setdefault((whose, spot.side, fault.text, fault.severity), (spot, fault, []))
        turns.append(spot.turn.number)
    for spot, fault, turns in first.values():
        text = f"{_where(spot)}{fault.text}{in_more(turns[1:])}"
        yield case.finding(rule, text, spot=spot, severity=fault.severity)


def _where(spot: Spot) -> str:
    """The message at a spot in words, and a colon; nothing where there is none."""
    turn, side = spot.turn, spot.side
    if turn is None or side is None:
        return ""
    message = turn.request if side == REQUEST else turn.response
    return f"in {message_name(Line(0, turn, side, message))}: " if message is not None else ""


def in_more(turns: list[int]) -> str:
    """That other messages of the session have the same fault, in words; `turns` are their exchanges."""
    if not turns:
        return ""
    more = f" and {len(turns) - 1} more of this session" if len(turns) > 1 else ""
    return f"; the same in exchange {turns[0]}{more}"
