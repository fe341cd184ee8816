"""Identities made anew: what the identity table (`replay.normal.identities`) says of renewal, carried out in a message's parts.

Both sides are played with it. Who plays gives a `Renewals`: what each kind of value becomes. Nothing else in a message is touched.

For the server's side (`omadm serve`) it is the same table with the sender `server`: `session` gives the SessionID of the live
device for the recorded one, `message` the MsgID that the played server has come to, `names` the live device's id for the recorded
one, `address` the address that the device really calls. What a Status points to is renewed by `replay.play.pointing`, which takes
the device's live message for the recorded one; credentials, which need a secret and a nonce, by `replay.play.proofs`.
"""

import random
import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Final
from urllib.parse import urlsplit

from msgspec import Struct

from replay.capture.exchange import Headers
from replay.capture.turns import host_of
from replay.normal.identities import Identity, Renewal, Role, header_identity, identity_at, node_identity
from replay.normal.redact_draw import SEPARATORS, draw_hex, draw_name, is_hex
from replay.play.body import Part, leaves

_DECIMAL: Final = re.compile(r"[0-9]+")
_HEX: Final = re.compile(r"[0-9A-F]+|[0-9a-f]+")
#: A SessionID has at most four bytes (MDM 2.2.3.8); shorter ones are drawn as long as that, so that they rarely meet.
_SESSION_LENGTH: Final = 4
_MANY: Final = 4_000
_CV_ALPHABET: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"


def _same(text: str) -> str:
    return text


class Renewals(Struct, frozen=True):
    """What the values of a message become: each member gives the new text for an old one.

    `names` are the device's ids by their old text: whole texts, wherever they stand. `users` are the names that stand in LocName.
    `address` is given URLs.
    """

    session: Callable[[str], str] = _same
    message: Callable[[str], str] = _same
    names: Mapping[str, str] = {}
    users: Mapping[str, str] = {}
    address: Callable[[str], str] = _same
    correlation: Callable[[str], str] = _same

    def of(self, identity: Identity, text: str) -> str:
        """What the value of a row of the table becomes. Credentials, nonces and references are made elsewhere: they stay."""
        match identity.renewal:
            case Renewal.PER_SESSION:
                return self.session(text)
            case Renewal.COUNTED if identity.role is Role.MESSAGE:
                return self.message(text)
            case Renewal.GIVEN:
                known = self.users if text in self.users and identity.place.endswith("LocName") else self.names
                return known.get(text, text)
            case Renewal.LIVE_ADDRESS:
                return self.address(text)
            case Renewal.PER_MESSAGE:
                return self.correlation(text)
            case _:
                return text

    def elsewhere(self, text: str) -> str:
        """What a text becomes that may be one of the device's names, or a URL on the server, as a whole."""
        return self.names[text] if text in self.names else self.address(text)


def renew(root: Part, sender: str, renewals: Renewals) -> None:
    """Makes the values of a message of `device` or `server` anew, where they stand in it."""
    for part, path, uri in leaves(root):
        old = part.text
        if not old:
            continue  # what is empty or missing stays so: it is an oddity that was recorded
        identity = _identity(path, sender)
        content = path.endswith("Item/Data")
        if identity is None and content and uri is not None:
            identity = node_identity(uri, sender)
        new = old
        if identity is not None:
            new = renewals.of(identity, old)
        elif content or part.name in ("TargetRef", "SourceRef"):
            new = renewals.elsewhere(old)
        if new != old:
            part.say(new)


@lru_cache(4096)
def _identity(path: str, sender: str) -> Identity | None:
    """The row for an element. The paths of messages are few, and devices many."""
    return identity_at(path, sender)


def renew_headers(headers: Headers, sender: str, renewals: Renewals) -> Headers:
    """The headers of a message, those of the table made anew."""
    found = []
    for name, value in headers:
        identity = header_identity(name.lower(), sender)
        found.append((name, value if identity is None else renewals.of(identity, value)))
    return tuple(found)


class Addresses:
    """URLs of the recorded server as URLs of the live one: scheme, host and port are `live`'s, and so are path and query where
    `live` has a path other than `/` (contract). URLs of other hosts stay."""

    def __init__(self, live: str, recorded: "set[str] | frozenset[str]") -> None:
        parts = urlsplit(live)
        self._base = f"{parts.scheme}://{parts.netloc}"
        self._path = parts.path if parts.path not in ("", "/") else None
        self._query = parts.query
        self._hosts = {host_of(url) for url in recorded}

    def url(self, recorded: str | None) -> str:
        """Where the request that was recorded with this URL goes; one without a URL, or with what is none, goes to the live
        server's root."""
        try:
            parts = urlsplit(recorded or "")
        except ValueError:
            parts = urlsplit("")
        path, query = (parts.path, parts.query) if self._path is None else (self._path, self._query)
        if not path.startswith("/"):  # what is put behind a host must not become a part of it
            path = f"/{path}"
        return f"{self._base}{path}{'?' if query else ''}{query}"

    def address(self, text: str) -> str:
        """A URL in a message: on the recorded server it becomes one on the live server, with the path that it has; any other text
        stays."""
        try:
            parts = urlsplit(text)
        except ValueError:
            return text
        if parts.scheme.lower() not in ("http", "https") or host_of(text) not in self._hosts:
            return text
        rest = text.partition("://")[2]
        path = rest[len(parts.netloc) :]
        if self._path is not None and path:
            path = self._path
        return f"{self._base}{path}"


class SessionIds:
    """New SessionIDs, of the form of the old ones: decimal or hexadecimal digits. No two of one run are the same."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._given: set[str] = set()

    def like(self, old: str) -> str:
        """A new SessionID for an old one; text that is no number is kept as it is."""
        if not (_DECIMAL.fullmatch(old) or _HEX.fullmatch(old)):
            return old
        # in a run of thousands of sessions they grow longer before they run out
        length = max(len(old), _SESSION_LENGTH) + (2 if len(self._given) >= _MANY else 0)
        digits = "0123456789" if old.isdecimal() else "0123456789abcdef" if old.islower() else "0123456789ABCDEF"
        while True:
            new = self._rng.choice(digits[1:]) + "".join(self._rng.choice(digits) for _ in range(length - 1))
            if new not in self._given and (old.isdecimal() or not new.isdecimal()) and new != old:
                self._given.add(new)
                return new


class Correlations:
    """New correlation vectors: the base is drawn, the counter behind it kept; the same base becomes the same."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._bases: dict[str, str] = {}

    def like(self, old: str) -> str:
        """A new MS-CV for an old one."""
        base, dot, counter = old.partition(".")
        if base not in self._bases:
            self._bases[base] = "".join(self._rng.choice(_CV_ALPHABET) for _ in base)
        return f"{self._bases[base]}{dot}{counter}"


def device_like(old: str, rng: random.Random) -> str:
    """A new device id of the form of an old one: as many digits and letters, hexadecimal where it was."""
    if is_hex(old):
        made = draw_hex(rng, SEPARATORS.sub("", old))
        digits = iter(made if old == old.lower() else made.upper())
        return "".join(char if SEPARATORS.match(char) else next(digits) for char in old)
    return draw_name(rng, old)
