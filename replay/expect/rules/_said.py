"""What is wrong with one message, as a finding that names it."""

from replay.capture.references import REQUEST
from replay.capture.turns import Turn
from replay.expect.case import Rule, Said
from replay.expect.finding import Finding, Severity
from replay.expect.rules._dialogue import name_of_message

Tail = tuple[str | tuple[str, int], ...]


def fault(
    said: Said,
    rule: Rule,
    text: str,
    *,
    places: tuple[int, ...] = (),
    tail: Tail = (),
    severity: Severity | None = None,
) -> Finding:
    """A finding on a message, at an element of it (`Spot`), with the message's name before the text."""
    named = f"in {name_of(said.turn, said.side)}: {text}"
    return said.finding(rule, named, places=places, tail=tail, severity=severity)


def name_of(turn: Turn, side: str) -> str:
    """A message in words: whose it is, its MsgID and its SessionID."""
    if side == REQUEST:
        return name_of_message("device", turn.request)
    return name_of_message("server", turn.response)
