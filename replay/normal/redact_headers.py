"""Headers redacted: those in the identity table, those whose names say that they carry a secret, and what is in all others."""

import re
from typing import Final

from replay.capture.exchange import Headers
from replay.normal.identities import Redaction, Role, header_identity, named_identity
from replay.normal.redact_looks import Looks
from replay.normal.redact_values import Values, basic_parts
from replay.normal.redact_words import is_protocol

_SECRET: Final = re.compile(
    r"(^|[-_])(auth|token|secret|password|passwd|session|sessionid|apikey|api[-_]key|ticket|credentials?|signature|jwt|cookie)($|[-_])",
    re.IGNORECASE,
)
#: What HTTP itself needs: it says nothing of anybody, and rules compare it.
_HTTP: Final = frozenset(
    ["content-type", "content-length", "content-encoding", "transfer-encoding", "date", "expires", "last-modified", "connection",
     "accept", "accept-charset", "accept-encoding", "retry-after", "mdm-genericalert"]
)  # fmt: skip
#: What a challenge, credentials and cookies are made of: a date, `name=value` and `name="value"`, or a word. What has nothing but
#: `=` behind it is base64, and no name.
_PART: Final = re.compile(
    r"(?P<date>(?<![^\s,;])expires\s*=[^;]*)"
    r"|(?P<name>[^\s=,;\"]+)(?P<equals>\s*=\s*)(?P<value>\"[^\"]*\"|(?!=*(?:[\s,;]|\Z))[^,;\s\"]+)"
    r"|(?P<word>[^\s,;]+)",
    re.IGNORECASE,
)
_SCHEME: Final = re.compile(r"([A-Za-z][\w-]*)(\s+)(\S.*)", re.DOTALL)
#: Parameters of a challenge or a cookie that are no secret.
_OPEN: Final = frozenset(
    ["algorithm", "qop", "stale", "charset", "path", "max-age", "expires", "samesite", "secure", "httponly", "error"]
)


def redact_headers(headers: Headers, sender: str, looks: Looks) -> Headers:
    """Headers redacted: their names, their order and their number stay."""
    return tuple((name, _value(name, value, sender, looks)) for name, value in headers)


def _value(name: str, value: str, sender: str, looks: Looks) -> str:
    lower, values = name.lower(), looks.values
    place = f"HTTP/{lower}"
    bare = value.strip()
    if not bare or (lower in _HTTP and len(bare) < 8):
        return value
    row = header_identity(lower, sender) or named_identity(lower)
    own = _OWN.get(lower)
    if own is not None:
        made = own(bare, place, values)
    elif row is not None and row.redaction is not Redaction.KEPT:
        return values.whole(row, value, place)
    elif _SECRET.search(lower):
        made = _authorization(bare, place, values)
    else:
        return looks.free(value, place)
    return value.replace(bare, made, 1)


def _authorization(value: str, place: str, values: Values) -> str:
    """`SCHEME CREDENTIAL`: the scheme stays; parameters behind it keep their names."""
    found = _SCHEME.fullmatch(value)
    scheme, blank, rest = found.groups() if found else ("", "", value)
    if scheme.lower() == "basic" or (not scheme and basic_parts(rest)):
        return scheme + blank + values.credential(rest, place)
    part = _PART.match(rest)
    if part is not None and part["name"]:
        return scheme + blank + _parameters(rest, place, values)
    return scheme + blank + values.secret(Role.TOKEN, rest, place)


def _parameters(value: str, place: str, values: Values) -> str:
    """`name=value` and `name="value"`: user names as such, all else as secrets, also a word that has no name."""

    def one(found: re.Match[str]) -> str:
        name, given = (found["name"] or "").lower(), found["value"] or found["word"] or ""
        bare = given.strip('"')
        if found["date"] or name in _OPEN or not bare:
            return found.group()
        if not name and (bare.lower() in _OPEN or is_protocol(bare)):
            return found.group()
        if name == "username":
            made = values.user(bare, place)
        elif name in ("realm", "domain"):
            made = values.url(bare, place) or values.name(Role.SERVER, bare, place)
        else:
            made = values.secret(Role.MAC if name == "mac" else Role.TOKEN, bare, place)
        return (found["name"] or "") + (found["equals"] or "") + given.replace(bare, made, 1)

    return _PART.sub(one, value)


def _correlation(value: str, place: str, values: Values) -> str:
    """A correlation vector: its base, the counters behind it stay."""
    base, dot, counters = value.partition(".")
    return values.secret(Role.CORRELATION, base, place) + dot + counters


_OWN: Final = {
    **dict.fromkeys(("authorization", "proxy-authorization", "www-authenticate", "proxy-authenticate"), _authorization),
    **dict.fromkeys(("x-syncml-hmac", "cookie", "set-cookie", "authentication-info"), _parameters),
    "ms-cv": _correlation,
}
