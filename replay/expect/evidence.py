"""Device evidence sorted: the files of one device as one log, its unenrolments, and to which episode of a capture each belongs.

An event log tells of months; only what lies in one unenrolment (`Run`) is evidence of it. A run is what its own events, the
ones that speak of unenrolment, hold together; which episode it belongs to is told by the time. A collector's list speaks of
the unenrolment that it was made for.
"""

import itertools
from collections.abc import Iterable, Sequence
from typing import Final

from msgspec import Struct

from replay.capture.episodes import Episode
from replay.capture.evidence import EvidenceError, EvidenceFile, Logged, Stated
from replay.expect.clocks import Clock, clock_of, reference_of
from replay.expect.events import (
    ALERT_HANDED_OVER,
    BY_USER,
    EVENTS,
    EXEC_ACCEPTED,
    NOT_BY_USER,
    SAID_UNENROL_IN_10586,
)
from replay.syncml.names import UNENROL_TYPE

#: The clocks of device and recorder may differ by so much before a run is taken for another unenrolment's.
REACH: Final = 900.0
#: Events of one unenrolment are never further apart than this: unjoining a directory alone may take 300 s (facts A2.6).
_PAUSE: Final = 600.0
#: What begins so long after the events before it begins another unenrolment; until then it may be one more try.
_AGAIN: Final = 60.0
_BEGIN: Final = frozenset({NOT_BY_USER, BY_USER, EXEC_ACCEPTED})
_SUCCEEDED: Final = 74
_NAMES_THE_ALERT: Final = frozenset({216, 256})


class Run(Struct, frozen=True):
    """One unenrolment as a log has it: its own events, and until when others may belong to it."""

    own: tuple[Logged, ...]
    until: float

    @property
    def start(self) -> float:
        """Its first event of its own."""
        return self.own[0].at

    @property
    def begins(self) -> bool:
        """Whether the log has its trigger."""
        return any(each.event in _BEGIN for each in self.own)

    @property
    def enrolment(self) -> str | None:
        """The id of the enrolment that is left, where an event of its own has it; in lower case."""
        for each in self.own:
            place = EVENTS[each.event].enrolment
            if place is not None and place < len(each.values):
                return bare(each.values[place][1])
        return None

    @property
    def anchor(self) -> Logged:
        """The event that is nearest to the alert: 48, else what began it, else its first."""
        wanted = (ALERT_HANDED_OVER, NOT_BY_USER, EXEC_ACCEPTED, BY_USER)
        found = (each for event in wanted for each in self.own if each.event == event)
        return next(found, self.own[0])


class Log(Struct, frozen=True):
    """Everything that the files say, in order of the device's clock."""

    files: tuple[EvidenceFile, ...]
    events: tuple[Logged, ...]
    stated: tuple[Stated, ...]
    runs: tuple[Run, ...]
    first: float
    last: float
    unread: int

    @property
    def old_build(self) -> bool:
        """Whether a text shows Windows 10 build 10586, which writes no end of the unenrolment."""
        return any(
            each.event in SAID_UNENROL_IN_10586 and "unenroll" in (each.message or "").lower() for each in self.events
        )


class Attached(Struct, frozen=True):
    """What of a log belongs to one episode: a run (None where the log has none there), the list, and the clock."""

    log: Log
    run: Run | None
    stated: tuple[Stated, ...]
    clock: Clock | None


class Attachment(Struct, frozen=True):
    """The evidence of a capture, by the number of the episode; or why it belongs to none (`problem`)."""

    by_episode: dict[int, Attached]
    problem: str | None = None


def bare(identifier: str) -> str:
    """An enrolment's id as it is compared: without braces, in lower case."""
    return identifier.strip("{} ").lower()


def log_of(files: Sequence[EvidenceFile]) -> Log:
    """The files of one device as one log; what several exports have in common counts once.

    Raises EvidenceError where they are of several computers, or where no time can be had from them.
    """
    computers: dict[str, str] = {}
    for each in (event for file in files for event in file.logged):
        if each.computer:  # the directory's suffix may go with the unenrolment
            computers.setdefault(each.computer.partition(".")[0].lower(), each.place)
    if len(computers) > 1:
        where = "; ".join(f"{name} ({place})" for name, place in itertools.islice(computers.items(), 3))
        raise EvidenceError(f"the evidence is of several computers: {where}; give the log of one device")
    unique = {_identity(each): each for file in reversed(files) for each in file.logged}
    events = tuple(sorted(unique.values(), key=lambda each: (each.at, each.record or 0)))
    stated = tuple(sorted((item for file in files for item in file.stated), key=lambda item: item.at))
    times = [at for file in files for at in (file.first, file.last) if at is not None]
    if not times:
        raise EvidenceError(f"{files[0].path}: has no event with a time; export the log again")
    unread = sum(file.unread for file in files)
    return Log(tuple(files), events, stated, tuple(_runs(events)), min(times), max(times), unread)


def _identity(event: Logged) -> object:
    if event.record is None:
        return id(event)
    return (event.channel, event.record, event.event, round(event.at, 3))


def is_own(event: Logged) -> bool:
    """Whether an event speaks of an unenrolment: by its id, and where that tells only of an alert, by the alert's name."""
    known = EVENTS.get(event.event)
    if known is None or not known.own:
        return False
    return event.event not in _NAMES_THE_ALERT or any(UNENROL_TYPE in value for _, value in event.values)


