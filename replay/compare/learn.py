"""What varies between captures of one scenario, and how: the lines of a noise profile, for a person to look at.

Every capture is compared with every other. A value that differs at a place that can be noise becomes a line; its kind is found
from all values at that place in all captures. What differs and counts to the letter becomes a warning instead.
"""

import itertools
from collections import Counter
from collections.abc import Sequence
from typing import Final

from msgspec import Struct, field

from replay.capture.sessions import Traffic
from replay.compare.changes import Change, MessageDiff
from replay.compare.compare import compare_views
from replay.compare.noise import Values, device_of
from replay.compare.views import CaptureView, view
from replay.normal.form import Profile
from replay.normal.leaves import Leaf
from replay.normal.noise import Line, is_noise_at, without_numbers
from replay.normal.varying import Kind, kind_of

#: A place: its path without numbers, what it is about, and whose message it is in.
_Key = tuple[str, str, str]
#: The values at a place of one device after the other, each in order of time.
_OfDevices = dict[str, list[str]]
#: Of a place so many values are shown.
_EXAMPLES: Final = 3


class LearnedLine(Struct, frozen=True):
    """A line, not signed; in how many captures the place is, how many values were seen there and how many different ones, and a few
    of them."""

    line: Line
    captures: int
    values: int
    distinct: int
    examples: tuple[str, ...]


class Warned(Struct, frozen=True):
    """What differs and never is noise: its kind, class and path, what it is about, how often, and once both values."""

    kind: str
    of: str
    path: str
    about: str
    times: int
    expected: str | None
    actual: str | None


class Learned(Struct):
    """What was learned. `constants` are the places that can be noise and had one value everywhere."""

    lines: list[LearnedLine]
    constants: list[LearnedLine]
    warnings: list[Warned] = field(default_factory=list)


def learn(captures: Sequence[Traffic], profile: Profile | None = None) -> Learned:
    """What varies between captures, in the order in which they were made. Raises ValueError for fewer than two."""
    if len(captures) < 2:
        raise ValueError("nothing can be seen to vary in fewer than two captures")
    views = [view(each, profile) for each in captures]
    leaves = Values()
    changed: dict[_Key, list[Change]] = {}
    warned: dict[tuple[str, str, str, str], list[Change]] = {}
    for one, other in itertools.combinations(views, 2):
        for session in compare_views(one, other).sessions:
            for message in session.messages:
                for change in message.changes:
                    key = _key_of(change, message, leaves)
                    if key is not None:
                        changed.setdefault(key, []).append(change)
                    else:
                        warned.setdefault(_what(change, _about(change, message, leaves)), []).append(change)
    values = [_values(each, leaves) for each in views]
    lines = []
    for key in sorted(changed):
        line = _line(key, values)
        if line.line.kind is not Kind.CONSTANT:
            lines.append(line)
        else:  # aliases that are no counterparts: what they stand for is another, and no value says so
            warned.setdefault(_what(changed[key][0], key[1]), []).extend(changed[key])
    places = set.intersection(*map(set, values))
    constants = [_line(key, values) for key in sorted(places - changed.keys())]
    return Learned(
        lines,
        [each for each in constants if each.line.kind is Kind.CONSTANT],
        [
            Warned(*what, len(changes), changes[0].expected, changes[0].actual)
            for what, changes in sorted(warned.items())
        ],
    )


def _what(change: Change, about: str) -> tuple[str, str, str, str]:
    """What changes of one sort have in common."""
    return change.kind.value, change.of.value, without_numbers(change.path), about


def _key_of(change: Change, message: MessageDiff, leaves: Values) -> _Key | None:
    """The place of a change that may be noise; None for every other change."""
    found = leaves.pair(change, message)
    if found is None or not all(map(is_noise_at, found)):
        return None
    here, there = (_key(leaf, change.side) for leaf in found)
    return here if here == there else None


def _about(change: Change, message: MessageDiff, leaves: Values) -> str:
    for view_, path in ((message.expected, change.expected_path), (message.actual, change.actual_path)):
        leaf = leaves.of(view_).get(path or "") if view_ is not None else None
        if leaf is not None:
            return leaf.about
    return ""


def _key(leaf: Leaf, side: str) -> _Key:
    return without_numbers(leaf.path), leaf.about, side


def _values(capture: CaptureView, leaves: Values) -> dict[_Key, _OfDevices]:
    """The values at every place of a capture that can be noise."""
    found: dict[_Key, _OfDevices] = {}
    for each in sorted(capture.messages(), key=lambda each: (device_of(each) or "", each.number, each.side)):
        for leaf in leaves.of(each).values():
            if is_noise_at(leaf):
                devices = found.setdefault(_key(leaf, each.side), {})
                devices.setdefault(device_of(each) or "", []).append(leaf.value)
    return found


def _line(key: _Key, captures: Sequence[dict[_Key, _OfDevices]]) -> LearnedLine:
    seen = [values.get(key, {}) for values in captures]
    every = [value for devices in seen for values in devices.values() for value in values]
    kind, form = kind_of(seen)
    path, about, side = key
    examples = tuple(value for value, _ in Counter(every).most_common(_EXAMPLES))
    line = Line(path=path, kind=kind, about=about if "/Item/" in path else None, side=side, form=form)
    return LearnedLine(line, sum(map(bool, seen)), len(every), len(set(every)), examples)
