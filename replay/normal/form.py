"""The normal form of a capture: what is left when identities have aliases and volatile values are masked (facts C).

Two captures that differ only in what is volatile have equal normal forms. XML and WBXML, prefixes, the order of
attributes and insignificant white space are gone with the model; numbers are gone with the references.
"""

import bisect
import re
from functools import lru_cache
from urllib.parse import urlsplit

from msgspec import Struct, structs

from replay.capture.exchange import Headers
from replay.capture.references import REQUEST, RESPONSE, Reference
from replay.capture.sessions import Enrolment, Session, Traffic
from replay.capture.turns import DM, ENROLMENT, OPAQUE, Turn, host_of
from replay.normal.aliases import Aliases
from replay.normal.identities import Identity, Role, Treatment, header_identity, identity_at, node_identity
from replay.normal.masks import volatile_kind
from replay.normal.nodes import Node, NormalEnrolment, NormalMessage, NormalSession
from replay.normal.oddities import Oddities
from replay.normal.sent import SentNames
from replay.normal.sides import SENDER, end_of, headers_of, problem_of, unread
from replay.syncml.media import media_type
from replay.syncml.model import Command, Group, Message, Unknown
from replay.syncml.names import COMMANDS, METINF
from replay.syncml.unenrol import alerts, execs
from replay.syncml.write import command_tree, tree

#: What does not count in a content type, and in a MAC's header (facts C: presence and type are kept).
_ENCODING = re.compile(r"\+(xml|wbxml)$")
_MAC = re.compile(r"(\b(?:mac|username)\s*=\s*)(\"[^\"]*\"|[^,\s]+)", re.IGNORECASE)
#: Commands whose form is remembered.
_MOST_COMMANDS = 50_000


class Profile(Struct, frozen=True):
    """What else does not count: `other_machines` masks what names the machine (DevInfo Man, Mod and Lang, the OS build), for
    captures of different machines; `lengths` keeps the lengths of masked values."""

    other_machines: bool = False
    lengths: bool = False


def normal_form(traffic: Traffic, profile: Profile | None = None, *, only: int | None = None) -> list[NormalEnrolment]:
    """The normal form of a capture, an enrolment after the other in order of their first use; of one session alone where
    `only` is its number. The aliases are those of the whole capture."""
    maker = Normaliser(traffic, profile or Profile())
    made = [maker.enrolment(each) for each in traffic.enrolments]
    if only is None:
        return made
    alias = maker.sessions.get(only)
    mine = {session.enrolment.number for session in traffic.sessions if session.number == only}
    return [
        structs.replace(
            each,
            sessions=tuple(session for session in each.sessions if session.alias == alias),
            order=tuple(name for name in each.order if name == alias),
        )
        for each, enrolment in zip(made, traffic.enrolments, strict=True)
        if enrolment.number in mine
    ]


