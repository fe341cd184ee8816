"""A capture held against a scenario's steps (rule UNE022).

What happens in an enrolment is a row of happenings: commands of either side, sessions that are opened, answers. The steps
are followed along that row. At every moment a set of steps is acceptable: the one that stands, the optional ones after it,
and the next one that is required. A happening that meets none of them is nothing to a scenario, unless it meets a step that
is forbidden there, a required one further on, or one that was passed: then it departs, and the whole set that would have been
accepted is named.
"""

from collections.abc import Iterator
from typing import Final

from msgspec import Struct

from replay.capture.episodes import Episode
from replay.capture.exchange import Moment
from replay.capture.references import REQUEST, RESPONSE
from replay.capture.sessions import Session
from replay.capture.turns import Turn
from replay.expect.finding import Party, Severity
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
    would have been accepted, seconds where it was late, the other steps that are missing with it, and how often the step was
    met that is missing."""

    step: Step
    how: str
    happening: Happening | None
    accepted: tuple[Step, ...]
    seconds: float | None = None
    others: tuple[Step, ...] = ()
    came: int = 0


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
    begin, end = _begin(scenario, episode), float("inf") if episode.end is None else episode.end
    named = _Named(episode)
    found = [each for session, turn in episode.enrolment.timeline() for each in named.of_turn(session, turn)]
    found = [each for each in found if begin <= each.order[0] < end]
    if scenario.begins == "session":  # the one that carries the trigger was opened for something else
        found = [each for each in found if each.what is not What.SESSION or each.order[0] > episode.begin]
    return sorted(found, key=lambda each: each.order)


def _begin(scenario: Scenario, episode: Episode) -> float:
    if scenario.begins == "enrolment":
        return float("-inf")
    return (episode.execs or episode.alerts)[0].session.order


class _Named:
    """What happens in an episode, by what it is there: its alerts, its Execs, the sessions that carry an alert."""

    def __init__(self, episode: Episode) -> None:
        self.alerts = {id(seen.alert.command) for seen in episode.alerts}
        self.execs = {id(seen.exec.command) for seen in episode.execs}
        self.alerting_turns = {seen.turn.number for seen in episode.alerts}
        self.alerting_sessions = {seen.session.number for seen in episode.alerts}

    def of_turn(self, session: Session, turn: Turn) -> Iterator[Happening]:
        """What happens in an exchange: a session that is opened, commands, the answer to the alert."""
        exchange = turn.exchange
        count = 0
        if turn is session.turns[0] and session.number not in self.alerting_sessions:
            yield Happening((exchange.order, 0), "device", session, turn, REQUEST, what=What.SESSION)
        for place, command in turn.request.walk() if turn.request else ():
            count += 1
            what = What.ALERT if id(command) in self.alerts else None
            yield Happening((exchange.order, count), "device", session, turn, REQUEST, place, command, what)
        response = exchange.response
        if response is None:
            return
        # what the proxy said is not the server's; but an Exec in it is a trigger, since the device saw it
        made = response.by == "proxy"
        if turn.number in self.alerting_turns and not made:
            yield Happening((response.order, 0), "server", session, turn, RESPONSE, what=What.REPLY)
        for place, command in turn.response.walk() if turn.response else ():
            count += 1
            what = What.EXEC if id(command) in self.execs else None
            if made and what is None:
                continue
            yield Happening((response.order, count), "server", session, turn, RESPONSE, place, command, what)


#: Severities, the heaviest first: of several steps that are missing the heaviest is reported.
_WEIGHTS: Final = (Severity.ERROR, Severity.INCONCLUSIVE, Severity.WARNING, Severity.INFO)


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
        for step in self.steps[: self.here + 1]:
            if step.presence is not Presence.FORBIDDEN and meets(step, happening, last):
                self._depart(step, "out of place", happening, acceptable)
                return

    def end(self) -> None:
        """Nothing more happens: the required steps that were not met are missing, as one finding."""
        owed = [step for place, step in enumerate(self.steps) if place >= self.here and self._owed(place)]
        acceptable, _, _ = self._ahead()
        self._missing(owed, None, acceptable)

    def _owed(self, place: int) -> bool:
        """Whether a step has still to be met: a required one, or an optional one that was begun."""
        step = self.steps[place]
        count = self.count if place == self.here else 0
        return count < step.at_least and (step.presence is Presence.REQUIRED or count > 0)

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
        self._go_to(place, happening, acceptable)

    def _missing(self, owed: list[Step], happening: Happening | None, acceptable: list[int]) -> None:
        self.reported |= {step.name for step in owed}
        accepted = tuple(self.steps[p] for p in acceptable)
        for sender in (Party.DEVICE, Party.SERVER):
            ours = [step for step in owed if step.spoken_by is None and step.sender is sender]
            if ours:
                first = min(ours, key=lambda step: _WEIGHTS.index(step.severity))
                came = self.count if first is self.steps[self.here] else 0
                others = tuple(step for step in ours if step is not first)
                self.departures.append(Departed(first, "missing", happening, accepted, others=others, came=came))

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
    return not step.conditions or (happening.command is not None and _holds(step, happening.command))


def _holds(step: Step, command: Command) -> bool:
    """Whether what a step asks for holds for one and the same item of a command."""
    items: tuple[Item | None, ...] = command.items or (None,)
    return any(
        all(
            any(is_like(pattern, value) for pattern in patterns for value in _values(name, command, item))
            for name, patterns in step.conditions
        )
        for item in items
    )


def is_like(pattern: str, value: str) -> bool:
    """Whether a value is like a pattern, in which `*` stands for any characters; white space around the value counts."""
    first, *parts = pattern.split("*")
    if not parts:
        return value == pattern
    *middle, last = parts
    here, end = len(first), len(value) - len(last)
    if here > end or not value.startswith(first) or not value.endswith(last):
        return False
    for part in middle:  # the leftmost place of each leaves the most room for the others
        found = value.find(part, here, end)
        if found < 0:
            return False
        here = found + len(part)
    return True


def _values(name: str, command: Command, item: Item | None) -> Iterator[str]:
    """What a command, with one of its items, has to offer for a condition."""
    if name == "code" and isinstance(command, (Alert, Status)):
        yield command.code or ""
    if name == "answers" and isinstance(command, Status):
        yield command.cmd or ""
    if name in ("type", "format", "mark"):
        yield from _of_meta(name, command.meta)
    if item is not None:
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
