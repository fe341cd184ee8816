"""Credentials of SyncML: basic, MD5 digest and HMAC, made and verified (DMS 5.3.2, 5.4; MDM 1.3.1; facts B, Authentication).

Nonces are raw bytes: NextNonce carries them in base64. MD5 is what the protocol says, not what anybody would choose.
"""

import base64
import binascii
import hashlib
import hmac as _hmac
import re
from typing import Final

from msgspec import Struct

from replay.syncml.model import Cred, Meta

BASIC: Final = "syncml:auth-basic"
MD5: Final = "syncml:auth-md5"
MAC: Final = "syncml:auth-MAC"
#: The header that carries a MAC (DMS 5.4).
HMAC_HEADER: Final = "x-syncml-hmac"
_PARAMETER: Final = re.compile(r'\s*([A-Za-z]+)\s*=\s*(?:"([^"]*)"|([^,\s]+))\s*(?:,|$)')


class Secret(Struct, frozen=True):
    """A user (or server) name and its password."""

    user: str
    password: str


class HmacHeader(Struct, frozen=True):
    """The parts of an `x-syncml-hmac` header; the algorithm is MD5 where it is not named."""

    username: str
    mac: str
    algorithm: str = "MD5"


def _h(data: bytes) -> bytes:
    return hashlib.md5(data, usedforsecurity=False).digest()


def _b64(data: bytes) -> bytes:
    return base64.b64encode(data)


def basic(secret: Secret) -> str:
    """Data of a basic credential: base64 of `user:password`."""
    return _b64(f"{secret.user}:{secret.password}".encode()).decode("ascii")


def md5(secret: Secret, nonce: bytes) -> str:
    """Data of an MD5 credential: base64 of H(B64(H(user:password)):nonce) (DMS 5.3.2)."""
    inner = _b64(_h(f"{secret.user}:{secret.password}".encode()))
    return _b64(_h(inner + b":" + nonce)).decode("ascii")


def mac(secret: Secret, nonce: bytes, body: bytes) -> str:
    """The MAC of a message: base64 of H(B64(H(user:password)):nonce:B64(H(body))), over the bytes on the wire (DMS 5.4)."""
    inner = _b64(_h(f"{secret.user}:{secret.password}".encode()))
    return _b64(_h(inner + b":" + nonce + b":" + _b64(_h(body)))).decode("ascii")


def hmac_header(secret: Secret, nonce: bytes, body: bytes) -> str:
    """The value of an `x-syncml-hmac` header for a message."""
    return f'algorithm=MD5, username="{secret.user}", mac={mac(secret, nonce, body)}'


def parse_hmac_header(value: str) -> HmacHeader:
    """The parts of an `x-syncml-hmac` header, in whatever order.

    Raises ValueError where user name or MAC are missing, or the header is not made of `name=value` parts.
    """
    parts: dict[str, str] = {}
    position = 0
    while position < len(value):
        found = _PARAMETER.match(value, position)
        if found is None:
            raise ValueError(f"not a list of name=value at character {position}: {value[position : position + 20]!r}")
        parts[found[1].lower()] = found[2] if found[2] is not None else found[3]
        position = found.end()
    missing = [name for name in ("username", "mac") if name not in parts]
    if missing:
        raise ValueError(f"{' and '.join(missing)} missing in {value!r}")
    return HmacHeader(parts["username"], parts["mac"], parts.get("algorithm", "MD5"))


def auth_type(cred: Cred) -> str:
    """The type of a credential; basic where Meta names none (RP)."""
    return cred.meta.type.text.strip() if cred.meta and cred.meta.type else BASIC


def verify(cred: Cred, secret: Secret, nonce: bytes | None) -> bool | None:
    """Whether a credential is right; None where that cannot be told: an unknown type, or a nonce that is not known."""
    if cred.data is None:  # missing, or bytes that no text can hold
        return None
    kind, data = auth_type(cred), cred.data.strip()
    if kind == BASIC:
        return _same(data, basic(secret))
    if kind == MD5:
        return None if nonce is None else _same(data, md5(secret, nonce))
    return None


def verify_mac(header: HmacHeader, secret: Secret, nonce: bytes | None, body: bytes) -> bool | None:
    """Whether a MAC is right; None where the algorithm or the nonce is not known."""
    if header.algorithm.upper() != "MD5" or nonce is None:
        return None
    return header.username == secret.user and _same(header.mac, mac(secret, nonce, body))


def next_nonce(chal: Meta) -> bytes | None:
    """The nonce of a challenge: NextNonce, decoded from base64 unless its Format says otherwise; None where there is none.

    One that is not base64 although it should be is taken as it stands: some peers send it raw.
    """
    if chal.next_nonce is None:
        return None
    text = chal.next_nonce.text.strip()
    if chal.format is not None and chal.format.text.strip() not in ("b64", "bin"):
        return text.encode()
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return text.encode()


def _same(one: str, other: str) -> bool:
    return _hmac.compare_digest(one.encode(), other.encode())
