"""A noise profile applied to a comparison: changes that a signed line explains are left out; what drifts outside of it stays.

Only a value that both sides have can be noise. Both must vary as the line says, so that the comparison the other way round leaves
out the same. Whether a counter falls, or one alias stands for two things, is seen over the whole of both captures.
"""

from collections import Counter
from collections.abc import Hashable
from itertools import accumulate

from msgspec import Struct

from replay.compare.changes import Change, Class, Comparison, Kind, MessageDiff, SessionDiff
from replay.compare.views import MessageView
from replay.normal import varying
from replay.normal.leaves import Leaf, leaves
from replay.normal.noise import Line, NoiseProfile

#: Where a value stands: its exchange, side and path.
_Place = tuple[int, str, str]


class Without(Struct, frozen=True):
    """A comparison without its noise: how many changes each line of the profile explained, and how many a line speaks of that are
    not as it says. Lines by their numbers in the file."""

    comparison: Comparison
    explained: dict[int, int]
    outside: dict[int, int]

    def notes(self, profile: NoiseProfile) -> list[str]:
        """What is to be said of the profile."""
        count = sum(self.explained.values())
        found = [f"{profile.path}: {count} change{'' if count == 1 else 's'} left out as noise"] if count else []
        for number, times in sorted(self.outside.items()):
            kind = next(line.kind for line in profile.lines if line.number == number)
            what = f"{times} change{' is' if times == 1 else 's are'}"
            found.append(f"{profile.path}, line {number}: {what} outside the profile ({kind.value})")
        return found + profile.notes()


def value_change(change: Change) -> bool:
    """Whether a change is of a value that both sides have: nothing else can be noise."""
    return change.kind is Kind.CHANGED and change.of in (Class.VALUE, Class.HTTP)


class Values:
    """The values of messages by their paths, its headers' included; of each message they are looked out once."""

    def __init__(self) -> None:
        self._of: dict[int, dict[str, Leaf]] = {}

    def of(self, view: MessageView) -> dict[str, Leaf]:
        """The values of one side of an exchange."""
        if id(view) not in self._of:
            self._of[id(view)] = {leaf.path: leaf for leaf in leaves(view.node, view.http)}
        return self._of[id(view)]

    def pair(self, change: Change, message: MessageDiff) -> tuple[Leaf, Leaf] | None:
        """Both values of a change; None where it is no change of values."""
        if not value_change(change) or message.expected is None or message.actual is None:
            return None
        one = self.of(message.expected).get(change.expected_path or "")
        other = self.of(message.actual).get(change.actual_path or "")
        return None if one is None or other is None else (one, other)


def without_noise(comparison: Comparison, profile: NoiseProfile) -> Without:
    """A comparison without the changes that the signed lines of a profile explain; they are counted as ignored."""
    if not any(line.applies for line in profile.lines):
        return Without(comparison, {}, {})
    work = _Work(comparison, profile)
    left = comparison.without(lambda change, message, _session: not work.is_noise(change, message))
    return Without(left, dict(work.explained), dict(work.outside))


