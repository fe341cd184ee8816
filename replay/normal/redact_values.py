"""Values of every kind and their pseudonyms: a value that has parts (a URL, an e-mail address, a basic credential) gets one whose
parts are those that the parts have by themselves.

`place` says where a value stands, as `--keep` patterns see it.
"""

import base64
import binascii
import random
import re
from collections.abc import Callable
from functools import partial
from typing import Final

from replay.normal.identities import Identity, Redaction, Role, named_identity
from replay.normal.redact_draw import address_form, draw_domain, draw_name, draw_secret, is_base64, names_nobody
from replay.normal.redact_escapes import ESCAPES, through
from replay.normal.redact_table import Table

_URL: Final = re.compile(
    r"([A-Za-z][A-Za-z0-9+.-]*://)([^/?#@\s]*@)?(\[[^\]/]*\]|[^/?#:\s]*)(:[0-9]*)?([^?#]*)(\?[^#]*)?(#.*)?", re.DOTALL
)
_EMAIL: Final = re.compile(r"([^\s@]+)@((?:[\w-]+\.)*[\w-]+)")
_GUID: Final = re.compile(r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
#: What stands before the number in a device's id.
_SCHEME: Final = re.compile(
    r"(?:urn:)?(?:imei|imeisv|meid|esn|imsi|iccid|mac|sn|uuid|serialnumber|device)[:=]", re.IGNORECASE
)
_ADDRESS: Final = re.compile(r"(\[[^\]]*\]|[^:]*)(:[0-9]+)?|[0-9A-Fa-f:.]+")
_PARAMETER: Final = re.compile(r"([^=&;]*)=([^&;]*)")
_PEM: Final = re.compile(r"(-----BEGIN [^-]+-----)(.*?)(-----END [^-]+-----|\Z)", re.DOTALL)
_ATTRIBUTE: Final = re.compile(r"((?:^|[,+])\s*([A-Za-z][A-Za-z0-9.-]*|[0-9.]+)\s*=)((?:\\.|[^,+\\])*)", re.DOTALL)
_LIST: Final = re.compile(r"[^\s/,;]+")
_CHANNEL: Final = re.compile(r"(https://[^/\s]+\.notify\.windows\.com/(?:\?token=)?)(\S*)")
#: What stands at a telling name and names nobody all the same.
_TRIVIAL: Final = frozenset(
    ["0", "1", "true", "false", "none", "user", "others", "null", "unknown", "n/a", "-", "yes", "no", "default"]
)
#: How base64 of an XML document begins: `<` and a name, or with a byte order mark.
_DOCUMENT: Final = ("PC", "PD", "PE", "PF", "PG", "PH", "77u/P")
#: A certificate's country names nobody.
_COUNTRY: Final = "c"
_DER_HEAD: Final = 4


class Values:
    """Pseudonyms for values whose kind is known. `inside` looks into a text that is no such value itself."""

    def __init__(self, table: Table, inside: Callable[[str, str], str]) -> None:
        self.table = table
        self._inside = inside

    def whole(self, row: Identity, value: str, place: str) -> str:
        """The pseudonym of a text that is, as a whole, what a row of the identity table says; white space around it stays."""
        bare = value.strip()
        trivial = bare.lower() in _TRIVIAL and (row.place.startswith("*/") or row.role is Role.REQUEST)
        if not bare or row.redaction is Redaction.KEPT or trivial:
            return value
        made = self._whole(row, bare, place)
        start = value.index(bare)
        return value[:start] + made + value[start + len(bare) :]

    def _whole(self, row: Identity, value: str, place: str) -> str:
        if row.redaction is Redaction.HOST:
            return self.url(value, place) or self.host_and_port(value, place)
        if row.redaction is Redaction.SECRET:
            if _is_document(value):  # the provisioning document that ends an enrolment: rules read settings in it
                return self._inside(value, place)
            return {
                Role.CREDENTIAL: self.credential, Role.CHANNEL: self.channel, Role.CERTIFICATE: self.certificate,
            }.get(row.role, partial(self.secret, row.role))(value, place)  # fmt: skip
        if row.place in ("*/CellularIdentities", "*/NetworkIdentifiers"):
            return _LIST.sub(lambda found: self.name(row.role, found.group(), place), value)
        return {
            Role.USER: self.user, Role.DEVICE: self.device, Role.ADDRESS: self.addresses, Role.CERTIFICATE: self.subject,
        }.get(row.role, partial(self.name, row.role))(value, place)  # fmt: skip

    # -- names ----------------------------------------------------------------------------------------------------------

    def name(self, role: Role, value: str, place: str) -> str:
        """A name without parts."""
        return self.table.of(role, value, place)

    def device(self, value: str, place: str) -> str:
        """A device's id; the scheme of the number (`IMEI:`) stays. Where a URL stands in its place, as in messages with Target and
        Source swapped, that is treated as one."""
        if (url := self.url(value, place)) is not None:
            return url
        scheme = _SCHEME.match(value)
        if scheme is not None and scheme.end() < len(value):
            return scheme.group() + self.table.of(Role.DEVICE, value[scheme.end() :], place)
        return self.table.of(Role.DEVICE, value, place)

    def user(self, value: str, place: str) -> str:
        """A user's name: an e-mail address or UPN, `DOMAIN\\name`, or another one."""
        email = _EMAIL.fullmatch(value)
        if email is not None:

            def make(_: random.Random) -> str:
                local = self.table.of(Role.USER, email[1], place, draw=draw_name, part=True)
                return f"{local}@{self.host(email[2], place, part=True)}"

            return self.table.compose(Role.USER, value, place, make)
        domain, slash, name = value.rpartition("\\")
        if slash and domain and name:
            return f"{self.table.of(Role.SERVER, domain, place)}\\{self.table.of(Role.USER, name, place)}"
        return self.table.of(Role.USER, value, place)

    def host(self, value: str, place: str, *, part: bool = False) -> str:
        """A host's name or address. The domain of a name has a pseudonym of its own, which hosts of one domain share."""
        bare = value.strip("[]")
        if names_nobody(bare):
            return value
        if address_form(bare) is not None:
            return value.replace(bare, self.table.of(Role.ADDRESS, bare, place, part=part))
        labels = value.split(".")
        own = 3 if len(labels[-1]) == 2 and len(labels[-2:][0]) <= 3 else 2
        if len(labels) <= own:
            return self.table.of(Role.SERVER, value, place, draw=draw_domain, part=part)

        def make(rng: random.Random) -> str:
            domain = self.table.of(Role.SERVER, ".".join(labels[-own:]), place, draw=draw_domain, part=True)
            return f"{draw_name(rng, '.'.join(labels[:-own]))}.{domain}"

        return self.table.compose(Role.SERVER, value, place, make, part=part)

    def host_and_port(self, value: str, place: str) -> str:
        """`HOST`, `HOST:PORT` or `[V6]:PORT`: the port stays."""
        if address_form(value) is not None:
            return self.host(value, place)
        found = _ADDRESS.fullmatch(value)
        if found is None or found[1] is None:
            return self.table.of(Role.SERVER, value, place)
        return self.host(found[1], place) + (found[2] or "")

    def addresses(self, value: str, place: str) -> str:
        """Addresses in a text, such as a header that proxies write: each with or without its port."""

        def one(found: re.Match[str]) -> str:
            text = found.group()
            name, equals, rest = text.rpartition("=")
            bare = rest.strip('"')
            host = bare.rpartition(":")[0] if bare.count(":") == 1 or "]:" in bare else bare
            is_host = address_form(host.strip("[]")) is not None or "." in host
            return name + equals + (rest.replace(host, self.host(host, place), 1) if is_host else rest)

        return re.sub(r"[^\s,;]+", one, value)

    def url(self, value: str, place: str) -> str | None:
        """A URL with the host, and whoever else is named in it, replaced; None for what is no URL."""
        found = _URL.fullmatch(value)
        if found is None:
            return None
        scheme, login, host, port, path, query, fragment = (each or "" for each in found.groups())
        if login:
            user, colon, password = login[:-1].partition(":")
            secret = self.secret(Role.CREDENTIAL, password, place) if password else ""
            login = f"{self.user(user, place)}{colon}{secret}@"
        path = _GUID.sub(lambda guid: self.table.of(Role.SERVER, guid.group(), place), self._inside(path, place))
        return (
            scheme
            + login
            + self.host(host, place)
            + port
            + path
            + self.query(query, place)
            + self._inside(fragment, place)
        )

    def query(self, value: str, place: str) -> str:
        """Parameters as a query or a form has them: those with telling names are replaced as a whole."""

        def one(found: re.Match[str]) -> str:
            name, given = found.groups()
            row = named_identity(name.lstrip("?"))
            if row is not None and row.redaction is not Redaction.KEPT:
                return f"{name}={self.coded(row, given, f'{place}?{name}')}"
            return f"{name}={_GUID.sub(lambda guid: self.table.of(Role.SERVER, guid.group(), place), given)}"

        return self._inside(_PARAMETER.sub(one, value), place)

    def coded(self, row: Identity, value: str, place: str) -> str:
        """The pseudonym of a value that is written with escapes."""
        if not ESCAPES.search(value):
            return self.whole(row, value, place)
        return through(value, lambda plain: self.whole(row, plain, place))

    # -- secrets --------------------------------------------------------------------------------------------------------

    def secret(self, role: Role, value: str, place: str) -> str:
        """A secret, of which only the length is kept."""
        return self.table.of(role, value, place, secret=True)

    def credential(self, value: str, place: str) -> str:
        """Data of a credential, or a password: of a basic one, user and password are replaced by themselves."""
        parts = basic_parts(value)
        if parts is None:
            return self.secret(Role.CREDENTIAL, value, place)
        user, password = parts

        def make(_: random.Random) -> str:
            made = f"{self.user(user, place)}:{self.secret(Role.CREDENTIAL, password, place)}"
            return base64.b64encode(made.encode("utf-8")).decode("ascii")

        return self.table.compose(Role.CREDENTIAL, value, place, make, exact=True)

    def channel(self, value: str, place: str) -> str:
        """A push channel: its server stays, because all devices share that; what names the channel goes."""
        found = _CHANNEL.fullmatch(value)
        if found is None:
            return self.secret(Role.CHANNEL, value, place)
        return found[1] + self.secret(Role.CHANNEL, found[2], place)

    def certificate(self, value: str, place: str) -> str:
        """A certificate, or a request for one: PEM, DER in base64, or anything else that stands for it."""
        if _PEM.search(value):
            return _PEM.sub(lambda found: found[1] + self._base64(found[2], place) + found[3], value)
        if value.startswith(":") and value.endswith(":") and len(value) > 2:  # RFC 9440
            return f":{self._base64(value[1:-1], place)}:"
        return self._base64(value, place)

    def _base64(self, value: str, place: str) -> str:
        """Base64 with its line breaks left where they are."""
        bare = re.sub(r"\s", "", value)
        made = self.table.of(Role.CERTIFICATE, bare, place, secret=True, draw=_draw_der)
        rest = iter(made)
        return "".join(char if char.isspace() else next(rest) for char in value)

    def subject(self, value: str, place: str) -> str:
        """A certificate's subject: the values of its attributes, each by itself; or its thumbprint."""
        if not _ATTRIBUTE.match(value):
            return self.table.of(Role.CERTIFICATE, value, place)

        def one(found: re.Match[str]) -> str:
            before, kind, given = found.groups()
            return before + (given if kind.lower() == _COUNTRY else self._attribute(given, place))

        return _ATTRIBUTE.sub(one, value)

    def _attribute(self, value: str, place: str) -> str:
        """The value of an attribute, escapes left as they are (RFC 4514)."""
        pieces = re.split(r"(\\[0-9A-Fa-f]{2}|\\.)", value.strip())
        made = "".join(
            piece if place_in % 2 or not piece else self._named_in_subject(piece, place)
            for place_in, piece in enumerate(pieces)
        )
        return value.replace(value.strip(), made, 1) if value.strip() else value

    def _named_in_subject(self, value: str, place: str) -> str:
        if _EMAIL.fullmatch(value):
            return self.user(value, place)
        return self.table.of(Role.CERTIFICATE, value, place)


def basic_parts(value: str) -> tuple[str, str] | None:
    """User and password of a basic credential; None for what is none."""
    if is_base64(value) is None:
        return None
    try:
        user, colon, password = base64.b64decode(value, validate=True).decode("utf-8").partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return (user, password) if colon and (user + password).isprintable() else None


def _is_document(value: str) -> bool:
    """Whether a value is an XML document in base64."""
    bare = re.sub(r"\s", "", value)
    return bare.startswith(_DOCUMENT) and is_base64(bare) is not None and b">" in base64.b64decode(bare)


def _draw_der(rng: random.Random, value: str) -> str:
    """Base64 as long, which begins as DER does where the value did, so that it is still taken for a certificate."""
    if is_base64(value) is None:
        return draw_secret(rng, value)
    data = base64.b64decode(value)
    head = data[:_DER_HEAD] if data[:2] == b"\x30\x82" else b""
    return base64.b64encode(head + rng.randbytes(len(data) - len(head))).decode("ascii")