class Normaliser:
    """What makes the normal form of a capture. Aliases are numbered by first use: whoever makes sessions one by one has to begin
    with the first and leave none out, unless the values in them were given their aliases in that order before."""

    def __init__(self, traffic: Traffic, profile: Profile) -> None:
        self.profile = profile
        self.aliases = Aliases()
        self.names = SentNames()
        self.sessions: dict[int, str] = {}
        self.late: dict[int, str] = {}
        self.commands: dict[tuple[object, ...], Node] = {}
        self.devices = {enrolment.device for enrolment in traffic.enrolments if enrolment.device is not None}
        self.hosts = {host_of(turn.exchange.url) for turn in traffic.turns if turn.kind == DM and turn.exchange.url}
        for enrolment in traffic.enrolments:
            if enrolment.device is not None:
                self.aliases.of(Role.DEVICE, enrolment.device)
            for number, session in enumerate(enrolment.sessions, 1):
                self.sessions[session.number] = f"S{number}"
            self._note_late_answers(enrolment)

    def enrolment(self, enrolment: Enrolment) -> NormalEnrolment:
        """A device at a server, with its sessions."""
        turns = sorted(
            ((turn.exchange.order, session) for session in enrolment.sessions for turn in session.turns),
            key=lambda pair: pair[0],
        )
        return NormalEnrolment(
            self.aliases.of(Role.DEVICE, enrolment.device) if enrolment.device else "{no device}",
            without_host(enrolment.server),
            tuple(self.session(session) for session in enrolment.sessions),
            tuple(self.sessions[session.number] for _, session in turns),
        )

    def _note_late_answers(self, enrolment: Enrolment) -> None:
        """Which answers came after a later request of the enrolment: the order of Exec and alert must be seen."""
        if len(enrolment.sessions) == 1 == len(enrolment.sessions[0].turns):
            return
        pairs = sorted(
            ((turn, session) for session in enrolment.sessions for turn in session.turns),
            key=lambda pair: pair[0].exchange.order,
        )
        sent: list[float] = [turn.exchange.order for turn, _ in pairs]
        for place, (turn, _) in enumerate(pairs):
            response = turn.exchange.response
            if response is not None:
                after = bisect.bisect_left(sent, response.order) - 1
                if after > place:
                    self.late[turn.number] = f", after the request of {self.sessions[pairs[after][1].number]}"

    def session(self, session: Session) -> NormalSession:
        """A session."""
        references = {(id(ref.answer.turn), ref.answer.side, ref.answer.place): ref for ref in session.references()}
        return NormalSession(
            self.sessions[session.number],
            first_of(session),
            tuple(self.exchange(session, turn, references) for turn in session.turns),
        )

    def exchange(
        self, session: Session, turn: Turn, references: dict[tuple[int, str, tuple[int, ...]], Reference]
    ) -> tuple[NormalMessage, ...]:
        """The sides of an exchange, with what each Status and Results in its session answers, by turn, side and place."""
        exchange, response = turn.exchange, turn.exchange.response

        def normal(side: str, message: Message | None) -> Node | None:
            if message is None:
                return None
            return MessageNormaliser(self, session, turn, side, message, references).root()

        url = without_host(exchange.url) if exchange.url else ""
        sides = [
            NormalMessage(
                "device",
                f"{exchange.method or 'POST'} {url}".rstrip(),
                self.headers(exchange.headers, REQUEST),
                normal(REQUEST, turn.request),
                problem_of(turn, REQUEST),
            )
        ]
        if response is not None:
            by = ", made by the proxy" if response.by == "proxy" else ""
            by += self.late.get(turn.number, "")
            sides.append(
                NormalMessage(
                    "server",
                    f"HTTP {response.status}{by}",
                    self.headers(response.headers, RESPONSE),
                    normal(RESPONSE, turn.response),
                    problem_of(turn, RESPONSE),
                )
            )
        if (end := end_of(exchange)) is not None:
            sides.append(NormalMessage("server", end, (), None))
        return tuple(sides)

    def headers(self, headers: Headers, side: str) -> tuple[tuple[str, str], ...]:
        """The headers that count of a request or response, in a fixed order."""
        return self.headers_in_order(headers_of(headers, side), SENDER[side])

    def headers_in_order(self, headers: Headers, sender: str) -> tuple[tuple[str, str], ...]:
        """The same of those that were looked out before (`headers_of`)."""
        found = []
        for name, value in headers:
            shown = value
            if name == "content-type":
                shown = _ENCODING.sub("+xml|+wbxml", media_type(value))
            identity = header_identity(name, sender)
            if identity is not None and name == "x-syncml-hmac":
                shown = _MAC.sub(r"\1{mac}", shown)
            elif identity is not None:
                shown = self.sign(identity, shown)
            found.append((name, shown))
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
        parts = value.split(maxsplit=1) if identity.place == "HTTP/authorization" else []
        scheme = f"{parts[0]} " if len(parts) == 2 else ""
        length = f", {len(value)} characters" if self.profile.lengths else ""
        return f"{scheme}{{{identity.role}{length}}}"

    def leaf(self, name: str, path: str, uri: str | None, text: str, sender: str) -> tuple[str | None, str | None]:
        """The text of an element of this name and path below SyncML, or the sign that stands for it; `uri` is the LocURI of the
        item around it."""
        if not text:  # what is empty names nothing, and is seen to be empty
            return text, None
        identity = identity_at(path, sender)
        if identity is None and uri is not None and path.endswith("Item/Data"):
            identity = node_identity(uri, sender)
        if identity is not None and (sign := self.sign(identity, text)) != text:
            return None, sign
        if name in ("TargetRef", "SourceRef"):
            return self._plain(text, is_reference=True)
        if path.endswith("Item/Data"):
            return self._plain(text, is_reference=False)
        return text, None

    def _plain(self, text: str, *, is_reference: bool) -> tuple[str | None, str | None]:
        """A text that counts, unless it is a known device's id, the server's address, or volatile as a whole."""
        if text in self.devices:
            return None, self.aliases.of(Role.DEVICE, text)
        if is_reference or host_of(text) in self.hosts:
            shown = without_host(text)
            return (text, None) if shown == text else (None, shown)
        kind = volatile_kind(text)
        if kind is None:
            return text, None
        return None, "{time}" if kind == "time" else self.aliases.of_kind(kind, text)