class _Work:
    """One comparison, and what must be known of all of it."""

    def __init__(self, comparison: Comparison, profile: NoiseProfile) -> None:
        self.profile = profile
        self.explained: Counter[int] = Counter()
        self.outside: Counter[int] = Counter()
        self._values = Values()
        self._falls = [_falls(comparison.sessions, profile, self._values, second=second) for second in (False, True)]
        self._names = _Names()
        if any(line.applies and line.kind is varying.Kind.ALIAS for line in profile.lines):
            for session in comparison.sessions:
                for message in session.messages:
                    self._note_aliases(message)

    def is_noise(self, change: Change, message: MessageDiff) -> bool:
        """Whether a signed line explains a change. A line that says that a value is constant goes before all others."""
        found = self._values.pair(change, message)
        if found is None:
            return False
        one, other = found
        lines = [line for line in self.profile.of(one, change.side) if line.speaks_of(other, change.side)]
        if not lines:
            return False
        constant = next((line for line in lines if line.kind is varying.Kind.CONSTANT), None)
        fitting = (
            None if constant is not None else next((line for line in lines if self._fits(line, change, message)), None)
        )
        if fitting is None:
            self.outside[(constant or lines[0]).number] += 1
            return False
        self.explained[fitting.number] += 1
        return True

    def _fits(self, line: Line, change: Change, message: MessageDiff) -> bool:
        expected, actual = change.expected or "", change.actual or ""
        if not (line.fits(expected) and line.fits(actual)):
            return False
        if line.kind is varying.Kind.ALIAS:
            return self._names.one_to_one(line.number, expected, actual)
        if line.kind is varying.Kind.COUNTER:
            sides = (message.expected, change.expected_path), (message.actual, change.actual_path)
            return not any(
                view is not None and (view.number, view.side, path or "") in falls
                for (view, path), falls in zip(sides, self._falls, strict=True)
            )
        return True

    def _note_aliases(self, message: MessageDiff) -> None:
        """What stands beside what in two messages, where a signed line says that names are other ones. What no change speaks of
        is alike on both sides and stands for itself: a name that changed in one place and not in the other is none."""
        if message.expected is None or message.actual is None:
            return
        touched: tuple[set[str], set[str]] = set(), set()
        for change in message.changes:
            if change.kind is not Kind.MOVED:  # what moved is alike
                touched[0].add(change.expected_path or "")
                touched[1].add(change.actual_path or "")
            found = self._values.pair(change, message)
            if found is not None:
                for number in self._about(*found, change.side):
                    self._names.note(number, change.expected or "", change.actual or "")
        for view, paths in zip((message.expected, message.actual), touched, strict=True):
            for leaf in self._values.of(view).values():
                if not _is_in(leaf.path, paths):
                    for line in self.profile.of(leaf, view.side):
                        self._names.note(line.number, leaf.value, leaf.value)

    def _about(self, one: Leaf, other: Leaf, side: str) -> set[int]:
        """The lines that speak of either of two values, so that it is the same the other way round."""
        return {line.number for leaf in (one, other) for line in self.profile.of(leaf, side)}


def _is_in(path: str, others: set[str]) -> bool:
    """Whether a place is one of others, or in one of them; all of a message is in the whole of it."""
    return "SyncML" in others or any(each in others for each in accumulate(path.split("/"), "{}/{}".format))


class _Names:
    """Which names stand beside which, for each line."""

    def __init__(self) -> None:
        self._there: dict[tuple[int, str], set[str]] = {}
        self._here: dict[tuple[int, str], set[str]] = {}

    def note(self, line: int, one: str, other: str) -> None:
        """Two that stand beside each other."""
        self._there.setdefault((line, one), set()).add(other)
        self._here.setdefault((line, other), set()).add(one)

    def one_to_one(self, line: int, one: str, other: str) -> bool:
        """Whether they stand beside each other alone."""
        return self._there.get((line, one)) == {other} and self._here.get((line, other)) == {one}


def _falls(sessions: list[SessionDiff], profile: NoiseProfile, values: Values, *, second: bool) -> set[_Place]:
    """Where one of the captures has a counter that is less than it was before, for one device."""
    if not any(line.applies and line.kind is varying.Kind.COUNTER for line in profile.lines):
        return set()
    views = [
        view
        for session in sessions
        for message in session.messages
        if (view := message.actual if second else message.expected) is not None
    ]
    last: dict[Hashable, int] = {}
    found: set[_Place] = set()
    for view in sorted(views, key=lambda view: (view.number, view.side)):
        for leaf in values.of(view).values():
            for line in profile.of(leaf, view.side):
                if line.kind is not varying.Kind.COUNTER or not varying.is_number(leaf.value):
                    continue
                key = (line.number, leaf.about, device_of(view))
                if int(leaf.value) < last.get(key, 0):
                    found.add((view.number, view.side, leaf.path))
                last[key] = int(leaf.value)
    return found


def device_of(view: MessageView) -> str | None:
    """The device that a message comes from or goes to."""
    if view.message is None:
        return None
    header = view.message.header
    address = header.source if view.side == "request" else header.target
    return address.uri if address is not None else None
