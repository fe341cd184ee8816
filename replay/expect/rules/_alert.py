"""What several rules ask of an alert: the place of its parts, and whether the server refused it."""

from collections.abc import Iterator

from replay.capture.episodes import AlertSeen
from replay.expect.case import Spot
from replay.syncml.model import Status
from replay.syncml.names import CHALLENGES


def alert_spot(seen: AlertSeen, *tail: str) -> Spot:
    """A part of the alert's item: the names below Item that lead to it."""
    return Spot(seen.turn, "request", seen.alert.place, (("Item", seen.alert.item_number), *tail))


def refusals(seen: AlertSeen) -> Iterator[tuple[tuple[int, ...], Status]]:
    """The Status elements that refuse the alert, or the message that carries it: 4xx and 5xx other than a challenge."""
    answer, request = seen.turn.response, seen.turn.request
    if answer is None or request is None:
        return
    for place, status in answer.walk():
        if not isinstance(status, Status) or status.msg_ref != request.header.msg_id:
            continue
        if status.cmd_ref not in ("0", seen.alert.command.cmd_id):
            continue
        if (status.code or "")[:1] in ("4", "5") and status.code not in CHALLENGES:
            yield place, status
