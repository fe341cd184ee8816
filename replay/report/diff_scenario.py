"""A capture compared with an expected sequence (`scenario:NAME`): what is missing, what is there and was not expected, what stands
elsewhere, as changes like any other.

It stands here, above both, because it needs the scenarios of `replay/expect` and the changes of `replay/compare`, which know
nothing of each other.
"""

from collections.abc import Iterator

from msgspec import structs

from replay.capture.episodes import Episode, find_episodes
from replay.capture.references import REQUEST
from replay.capture.sessions import Traffic
from replay.compare import words
from replay.compare.changes import Change, Class, Comparison, Kind, MessageDiff, Row, SessionDiff, change_of
from replay.compare.compare import Noise
from replay.compare.views import MessageView, SessionView, view
from replay.expect.scenarios import UNJOIN_FAILED
from replay.expect.scenarios.model import Presence, Scenario, Step, What
from replay.expect.steps import Departed, Happening, follow, happenings, meets
from replay.syncml.names import LEAVES, STAYS
from replay.syncml.places import locate


class _Told(Step, frozen=True, kw_only=True):
    """A step whose departures are told here, and not by a rule of its own."""

    @property
    def spoken_by(self) -> str | None:
        """Nobody else."""
        return None


def compare_scenario(scenario: Scenario, actual: Traffic, *, noise: Noise | None = None) -> Comparison:
    """Holds every unenrolment of a capture against the steps of a scenario."""
    told = structs.replace(scenario, steps=tuple(_Told(**structs.asdict(step)) for step in scenario.steps))
    episodes = find_episodes(actual)
    found = Comparison([], apart=("how long the recorder watched is not compared: omadm check judges silence",))
    if not any(step.what is What.SILENCE for step in scenario.steps):
        found.apart = ()
    if not episodes:
        rows = tuple(
            _missing(step)
            for step in told.steps
            if step.presence is Presence.REQUIRED and step.what is not What.SILENCE
        )
        found.sessions.append(SessionDiff(None, None, [MessageDiff(None, None, rows)]))
    views = _Views(actual)
    for episode in episodes:
        found.sessions += _Episode(told, episode, views).sessions()
    return found if noise is None else found.without(lambda change, _message, _session: noise(change))


class _Views:
    """The sessions and messages of a capture as the comparison knows them."""

    def __init__(self, traffic: Traffic) -> None:
        capture = view(traffic)
        self._sessions = {each.number: each for chain in capture.chains for each in chain.sessions}
        self._messages = {(each.number, each.side): each for each in capture.messages()}

    def session(self, happening: Happening) -> SessionView:
        """The session in which something happened."""
        return self._sessions[happening.session.number]

    def message(self, happening: Happening) -> MessageView:
        """The message."""
        return self._messages[happening.turn.number, happening.side]


