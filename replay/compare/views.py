"""A capture made ready to be compared: each message in its normal form, with the digests by which equal ones are known."""

import itertools
import re
from collections.abc import Hashable, Iterator
from functools import cached_property
from typing import Final

from msgspec import Struct, field

from replay.capture.exchange import Exchange
from replay.capture.references import REQUEST, RESPONSE
from replay.capture.sessions import Session, Traffic
from replay.capture.turns import DM, ENROLMENT, OPAQUE, Turn
from replay.compare.keys import Counter, Keys, SessionKey, head_of, is_there
from replay.compare.shapes import Mark, digest_of, mark_of, shape_of
from replay.normal.form import Normaliser, Profile, first_of, normal_others, without_host
from replay.normal.identities import Role
from replay.normal.nodes import Node, NormalMessage
from replay.syncml.model import Message, Results, Status

#: Where a command was sent: which turn of its session (from 0), which side, and its place; no place is SyncHdr.
Target = tuple[int, str, tuple[int, ...]]

_LATE: Final = re.compile(r", after the request of S([0-9]+)$")


class MessageView(Struct, kw_only=True, dict=True):
    """One side of an exchange. `http` is what HTTP says of it, by path; `carried` whether the capture carries that at all.
    `there` says whether there was anything to see of this side. `targets` is what each Status and Results in it answers, in
    their order; `heard` is the turn with the peer's last message before it. `late` is the session whose request came before this
    answer. `end` is how the exchange ended without a whole answer."""

    exchange: Exchange
    side: str
    turn: int
    there: bool
    http: tuple[tuple[str, str], ...] = ()
    carried: bool
    counter: Counter | None = None
    node: Node | None = None
    message: Message | None = None
    problem: str | None = None
    targets: tuple[Target | None, ...] = ()
    heard: int | None = None
    header_marks: tuple[Mark, ...] = ()
    late: "SessionView | None" = None
    end: str | None = None

    @property
    def number(self) -> int:
        """The exchange's number."""
        return self.exchange.number

    @cached_property
    def shape(self) -> bytes:
        """The digest of the message itself."""
        return self._shaped[0]

    @cached_property
    def marks(self) -> tuple[Mark, ...]:
        """The aliases in its headers and in the message."""
        return self.header_marks + self._shaped[1]

    @cached_property
    def _shaped(self) -> tuple[bytes, tuple[Mark, ...]]:
        return shape_of(self.node) if self.node is not None else (digest_of(self.problem), ())

    @cached_property
    def digest(self) -> bytes:
        """The digest of all of it, apart from aliases and references."""
        since = self.counter.since if self.counter else None
        return digest_of(self.there, self.shape, self.http, self.carried, since, self.problem, self.end)


class ExchangeView(Struct, dict=True):
    """An exchange of a session."""

    turn: Turn
    request: MessageView
    response: MessageView

    @cached_property
    def digest(self) -> bytes:
        """The digest of both sides, apart from aliases and references."""
        return digest_of(self.request.digest, self.response.digest)

    @property
    def order(self) -> float:
        """Its place among all events."""
        return self.turn.exchange.order

    @property
    def sides(self) -> tuple[MessageView, MessageView]:
        """Request and response."""
        return self.request, self.response


class SessionView(Struct, dict=True):
    """A session of a chain. `first` is the MsgID that it begins with where that is not 1; `enrolment` counts the enrolments of its
    chain; `marks` are all aliases in it, in order. Its exchanges are made ready when somebody looks at them: most sessions are
    equal to others, and known by their keys."""

    session: Session
    first: str | None
    enrolment: int
    key: SessionKey
    within: "_Within"

    @property
    def number(self) -> int:
        """The session's number."""
        return self.session.number

    @property
    def marks(self) -> tuple[Mark, ...]:
        """The aliases in it, in order."""
        return self.key.marks

    @property
    def has_late_answers(self) -> bool:
        """Whether any of its answers came after a later request."""
        late = self.within.normal.late
        return bool(late) and any(turn.number in late for turn in self.session.turns)

    @cached_property
    def role(self) -> str:
        """What it is in an unenrolment."""
        return "+".join(self.session.roles)

    @cached_property
    def exchanges(self) -> list[ExchangeView]:
        """Its exchanges, in order."""
        return self.within.exchanges(self)

    @property
    def digest(self) -> bytes:
        """The digest of all of it, apart from aliases: what is referred to is the same as well."""
        counters = self.key.counters
        key = self.key.number, tuple((place, each.since) for place, each in counters.items()) if counters else ()
        known = self.within.digests.get(key)
        if known is None:
            known = self.within.digests[key] = self.own_digest
        return known

    @property
    def own_digest(self) -> bytes:
        """The same, worked out from its own exchanges."""
        sides = [(each.digest, each.request.targets, each.response.targets) for each in self.exchanges]
        return digest_of(self.first, *sides)


