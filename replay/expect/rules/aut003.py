"""bad-digest

## What it does
With `--secret`, verifies the device's MD5 digests (Cred) and MACs (`x-syncml-hmac`) with the nonce in force, and
reports those that do not verify. The user that a message names (LocName of Source, `username` of the header) tells
which secret is meant; a message that names none is held against all of them.

## Why it matters
A server that accepts such a message does not look at credentials; one that refuses it is right.

## Known exceptions
Nothing is said where the nonce is not known: before the first challenge of the capture, after an answer that may have
brought another one and could not be read, is missing, or may not have come to the device. A nonce from an earlier session counts
only where the recorder was watching all the time between and the server refused the message. Redacted captures are
left out, and so are MACs in formats that do not keep the bytes of the wire (HAR). A basic credential says itself what
it carries and is not judged. Where none of the credentials of a user verifies, the secret itself may be the wrong one;
that is one finding.

## Good
NextNonce `Tm9uY2Ux` in a challenge; then a Cred whose Data is B64(H(B64(H(user:password)):Nonce1)).

## Bad
The same challenge; then a Cred made with another nonce, or with another password.
"""

import itertools
import math
from bisect import bisect_right
from collections.abc import Iterable, Iterator

from msgspec import Struct

from replay.capture import har, viewer
from replay.capture.exchange import header
from replay.capture.nonces import Checked, Secrets, check_credentials
from replay.capture.references import REQUEST
from replay.capture.sessions import Enrolment, Session
from replay.capture.turns import Turn
from replay.expect.case import Case, Rule, Spot
from replay.expect.dialogue import Line
from replay.expect.finding import Finding, Party, Severity
from replay.expect.rules._dialogue import message_name
from replay.syncml.credentials import HMAC_HEADER, MAC, MD5, parse_hmac_header

RULE = Rule(
    id="AUT003",
    name="bad-digest",
    severity=Severity.ERROR,
    party=Party.DEVICE,
    source="DMS 5.3.2, 5.4; MDM 1.3.1; facts Authentication",
    scope="capture",
)
#: Formats that do not keep the bytes of the wire, over which a MAC is made.
_REWRITTEN = frozenset({har.NAME, viewer.NAME})


class _Verified(Struct, frozen=True):
    """A credential, the user it names (None for none), and whether it verifies with a secret of that user."""

    checked: Checked
    user: str | None
    right: bool


def check(subject: Case) -> Iterable[Finding]:
    """Findings of AUT003."""
    if not subject.options.secrets or subject.traffic.capture.redacted:
        return
    lines = {(line.turn.number, line.side): line for dialogue in subject.dialogues for line in dialogue.judged}
    doubts = _Doubts(subject)
    for enrolment in subject.traffic.enrolments:
        verified = sorted(_verified(subject, enrolment), key=lambda each: each.user or "")
        for _, group in itertools.groupby(verified, key=lambda each: each.user):
            yield from _on_user(subject, lines, doubts, list(group))


def _verified(subject: Case, enrolment: Enrolment) -> Iterator[_Verified]:
    """The digests and MACs of an enrolment of which it can be told."""
    by_secret = [(secret, check_credentials(enrolment, Secrets(device=secret))) for secret in subject.options.secrets]
    for each in zip(*(found for _, found in by_secret), strict=True):
        first = each[0]
        if first.side != REQUEST or first.kind not in (MD5, MAC):
            continue
        if first.kind == MAC and subject.traffic.capture.format in _REWRITTEN:
            continue
        user = _user(first)
        rights = [
            found.right
            for (secret, _), found in zip(by_secret, each, strict=True)
            if user is None or user == secret.user
        ]
        if rights and None not in rights:
            yield _Verified(first, user, any(rights))


def _user(checked: Checked) -> str | None:
    """The user that a message names."""
    if checked.kind == MAC:
        try:
            return parse_hmac_header(header(checked.turn.exchange.headers, HMAC_HEADER) or "").username
        except ValueError:
            return None
    source = checked.turn.request.header.source if checked.turn.request else None
    return (source.name or None) if source else None


def _on_user(
    subject: Case, lines: dict[tuple[int, str], Line], doubts: "_Doubts", verified: list[_Verified]
) -> Iterator[Finding]:
    """The findings on the credentials of one user: one for all where none verifies."""
    wrong = [
        (each, line)
        for each in verified
        if not each.right
        and (line := lines.get((each.checked.turn.number, REQUEST))) is not None
        and doubts.none_about(each.checked, line)
    ]
    if len(wrong) > 1 and not any(each.right for each in verified):
        text = f", nor do {len(wrong) - 1} more; none does with the secrets that were given, so it may be them"
        yield _finding(subject, *wrong[0], text)
        return
    for each, line in wrong:
        yield _finding(subject, each, line, ", although the server accepted it" if _is_accepted(line) else "")


def _finding(subject: Case, verified: _Verified, line: Line, more: str) -> Finding:
    kind = verified.checked.kind
    given = verified.checked.given
    what = "MD5 digest" if kind == MD5 else "MAC"
    of_user = f" of user {verified.user!r}" if verified.user else ""
    with_nonce = f" with the nonce from exchange {given.number}" if given else ""
    text = f"the {what}{of_user} in {message_name(line)} does not verify{with_nonce}{more}"
    tail = ("SyncHdr", "Cred", "Data") if kind == MD5 else ()
    return subject.finding(RULE, text, spot=Spot(line.turn, REQUEST, (), tail))


def _is_accepted(line: Line) -> bool:
    return any((answer.code or "").startswith("2") for answer in line.answers.get((), ()))


class _Doubts:
    """What makes a nonce doubtful that was given some time ago: messages that are not there or could not be read, times in which
    nobody was watching."""

    def __init__(self, case: Case) -> None:
        self._case = case
        #: Of each enrolment, where messages of its sessions are missing: the exchange, and the place in the session.
        self._missing: dict[int, list[tuple[float, float]]] = {}
        for dialogue in case.dialogues:
            missing = [(line.turn.exchange.order, line.place) for line in dialogue.lines if line.message is None]
            if not dialogue.session.from_start:
                missing.append((dialogue.session.order, -1))
            self._missing.setdefault(dialogue.session.enrolment.number, []).extend(missing)
        for places in self._missing.values():
            places.sort()

    def none_about(self, checked: Checked, line: Line) -> bool:
        """Whether the nonce that a credential was verified with was surely the one in force."""
        given, turn = checked.given, checked.turn
        if given is None:  # a header that cannot be read needs none
            return True
        session = self._case.traffic.session_of(turn)
        if session is None or self._is_missing_between(session, given, line):
            return False
        if session is self._case.traffic.session_of(given):
            return True
        return line.refused and self._case.unseen.between(given, turn) == 0

    def _is_missing_between(self, session: Session, given: Turn, line: Line) -> bool:
        places = self._missing[session.enrolment.number]
        found = bisect_right(places, (given.exchange.order, math.inf))
        return found < len(places) and places[found] < (line.turn.exchange.order, line.place)
