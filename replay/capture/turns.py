"""An exchange with its messages read: what kind it is, and what its request and its response say."""

from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from msgspec import Struct

from replay.capture.contents import Contents
from replay.capture.exchange import Exchange, Identity, Response, header
from replay.syncml import media
from replay.syncml.errors import UnreadableMessageError
from replay.syncml.model import Message, Status
from replay.syncml.names import CHALLENGES
from replay.syncml.read import is_enveloped, looks_like_syncml, read_with_shape, source_of
from replay.syncml.shaped import Shape

#: Kinds of exchange: OMA DM; OMA DM in an envelope that cannot be read; an enrolment request; anything else.
DM: Final = "dm"
OPAQUE: Final = "opaque"
ENROLMENT: Final = "enrolment"
OTHER: Final = "other"
_DEFAULT_PORTS: Final = {"http": ":80", "https": ":443"}


class Turn(Struct):
    """One exchange, read. `request` is the device's message and `response` the server's (contract); where bytes were
    there and no message could be read from them, the error is kept in its place."""

    exchange: Exchange
    kind: str
    request: Message | None = None
    request_error: UnreadableMessageError | None = None
    response: Message | None = None
    response_error: UnreadableMessageError | None = None
    opaque_response: bool = False
    request_shape: Shape | None = None
    response_shape: Shape | None = None
    kept_request: Contents | None = None
    kept_response: Contents | None = None

    @property
    def request_contents(self) -> Contents | None:
        """What the device's message holds, found once; None where there is no message."""
        if self.kept_request is None and self.request is not None:
            self.kept_request = Contents(self.request, self.request_shape)
        return self.kept_request

    @property
    def response_contents(self) -> Contents | None:
        """What the server's message holds, found once; None where there is no message."""
        if self.kept_response is None and self.response is not None:
            self.kept_response = Contents(self.response, self.response_shape)
        return self.kept_response

    @property
    def number(self) -> int:
        """The exchange's number."""
        return self.exchange.number

    @property
    def readable(self) -> bool:
        """Whether the device's message was read, or the server's."""
        return self.request is not None or self.response is not None

    @property
    def device(self) -> str | None:
        """The device: Source of its message; Target of the server's where that is all that names it (MDM 2.2.4.2). Where the one
        is a URL and the other is none, they are swapped (MSG005), and it is the other."""
        if self.request is not None:  # nearly always: the device says who it is, and it is no URL
            source = self.request.header.source
            if source is not None and source.uri and not _is_url(source.uri):
                return source.uri
        for message in (self.request, self.response):
            if message is None:
                continue
            own, other = message.header.source, message.header.target
            if message is self.response:
                own, other = other, own
            named = [(address.uri or None) if address else None for address in (own, other)]
            device = named[1] if _is_url(named[0]) and named[1] and not _is_url(named[1]) else named[0]
            if device is not None:
                return device
        return None

    @property
    def session_id(self) -> str | None:
        """The SessionID, as text: of the device's message, else of the server's."""
        if self.request is not None and self.request.header.session_id:
            return self.request.header.session_id
        given = [message.header.session_id for message in (self.request, self.response) if message is not None]
        return next((text for text in given if text), given[0] if given else None)

    @property
    def message_id(self) -> str | None:
        """MsgID of the device's message, as text; None where there is none."""
        return self.request.header.msg_id if self.request else None

    @property
    def server(self) -> str:
        """The server: scheme, host, port and path of the URL (contract, "enrolment"); the address that the message itself
        gives, where the format carries no URL."""
        if self.exchange.url:
            return server_of(self.exchange.url)
        message = self.request or self.response
        if message is None:
            return ""
        address = message.header.target if self.request is not None else message.header.source
        return server_of(address.uri or "") if address else ""

    @property
    def response_unread(self) -> bool:
        """Whether there is a successful response whose message was not read, or was not kept."""
        answer = self.exchange.response
        if answer is None or self.exchange.cut or not 200 <= answer.status < 300:
            return False
        return answer.body != b"" and (self.response is None or self.response.is_foreign)

    @property
    def request_not_read(self) -> bool:
        """Whether its device message is there and cannot be read; opaque ones included."""
        return self.kind == OPAQUE or self.request_error is not None

    @property
    def is_unfinished(self) -> bool:
        """Whether its device message never came whole, or does not say whose it is."""
        exchange = self.exchange
        if self.kind != DM:
            return False
        if exchange.body is None and exchange.method not in (None, "GET", "HEAD"):
            return True
        return self.request is not None and self.device is None

    @property
    def is_unread(self) -> bool:
        """Whether its device message is there, and not known whole or not known whose: it may be of any device."""
        return self.request_not_read or self.is_unfinished

    @property
    def may_be_a_message(self) -> bool:
        """Whether an exchange that belongs to no session may have carried a message: one that was not read, or not kept."""
        exchange = self.exchange
        return self.kind in (DM, OPAQUE) or (self.kind == OTHER and exchange.url is None and exchange.body is None)

    @property
    def may_ask_again(self) -> bool:
        """Whether the answer had the device send the same again, for all that is known: one that is there and cannot be read may
        be a challenge."""
        return self.asked_again or self.response_unread

    @property
    def asked_again(self) -> bool:
        """Whether the server had the device send the same again: by a challenge (Status 401 or 407 for SyncHdr, DMP 9, or those
        in HTTP), or by a redirect."""
        answer = self.exchange.response
        if answer is not None and (str(answer.status) in CHALLENGES or 300 <= answer.status < 400):
            return True
        for command in self.response.commands if self.response else ():
            if isinstance(command, Status) and command.cmd_ref == "0" and command.code in CHALLENGES:
                return True
        return False