class Chain(Struct, dict=True):
    """All sessions of a device at a server, across its enrolments there, in order of time. `names` are device and server as they
    stand; `server` has the path alone."""

    names: tuple[str | None, str]
    device: Mark | None
    server: str
    sessions: list[SessionView] = field(default_factory=list)

    @cached_property
    def digest(self) -> bytes:
        """The digest of all of it, apart from aliases."""
        return digest_of(self.server, *(each.digest for each in self.sessions))


class Other(Struct, frozen=True):
    """What belongs to no session: a line that says all that counts of it, and its turn; None for the capture's own damage."""

    line: str
    turn: Turn | None

    @property
    def enrols(self) -> bool:
        """Whether it is an enrolment request."""
        return self.turn is not None and self.turn.kind == ENROLMENT

    @property
    def head(self) -> str:
        """What it is, without what is in it: method and path."""
        return self.line.partition(": ")[0]


class CaptureView(Struct, dict=True):
    """A capture: its chains, in order of their first message, and what belongs to no session."""

    chains: list[Chain]
    others: list[Other]

    @cached_property
    def digest(self) -> bytes:
        """A digest of everything, aliases included, which tells two captures apart wherever anything differs that counts."""
        marks = [each.marks for chain in self.chains for each in chain.sessions]
        return digest_of(*(each.digest for each in self.chains), marks, [each.line for each in self.others])

    @property
    def carried(self) -> bool:
        """Whether the capture carries HTTP in any session."""
        return any(_request_carried(turn.exchange) or _response_carried(turn.exchange) for turn in self._turns())

    @property
    def carried_throughout(self) -> bool:
        """Whether the capture carries HTTP for every message in a session."""
        return all(
            (_request_carried(turn.exchange) or not is_there(turn))
            and (_response_carried(turn.exchange) or turn.exchange.response is None)
            for turn in self._turns()
        )

    def _turns(self) -> Iterator[Turn]:
        return (turn for chain in self.chains for session in chain.sessions for turn in session.session.turns)

    def messages(self) -> Iterator[MessageView]:
        """Every side of every exchange that is in a session."""
        for chain in self.chains:
            for session in chain.sessions:
                for exchange in session.exchanges:
                    yield from exchange.sides


def view(traffic: Traffic, profile: Profile | None = None) -> CaptureView:
    """A capture made ready to be compared."""
    chains: dict[tuple[str | None, str], Chain] = {}
    normal = Normaliser(traffic, profile or Profile())
    keys = Keys(normal)
    digests: dict[Hashable, bytes] = {}
    for enrolment in traffic.enrolments:
        names = (enrolment.device, enrolment.server)
        chain = chains.get(names)
        if chain is None:
            device = mark_of(normal.aliases.of(Role.DEVICE, enrolment.device)) if enrolment.device is not None else None
            chain = chains[names] = Chain(names, device, without_host(enrolment.server))
        number = chain.sessions[-1].enrolment + 1 if chain.sessions else 1
        within = _Within(normal, digests)
        within.sessions += (
            SessionView(each, first_of(each), number, keys.of(each), within) for each in enrolment.sessions
        )
        chain.sessions += within.sessions
    for chain in chains.values():
        _count_steps(chain)
    return CaptureView(list(chains.values()), _others(traffic))


class _Within(Struct):
    """What the sessions of an enrolment have in common: what makes normal forms, the digests by key, and each other."""

    normal: Normaliser
    digests: dict[Hashable, bytes]
    sessions: list[SessionView] = field(default_factory=list)

    def exchanges(self, view: SessionView) -> list[ExchangeView]:
        """The exchanges of one of them, made ready."""
        session, normal = view.session, self.normal.session(view.session)
        targets = _targets(session)
        found = [
            _exchange(place, turn, sides, targets)
            for place, (turn, sides) in enumerate(zip(session.turns, normal.exchanges, strict=True))
        ]
        _say_what_was_heard(found)
        for exchange, sides in zip(found, normal.exchanges, strict=True):
            exchange.request.counter = view.key.counters.get(exchange.request.turn)
            late = _LATE.search(sides[1].line) if len(sides) > 1 else None
            exchange.response.late = self.sessions[int(late[1]) - 1] if late else None
        return found


