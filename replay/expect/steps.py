"""A capture held against a scenario's steps (rule UNE022).

What happens in an enrolment is a row of happenings: commands of either side, sessions that are opened, answers. The steps
are followed along that row. At every moment a set of steps is acceptable: the one that stands, the optional ones after it,
and the next one that is required. A happening that meets none of them is nothing to a scenario, unless it meets a step that
is forbidden there, or one that stands elsewhere: then it departs, and the whole set that would have been accepted is named.
"""

import re
from collections.abc import Iterator
from functools import cache

from msgspec import Struct

from replay.capture.episodes import Episode
from replay.capture.exchange import Moment
from replay.capture.references import REQUEST, RESPONSE
from replay.capture.sessions import Session
from replay.capture.turns import Turn
from replay.expect.scenarios.model import Presence, Scenario, Step, What, Where
from replay.syncml.model import Alert, Command, Item, Meta, Status


class Happening(Struct, frozen=True):
    """One thing that a side did, in which order among all, and where it stands."""

    order: tuple[float, int]
    sender: str
    session: Session
    turn: Turn
    side: str
    place: tuple[int, ...] = ()
    command: Command | None = None
    what: What | None = None

    @property
    def at(self) -> Moment | None:
        """When it was."""
        response = self.turn.exchange.response
        return self.turn.exchange.at if self.side == REQUEST else (response.at if response else None)


class Departed(Struct, frozen=True):
    """A departure from a scenario: the step, how (`missing`, `forbidden`, `late`, `out of place`), what happened instead, what
    would have been accepted, seconds where it was late, and the other steps that are missing with it."""

    step: Step
    how: str
    happening: Happening | None
    accepted: tuple[Step, ...]
    seconds: float | None = None
    others: tuple[Step, ...] = ()


class Following(Struct, frozen=True):
    """What came of following a scenario: the departures, and the happenings that met steps, in order."""

    departures: tuple[Departed, ...]
    met: tuple[tuple[Step, Happening], ...]


def follow(scenario: Scenario, episode: Episode) -> Following:
    """Holds an episode against the steps of a scenario."""
    walk = _Walk(scenario.steps)
    for happening in happenings(scenario, episode):
        walk.take(happening)
    walk.end()
    return Following(tuple(walk.departures), tuple(walk.met))


def happenings(scenario: Scenario, episode: Episode) -> list[Happening]:
    """What happened in an episode, in order, from where the scenario begins until the next episode does."""
    begin = _begin(scenario, episode)
    found = []
    for session in episode.enrolment.sessions:
        for turn in session.turns:
            found += [each for each in _of_turn(episode, session, turn) if begin <= each.order[0]]
    if scenario.begins == "session":  # the one that carries the trigger was opened for something else
        found = [each for each in found if each.what is not What.SESSION or each.order[0] > episode.begin]
    found.sort(key=lambda each: each.order)
    return [each for each in found if episode.end is None or each.order[0] < episode.end]


def _begin(scenario: Scenario, episode: Episode) -> float:
    if scenario.begins == "enrolment":
        return float("-inf")
    seen = [each.session.order for each in episode.execs[:1]] or [each.session.order for each in episode.alerts[:1]]
    return min(seen)


def _of_turn(episode: Episode, session: Session, turn: Turn) -> Iterator[Happening]:
    exchange = turn.exchange
    alerting = {id(seen.alert.command) for seen in episode.alerts if seen.turn is turn}
    executing = {id(seen.exec.command) for seen in episode.execs if seen.turn is turn}
    count = 0
    if turn is session.turns[0] and not any(seen.session is session for seen in episode.alerts):
        yield Happening((exchange.order, 0), "device", session, turn, REQUEST, what=What.SESSION)
    for place, command in turn.request.walk() if turn.request else ():
        count += 1
        what = What.ALERT if id(command) in alerting else None
        yield Happening((exchange.order, count), "device", session, turn, REQUEST, place, command, what)
    response = exchange.response
    if response is None or response.by == "proxy":
        return
    if alerting:
        yield Happening((response.order, 0), "server", session, turn, RESPONSE, what=What.REPLY)
    for place, command in turn.response.walk() if turn.response else ():
        count += 1
        what = What.EXEC if id(command) in executing else None
        yield Happening((response.order, count), "server", session, turn, RESPONSE, place, command, what)


