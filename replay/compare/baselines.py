"""Several captures at once: only what differs from all of them (`--baseline`).

A run varies from the next one all by itself. What is there in one of several good runs, and as it is there, needs no
explanation; so a change counts only where the new capture differs from every baseline in the same place of its own. What the new
capture lacks has no place in it: there it counts that every baseline has it.
"""

import re
from collections import Counter
from collections.abc import Hashable, Sequence
from typing import Final

from msgspec import Struct

from replay.compare.changes import Change, Class, Comparison, Kind, MessageDiff, SessionDiff

_NUMBER: Final = re.compile(r"\[[0-9]+\]")
_URI: Final = re.compile(r"<LocURI>(.*?)</LocURI>", re.DOTALL)


class Against(Struct, frozen=True):
    """A comparison with the baseline that is nearest (its place among them), without what some other baseline has as well;
    `explained` counts what that was."""

    nearest: int
    comparison: Comparison
    explained: int


def against_all(comparisons: Sequence[Comparison]) -> Against:
    """What differs from all baselines, from the comparisons of the same capture with each of them."""
    nearest = min(range(len(comparisons)), key=lambda place: sum(comparisons[place].summary.values()))
    mine = comparisons[nearest]
    others = [_Differences(each) for place, each in enumerate(comparisons) if place != nearest]
    before = mine.ignored
    left = mine.without(lambda change, message, session: all(each.has(change, message, session) for each in others))
    explained = left.ignored - before
    left.ignored = before
    return Against(nearest, left, explained)


class _Differences:
    """Where a capture differs from one baseline: by message and by session, and what it lacks."""

    def __init__(self, comparison: Comparison) -> None:
        self._touched: dict[Hashable, list[Change]] = {}
        self._missing: Counter[Hashable] = Counter()
        self._other_order: set[Hashable] = set()
        self._untimed: set[Hashable] = set()
        for session in comparison.sessions:
            for message in session.messages:
                self._untimed |= {(_of_message(message), path) for path in message.untimed}
                for change in message.changes:
                    if change.of is Class.SEQUENCE:
                        self._other_order.add(_of_message(message))
                    elif change.kind is not Kind.CHANGED:
                        self._other_order.add(_siblings(change, message))
                    if change.actual_path is None:
                        self._missing[_lack(change, message, session)] += 1
                        continue
                    self._touched.setdefault(_of_session(session), []).append(change)
                    self._touched.setdefault(_of_message(message), []).append(change)

    def has(self, change: Change, message: MessageDiff, session: SessionDiff) -> bool:
        """Whether the capture differs from this baseline, too, where it has a change."""
        if change.actual_path is None:
            key = _lack(change, message, session)
            self._missing[key] -= 1
            return self._missing[key] >= 0
        in_session = self._touched.get(_of_session(session), ())
        if _is_session(change):
            return bool(in_session)
        if (_of_message(message), change.path) in self._untimed:
            return True  # a time that cannot be compared with this baseline's explains nothing
        if change.kind is Kind.MOVED and self._other_order & {_of_message(message), _siblings(change, message)}:
            return True  # what is missing or more there says nothing for this order
        in_message = self._touched.get(_of_message(message), ())
        return any(_is_session(each) for each in in_session) or any(_same_place(each, change) for each in in_message)


def _is_session(change: Change) -> bool:
    """Whether a whole session came."""
    return change.kind is Kind.ADDED and change.path == "session"


def _of_session(session: SessionDiff) -> Hashable:
    return "session", session.actual.number if session.actual is not None else None


def _of_message(message: MessageDiff) -> Hashable:
    return (message.actual.number, message.actual.side) if message.actual is not None else None


def _siblings(change: Change, message: MessageDiff) -> Hashable:
    """What is called the same in a message, at the same place."""
    return _of_message(message), _NUMBER.sub("", change.path)


def _same_place(one: Change, other: Change) -> bool:
    """Whether two changes of a message, the first a baseline's, are of the same place in it, or one of something around the
    other; what moved and what is otherwise are two things, and so is what takes time, but in what the baseline lacks."""
    if (one.kind is Kind.MOVED) != (other.kind is Kind.MOVED) and Kind.ADDED not in (one.kind, other.kind):
        return False
    if (one.of is Class.TIMING) != (other.of is Class.TIMING) and one.kind is not Kind.ADDED:
        return False
    mine, theirs = one.actual_path or "", other.actual_path or ""
    return mine == theirs or _around(one, theirs) or _around(other, mine)


def _around(change: Change, path: str) -> bool:
    whole = (
        change.kind is not Kind.MOVED and change.actual_path == "SyncML"
    )  # it came, or is no message that can be read
    return whole or path.startswith(f"{change.actual_path}/")


def _lack(change: Change, message: MessageDiff, session: SessionDiff) -> Hashable:
    """What is missing, without its numbers and values: in which message or session of the capture, and what it is by name
    and target."""
    place = _of_message(message) or (_of_session(session), change.side)
    if session.actual is None:
        place = change.role
    uri = _URI.search(change.expected or "")
    return place, change.of, _NUMBER.sub("", change.path), uri[1] if uri else None