class MessageNormaliser:
    """One message: its elements in canonical order, with signs where values do not count."""

    def __init__(
        self,
        outer: Normaliser,
        session: Session,
        turn: Turn,
        side: str,
        message: Message,
        references: dict[tuple[int, str, tuple[int, ...]], Reference],
    ) -> None:
        self.outer, self.session, self.turn, self.side, self.message = outer, session, turn, side, message
        self.references = references
        self.sender = SENDER[side]
        self.oddities = Oddities(session, turn, side, message)
        self.to_the_letter = {each.place for each in alerts(message)} | {each.place for each in execs(message)}

    def root(self) -> Node:
        """The message; its commands are made one by one."""
        root = tree(structs.replace(self.message, commands=()))
        made = [self.element(child, child.name, root.namespace, None, None) for child in root.children]
        if self.message.commands:
            place = next(place for place, child in enumerate(root.children) if child.name == "SyncBody")
            made[place] = self.with_commands(made[place], root.namespace)
        return Node("SyncML", namespace=root.namespace, children=tuple(made))

    def with_commands(self, body: Node, namespace: str) -> Node:
        """SyncBody with its commands, which stand behind a Final that is not the last, and before everything else."""
        begin = 1 if self.message.final and not self.message.final_is_last else 0
        commands = [self.command(each, (place,), namespace) for place, each in enumerate(self.message.commands)]
        return structs.replace(body, children=(*body.children[:begin], *commands, *body.children[begin:]))

    def command(self, command: Command, place: tuple[int, ...], namespace: str) -> Node:
        """A command. One that is the same to the letter, at a place where the same is said of it, has the same form, and devices
        and servers say the same things over and over."""
        if isinstance(command, Group):
            return self.element(command_tree(command, namespace), f"SyncBody/{command.name}", namespace, place, None)
        answers = self.reference(place) if command.name in ("Status", "Results") else None
        odd = self.oddities.of_command(command.cmd_id)
        key = (command, namespace, self.sender, place in self.to_the_letter, answers, odd)
        known = self.outer.commands.get(key)
        if known is None:
            node = command_tree(command, namespace)
            known = self.element(node, f"SyncBody/{command.name}", namespace, place, None)
            if len(self.outer.commands) < _MOST_COMMANDS:
                self.outer.commands[key] = known
        return known

    def element(self, node: Unknown, path: str, expected: str, place: tuple[int, ...] | None, uri: str | None) -> Node:
        """An element and what is in it. `place` is that of the command around it; `uri` the LocURI of the item around it."""
        namespace = None if node.namespace == expected else node.namespace
        children: list[Node] = []
        if path == "SyncHdr" or (place is not None and node.name in COMMANDS):
            if node.name in ("Status", "Results") and place is not None:
                children.append(Node("answers", None, None, self.reference(place)))
            children += self.odd(node, path, place)
        if not node.children:
            text, sign = self.value(node, path, place, uri)
            return Node(node.name, namespace, text, sign, node.attributes, tuple(children))
        within = METINF if node.name == "Meta" and node.namespace == self.message.namespace else node.namespace
        item_uri = _uri_of(node) if node.name == "Item" else uri
        holds_commands = node.name == "SyncBody" or node.name in COMMANDS
        number = 0
        for child in node.children:
            child_path, child_place = f"{path}/{child.name}", place
            if holds_commands and child.name in COMMANDS:
                child_place = (*(place or ()), number)
                number += 1
            if _is_number(child_path, self.sender):
                continue
            children.append(self.element(child, child_path, within, child_place, item_uri))
            if child.tail and child.tail.strip():
                children.append(Node("text", None, child.tail))
        return Node(node.name, namespace, node.text.strip() or None, None, node.attributes, tuple(children))

    def odd(self, node: Unknown, path: str, place: tuple[int, ...] | None) -> list[Node]:
        """What is odd about the numbers of a header or command, which do not count where they are in order."""
        if path == "SyncHdr":
            return [Node(name, sign=sign) for name, sign in self.oddities.header]
        if place is None or node.name not in COMMANDS or "/Item/" in path:
            return []
        given = next((child.text for child in node.children if child.name == "CmdID"), None)
        sign = self.oddities.of_command(given)
        return [Node("CmdID", sign=sign)] if sign else []

    def value(
        self, node: Unknown, path: str, place: tuple[int, ...] | None, uri: str | None
    ) -> tuple[str | None, str | None]:
        """A leaf's text, or the sign that stands for it."""
        text = node.text
        if place in self.to_the_letter and path.endswith("Item/Data"):
            return text, None
        return self.outer.leaf(node.name, path, uri, text, self.sender)

    def reference(self, place: tuple[int, ...]) -> str:
        """What a Status or Results answers: the peer's message by its ordinal in the session, and the command by its path."""
        found = self.references.get((id(self.turn), self.side, place))
        if found is None or found.to is None:
            return "{nothing that was sent}"
        return f"{{{self.outer.names.of(self.session, found.to)}}}"