def _runs(events: Iterable[Logged]) -> Iterable[Run]:
    runs: list[list[Logged]] = []
    for event in filter(is_own, events):
        if not runs or _begins_another(runs[-1], event):
            runs.append([])
        runs[-1].append(event)
    for own, after in itertools.zip_longest(runs, runs[1:]):
        ended = any(each.event == _SUCCEEDED for each in own)
        until = own[-1].at + (_AGAIN if ended else _PAUSE)
        yield Run(tuple(own), min(until, after[0].at) if after else until)


def _begins_another(run: Sequence[Logged], event: Logged) -> bool:
    pause = event.at - run[-1].at
    if pause > _PAUSE:
        return True
    return event.event in _BEGIN and (pause > _AGAIN or any(each.event == _SUCCEEDED for each in run))


def attach(log: Log, episodes: Sequence[Episode], given: float | None) -> Attachment:
    """Which episode the evidence belongs to. `given` is the offset of the device's clock (seconds ahead), or None."""
    if not episodes:
        return Attachment({})
    found = [_candidate(log, episode, given, alone=len(episodes) == 1) for episode in episodes]
    near = [each for each in found if each.run is not None]
    devices = {each.episode.enrolment.device for each in found}
    if len(devices) > 1:
        closest = {each.episode.enrolment.device for each in near}
        if log.stated or len(closest) != 1:
            names = ", ".join(sorted(str(device) for device in devices))
            return Attachment(
                {}, f"the evidence is of one device, and the capture has several ({names}): give --device"
            )
        found = near
    if all(each.problem for each in found):
        return Attachment({}, found[0].problem)
    return Attachment(dict(_assigned(log, found, given)))


class _Candidate(Struct, frozen=True):
    """An episode, the run that may be its own with its distance in seconds, or why none is."""

    episode: Episode
    run: Run | None = None
    away: float = 0.0
    problem: str | None = None


def _candidate(log: Log, episode: Episode, given: float | None, *, alone: bool) -> _Candidate:
    reference = reference_of(episode)
    if reference is None:
        if len(log.runs) > 1 or not alone:
            text = "the capture has no clock, and there are several unenrolments: which one the evidence is of cannot be told"
            return _Candidate(episode, problem=text)
        return _Candidate(episode, log.runs[0] if log.runs else None)
    expected = reference.wall + (given or 0.0)
    by_distance = sorted(log.runs, key=lambda run: abs(run.anchor.at - expected))
    near = [run for run in by_distance if abs(run.anchor.at - expected) <= REACH]
    if len(near) > 1 and given is None and _equally_near(near[0].anchor.at - expected, near[1].anchor.at - expected):
        text = "the log holds several unenrolments near the time of the capture's: give --evidence-offset SECONDS"
        return _Candidate(episode, problem=text)
    if near:
        return _Candidate(episode, near[0], abs(near[0].anchor.at - expected))
    if log.first - REACH <= expected <= log.last + REACH or log.stated:
        return _Candidate(episode)
    return _Candidate(episode, problem=_elsewhere(log, by_distance, expected, reference.wall))


def _equally_near(best: float, second: float) -> bool:
    """Whether the nearest of two runs is not so near that it must be the one: no clock is known yet."""
    return abs(best) > _AGAIN and abs(second) - abs(best) < REACH / 3


def _elsewhere(log: Log, runs: Sequence[Run], expected: float, wall: float) -> str:
    """Why a log is not one of an episode: what it has, and how far that is away."""
    if runs:
        anchor = runs[0].anchor
        away = anchor.at - expected
        return (
            f"the nearest unenrolment in the log (event {anchor.event}, {anchor.place}) is {abs(away):.1f} s "
            f"{'after' if away > 0 else 'before'} the capture's: it is another one, or the device's clock is wrong; if it is the "
            f"same one, give --evidence-offset {anchor.at - wall:.1f}"
        )
    away = max(log.first - expected, expected - log.last)
    return (
        f"the log has no unenrolment, and ends or begins {away:.1f} s away from the capture's: it is another time's, or the "
        "device's clock is wrong; if that is so, give --evidence-offset SECONDS"
    )


def _assigned(log: Log, found: Sequence[_Candidate], given: float | None) -> Iterable[tuple[int, Attached]]:
    """Each run to the episode that it is nearest to; the items of a list to the last episode that had begun."""
    for each in found:
        taken = any(
            other.run is each.run and (other.away, other.episode.number) < (each.away, each.episode.number)
            for other in found
        )
        run = None if taken else each.run
        clock = clock_of(each.episode, run.own if run else (), given)
        yield each.episode.number, Attached(log, run, _items_of(log, each.episode, found, given), clock)


def _items_of(log: Log, episode: Episode, found: Sequence[_Candidate], given: float | None) -> tuple[Stated, ...]:
    """The items from an episode's begin to the next one's; what lies before the first is the first's."""
    clocks = [(each.episode.number, clock_of(each.episode, (), given)) for each in found]
    begins = [(clock.earliest if clock else 0.0, number) for number, clock in clocks]
    own = next(place for place, (_, number) in enumerate(begins) if number == episode.number)
    least = begins[own][0] if own else float("-inf")
    most = begins[own + 1][0] if own + 1 < len(begins) else float("inf")
    return tuple(item for item in log.stated if least <= item.at < most)