class _Episode:
    """One unenrolment beside the steps of a scenario: a row a step, each at the message that it was met in."""

    def __init__(self, scenario: Scenario, episode: Episode, views: _Views) -> None:
        self.scenario, self.episode, self.views = scenario, episode, views
        self.happenings = happenings(scenario, episode)
        self.following = follow(scenario, episode)

    def sessions(self) -> Iterator[SessionDiff]:
        """The rows in order of what happened, by session and message; what is missing at the end of an unenrolment stands there."""
        rows = sorted(self._rows(), key=lambda row: row[0].order if row[0] is not None else (float("inf"), 0))
        current: SessionDiff | None = None
        for happening, row in rows:
            session = self.views.session(happening) if happening is not None else None
            message = self.views.message(happening) if happening is not None else None
            if current is None or current.actual is not session:
                if current is not None:
                    yield current
                current = SessionDiff(None, session, [])
            if not current.messages or current.messages[-1].actual is not message:
                current.messages.append(MessageDiff(None, message))
            current.messages[-1].rows += (row,)
        if current is not None:
            yield current

    def _rows(self) -> Iterator[tuple[Happening | None, Row]]:
        yield from self._another_kind()
        late = {id(each.happening): each for each in self.following.departures if each.how == "late"}
        again = self._again()
        yield from ((each, self._unexpected(each)) for each in again)
        for step, happening in self.following.met:
            departed = late.get(id(happening))
            if not any(happening is each for each in again):
                yield happening, Row(step.text, self._words(happening), (_late(departed),) if departed else ())
        for departed in self.following.departures:
            if departed.how == "missing":
                for step in (departed.step, *departed.others):
                    yield departed.happening, _missing(step)
            elif departed.how != "late" and departed.happening is not None:
                yield from self._out_of_place(departed, departed.happening)

    def _another_kind(self) -> Iterator[tuple[Happening | None, Row]]:
        """What makes this an unenrolment of another kind than the scenario's: an Exec that it knows nothing of, or an alert that
        says something else; a step that is missing says so by itself."""
        wanted, kind = self.scenario.kind, self.episode.scenario
        if wanted == kind:
            return
        execs = [each for each in self.happenings if each.what is What.EXEC]
        if execs and not any(step.what is What.EXEC for step in self.scenario.steps):
            yield from ((each, self._unexpected(each)) for each in execs)
        elif UNJOIN_FAILED not in (wanted, kind) and not any(d.how == "missing" for d in self.following.departures):
            yield None, Row(wanted, kind, (change_of("scenario", wanted, kind, of=Class.SEQUENCE),))
        alert = self.episode.alert
        if alert is not None and UNJOIN_FAILED in (wanted, kind):
            happening = next(each for each in self.happenings if each.command is alert.alert.command)
            message = happening.turn.request
            tail: list[str | tuple[str, int]] = [("Item", alert.alert.item_number), "Data"]
            path = locate(message, happening.place, tail).path if message is not None else ""
            right = " or ".join(sorted(STAYS)) if wanted == UNJOIN_FAILED else LEAVES
            change = change_of(path, right, alert.alert.data, of=Class.VALUE)
            yield happening, Row(f"Data {right}", f"Data {alert.alert.data}", (change,))

    def _out_of_place(self, departed: Departed, happening: Happening) -> Iterator[tuple[Happening, Row]]:
        if departed.how == "out of place":
            path = self._path(happening)
            change = Change(
                kind=Kind.MOVED,
                of=Class.SEQUENCE,
                expected_path=path,
                actual_path=path,
                expected=departed.step.text,
                actual=f"here, where was expected: {' or '.join(step.text for step in departed.accepted) or 'nothing more'}",
            )
            yield happening, Row(departed.step.text, self._words(happening), (change,))
            return
        yield happening, self._unexpected(happening)
        for later in self.happenings:  # a forbidden step departs once; every other time is as unexpected
            if later.order > happening.order and meets(departed.step, later, happening):
                yield later, self._unexpected(later)

    def _again(self) -> list[Happening]:
        """Alerts that were sent again though one had been delivered (facts A1.3), a re-send after a challenge not among them."""
        found = []
        delivered = False
        for happening in self.happenings:
            if happening.what is What.ALERT:
                if delivered and not happening.session.asked_for(happening.turn):
                    found.append(happening)
                delivered = delivered or happening.turn.exchange.delivered
        return found

    def _unexpected(self, happening: Happening) -> Row:
        text = self._words(happening)
        change = Change(kind=Kind.ADDED, of=Class.SEQUENCE, actual_path=self._path(happening), actual=text)
        return Row(None, text, (change,))

    def _words(self, happening: Happening) -> str:
        if happening.what is What.SESSION:
            return words.of_session(self.views.session(happening))
        if happening.command is None:
            return words.of_message(self.views.message(happening))
        return words.of_model(happening.command)

    def _path(self, happening: Happening) -> str:
        if happening.what is What.SESSION:
            return "session"
        message = happening.turn.request if happening.side == REQUEST else happening.turn.response
        return locate(message, happening.place).path if message is not None and happening.place else "SyncML"


def _missing(step: Step) -> Row:
    change = Change(kind=Kind.REMOVED, of=Class.SEQUENCE, expected_path=f"step/{step.name}", expected=step.text)
    return Row(step.text, None, (change,))


def _late(departed: Departed) -> Change:
    path = f"step/{departed.step.name}"
    return Change(
        kind=Kind.CHANGED,
        of=Class.TIMING,
        expected_path=path,
        actual_path=path,
        expected=f"within {departed.step.within:g} s",
        actual=f"{departed.seconds:.1f} s",
    )
