"""Nonces followed through the sessions of an enrolment, and credentials verified with them (DMP 9, 9.1; DMS 5.3, 5.4).

Each side challenges the other with the nonce that its next credential must be made with; the last one of a session is kept for
the next. Where the capture does not show which nonce was in force, nothing can be said.
"""

from msgspec import Struct, structs

from replay.capture.exchange import Headers, header
from replay.capture.references import REQUEST, RESPONSE
from replay.capture.sessions import Enrolment
from replay.capture.turns import Turn
from replay.syncml import credentials
from replay.syncml.credentials import Secret
from replay.syncml.model import Message, Status


class Checked(Struct, frozen=True):
    """One credential in a capture: its type, and whether it verifies; `right` is None where that cannot be told. `given` is the
    exchange that gave the nonce; None where it was in force before the capture began."""

    turn: Turn
    side: str
    kind: str
    right: bool | None
    given: Turn | None = None


class Secrets(Struct, frozen=True):
    """What is known: the device's secret, the server's, and the nonces in force before the capture began."""

    device: Secret | None = None
    server: Secret | None = None
    device_nonce: bytes | None = None
    server_nonce: bytes | None = None


def check_credentials(enrolment: Enrolment, secrets: Secrets) -> list[Checked]:
    """Every credential and MAC of an enrolment, in order, verified with the nonce in force."""
    nonces = {REQUEST: secrets.device_nonce, RESPONSE: secrets.server_nonce}
    known = {REQUEST: secrets.device, RESPONSE: secrets.server}
    given: dict[str, Turn | None] = {REQUEST: None, RESPONSE: None}
    other = {REQUEST: RESPONSE, RESPONSE: REQUEST}
    found: list[Checked] = []
    for turn, side in _in_order(enrolment):
        response = turn.exchange.response
        message = turn.request if side == REQUEST else turn.response
        if message is None or (side == RESPONSE and response is None):
            continue
        headers = turn.exchange.headers if side == REQUEST else response.headers if response else ()
        checked = _check(turn, side, message, headers, known[side], nonces[side])
        found += [structs.replace(each, given=given[side]) for each in checked]
        # what this side challenges with is what the other side's next credential is made with
        nonce = _challenged_with(message)
        if nonce is not None:
            lost = turn.exchange.failure is not None  # did the peer get it? Then nobody can say which nonce is in force
            nonces[other[side]], given[other[side]] = None if lost else nonce, turn
    return found


def _in_order(enrolment: Enrolment) -> list[tuple[Turn, str]]:
    """Every request and response of an enrolment, in the order in which they were sent."""
    events = []
    for session in enrolment.sessions:
        for turn in session.turns:
            events.append((turn.exchange.order, turn, REQUEST))
            if turn.exchange.response is not None:
                events.append((turn.exchange.response.order, turn, RESPONSE))
    return [(turn, side) for _, turn, side in sorted(events, key=lambda event: event[0])]


def _check(
    turn: Turn, side: str, message: Message, headers: Headers, secret: Secret | None, nonce: bytes | None
) -> list[Checked]:
    found = []
    cred = message.header.cred
    if cred is not None:
        right = credentials.verify(cred, secret, nonce) if secret else None
        found.append(Checked(turn, side, credentials.auth_type(cred), right))
    value = header(headers, credentials.HMAC_HEADER)
    if value is not None:
        try:
            parsed = credentials.parse_hmac_header(value)
        except ValueError:
            return [*found, Checked(turn, side, credentials.MAC, right=False)]
        right = credentials.verify_mac(parsed, secret, nonce, message.raw) if secret else None
        found.append(Checked(turn, side, credentials.MAC, right))
    return found


def _challenged_with(message: Message) -> bytes | None:
    """The nonce of the last challenge in a message."""
    nonce = None
    for command in message.commands:
        if isinstance(command, Status) and command.chal is not None:
            challenged = credentials.next_nonce(command.chal)
            nonce = nonce if challenged is None else challenged
    return nonce
