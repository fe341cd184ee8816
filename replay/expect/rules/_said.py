"""What is wrong with one message, as a finding that names it."""

from replay.capture.exchange import Headers
from replay.capture.references import REQUEST
from replay.capture.turns import Turn
from replay.expect.case import Rule, Said
from replay.expect.dialogue import Line
from replay.expect.finding import Finding, Severity
from replay.expect.rules._dialogue import message_name

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


def headers_of(said: Said) -> Headers:
    """The headers that the message came with; empty where the source has none."""
    exchange = said.turn.exchange
    if said.side == REQUEST:
        return exchange.headers
    return exchange.response.headers if exchange.response else ()


def name_of(turn: Turn, side: str) -> str:
    """A message in words: whose it is, its MsgID and its SessionID."""
    return message_name(Line(0, turn, side, turn.request if side == REQUEST else turn.response))