class _Walk:
    """The steps, and how far they were followed: `here` is the step that stands, `count` how often it was met."""

    def __init__(self, steps: tuple[Step, ...]) -> None:
        # silence is judged from the window of the recording (UNE011, UNE014), not from what happens
        self.steps = tuple(step for step in steps if step.what is not What.SILENCE)
        self.here, self.count = 0, 0
        self.met: list[tuple[Step, Happening]] = []
        self.departures: list[Departed] = []
        self.reported: set[str] = set()

    def take(self, happening: Happening) -> None:
        """One more happening."""
        acceptable, forbidden, beyond = self._ahead()
        last = self.met[-1][1] if self.met else None
        for place in acceptable:
            if meets(self.steps[place], happening, last):
                self._go_to(place, happening, acceptable)
                return
        for place in forbidden:
            if meets(self.steps[place], happening, last):
                self._depart(self.steps[place], "forbidden", happening, acceptable)
                return
        for place in beyond:
            if meets(self.steps[place], happening, last):
                self._skip_to(place, happening, acceptable)
                return
        for place, step in enumerate(self.steps[: self.here + 1]):
            if place not in acceptable and step.presence is not Presence.FORBIDDEN and meets(step, happening, last):
                self._depart(step, "out of place", happening, acceptable)
                return

    def end(self) -> None:
        """Nothing more happens: the required steps that were not met are missing, as one finding."""
        owed = [step for place, step in enumerate(self.steps) if place >= self.here and self._owed(place)]
        if owed:
            acceptable, _, _ = self._ahead()
            self._missing(owed, None, acceptable)

    def _owed(self, place: int) -> bool:
        step = self.steps[place]
        if step.presence is not Presence.REQUIRED or step.name in self.reported:
            return False
        return place > self.here or self.count < step.at_least

    def _ahead(self) -> tuple[list[int], list[int], list[int]]:
        """The places of the steps that are acceptable now, that are forbidden now, and the required ones further on."""
        acceptable: list[int] = []
        forbidden: list[int] = []
        for place in range(self.here, len(self.steps)):
            step = self.steps[place]
            if step.presence is Presence.FORBIDDEN:
                forbidden.append(place)
                continue
            if place > self.here or self.count < step.at_most:
                acceptable.append(place)
            if self._owed(place):
                beyond = range(place + 1, len(self.steps))
                return acceptable, forbidden, [p for p in beyond if self.steps[p].presence is Presence.REQUIRED]
        return acceptable, forbidden, []

    def _go_to(self, place: int, happening: Happening, acceptable: list[int]) -> None:
        if place != self.here:
            self.here, self.count = place, 0
        self.count += 1
        step = self.steps[place]
        before = self.met[-1][1] if self.met else None
        self.met.append((step, happening))
        if step.within is not None and before is not None and self.count == 1:
            took = _seconds(before, happening)
            if took is not None and took > step.within:
                self._depart(step, "late", happening, acceptable, took)

    def _skip_to(self, place: int, happening: Happening, acceptable: list[int]) -> None:
        """A step came before its turn: those that are required before it are missing."""
        owed = [self.steps[p] for p in range(self.here, place) if self._owed(p)]
        self._missing(owed, happening, acceptable)
        self.here, self.count = place, 0
        self._go_to(place, happening, acceptable)

    def _missing(self, owed: list[Step], happening: Happening | None, acceptable: list[int]) -> None:
        ours = [step for step in owed if step.spoken_by is None]
        self.reported |= {step.name for step in owed}
        if ours:
            accepted = tuple(self.steps[p] for p in acceptable)
            self.departures.append(Departed(ours[0], "missing", happening, accepted, others=tuple(ours[1:])))

    def _depart(
        self, step: Step, how: str, happening: Happening, acceptable: list[int], seconds: float | None = None
    ) -> None:
        if step.name in self.reported or (how == "forbidden" and step.spoken_by is not None):
            return
        if how == "out of place" and step.what in (What.ALERT, What.REPLY):
            return  # UNE007's
        if how != "late":
            self.reported.add(step.name)
        accepted = tuple(self.steps[p] for p in acceptable)
        self.departures.append(Departed(step, how, happening, accepted, seconds))


def _seconds(before: Happening, after: Happening) -> float | None:
    if before.at is None or after.at is None:
        return None
    return after.at.clock - before.at.clock


def meets(step: Step, happening: Happening, last: Happening | None) -> bool:
    """Whether a happening is what a step waits for; `last` is what met the step before."""
    if step.what is not None:
        if happening.what is not step.what:
            return False
    elif happening.command is None or happening.command.name != step.command or happening.sender != step.sender:
        return False
    if step.package == 1 and not (happening.side == REQUEST and happening.session.opens_package_one(happening.turn)):
        return step.what is not None  # where the alert stands is judged by UNE002
    same = last is not None and happening.session is last.session
    if (
        last is not None
        and step.what is None
        and step.session is not Where.ANY
        and same != (step.session is Where.SAME)
    ):
        return False
    return all(_holds(name, patterns, happening.command) for name, patterns in step.conditions)


def _holds(name: str, patterns: tuple[str, ...], command: Command | None) -> bool:
    values = list(_values(name, command)) if command is not None else []
    return any(_pattern(pattern).fullmatch(value) for pattern in patterns for value in values)


@cache
def _pattern(pattern: str) -> re.Pattern[str]:
    """A pattern in which `*` stands for any characters, white space around the value left alone."""
    return re.compile(".*".join(re.escape(part) for part in pattern.split("*")), re.DOTALL)


def _values(name: str, command: Command) -> Iterator[str]:
    """What a command has to offer for a condition: its own, and each item's."""
    if name == "code" and isinstance(command, (Alert, Status)):
        yield command.code or ""
    if name == "answers" and isinstance(command, Status):
        yield command.cmd or ""
    if name in ("type", "format", "mark"):
        yield from _of_meta(name, command.meta)
    for item in command.items:
        yield from _of_item(name, item)


def _of_item(name: str, item: Item) -> Iterator[str]:
    match name:
        case "target" if item.target:
            yield item.target.uri or ""
        case "source" if item.source:
            yield item.source.uri or ""
        case "data" if item.data is not None:
            yield item.data
        case "type" | "format" | "mark":
            yield from _of_meta(name, item.meta)


def _of_meta(name: str, meta: Meta | None) -> Iterator[str]:
    leaf = getattr(meta, name) if meta is not None else None
    if leaf is not None:
        yield leaf.text