def _is_url(uri: str | None) -> bool:
    return bool(uri) and (uri or "")[:8].lower().startswith(("http://", "https://"))


@lru_cache(maxsize=1024)  # a capture has few servers, and each of its requests names one
def server_of(url: str) -> str:
    """Scheme, host, port and path of a URL, without its query and fragment; scheme and host in lower case, and without the
    port that the scheme implies."""
    base = url.split("#", 1)[0].split("?", 1)[0]
    scheme, mark, rest = base.partition("://")
    if not mark:
        return base
    host, slash, path = rest.partition("/")
    scheme, host = scheme.lower(), host.lower().removesuffix(_DEFAULT_PORTS.get(scheme.lower(), ":"))
    return f"{scheme}://{host}{slash}{path}"


@lru_cache(maxsize=1024)
def host_of(server: str) -> str:
    """Scheme, host and port of a server or URL, with the port always given: what reachability and silence are told by."""
    scheme, mark, rest = server.partition("://")
    if not mark:
        return server
    host = rest.split("/", 1)[0].split("?", 1)[0].lower()
    bare = host.rpartition("]")[2] if host.startswith("[") else host
    if ":" not in bare:
        host += _DEFAULT_PORTS.get(scheme.lower(), "")
    return f"{scheme.lower()}://{host}"


def names_server(url: str) -> bool:
    """Whether a URL is one of a server that can be called: of HTTP, with a host, and with a port where it has one."""
    from urllib.parse import urlsplit

    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


#: On what terms an exchange was made: scheme, host and port, and the certificate shown to the server (none equals none).
Terms = tuple[str, Identity | None]


def terms(exchange: Exchange) -> Terms:
    """On what terms an exchange was made."""
    saw = exchange.server_saw
    if saw is not None and saw.sha256 is not None:
        saw = Identity(None, saw.sha256.lower().replace(":", ""))  # one certificate, however its subject is written
    return host_of(exchange.url or ""), saw


def answered_terms(exchanges: Iterable[Exchange]) -> set[Terms]:
    """On what terms the server itself answered anything."""
    return {terms(each) for each in exchanges if each.answered and each.url}


def read_turn(exchange: Exchange, *, lenient: bool = False) -> Turn:
    """Reads the messages of an exchange. Nothing is raised: what cannot be read is kept as the error that says why."""
    turn = Turn(exchange, _kind(exchange))
    if turn.kind not in (DM, OPAQUE):
        return turn
    if turn.kind == DM and (exchange.body or (exchange.body is not None and exchange.method == "POST")):
        turn.request, turn.request_shape, turn.request_error = _message(exchange.body, lenient=lenient)
    response = exchange.response
    if response is not None and response.body and not exchange.cut and _carries_message(response):
        if is_enveloped(response.body):
            turn.opaque_response = True
        else:
            turn.response, turn.response_shape, turn.response_error = _message(response.body, lenient=lenient)
    return turn


def _message(body: bytes, *, lenient: bool) -> tuple[Message | None, Shape | None, UnreadableMessageError | None]:
    try:
        return *read_with_shape(body, lenient=lenient), None
    except UnreadableMessageError as error:
        return None, None, error


def device_at_a_glance(exchange: Exchange) -> str | None:
    """The device of an OMA DM exchange whose request can be read and names it, as `read_turn` would find it; None where that takes
    reading it."""
    source = source_of(exchange.body) if exchange.body and _kind(exchange) == DM else None
    return source if source and not _is_url(source) else None


def _carries_message(response: Response) -> bool:
    """Whether a response's body is to be read: a success, or SyncML all the same. Of an HTTP status of 400 or more
    the body is not judged (rules)."""
    if response.status >= 400:
        return False
    return 200 <= response.status < 300 or looks_like_syncml(response.body or b"")


def _kind(exchange: Exchange) -> str:
    body, response = exchange.body or b"", exchange.response
    sent = header(exchange.headers, "content-type")
    if media.is_syncml_type(sent) or looks_like_syncml(body):
        return OPAQUE if is_enveloped(body) else DM
    if media.is_enrolment_request(exchange.url, header(exchange.headers, "soapaction"), body):
        return ENROLMENT
    managed, pkcs7 = media.is_management_url(exchange.url), media.is_pkcs7_type(sent)
    if (is_enveloped(body) and (pkcs7 or managed)) or (pkcs7 and managed):
        return OPAQUE
    if response is not None:
        received = header(response.headers, "content-type")
        if media.is_syncml_type(received) or looks_like_syncml(response.body or b""):
            return DM
    if exchange.url is None and exchange.body is not None:  # a bare message, read from a file that holds nothing else
        return DM
    if exchange.url is None and response is not None and response.body:
        return DM
    return OTHER
