"""Values that are told by their look, in texts that may hold anything: addresses of e-mail, security identifiers, push channels,
certificates, tokens, MAC addresses, IMEIs, what stands behind a telling name, and all of these in documents within the text.
"""

import base64
import re
from collections.abc import Callable
from typing import Final

from replay.normal.identities import Redaction, Role, named_identity
from replay.normal.masks import volatile_kind
from replay.normal.redact_draw import SID, address_form, is_base64
from replay.normal.redact_escapes import ESCAPES, Coded, through
from replay.normal.redact_sweep import Sweep
from replay.normal.redact_table import Table
from replay.normal.redact_values import Values

#: Documents within documents are looked into so deep.
_DEPTH: Final = 4
_LOOKS: Final = re.compile(
    r"(?P<pem>-----BEGIN [A-Z0-9 ]+-----[^-]*(?:-----END [A-Z0-9 ]+-----|\Z))"
    r"|(?P<channel>https://[^/\s\"'<>]+\.notify\.windows\.com/[^\s\"'<>]*)"
    r"|(?P<token>\b(?-i:eyJ)[\w-]{6,}\.[\w-]{6,}\.[\w-]*)"
    rf"|(?P<sid>\b{SID.pattern}\b)"
    r"|(?P<certificate>(?<![A-Za-z0-9+/])(?-i:MII)[A-Za-z0-9+/\r\n\t ]{297,}={0,2})"
    r"|(?P<mac>(?<![0-9A-Za-z:-])[0-9A-Fa-f]{2}(?P<between>[:-])(?:[0-9A-Fa-f]{2}(?P=between)){4}[0-9A-Fa-f]{2}(?![0-9A-Za-z:-]))"
    r"|(?P<imei>(?<=imei:)[0-9]{14,16}\b)"
    r"|(?P<home>(?<=\\Users\\)[^\\/:*?\"<>|\r\n]+|(?<=/Users/)[^\\/:*?\"<>|\r\n]+|(?<=AzureAD\\)[^\\/:*?\"<>|\s]+)"
    r"|(?P<email>(?<![^\s@<>\"'(),:;\\/\[\]=&|{}?#])[^\s@<>\"'(),:;\\/\[\]=&|{}?#]{1,64}@(?:[\w-]{1,63}\.){1,8}[^\W\d_]{2,24}(?![\w-]))",
    re.IGNORECASE,
)
#: Without one of these nothing of the above can be there.
_HINT: Final = re.compile(
    r"@|[0-9a-f]{2}[:-][0-9a-f]{2}[:-]|eyJ|s-1-|-----BEGIN|MII|notify\.windows|imei:|[\\/]users[\\/]|azuread",
    re.IGNORECASE,
)
#: Endings of files: what looks like an address of e-mail with one of them is a picture for screens of twice the points.
_FILE: Final = re.compile(r"@[0-9]x\.[a-z]+$", re.IGNORECASE)
_PAIR: Final = re.compile(
    r"(\"(?P<json>[^\"\\]{2,40})\"\s*:\s*\")(?P<quoted>(?:[^\"\\]|\\.)*)(?=\")"
    r"|((?<![\w-])(?P<name>[A-Za-z][\w-]{1,40})\s*=\s*)(?P<value>(?:\"[^\"<>]*\"|'[^'<>]*'|[^\s;&,\"'<>|]+))"
)
_ADDRESS: Final = re.compile(
    r"\b(?P<url>(?:https?|wss?|tls|tcp|udp|dns|quic|ldaps?|ftps?)://[^\s\"'<>]+)|(?<![\w.])[0-9]{1,3}(?:\.[0-9]{1,3}){3}(?!\w|\.[0-9])"
    r"|(?<![\w:])(?:[0-9a-f]{0,4}:){2,7}[0-9a-f]{0,4}(?![\w:])",
    re.IGNORECASE,
)
#: Segments of a LocURI behind which somebody or something is named.
_NAMING: Final = {"cellularidentities": Role.MACHINE, "networkidentifiers": Role.MACHINE, "users": Role.USER,
                  "passportforwork": Role.SERVER}  # fmt: skip
_STORES: Final = ("certificatestore", "rootcatrustedcertificates", "clientcertificateinstall")
_SEGMENT: Final = re.compile(r"[^/]+")
_SHORTEST_DOCUMENT: Final = 16
#: Texts that had nothing in them are remembered: most of them come again and again.
_REMEMBERED: Final = 10_000
_REMEMBERED_LENGTH: Final = 100


