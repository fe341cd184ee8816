"""What device evidence says of the clean-up of one episode: its steps and their outcome, its end, what came before the alert.

An event that has another reading is evidence only within the unenrolment, and where a rule would fail the device by it alone, only
if the capture shows that the other reading is not the case.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from msgspec import Struct

from replay.capture.episodes import Episode, Window
from replay.capture.evidence import DONE, END, FAILED, STEPS, TRIGGER, Logged
from replay.capture.sessions import Traffic
from replay.capture.times import iso
from replay.expect.clocks import Clock
from replay.expect.events import EVENTS, UNINSTALL_BEGINS, UNINSTALLS, Known, step_of
from replay.expect.evidence import REACH, Attached, bare, is_own
from replay.syncml.names import GROUPS
from replay.syncml.unenrol import execs

REPORT: Final = "report"
#: Where a log lacks the trigger, what it has so many seconds before its first event of the unenrolment may belong to it.
_LOOK_BACK: Final = 60.0
#: Where a log has no event of its own at all, so many seconds after the alert may hold the clean-up; and so many seconds after a
#: command of the server an event may tell of that.
_LOOK_ON: Final = 600.0
#: Commands of a server that remove and set nothing.
_HARMLESS: Final = frozenset({"Status", "Alert", "Get", "Results"}) | GROUPS
_FAILURE: Final = 0x80000000
#: Results that say that something is not there: file, path, element, service, node, product (WinError.h, CfgMgr errors, MSI).
_NOT_THERE: Final = frozenset({0x80070002, 0x80070003, 0x80070490, 0x80070424, 0x86000002, 0x80070645, 1605})
_LONGEST: Final = 300


class Item(Struct, frozen=True):
    """One thing that the evidence says: the step (or TRIGGER or END), its outcome, when by the device's clock, the event, the text.

    `place` is where it stands. `cleans` says that it removes something; `goes_on` that its failure ends nothing; `absent` that it
    failed because there was nothing to remove; `doubtful` that it may be ordinary management.
    """

    step: str
    outcome: str
    at: float
    event: int | None
    text: str
    place: str
    cleans: bool
    goes_on: bool = False
    absent: bool = False
    doubtful: bool = False

    @property
    def source(self) -> str:
        """Where it is from: `event 819, events.xml, line 4`."""
        return f"event {self.event}, {self.place}" if self.event is not None else self.place


class Evidence(Struct, frozen=True):
    """What the evidence says of one episode.

    `ended` is the end of the unenrolment; `failed` are steps that failed, `tolerated` failures that end nothing; `early` are
    clean-up steps dated before the alert for certain, `near` how many are too near to it to tell. `overdue` says that the evidence
    reaches past the quiet time without the end, and `unsure` why that may mean nothing.
    """

    items: tuple[Item, ...]
    clock: Clock | None
    ended: Item | None
    failed: tuple[Item, ...]
    tolerated: tuple[Item, ...]
    early: tuple[Item, ...]
    near: int
    overdue: bool
    unsure: str
    last: float

    @property
    def steps(self) -> tuple[Item, ...]:
        """The items that are about one of the five steps."""
        return tuple(item for item in self.items if item.step in STEPS)

    @property
    def far_off(self) -> bool:
        """Whether something early is so far off, by clocks that are only assumed to agree, that the clocks may be to blame."""
        clock = self.clock
        if clock is None or clock.kind != "assumed":
            return False
        return any(clock.earliest - item.at > REACH for item in self.early)

    @property
    def doubtful(self) -> bool:
        """Whether everything that is early may be ordinary management."""
        return all(item.doubtful for item in self.early)

    @property
    def against(self) -> str:
        """What of it contradicts the clean-up, in words; nothing where nothing does."""
        if self.early and not (self.doubtful or self.far_off):
            return f"{_names(self.early)} came before the alert"
        if self.failed:
            return f"{_names(self.failed)} failed"
        if self.overdue and not self.unsure:
            return f"its end is missing, though the evidence goes on until {iso(self.last)}"
        return ""

    @property
    def words(self) -> str:
        """What is done, what nothing speaks of, whether the end is there, and by which clock."""
        done = {item.step for item in self.steps if item.outcome == DONE}
        missing = [step for step in STEPS if step not in {item.step for item in self.steps}]
        parts = [f"done: {', '.join(step for step in STEPS if step in done)}" if done else "no step is named"]
        parts += [f"nothing speaks of {', '.join(missing)}"] if missing and done else []
        end = f"event {self.ended.event}, " if self.ended and self.ended.event else ""
        if self.ended:
            parts.append(f"ended ({end}{iso(self.ended.at)})")
        elif not self.overdue or self.unsure:
            parts.append("its end is not there")
        if self.near:
            parts.append(f"{self.near} of the steps are too near to the alert to tell which came first")
        if self.clock is not None:
            parts.append(self.clock.words)
        return "; ".join(parts)


def _names(items: Sequence[Item]) -> str:
    return ", ".join(sorted({item.step for item in items}))


def evidence_of(
    attached: Attached, traffic: Traffic, episode: Episode, window: Window | None, quiet: float
) -> Evidence:
    """What the evidence that belongs to an episode says of it. `quiet` is the quiet time in seconds."""
    clock = attached.clock
    items = tuple(sorted(_items(attached, traffic, episode), key=lambda item: item.at))
    cleaning = [item for item in items if item.cleans]
    alert = clock if episode.alerts else None
    early = tuple(item for item in cleaning if alert is not None and item.at < alert.earliest)
    near = sum(alert is not None and alert.earliest <= item.at < alert.likely for item in cleaning)
    ended = _end(items)
    failures = [item for item in items if item.outcome == FAILED and not (ended and item.step == TRIGGER)]
    tolerated = tuple(item for item in failures if _tolerated(item, episode, clock))
    last = _last(attached)
    overdue = ended is None and not episode.enrolment_stays and _past_quiet(clock, last, window, quiet)
    return Evidence(
        items=items,
        clock=clock,
        ended=ended,
        failed=tuple(item for item in failures if item not in tolerated),
        tolerated=tolerated,
        early=early,
        near=near,
        overdue=overdue,
        unsure=_unsure(attached),
        last=last,
    )


def _end(items: Sequence[Item]) -> Item | None:
    """The end of the unenrolment: the last event or item that says so; a list without one has ended when it says of each of the
    device's own steps that it is done."""
    ends = [item for item in items if item.step == END and item.outcome == DONE]
    if ends:
        return ends[-1]
    done = [item for item in items if item.event is None and item.outcome == DONE]
    whole = {item.step for item in done} >= set(STEPS) - {REPORT}
    return done[-1] if whole else None


