"""Nonces followed through the sessions of an enrolment, and credentials verified with them (DMP 9, 9.1; DMS 5.3, 5.4).

Each side challenges the other with the nonce that its next credential must be made with; the last one of a session is kept for
the next. Where the capture does not show which nonce was in force, nothing can be said.
"""

from msgspec import Struct

from replay.capture.exchange import Headers, header
from replay.capture.references import REQUEST, RESPONSE
from replay.capture.sessions import Enrolment
from replay.capture.turns import Turn
from replay.syncml import credentials
from replay.syncml.credentials import Secret
from replay.syncml.model import Message, Status


class Checked(Struct, frozen=True):
    """One credential in a capture: its type, and whether it verifies; `right` is None where that cannot be told."""

    turn: Turn
    side: str
    kind: str
    right: bool | None


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
    other = {REQUEST: RESPONSE, RESPONSE: REQUEST}
    found: list[Checked] = []
    turns = sorted((t for s in enrolment.sessions for t in s.turns), key=lambda turn: turn.exchange.order)
    for turn in turns:
        response = turn.exchange.response
        sides: tuple[tuple[str, Message | None, Headers, bytes | None], ...] = (
            (REQUEST, turn.request, turn.exchange.headers, turn.exchange.body),
            (RESPONSE, turn.response, response.headers if response else (), response.body if response else None),
        )
        for side, message, headers, body in sides:
            if message is None:
                continue
            found += _check(turn, side, message, headers, body or b"", known[side], nonces[side])
            # what this side challenges with is what the other side's next credential is made with
            nonces[other[side]] = _challenged_with(message) or nonces[other[side]]
    return found


def _check(
    turn: Turn, side: str, message: Message, headers: Headers, body: bytes, secret: Secret | None, nonce: bytes | None
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
        right = credentials.verify_mac(parsed, secret, nonce, body) if secret else None
        found.append(Checked(turn, side, credentials.MAC, right))
    return found


def _challenged_with(message: Message) -> bytes | None:
    """The nonce of the last challenge in a message."""
    nonce = None
    for command in message.commands:
        if isinstance(command, Status) and command.chal is not None:
            nonce = credentials.next_nonce(command.chal) or nonce
    return nonce
