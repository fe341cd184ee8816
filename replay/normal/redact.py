"""Redaction: a capture in which secrets and identities are replaced by stable pseudonyms, so that it can be given away, and is
judged and compared as the original is.

The same value has the same pseudonym wherever it stands, and one as long as itself. What rules read stays: ids and references,
codes, types, the nodes of the tree, HTTP status and the paths of URLs. What a message's bytes look like stays too, but for the
letters of the values.
"""

import copy
import random
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from msgspec import structs

from replay.capture.exchange import (
    LIGHT_HEADERS,
    BrokenOff,
    Capture,
    Connection,
    Exchange,
    Failure,
    Headers,
    Identity,
    Note,
    Response,
    Trouble,
    header,
    with_length,
)
from replay.capture.turns import OTHER, read_turn
from replay.normal.identities import Role
from replay.normal.redact_bodies import Bodies
from replay.normal.redact_headers import redact_headers
from replay.normal.redact_looks import Looks
from replay.normal.redact_table import Entry, Keep, Table

_T = TypeVar("_T")


class Redactor:
    """Redacts captures, or exchanges one by one as they are recorded.

    `keep` are shell patterns for what is left as it is: a role (`server`), a place (`SyncHdr/Source/LocURI`), or a value;
    `known` the pseudonyms of an earlier redaction, which go on to be used. `dropped` counts the exchanges of which only
    method, URL and status are left, because they are not OMA DM.
    """

    def __init__(
        self, *, keep: Sequence[str] = (), known: Iterable[Entry] = (), rng: random.Random | None = None
    ) -> None:
        self._keep = Keep(keep)
        self._known = tuple(known)
        self._rng = rng
        self.dropped = 0
        self._passing: set[int] = set()
        self._begin()

    def _begin(self) -> None:
        self._table = Table(self._keep, self._known, self._rng)
        self._bodies = Bodies(self._table)

    @property
    def counts(self) -> Counter[Role]:
        """How many values of each role were replaced."""
        return self._table.counts

    @property
    def unused(self) -> list[str]:
        """The patterns of `keep` that nothing matched."""
        return self._keep.unused

    def entries(self) -> list[Entry]:
        """Every value and its pseudonym: what a map holds."""
        return list(self._table.entries())

    # -- a whole capture ------------------------------------------------------------------------------------------------

    def capture(self, capture: Capture) -> Capture:
        """A capture redacted. It is gone through twice, so that what is told from its last message is replaced in the first.

        Raises RedactionError where something cannot be replaced.
        """
        self._passing = {id(each) for each in capture.exchanges if _passes_by(each)}
        self.dropped = sum(_loses(each) for each in capture.exchanges if id(each) in self._passing)
        self._capture(capture)
        if self._keep.values:  # what is kept anywhere is kept everywhere: none of it may have a pseudonym
            self._begin()
            self._capture(capture)
        self._bodies.refresh()
        self._bodies.final = True
        return self._capture(capture)

    def _capture(self, capture: Capture) -> Capture:
        out = copy.copy(capture)
        out.modes = [self.words(mode, "mode") for mode in capture.modes]
        out.connections = [self._with_id(self.connection(each)) for each in capture.connections]
        out.exchanges = [self._exchange(each) for each in capture.exchanges]
        out.broken_off = [
            BrokenOff(self.failure(each.failure), self._with_id(self.connection(each.connection)))
            for each in capture.broken_off
        ]
        out.notes = [self.note(each) for each in capture.notes]
        out.troubles = [self._trouble(each) for each in capture.troubles]
        out.redacted = True
        return out

    def _exchange(self, exchange: Exchange) -> Exchange:
        out = self.request(_light(exchange) if id(exchange) in self._passing else exchange)
        out.id = self._looks.free(out.id, "id")
        out.conn = out.conn and self._looks.free(out.conn, "conn")
        return out

    def _with_id(self, connection: Connection) -> Connection:
        return structs.replace(connection, conn=self._looks.free(connection.conn, "conn"))

    # -- one by one -----------------------------------------------------------------------------------------------------

    def twice(self, work: Callable[[], _T]) -> _T:
        """What `work` makes with the methods below: it is done once to learn what there is, and then with all of it known."""
        self._bodies.final = False
        work()
        self._bodies.refresh()
        self._bodies.final = True
        return work()

    def request(self, exchange: Exchange) -> Exchange:
        """An exchange redacted, with its response and its failure where they are there."""
        where = f"exchange {exchange.number}"
        body = exchange.body
        if body is not None:
            body = self._bodies.body(body, "device", f"{where}, request body")
        response, failure = exchange.response, exchange.failure
        return structs.replace(
            exchange,
            client=self.address(exchange.client, "client"),
            url=None if exchange.url is None else self._url(exchange.url, "HTTP/url"),
            headers=self._headers(exchange.headers, "device", exchange.body, body),
            body=body,
            client_cert=self.certificate(exchange.client_cert, "client_cert"),
            server_saw=self.certificate(exchange.server_saw, "server_saw"),
            response=None if response is None else self.response(response, where),
            failure=None if failure is None else self.failure(failure),
        )

    def response(self, response: Response, where: str) -> Response:
        """A response redacted; `where` says whose, for errors."""
        body = response.body
        if body is not None:
            body = self._bodies.body(body, "server", f"{where}, response body")
        return structs.replace(
            response,
            reason=self.words(response.reason, "reason"),
            headers=self._headers(response.headers, "server", response.body, body),
            body=body,
        )

    def failure(self, failure: Failure) -> Failure:
        """A failure redacted: its words name hosts and addresses."""
        return structs.replace(failure, detail=self.words(failure.detail, "detail"))

    def connection(self, connection: Connection) -> Connection:
        """A connection redacted."""
        return structs.replace(
            connection,
            client=self.address(connection.client, "client"),
            sni=self.address(connection.sni, "sni"),
            host=self.address(connection.host, "host"),
        )

    def note(self, note: Note) -> Note:
        """A mark redacted."""
        name = None if note.name is None else self._checked(self._looks.free(note.name, "note"), "note")
        return structs.replace(note, text=self.words(note.text, "note"), name=name)

    def words(self, text: str, place: str) -> str:
        """A text for people redacted."""
        return self._checked(self._looks.words(text, place), place)

    def address(self, value: str | None, place: str) -> str | None:
        """A host with or without its port redacted; None for None."""
        if not value:
            return value
        return self._checked(self._looks.values.host_and_port(value, place), place)

    def certificate(self, identity: Identity | None, place: str) -> Identity | None:
        """What is said of a certificate, redacted; None for None."""
        if identity is None:
            return None
        values = self._looks.values
        return Identity(
            identity.subject and self._checked(values.subject(identity.subject, f"{place}/subject"), place),
            identity.sha256 and self._checked(values.name(Role.CERTIFICATE, identity.sha256, f"{place}/sha256"), place),
        )

    def _trouble(self, trouble: Trouble) -> Trouble:
        return structs.replace(trouble, text=self.words(trouble.text, "trouble"))

    @property
    def _looks(self) -> Looks:
        return self._bodies.looks

    def _checked(self, text: str, place: str) -> str:
        return self._bodies.checked(text, place)

    def _url(self, value: str, place: str) -> str:
        made = self._looks.values.url(value, place)
        return self._checked(self._looks.free(value, place) if made is None else made, place)

    def _headers(self, headers: Headers, sender: str, body: bytes | None, new: bytes | None) -> Headers:
        made = redact_headers(headers, sender, self._looks)
        if (
            body is not None
            and new is not None
            and len(new) != len(body)
            and header(headers, "content-length") == str(len(body))
        ):
            made = with_length(made, new)
        return tuple((name, self._checked(value, f"HTTP/{name}")) for name, value in made)


def _passes_by(exchange: Exchange) -> bool:
    """Whether an exchange is not OMA DM: of what it holds nothing is known, and nobody judges it."""
    return not exchange.light and read_turn(exchange).kind == OTHER


def _loses(exchange: Exchange) -> bool:
    """Whether something of an exchange gets lost when only method, URL and status are kept."""
    response = exchange.response
    return (
        exchange.body is not None or (response is not None and response.body is not None) or "?" in (exchange.url or "")
    )


def _light(exchange: Exchange) -> Exchange:
    """What a recording would have kept of an exchange that is not OMA DM."""
    response = exchange.response
    if response is not None:
        response = structs.replace(response, headers=_few(response.headers), body=None)
    url = exchange.url and exchange.url.split("?", 1)[0]
    return structs.replace(exchange, url=url, headers=_few(exchange.headers), body=None, response=response, light=True)


def _few(headers: Headers) -> Headers:
    return tuple((name, value) for name, value in headers if name.lower() in LIGHT_HEADERS)
