"""The normal form of a capture: what is left when identities have aliases and volatile values are masked (facts C).

Two captures that differ only in what is volatile have equal normal forms. XML and WBXML, prefixes, the order of
attributes and insignificant white space are gone with the model; numbers are gone with the references.
"""

from collections.abc import Iterable
from urllib.parse import urlsplit

from msgspec import Struct

from replay.capture.exchange import Exchange, Headers, header
from replay.capture.references import REQUEST, RESPONSE, Reference
from replay.capture.sessions import Enrolment, Session, Traffic
from replay.capture.turns import Turn
from replay.normal.aliases import Aliases
from replay.normal.identities import Identity, Role, Treatment, identity_at
from replay.normal.masks import volatile_kind
from replay.normal.sent import SentNames
from replay.syncml.media import media_type
from replay.syncml.model import Message, Unknown
from replay.syncml.names import COMMANDS, METINF
from replay.syncml.unenrol import alerts
from replay.syncml.write import tree

#: Headers that say something about OMA DM; of all others nothing is kept (facts B, HTTP).
_REQUEST_HEADERS = (
    "content-type", "mdm-genericalert", "user-agent", "useragentorigin", "authorization", "devicetoken", "ms-signature",
    "x-syncml-hmac", "ms-cv", "client-request-id",
)  # fmt: skip
_RESPONSE_HEADERS = ("content-type", "x-syncml-hmac", "retry-after")


class Profile(Struct, frozen=True):
    """What else does not count: `other_machines` masks what names the machine (DevInfo Man, Mod and Lang, the OS build), for
    captures of different machines; `lengths` keeps the lengths of masked values."""

    other_machines: bool = False
    lengths: bool = False


class Node(Struct, frozen=True):
    """An element: its name, its namespace where that is not the expected one, its text, attributes and children. A `sign`
    stands for a text: an alias, a mask, or a reference."""

    name: str
    namespace: str | None = None
    text: str | None = None
    sign: str | None = None
    attributes: tuple[tuple[str, str], ...] = ()
    children: "tuple[Node, ...]" = ()


class NormalMessage(Struct, frozen=True):
    """One side of an exchange: its first line, the headers that count, and the message; `problem` where none was read."""

    sender: str
    line: str
    headers: tuple[tuple[str, str], ...]
    message: Node | None
    problem: str | None = None


class NormalSession(Struct, frozen=True):
    """A session under its alias; `first` is the first MsgID where it is not 1."""

    alias: str
    first: str | None
    exchanges: tuple[tuple[NormalMessage, ...], ...]


class NormalEnrolment(Struct, frozen=True):
    """A device at a server: its exchanges in order of time, each with its session's alias."""

    device: str
    server: str
    sessions: tuple[NormalSession, ...]
    order: tuple[str, ...]


def normal_form(traffic: Traffic, profile: Profile | None = None, *, only: int | None = None) -> list[NormalEnrolment]:
    """The normal form of a capture, an enrolment after the other in order of their first use; of one session alone where
    `only` is its number. The aliases are those of the whole capture."""
    maker = _Normaliser(traffic, profile or Profile())
    made = [maker.enrolment(each, only) for each in traffic.enrolments]
    return [each for each in made if each.sessions or only is None]


