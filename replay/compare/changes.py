"""What a comparison finds: changes, each in its row of a message, messages in sessions (contract, "The comparison")."""

import enum
from collections import Counter
from collections.abc import Callable, Iterator

from msgspec import Struct, structs

from replay.compare.views import MessageView, SessionView


class Kind(enum.StrEnum):
    """What happened to a thing."""

    CHANGED = "changed"
    ADDED = "added"
    REMOVED = "removed"
    MOVED = "moved"


class Class(enum.StrEnum):
    """What a change is a change of."""

    #: the order of things: a session, message or command that is missing, is there in addition, or stands elsewhere
    SEQUENCE = "sequence"
    #: what a command or header is made of: elements, namespaces, nesting
    STRUCTURE = "structure"
    VALUE = "value"
    #: Data of a Status
    STATUS = "status"
    #: what a Status or Results answers, and ids that cannot be referred to
    REFERENCE = "reference"
    HTTP = "http"
    #: gaps in time, compared on request only
    TIMING = "timing"


class Change(Struct, frozen=True, kw_only=True):
    """One change: its path and its value on each side, None on the side that has none. `side` is that of the exchange it is in,
    `role` that of its session (`alert`, `exec`, `alert+exec`, `ordinary`), empty outside of sessions."""

    kind: Kind
    of: Class
    expected_path: str | None = None
    actual_path: str | None = None
    expected: str | None = None
    actual: str | None = None
    side: str = ""
    role: str = ""

    @property
    def path(self) -> str:
        """Where it is in EXPECTED; what only ACTUAL has, where it is there."""
        return self.expected_path if self.expected_path is not None else (self.actual_path or "")


def change_of(path: str, expected: str | None, actual: str | None, of: Class = Class.HTTP) -> Change:
    """The change of what has this path on every side that has it."""
    kind = Kind.CHANGED
    if expected is None or actual is None:
        kind = Kind.ADDED if expected is None else Kind.REMOVED
    return Change(
        kind=kind,
        of=of,
        expected_path=path if expected is not None else None,
        actual_path=path if actual is not None else None,
        expected=expected,
        actual=actual,
    )


def moved_change(path: str, expected: str, actual: str) -> Change:
    """A thing that stands elsewhere: where, on each side."""
    return Change(
        kind=Kind.MOVED, of=Class.SEQUENCE, expected_path=path, actual_path=path, expected=expected, actual=actual
    )


class Row(Struct, frozen=True):
    """A part of a message as it stands beside its counterpart: a line of text for each side, None where a side has no such part.
    `depth` is how deep it is in Atomic and Sequence."""

    expected: str | None
    actual: str | None
    changes: tuple[Change, ...] = ()
    depth: int = 0


class MessageDiff(Struct):
    """A message beside its counterpart, None where there is none; `rows` only where they differ. `untimed` are the paths of those
    times that were asked for and cannot be compared: one side does not know them, or they follow on something else there."""

    expected: MessageView | None
    actual: MessageView | None
    rows: tuple[Row, ...] = ()
    untimed: frozenset[str] = frozenset()

    @property
    def changes(self) -> Iterator[Change]:
        """Its changes, in the order of the message."""
        for row in self.rows:
            yield from row.changes

    @property
    def equal(self) -> bool:
        """Whether nothing differs."""
        return not any(row.changes for row in self.rows)


class SessionDiff(Struct):
    """A session beside its counterpart. Both are None for what belongs to no session. `found` are its messages; where it is known
    that none of them differs, what makes them once somebody asks."""

    expected: SessionView | None
    actual: SessionView | None
    found: list[MessageDiff] | Callable[[], list[MessageDiff]]

    @property
    def messages(self) -> list[MessageDiff]:
        """Its messages beside each other."""
        if callable(self.found):
            self.found = self.found()
        return self.found

    @property
    def equal(self) -> bool:
        """Whether nothing differs."""
        return callable(self.found) or all(each.equal for each in self.found)


class Comparison(Struct):
    """Everything that was compared, in order of EXPECTED. `ignored` counts the changes that were left out; `apart` says what was
    not compared because one of the captures does not carry it."""

    sessions: list[SessionDiff]
    ignored: int = 0
    apart: tuple[str, ...] = ()

    @property
    def changes(self) -> Iterator[Change]:
        """Every change."""
        for session in self.sessions:
            for message in [] if callable(session.found) else session.found:
                yield from message.changes

    @property
    def equal(self) -> bool:
        """Whether nothing differs."""
        return all(each.equal for each in self.sessions)

    @property
    def summary(self) -> dict[str, int]:
        """How many changes of each kind."""
        counts = Counter(each.kind for each in self.changes)
        return {kind.value: counts[kind] for kind in Kind}

    def without(self, counts: "Counts") -> "Comparison":
        """What is left when only changes for which `counts` is true remain; the others are counted as ignored."""
        left = Comparison([], self.ignored, self.apart)
        for session in self.sessions:
            if session.equal:
                left.sessions.append(session)
                continue
            messages = []
            for message in session.messages:
                rows = tuple(
                    structs.replace(row, changes=tuple(each for each in row.changes if counts(each, message, session)))
                    for row in message.rows
                )
                left.ignored += sum(len(row.changes) for row in message.rows) - sum(len(row.changes) for row in rows)
                messages.append(structs.replace(message, rows=rows))
            left.sessions.append(SessionDiff(session.expected, session.actual, messages))
        return left


#: Says whether a change counts, of which message and session.
Counts = Callable[[Change, MessageDiff, SessionDiff], bool]
