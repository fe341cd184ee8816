"""What several rules ask of a message without an answer: who could have answered, and how it ended."""

from collections.abc import Iterator

from replay.capture.exchange import Exchange
from replay.capture.turns import Turn, terms
from replay.expect.case import Case
from replay.expect.schedule import QUIET


def unanswered(case: Case) -> Iterator[Turn]:
    """The exchanges with a device's message that the server itself did not answer."""
    for turn in case.traffic.turns:
        exchange = turn.exchange
        if turn.request is not None and exchange.url is not None and not exchange.answered:
            yield turn


def reachable(case: Case, turn: Turn) -> bool:
    """Whether the server answered another exchange on the same terms, OMA DM or not."""
    return terms(turn.exchange) in case.answered_terms


def excused(case: Case, turn: Turn) -> bool:
    """Whether a missing answer says nothing about the server: the recording ended before one was overdue, the request never
    reached it, the proxy answered and nothing shows that the server was asked and did not, or the device dropped an ordinary
    session because it was leaving."""
    exchange = turn.exchange
    if not exchange.delivered:
        return True
    cause = exchange.failure.cause if exchange.failure else "proxy-stopped"
    if exchange.response is not None:  # the proxy's own
        return cause in ("proxy-stopped", "client-closed")
    if cause == "proxy-stopped":
        return waited(case, exchange) < (QUIET if case.options.quiet is None else case.options.quiet)
    return cause == "client-closed" and turn.number not in case.alert_turns and _was_leaving(case, turn)


def waited(case: Case, exchange: Exchange) -> float:
    """Seconds for which the recorder went on watching after a request."""
    at = exchange.at
    if at is None:
        return 0.0
    watched = [s.end.clock for s in case.traffic.capture.stretches if s.start.clock <= at.clock <= s.end.clock]
    return max(watched, default=at.clock) - at.clock


def _was_leaving(case: Case, turn: Turn) -> bool:
    session = case.traffic.session_of(turn)
    if session is None:
        return False
    episodes = (each.episode for each in case.episodes)
    return any(each.enrolment is session.enrolment and each.begin <= turn.exchange.ended[0] for each in episodes)


def how_it_ended(turn: Turn) -> str:
    """The end of an unanswered exchange, in words."""
    exchange = turn.exchange
    if exchange.response is not None:
        return f"what the device got (HTTP {exchange.response.status}) was made by the proxy"
    if exchange.failure is None:
        return "none came while the recorder was watching"
    detail = f" ({exchange.failure.detail})" if exchange.failure.detail else ""
    return f"{exchange.failure.cause}{detail}"