class _Normaliser:
    def __init__(self, traffic: Traffic, profile: Profile) -> None:
        self.profile = profile
        self.aliases = Aliases()
        self.names = SentNames()
        self.sessions: dict[int, str] = {}
        for enrolment in traffic.enrolments:
            if enrolment.device is not None:
                self.aliases.of(Role.DEVICE, enrolment.device)

    def enrolment(self, enrolment: Enrolment, only: int | None) -> NormalEnrolment:
        for number, session in enumerate(enrolment.sessions, 1):
            self.sessions[session.number] = f"S{number}"
        turns = sorted(
            ((turn.exchange.order, session) for session in enrolment.sessions for turn in session.turns),
            key=lambda pair: pair[0],
        )
        return NormalEnrolment(
            self.aliases.of(Role.DEVICE, enrolment.device) if enrolment.device else "{no device}",
            without_host(enrolment.server),
            tuple(self.session(session) for session in enrolment.sessions if only in (None, session.number)),
            tuple(self.sessions[session.number] for _, session in turns if only in (None, session.number)),
        )

    def session(self, session: Session) -> NormalSession:
        references = {(id(ref.answer.turn), ref.answer.side, ref.answer.place): ref for ref in session.references()}
        first = session.turns[0].message_id
        return NormalSession(
            self.sessions[session.number],
            None if first == "1" else first,
            tuple(self.exchange(session, turn, references) for turn in session.turns),
        )

    def exchange(
        self, session: Session, turn: Turn, references: dict[tuple[int, str, tuple[int, ...]], Reference]
    ) -> tuple[NormalMessage, ...]:
        exchange, response = turn.exchange, turn.exchange.response

        def normal(side: str, message: Message | None) -> Node | None:
            if message is None:
                return None
            return _MessageNormaliser(self, session, turn, side, message, references).root()

        url = without_host(exchange.url) if exchange.url else ""
        sides = [
            NormalMessage(
                "device",
                f"{exchange.method or 'POST'} {url}".rstrip(),
                self.headers(exchange.headers, _REQUEST_HEADERS, "device"),
                normal(REQUEST, turn.request),
                "a message that cannot be read" if turn.request_error else None,
            )
        ]
        if response is not None:
            by = ", made by the proxy" if response.by == "proxy" else ""
            problem = "a message that cannot be read" if turn.response_error else None
            sides.append(
                NormalMessage(
                    "server",
                    f"HTTP {response.status}{by}",
                    self.headers(response.headers, _RESPONSE_HEADERS, "server"),
                    normal(RESPONSE, turn.response),
                    problem or ("an envelope that is not read" if turn.opaque_response else None),
                )
            )
        if (end := _end(exchange)) is not None:
            sides.append(NormalMessage("server", end, (), None))
        return tuple(sides)

    def headers(self, headers: Headers, which: Iterable[str], sender: str) -> tuple[tuple[str, str], ...]:
        found = []
        for name in which:
            value = header(headers, name)
            if value is None:
                continue
            if name == "content-type":
                value = media_type(value).removesuffix("+xml").removesuffix("+wbxml")
            identity = identity_at(f"HTTP/{name}", sender)
            found.append((name, value if identity is None else self.sign(identity, value)))
        return tuple(found)

    def sign(self, identity: Identity, value: str) -> str:
        """What stands for an identity's value."""
        if identity.treatment is Treatment.ALIAS:
            return self.aliases.of(identity.role, value)
        if identity.treatment is Treatment.COUNTER:
            base, dot, counter = value.partition(".")
            return self.aliases.of(identity.role, base) + dot + counter
        if identity.treatment is Treatment.HOST:
            return without_host(value)
        if identity.treatment is Treatment.MACHINE and not self.profile.other_machines:
            return value
        scheme = f"{value.split(maxsplit=1)[0]} " if identity.place == "HTTP/authorization" and " " in value else ""
        length = f", {len(value)} characters" if self.profile.lengths else ""
        return f"{scheme}{{{identity.role}{length}}}"


