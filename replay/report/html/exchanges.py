"""The sessions of a capture with their exchanges and messages, as the page lists them, and which of them it shows in full.

A page must open without freezing. Of a large capture, only messages that a finding stands in or that belong to an unenrolment
are shown in full, the former first, until `_ROOM` is taken; of a very large one, only sessions with such messages are listed
besides the first ones. What is left out is counted, and `omadm show` has all of it.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Final

from msgspec import Struct

from replay.capture.exchange import Exchange
from replay.capture.references import REQUEST, RESPONSE
from replay.capture.sessions import Session
from replay.capture.times import iso
from replay.capture.turns import ENROLMENT, OPAQUE, OTHER, Turn
from replay.normal.form import normal_form
from replay.report.html.bodies import BODY, Body, body_of, normal_sides
from replay.report.html.marks import Mark, Sheet
from replay.report.html.words import ended
from replay.report.tree import describe
from replay.syncml.codes import meaning_of
from replay.syncml.model import Command, Group, Message
from replay.syncml.names import COMMANDS

#: Up to so many exchanges a capture is shown in full, as far as there is room.
SMALL: Final = 400
#: Exchanges that are listed.
LISTED: Final = 4_000
#: Characters of bodies that are shown in full, in all forms together.
_ROOM: Final = 4_000_000
#: What a body becomes in the page, measured by its length: elements, normal form and text, with their tags; and for each.
_FORMS, _EACH = 6, 2_000
_MOST_COMMANDS: Final = 200
#: Exchanges that are listed of one session at most.
_MOST_OF_SESSION: Final = 400
#: Sessions that broke the silence whose messages are shown in full at most.
_MOST_BROKEN: Final = 12
_SIDES: Final = (REQUEST, RESPONSE)
_FORM_WORDS: Final = {"xml": "XML", "wbxml": "WBXML"}
_KINDS: Final = {
    OTHER: "not OMA DM",
    ENROLMENT: "an enrolment request",
    OPAQUE: "a PKCS#7 envelope, which cannot be read",
}


class CommandView(Struct, frozen=True):
    """A command in a line, how deep it stands, what its code means, and the findings in it."""

    text: str
    depth: int
    meaning: str
    marks: list[Mark]


class MessageView(Struct, frozen=True):
    """A message: who sent it, what it is, its commands (`more` are not listed), the findings on it, those of them that are
    `overall` and on no command, and the message in full where it is shown."""

    anchor: str
    side: str
    title: str
    problem: str
    commands: list[CommandView]
    more: int
    marks: list[Mark]
    overall: list[Mark]
    body: Body | None


class ExchangeView(Struct, frozen=True):
    """An exchange: when, what was asked for, what became of it, and its messages."""

    anchor: str
    number: int
    at: str
    target: str
    outcome: str
    kind: str
    messages: list[MessageView]


class SessionView(Struct, frozen=True):
    """A session, or (`number` None) what belongs to none; `left_out` counts exchanges of it that are not listed."""

    number: int | None
    title: str
    roles: list[str]
    at: str
    exchanges: list[ExchangeView]
    left_out: int
    marks: list[Mark]


class Listing(Struct, frozen=True):
    """The sessions of a capture: those that are listed, how many are not, and of how many exchanges the messages are in full."""

    sessions: list[SessionView]
    sessions_left_out: int
    exchanges: int
    in_full: int
    normalized: bool
    anchors: set[str]


def listing(sheet: Sheet) -> Listing:
    """The sessions of a capture as the page lists them."""
    traffic = sheet.judgement.traffic
    if traffic is None:
        return Listing([], 0, 0, 0, False, set())
    return _Lister(sheet).listing()


class _Lister:
    """Lists one capture."""

    def __init__(self, sheet: Sheet) -> None:
        self.sheet, self.anchors = sheet, sheet.anchors
        self.matter = dict.fromkeys(number for number in _that_matter(sheet) if number in sheet.turns)
        small = len(sheet.turns) <= SMALL
        self.full = _with_room([*self.matter, *(sheet.turns if small else ())], sheet)
        self.normal = _normal_sides_of(sheet, self.full) if self.full and len(sheet.turns) <= LISTED else {}
        self.listed: set[str] = set()

    def listing(self) -> Listing:
        """The sessions that matter, and as many others as there is room for, in order; then what belongs to none."""
        sessions, room = self.sheet.judgement.sessions, LISTED
        first = [each for each in sessions if any(turn.number in self.matter for turn in each.turns)]
        chosen: set[int] = set()
        for each in (*first, *sessions):
            if room > 0 and each.number not in chosen:
                room -= min(len(each.turns), _MOST_OF_SESSION)
                chosen.add(each.number)
        made = [self._session(each) for each in sessions if each.number in chosen]
        others = [turn for turn in self.sheet.turns.values() if turn.number not in self.sheet.sessions_of]
        if others:
            exchanges, left_out, marks = self._exchanges(others)
            made.append(SessionView(None, "in no session", [], "", exchanges, left_out, marks))
        return Listing(
            sessions=made,
            sessions_left_out=len(sessions) - len(chosen),
            exchanges=len(self.sheet.turns),
            in_full=len(self.full),
            normalized=bool(self.normal),
            anchors=self.listed,
        )

    def _session(self, session: Session) -> SessionView:
        exchanges, left_out, marks = self._exchanges(session.turns)
        title = f"SessionID {session.session_id}, device {session.device} at {session.server}"
        at = iso(session.at.wall) if session.at else ""
        return SessionView(session.number, title, session.roles, at, exchanges, left_out, marks)

    def _exchanges(self, turns: list[Turn]) -> tuple[list[ExchangeView], int, list[Mark]]:
        """The exchanges that are listed of these, how many are not, and everything that is marked in any of them."""
        ranked = sorted(turns, key=lambda turn: turn.number not in self.matter)[:_MOST_OF_SESSION]
        numbers = {turn.number for turn in ranked}
        views = [self._exchange(turn) for turn in turns if turn.number in numbers]
        marks = {mark.rule: mark for turn in turns for side in _SIDES for mark in self._marks(turn, side)}
        return views, len(turns) - len(views), list(marks.values())

    def _marks(self, turn: Turn, side: str) -> list[Mark]:
        return self.sheet.marks.on(turn.number, side)

    def _exchange(self, turn: Turn) -> ExchangeView:
        exchange, anchor = turn.exchange, self.anchors.exchange(turn.number)
        self.listed.add(anchor)
        sides = _SIDES if turn.kind != OTHER or turn.number in self.matter else ()
        messages = [view for side in sides if (view := self._message(turn, side)) is not None]
        self.listed.update(view.anchor for view in messages)
        return ExchangeView(
            anchor=anchor,
            number=turn.number,
            at=iso(exchange.at.wall) if exchange.at else "",
            target=f"{exchange.method or ''} {exchange.url or ''}".strip(),
            outcome=_outcome(exchange),
            kind=_KINDS.get(turn.kind, ""),
            messages=messages,
        )

    def _message(self, turn: Turn, side: str) -> MessageView | None:
        """One side of an exchange, where there is anything to show of it."""
        exchange, response = turn.exchange, turn.exchange.response
        if side == REQUEST:
            message, error, there = turn.request, turn.request_error, exchange.body is not None
        else:
            message, error, there = turn.response, turn.response_error, response is not None
        marks = self.sheet.marks.placed(turn.number, side)
        if not there and not marks:
            return None
        commands = list(message.walk()) if message is not None else []
        return MessageView(
            anchor=self.anchors.message(turn.number, side),
            side=side,
            title=_title(turn, side, message),
            problem=str(error) if error is not None else "",
            commands=_commands(message, marks)[:_MOST_COMMANDS] if message is not None else [],
            more=max(len(commands) - _MOST_COMMANDS, 0),
            marks=list({mark.rule: mark for found in marks.values() for mark in found}.values()),
            overall=[mark for path, found in marks.items() for mark in found if not _on_command(path)],
            body=self._body(turn, side, message, marks) if turn.number in self.full and there else None,
        )

    def _body(self, turn: Turn, side: str, message: Message | None, marks: dict[str, list[Mark]]) -> Body:
        exchange, response = turn.exchange, turn.exchange.response
        normal = self.normal.get(turn.number, ([], []))[side != REQUEST]
        if side == REQUEST or response is None:
            first = " ".join(part for part in (exchange.method, exchange.url, exchange.http) if part)
            return body_of(first, exchange.headers, exchange.body, message, normal, marks)
        first = " ".join(part for part in (response.http or "HTTP", str(response.status), response.reason) if part)
        return body_of(first, response.headers, response.body, message, normal, marks)


def _that_matter(sheet: Sheet) -> Iterator[int | None]:
    """Numbers of the exchanges that are shown in full before all others, the most telling first."""
    yield from (finding.exchange for finding in sheet.judgement.findings)
    for judged in sheet.judgement.episodes:
        yield from sorted(judged.case.own_exchanges)
        broken_by = judged.case.silence.broken_by[:_MOST_BROKEN] if judged.case.silence else ()
        yield from (turn.number for session in broken_by for turn in session.turns)


def _with_room(numbers: Iterable[int], sheet: Sheet) -> set[int]:
    """As many of these exchanges as there is room for, in their order; the first one always."""
    taken, found = 0, set[int]()
    for number in dict.fromkeys(numbers):
        exchange = sheet.turns[number].exchange
        bodies = (exchange.body, exchange.response.body if exchange.response else None)
        taken += sum(min(len(body), BODY) * _FORMS + _EACH for body in bodies if body is not None)
        if taken > _ROOM and found:
            break
        found.add(number)
    return found


def _normal_sides_of(sheet: Sheet, wanted: set[int]) -> dict[int, tuple[list[str], list[str]]]:
    """The normal forms of these exchanges: of the device's side, and of the server's."""
    traffic, found = sheet.judgement.traffic, {}
    if traffic is None:
        return {}
    for enrolment, normal in zip(traffic.enrolments, normal_form(traffic), strict=True):
        for session, made in zip(enrolment.sessions, normal.sessions, strict=True):
            for place, turn in enumerate(session.turns):
                if turn.number in wanted:
                    found[turn.number] = normal_sides(normal, made, place)
    return found


def _outcome(exchange: Exchange) -> str:
    """What became of a request, in words."""
    response = exchange.response
    parts = []
    if response is not None:
        parts.append(f"HTTP {response.status}" + (" by the proxy" if response.by == "proxy" else ""))
    if exchange.failure is not None or (response is None and exchange.url is not None):
        parts.append(ended(exchange.failure))
    return ", ".join(parts)


def _title(turn: Turn, side: str, message: Message | None) -> str:
    """What a message is, in words."""
    who = "the device" if side == REQUEST else "the server"
    response = turn.exchange.response
    if side == RESPONSE and response is not None and response.by == "proxy":
        who = "the proxy, in the server's place"
    if message is None:
        content = turn.exchange.body if side == REQUEST else (response.body if response is not None else None)
        return f"{who}: {'a body' if content else 'no body'}"
    final = ", Final" if message.final else ""
    return f"{who}: message {message.header.msg_id} in {_FORM_WORDS.get(message.form, message.form)}{final}"


def _on_command(path: str) -> bool:
    """Whether a path leads to a command, or into one."""
    head, _, rest = path.partition("/")
    return head == "SyncBody" and rest.partition("/")[0].partition("[")[0] in COMMANDS


def _commands(message: Message, marks: dict[str, list[Mark]]) -> list[CommandView]:
    """The commands of a message, with the findings on each and on what is in it."""
    views = []
    for path, depth, command in _paths(message.commands, "SyncBody", 0):
        found = [
            m for place, several in marks.items() if place == path or place.startswith(f"{path}/") for m in several
        ]
        nested = isinstance(command, Group)
        own = [m for m in found if not nested or m in marks.get(path, ())]
        views.append(CommandView(describe(command), depth, meaning_of(command) or "", own))
    return views


def _paths(commands: Iterable[Command], above: str, depth: int) -> Iterator[tuple[str, int, Command]]:
    """Every command with its path, as findings write it, and its depth in Atomic and Sequence."""
    several = list(commands)
    names, counts = Counter(command.name for command in several), Counter[str]()
    for command in several:
        counts[command.name] += 1
        path = f"{above}/{command.name}" + (f"[{counts[command.name]}]" if names[command.name] > 1 else "")
        yield path, depth, command
        if isinstance(command, Group):
            yield from _paths(command.commands, path, depth + 1)