def _targets(session: Session) -> dict[tuple[int, str], list[Target | None]]:
    """What each Status and Results of a session answers, by turn and side."""
    places = {id(turn): place for place, turn in enumerate(session.turns)}
    found: dict[tuple[int, str], list[Target | None]] = {}
    for reference in session.references():
        if isinstance(reference.answer.command, (Status, Results)):
            key, to = (places[id(reference.answer.turn)], reference.answer.side), reference.to
            found.setdefault(key, []).append(None if to is None else (places[id(to.turn)], to.side, to.place))
    return found


def _say_what_was_heard(exchanges: list[ExchangeView]) -> None:
    """Says of each message in which turn the peer's last message before it was."""
    answered = None
    for exchange in exchanges:
        exchange.request.heard = answered
        exchange.response.heard = exchange.request.turn
        if exchange.response.message is not None:
            answered = exchange.response.turn


def _exchange(
    place: int, turn: Turn, sides: tuple[NormalMessage, ...], targets: dict[tuple[int, str], list[Target | None]]
) -> ExchangeView:
    exchange, response = turn.exchange, turn.exchange.response
    end = sides[-1].line if len(sides) > 1 + (response is not None) else None
    request = MessageView(
        exchange=exchange,
        side=REQUEST,
        turn=place,
        there=is_there(turn),
        http=_request_line(exchange),
        carried=_request_carried(exchange),
        node=sides[0].message,
        message=turn.request,
        problem=sides[0].problem,
        targets=tuple(targets.get((place, REQUEST), ())),
        end=end if response is None else None,
    )
    _take_headers(request, sides[0])
    answer = MessageView(exchange=exchange, side=RESPONSE, turn=place, there=False, carried=False)
    if response is not None:
        answer = MessageView(
            exchange=exchange,
            side=RESPONSE,
            turn=place,
            there=True,
            http=(("HTTP/status", str(response.status)), ("HTTP/by", response.by)),
            carried=_response_carried(exchange),
            node=sides[1].message,
            message=turn.response,
            problem=sides[1].problem,
            targets=tuple(targets.get((place, RESPONSE), ())),
            end=end,
        )
        _take_headers(answer, sides[1])
    return ExchangeView(turn, request, answer)


def _request_line(exchange: Exchange) -> tuple[tuple[str, str], ...]:
    line = (("HTTP/method", exchange.method or "POST"),)
    return line if exchange.url is None else (*line, ("HTTP/url", without_host(exchange.url)))


def _take_headers(side: MessageView, normal: NormalMessage) -> None:
    """The headers that count, by their paths, their aliases blanked and noted."""
    head = head_of(normal.headers)
    side.http += head.shown
    side.header_marks = head.marks


def _request_carried(exchange: Exchange) -> bool:
    """Whether the capture carries what HTTP says of a request."""
    return exchange.url is not None or bool(exchange.headers)


def _response_carried(exchange: Exchange) -> bool:
    """The same of a response."""
    response = exchange.response
    return response is not None and (exchange.url is not None or bool(response.headers) or bool(response.http))


def _count_steps(chain: Chain) -> None:
    """Says of each correlation vector how far it is from the last one with its base: `.0.+1` after `.0.4` is `.0.5`."""
    last: dict[tuple[int, str], int] = {}
    found = [
        (view.session.turns[place].exchange.order, view.key.counters, place)
        for view in chain.sessions
        if view.key.counters
        for place in view.key.counters
    ]
    for _, counters, place in sorted(found, key=lambda each: each[0]):
        counter = counters[place]
        above, _, number = counter.text.rpartition(".")
        if not number.isdecimal() or len(number) > 18:
            continue
        key = (counter.base, above)
        if key in last:
            counters[place] = Counter(counter.base, counter.text, f"{above}.{int(number) - last[key]:+}")
        last[key] = int(number)


def _others(traffic: Traffic) -> list[Other]:
    """What belongs to no session, as the normal form says it, with the exchanges."""
    turns = [
        turn for turn in traffic.turns if traffic.session_of(turn) is None and turn.kind in (DM, OPAQUE, ENROLMENT)
    ]
    lines = normal_others(traffic)
    return [Other(line, turn) for line, turn in itertools.zip_longest(lines, turns)]