def _tolerated(item: Item, episode: Episode, clock: Clock | None) -> bool:
    """Whether a failure is none of the unenrolment: it goes on (67); what was to be removed was not there; the report failed,
    which is best effort where the user began, or which the capture shows to have been sent; or ordinary management failed,
    before the alert or (an MSI) still."""
    before_alert = clock is not None and item.at < clock.likely
    if item.goes_on or item.absent or (item.doubtful and (before_alert or item.event in UNINSTALLS)):
        return True
    sent = any(seen.turn.exchange.delivered for seen in episode.alerts)
    return item.step == REPORT and (episode.scenario == "user" or (sent and item.event is not None))


def _last(attached: Attached) -> float:
    """Until when the evidence speaks of this unenrolment: to its end, or to where the next one in the log begins; a list to its
    last item that is about it."""
    if attached.stated and not attached.log.events:
        return attached.stated[-1].at
    later = [run.start for run in attached.log.runs if attached.run and run.start > attached.run.start]
    return min(later, default=attached.log.last)


def _past_quiet(clock: Clock | None, last: float, window: Window | None, quiet: float) -> bool:
    """Whether the evidence reaches past the quiet time after the alert session."""
    if clock is None:
        return False
    session = window.start.clock - clock.reference.clock if window and clock.reference else 0.0
    return last >= clock.likely + session + quiet


def _unsure(attached: Attached) -> str:
    """Why the lack of an end may mean nothing; nothing where it means something."""
    log = attached.log
    if attached.run is None and not attached.stated:
        return "nothing in the log speaks of an unenrolment at that time: it may be another device's log, or the wrong channel"
    if log.unread:
        return f"{log.unread} records of the log could not be read"
    return "the build is 10586, which logs no end" if log.old_build else ""


# -- items ----------------------------------------------------------------------------------------------------------------


def _items(attached: Attached, traffic: Traffic, episode: Episode) -> Iterator[Item]:
    for said in attached.stated:
        yield Item(
            said.step,
            said.outcome,
            said.at,
            None,
            said.text,
            said.place,
            cleans=said.step in STEPS and said.step != REPORT,
        )
    span = _Span(attached, traffic, episode)
    inside = [each for each in attached.log.events if each.event in EVENTS and span.holds(each)]
    ends = {_product(each): each for each in inside if each.event in UNINSTALLS and each.event != UNINSTALL_BEGINS}
    for event in inside:
        known, told = EVENTS[event.event], event
        if event.event == UNINSTALL_BEGINS:
            told = ends.get(_product(event), event)  # how it ended
            if told is event and not any(each.event == 74 for each in inside):
                continue  # begun, and neither done nor failed for all that the log says
        yield Item(
            step_of(event.event, tuple(value for _, value in event.values)),
            _outcome(told),
            event.at,
            event.event,
            _text(event, known),
            event.place,
            cleans=known.cleans,
            goes_on=known.goes_on,
            absent=EVENTS[told.event].removes and any(_number(value) in _NOT_THERE for _, value in told.values),
            doubtful=not known.own and span.doubts(event),
        )


