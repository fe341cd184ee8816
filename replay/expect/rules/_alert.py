"""What several rules ask of an alert: the place of its parts, the messages that carry it, and whether the server refused it."""

from collections.abc import Iterator

from replay.capture.episodes import AlertSeen, Episode
from replay.capture.references import RESPONSE, Sent
from replay.capture.turns import Turn
from replay.expect.case import Spot
from replay.syncml.model import Status
from replay.syncml.names import CHALLENGES


def alert_spot(seen: AlertSeen, *tail: str) -> Spot:
    """A part of the alert's item: the names below Item that lead to it."""
    return Spot(seen.turn, "request", seen.alert.place, (("Item", seen.alert.item_number), *tail))


def turns_of_alerts(episode: Episode) -> list[Turn]:
    """The exchanges whose request carries an alert of an episode, each once, in order."""
    return list({seen.turn.number: seen.turn for seen in episode.alerts}.values())


def refusals(episode: Episode) -> Iterator[tuple[Sent, Status]]:
    """The server's Status elements that refuse an alert of an episode, or a message that carries one: 4xx and 5xx other than a
    challenge. A Status for the message refers to no command."""
    alerts = {id(seen.alert.command) for seen in episode.alerts}
    turns = {seen.turn.number for seen in episode.alerts}
    for session in {seen.session.number: seen.session for seen in episode.alerts}.values():
        for reference in session.references():
            sent, to = reference.answer, reference.to
            response = sent.turn.exchange.response
            if sent.side != RESPONSE or to is None or to.turn.number not in turns or response is None:
                continue
            if response.by == "proxy" or not (to.command is None or id(to.command) in alerts):
                continue
            status = sent.command
            if isinstance(status, Status) and (status.code or "")[:1] in ("4", "5") and status.code not in CHALLENGES:
                yield sent, status