class Looks:
    """Looks into texts. `document` redacts a text that is an XML document of its own."""

    def __init__(self, table: Table, sweep: Sweep, document: Callable[[str, str], str]) -> None:
        self.values = Values(table, self.free)
        self.table = table
        self._sweep = sweep
        self._document = document
        self._depth = 0
        self._plain: set[str] = set()
        self._in_pieces: set[str] = set()

    def forget(self) -> None:
        """Forgets which texts had nothing in them: something more is known now."""
        self._plain.clear()

    def free(self, value: str, place: str) -> str:
        """A text that may hold anything, with what names somebody replaced in it."""
        if not value or value.isspace() or value in self._plain:
            return value
        made = self._sweep.text(self._looked_into(value, place))
        if made == value and len(value) <= _REMEMBERED_LENGTH and len(self._plain) < _REMEMBERED:
            self._plain.add(value)
        return made

    def _looked_into(self, value: str, place: str) -> str:
        """A text with what is told by its look replaced, in the documents in it and behind its escapes too."""
        if self._depth == _DEPTH:
            return value
        self._depth += 1
        try:
            value = self._looked_at(self._documents(value, place), place)
            if ESCAPES.search(value):
                value = through(value, lambda plain: self._looked_into(plain, place))
            return value
        finally:
            self._depth -= 1

    def piece(self, value: str, uri: str, *, more: bool) -> str:
        """The Data of a node: where it is a large object that comes in pieces, what was torn at their ends is replaced."""
        if more and len(self._in_pieces) < _REMEMBERED:
            self._in_pieces.add(uri)
        return self._sweep.piece(value, more=more) if uri in self._in_pieces else value

    def alone(self, value: str) -> str:
        """A text of which nothing is left but the pseudonyms of what is known in it."""
        return self._sweep.alone(value)

    def words(self, value: str, place: str) -> str:
        """A text that somebody wrote for people, a program's error for one: hosts in URLs and addresses go too."""

        def one(found: re.Match[str]) -> str:
            text = found.group()
            if found["url"]:
                return self.values.url(text, place) or text
            return self.values.host(text, place) if address_form(text) else text

        return self.free(_ADDRESS.sub(one, value), place)

    def loc_uri(self, value: str, place: str) -> str:
        """A LocURI of the tree: what names a user, a device or a certificate in it goes, the nodes stay."""
        lower = value.lower()
        before = ""

        def one(found: re.Match[str]) -> str:
            nonlocal before
            segment, parent = found.group(), before
            before = segment.lower()
            role = _NAMING.get(parent)
            if volatile_kind(segment) == "thumbprint" and any(store in lower for store in _STORES):
                role = Role.CERTIFICATE
            if role is None or (role is Role.SERVER and volatile_kind(segment) != "guid"):
                return segment
            if found.end() == len(value) and role is Role.USER:  # the node itself, as in ./Device/…/Users/Password
                return segment
            return Coded(segment, ESCAPES).saying(self.table.of(role, Coded(segment, ESCAPES).chars, place))

        if any(f"{parent}/" in lower for parent in _NAMING) or any(store in lower for store in _STORES):
            value = _SEGMENT.sub(one, value)
        return self.free(value, place)

    def _looked_at(self, value: str, place: str) -> str:
        if '":' in value or '" :' in value or "=" in value:
            value = _PAIR.sub(lambda found: self._pair(found, place), value)
        if not _HINT.search(value):
            return value
        return _LOOKS.sub(lambda found: self._look(found, place), value)

    def _look(self, found: re.Match[str], place: str) -> str:
        text, kind = found.group(), found.lastgroup or ""
        if kind == "email":
            return text if _FILE.search(text) else self.values.user(text, place)
        if kind in ("sid", "home"):
            return self.table.of(Role.USER, text, place)
        if kind in ("mac", "imei", "between"):
            return self.table.of(Role.MACHINE, text, place)
        if kind == "token":
            return self.values.secret(Role.TOKEN, text, place)
        if kind == "channel":
            return self.values.channel(text, place)
        if kind == "pem" or volatile_kind(text.strip()) == "certificate":
            return self.values.certificate(text, place)
        return text

    def _pair(self, found: re.Match[str], place: str) -> str:
        """What stands behind a name that says what it is, in JSON or as `name=value`."""
        row = named_identity(found["json"] or found["name"])
        if row is None or row.redaction is Redaction.KEPT:
            return found.group()
        if found["json"] is not None:
            return found[1] + self.values.coded(row, found["quoted"], f"{place}?{found['json']}")
        value = found["value"]
        quote = value[0] if value[0] in "\"'" else ""
        inner = value[1:-1] if quote else value
        start = found.group()[: len(found.group()) - len(value)]
        return start + quote + self.values.coded(row, inner, f"{place}?{found['name']}") + quote

    def _documents(self, value: str, place: str) -> str:
        """A text that is a document of its own, in XML or in base64, with what is in it redacted."""
        bare = value.strip()
        if len(bare) < _SHORTEST_DOCUMENT:
            return value
        made = bare
        if bare[0] == "<" and bare[-1] == ">":
            made = self._document(bare, place)
        elif is_base64(bare) is not None and volatile_kind(bare) is None:
            data = base64.b64decode(bare)
            for codec in ("utf-8", "utf-16"):
                if (text := _text_of(data, codec)) is not None:
                    made = base64.b64encode(_coded(self.free(text, place), data, codec)).decode("ascii")
                    break
        return value.replace(bare, made, 1) if made != bare else value


def _text_of(data: bytes, codec: str) -> str | None:
    """Bytes as a text that people could read, and that codes into these bytes; None where they are none."""
    try:
        text = data.decode(codec)
    except UnicodeDecodeError:
        return None
    readable = all(char.isprintable() or char in "\r\n\t\ufeff" for char in text)
    return text if readable and _coded(text, data, codec) == data else None


def _coded(text: str, like: bytes, codec: str) -> bytes:
    """A text in the coding of some bytes, with the order of bytes and the mark that those have."""
    if codec == "utf-8":
        return text.encode()
    if like[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return like[:2] + text.encode("utf-16-le" if like[:1] == b"\xff" else "utf-16-be")
    return text.encode("utf-16-le")