class _Span:
    """The time of the device's clock within which a log's events belong to an episode, and what else they may be."""

    def __init__(self, attached: Attached, traffic: Traffic, episode: Episode) -> None:
        self.clock, run = attached.clock, attached.run
        self.traffic, self.episode = traffic, episode
        exec_at = _exec_on_device(self.clock, episode)
        shown = [*([run.start] if run else []), *([exec_at] if exec_at is not None else [])]
        self.begun = min(shown, default=float("inf"))
        self.enrolment = run.enrolment if run else None
        if run is not None:
            back = self.begun if run.begins or exec_at is not None else run.start - _LOOK_BACK
            self.start, self.end = back, run.until
        else:
            likely = self.clock.likely if self.clock else float("inf")  # nobody knows when: nothing lies in it
            self.start, self.end = likely, likely + _LOOK_ON
        self.commanded = _commanded(episode)

    def holds(self, event: Logged) -> bool:
        """Whether an event lies in the unenrolment, and is of the enrolment that is left."""
        if not self.start <= event.at <= self.end:
            return False
        known = EVENTS[event.event]
        if known.own:
            return is_own(event)
        place = known.enrolment
        if place is None or self.enrolment is None or place >= len(event.values):
            return True
        return bare(event.values[place][1]) in (self.enrolment, "")

    def doubts(self, event: Logged) -> bool:
        """Whether an event may be ordinary management: a command of the server that would cause it was seen, or may not have been
        seen; or nothing shows that the unenrolment had begun, and it has causes that are not seen."""
        if self.commanded:
            return True
        if event.at >= self.begun:
            return False
        on_recorder = self.clock.on_recorder(event.at) if self.clock else None
        stretches = self.traffic.capture.stretches
        seen = on_recorder is not None and bool(stretches) and stretches[0].start.clock <= on_recorder.clock - 10.0
        return not (seen and "Delete" in EVENTS[event.event].also)


def _exec_on_device(clock: Clock | None, episode: Episode) -> float | None:
    """When the device had the Exec, by its own clock, at the latest; None where that cannot be told."""
    trigger = episode.trigger
    if clock is None or clock.reference is None or trigger is None or trigger.at is None:
        return None
    return clock.latest - (clock.reference.clock - trigger.at.clock)


def _commanded(episode: Episode) -> bool:
    """Whether the server sent commands, shortly before the alert, that set or remove something: they may be what an event
    tells of."""
    first = episode.alerts[0] if episode.alerts else None
    until = first.order if first else episode.end or float("inf")
    for session in episode.enrolment.sessions:
        for turn in session.turns:
            response, at = turn.response, turn.exchange.at
            if response is None or turn.exchange.order >= until:
                continue
            if at and first and first.at and first.at.clock - at.clock > _LOOK_ON:
                continue  # long done by then
            unenrol = {id(each.command) for each in execs(response)}
            if any(command.name not in _HARMLESS and id(command) not in unenrol for _, command in response.walk()):
                return True
    return False


def _product(event: Logged) -> str:
    place = UNINSTALLS[event.event]
    return bare(event.values[place][1]) if place < len(event.values) else ""


def _outcome(event: Logged) -> str:
    """The outcome that the table has, unless the event's own result says that it failed."""
    for name, value in event.values:
        if name.upper().startswith("HRESULT") and _number(value) & _FAILURE:
            return FAILED
    return EVENTS[event.event].outcome


def _number(text: str) -> int:
    try:
        return int(text, 0)
    except ValueError:
        return 0


def _text(event: Logged, known: Known) -> str:
    """The event in words: its rendered text, else what the table says with its data; and its other reading."""
    if event.message:
        what = event.message
    else:
        values = ", ".join(_values(event))
        what = f"{known.meaning} ({values})" if values else known.meaning
    what = what if len(what) <= _LONGEST else what[: _LONGEST - 1] + "…"
    return f"{what}; {known.also}" if known.also else what


def _values(event: Logged) -> Iterable[str]:
    for name, value in event.values:
        if value:
            yield f"{name} {value}" if name.upper().startswith(("HRESULT", "HEXINT")) else value