def first_of(session: Session) -> str | None:
    """The MsgID that a session begins with where that is not 1; `none` where there is none."""
    first = session.turns[0].message_id
    return None if first == "1" else (first or "none")


def normal_others(traffic: Traffic) -> list[str]:
    """What belongs to no session, a line each, in order of time: messages that cannot be read, envelopes, enrolment requests, and
    what is wrong with the capture itself. A difference in them is one."""
    found = []
    for turn in traffic.turns:
        exchange = turn.exchange
        if traffic.session_of(turn) is not None or turn.kind not in (DM, OPAQUE, ENROLMENT):
            continue
        status = f"HTTP {exchange.response.status}" if exchange.response else end_of(exchange) or "no answer"
        what = {OPAQUE: "an envelope", ENROLMENT: "an enrolment request"}.get(turn.kind) or unread(exchange.body)
        found.append(f"{exchange.method or 'POST'} {without_host(exchange.url or '')}: {what}; {status}")
    return found + [f"the capture: {trouble.kind}" for trouble in traffic.capture.troubles]


@lru_cache(4096)
def _is_number(path: str, sender: str) -> bool:
    """Whether what stands there is a number that does not count: the session's alias stands above, commands are told by their
    order, and references by what they refer to."""
    identity = identity_at(path, sender)
    numbered = identity is not None and identity.treatment in (Treatment.ORDINAL, Treatment.REFERENCE)
    return numbered or path == "SyncHdr/SessionID"


def _uri_of(item: Unknown) -> str | None:
    """The LocURI of an item: its Target's, else its Source's."""
    for name in ("Target", "Source"):
        for child in item.children:
            if child.name == name:
                for part in child.children:
                    if part.name == "LocURI":
                        return part.text
    return None


@lru_cache(4096)
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