class _MessageNormaliser:
    """One message: its elements in canonical order, with signs where values do not count."""

    def __init__(
        self,
        outer: _Normaliser,
        session: Session,
        turn: Turn,
        side: str,
        message: Message,
        references: dict[tuple[int, str, tuple[int, ...]], Reference],
    ) -> None:
        self.outer, self.session, self.turn, self.side, self.message = outer, session, turn, side, message
        self.references = references
        self.sender = "device" if side == REQUEST else "server"
        self.to_the_letter = {alert.place for alert in alerts(message)}

    def root(self) -> Node:
        root = tree(self.message)
        return Node(
            "SyncML",
            namespace=root.namespace,
            children=tuple(self.element(child, child.name, root.namespace, None, None) for child in root.children),
        )

    def element(self, node: Unknown, path: str, expected: str, place: tuple[int, ...] | None, uri: str | None) -> Node:
        """An element and what is in it. `place` is that of the command around it; `uri` the LocURI of the item around it."""
        within = METINF if node.name == "Meta" and node.namespace == self.message.namespace else node.namespace
        inside = _inside(node)
        item_uri = _uri_of(node) if node.name == "Item" else uri
        children: list[Node] = []
        if node.name in ("Status", "Results") and place is not None:
            children.append(Node("answers", sign=self.reference(place)))
        number = 0
        for child in node.children:
            child_path, child_place = f"{path}/{child.name}", place
            if child.name in COMMANDS and node.name in ("SyncBody", *COMMANDS):
                child_place = (*(place or ()), number)
                number += 1
            identity = identity_at(child_path, self.sender)
            if identity is not None and identity.treatment in (Treatment.ORDINAL, Treatment.REFERENCE):
                continue
            if child_path == "SyncHdr/SessionID":
                continue  # the session's alias stands above
            children.append(self.element(child, child_path, within, child_place, item_uri))
        text, sign = self.value(node, path, place, uri) if not inside else (node.text.strip() or None, None)
        return Node(
            node.name,
            namespace=None if node.namespace == expected else node.namespace,
            text=text,
            sign=sign,
            attributes=node.attributes,
            children=tuple(children),
        )

    def value(
        self, node: Unknown, path: str, place: tuple[int, ...] | None, uri: str | None
    ) -> tuple[str | None, str | None]:
        """A leaf's text, or the sign that stands for it."""
        text = node.text
        identity = identity_at(path, self.sender)
        if identity is None and node.name == "Data" and path.endswith("Item/Data") and uri is not None:
            identity = identity_at(uri, self.sender)
        if identity is not None and (sign := self.outer.sign(identity, text)) != text:
            return None, sign
        if node.name in ("TargetRef", "SourceRef"):
            return self.plain(text, is_reference=True)
        if path.endswith("Item/Data") and place not in self.to_the_letter:
            return self.plain(text, is_reference=False)
        return text, None

    def plain(self, text: str, *, is_reference: bool) -> tuple[str | None, str | None]:
        """A text that counts, unless it is a known device's id, the server's address, or volatile as a whole."""
        known = self.outer.aliases.known(Role.DEVICE, text)
        if known is not None:
            return None, known
        if is_reference:
            shown = without_host(text)
            return (text, None) if shown == text else (None, shown)
        kind = volatile_kind(text)
        if kind is None:
            return text, None
        return None, "{time}" if kind == "time" else self.outer.aliases.of_kind(kind, text)

    def reference(self, place: tuple[int, ...]) -> str:
        """What a Status or Results answers: the peer's message by its ordinal in the session, and the command by its path."""
        found = self.references.get((id(self.turn), self.side, place))
        if found is None or found.to is None:
            return "{nothing that was sent}"
        return f"{{{self.outer.names.of(self.session, found.to)}}}"


def _inside(node: Unknown) -> bool:
    return bool(node.children)


def _uri_of(item: Unknown) -> str | None:
    """The LocURI of an item: its Target's, else its Source's."""
    for name in ("Target", "Source"):
        for child in item.children:
            if child.name == name:
                for part in child.children:
                    if part.name == "LocURI":
                        return part.text
    return None


def _end(exchange: Exchange) -> str | None:
    """How an exchange ended without a whole answer; None where it did not."""
    if exchange.failure is not None:
        return f"ended: {exchange.failure.cause}"
    return "no answer" if exchange.response is None and exchange.url is not None else None


def without_host(url: str) -> str:
    """A URL with its scheme, host and port replaced by `{server}`; any other text as it stands."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return url
    if parts.scheme.lower() not in ("http", "https") or not parts.netloc:
        return url
    query = f"?{parts.query}" if parts.query else ""
    return f"{{server}}{parts.path}{query}"
