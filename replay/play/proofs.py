"""Credentials of a played device made anew: from the secret that the user gave, and the nonce that the live server last sent.

Without a secret everything is sent as it was recorded. A secret is kept in memory and nowhere else: `hidden` takes out of what goes
into a journal what the password could be read from (a basic credential is nothing but base64).
"""

from typing import Final

from msgspec import Struct

from replay.capture.exchange import Headers, Response, header
from replay.play.body import Part, child
from replay.syncml import credentials
from replay.syncml.credentials import BASIC, HMAC_HEADER, MAC, MD5, Secret
from replay.syncml.model import Message, Status, Unknown
from replay.syncml.names import CHALLENGES, METINF

_MADE: Final = frozenset({BASIC, MD5})
#: How a message may be encoded, as far as base64 goes.
_CODECS: Final = ("ascii", "utf-16-le", "utf-16-be")


class Asked(Struct):
    """What the live server asks for in one session: a type of credential, until one is good for the rest of the session; and HTTP's
    own basic authentication."""

    kind: str | None = None
    http: bool = False


class Proofs:
    """What one device proves itself with. The nonce outlives a session (DMP 9.1)."""

    def __init__(self, secret: Secret | None) -> None:
        self.secret = secret
        self.nonce: bytes | None = None

    def heard(self, asked: Asked, response: Response | None, message: Message | None) -> None:
        """Notes nonce and challenge of an answer."""
        if response is not None and response.status == 401:
            asks = (header(response.headers, "www-authenticate") or "").split(maxsplit=1)
            asked.http |= bool(asks) and asks[0].lower() == "basic"
        for status in message.commands if message is not None else ():
            if not isinstance(status, Status):
                continue
            if status.chal is not None:
                nonce = credentials.next_nonce(status.chal)
                self.nonce = self.nonce if nonce is None else nonce
            if status.cmd_ref == "0" and status.code in CHALLENGES:
                asked.kind = status.chal.type.text.strip() if status.chal is not None and status.chal.type else BASIC
            elif status.cmd_ref == "0" and status.code == "212":  # good for the rest of the session
                asked.kind = None

    def can_answer(self, asked: Asked) -> bool:
        """Whether a challenge can be answered: there is a secret, and the kind of credential is known."""
        return self.secret is not None and (asked.http or asked.kind in (*_MADE, MAC))

    def prove(self, asked: Asked, root: Part) -> None:
        """Makes the credential in a message's header anew; puts one in where the server asked for one and none was recorded."""
        head = child(root, "SyncHdr")
        if self.secret is None or head is None:
            return
        cred = child(head, "Cred")
        kind = _kind_of(cred) if cred is not None else None
        wanted = asked.kind if asked.kind in _MADE else kind
        if wanted not in _MADE:
            return
        if cred is not None and kind != wanted:
            head.remove(cred)
            cred = None
        data = self._data(wanted or BASIC, self.secret)
        if cred is None:
            places = [part.name for part in head.children]
            head.insert(places.index("Meta") if "Meta" in places else len(places), _cred(wanted or BASIC, data))
        elif (part := child(cred, "Data")) is not None:
            part.say(data)
        if wanted == MD5:
            _name_user(head, self.secret.user)

    def headers(self, asked: Asked, headers: Headers, body: bytes) -> Headers:
        """The headers of a request with the MAC over these very bytes, and HTTP's credentials where the server asked for them."""
        if self.secret is None:
            return headers
        made: dict[str, str] = {}
        if header(headers, HMAC_HEADER) is not None or asked.kind == MAC:
            made[HMAC_HEADER] = credentials.hmac_header(self.secret, self.nonce or b"", body)
        given = header(headers, "authorization") or ""
        if asked.http or given.lower().startswith("basic "):
            made["authorization"] = f"Basic {credentials.basic(self.secret)}"
        kept = [(name, made.pop(name.lower(), value)) for name, value in headers]
        return (*kept, *((name.title() if name == "authorization" else name, value) for name, value in made.items()))

    def _data(self, kind: str, secret: Secret) -> str:
        return credentials.basic(secret) if kind == BASIC else credentials.md5(secret, self.nonce or b"")


def proves_itself(message: Message, headers: Headers) -> str | None:
    """What a recorded message carries of credentials that only a secret can make anew: its type, None where there is nothing."""
    if header(headers, HMAC_HEADER) is not None:
        return MAC
    cred = message.header.cred
    return credentials.auth_type(cred) if cred is not None else None


def hidden(data: bytes, secret: Secret | None) -> bytes:
    """Bytes without the password: in a basic credential made of the secret asterisks take its place, as many."""
    if secret is None or not secret.password:
        return data
    stars = Secret(secret.user, "*" * len(secret.password.encode()))
    for codec in _CODECS:
        data = data.replace(credentials.basic(secret).encode(codec), credentials.basic(stars).encode(codec))
    return data


def _kind_of(cred: Part) -> str:
    kind = child(cred, "Meta", "Type")
    return kind.text if kind is not None and kind.text else BASIC


def _cred(kind: str, data: str) -> Unknown:
    """A credential as an element (DMRP 6.1.2)."""
    meta = Unknown("Meta", "", children=(Unknown("Format", METINF, "b64"), Unknown("Type", METINF, kind)))
    return Unknown("Cred", "", children=(meta, Unknown("Data", "", data)))


def _name_user(head: Part, user: str) -> None:
    """Puts the user into Source/LocName, where an MD5 digest has it (DMS 5.3.2)."""
    source = child(head, "Source")
    if source is None:
        return
    name = child(source, "LocName")
    if name is None:
        source.insert(len(source.children), Unknown("LocName", "", user))
    elif name.text != user:
        name.say(user)
