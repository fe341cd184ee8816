"""How a value varies from one capture to the next, and whether another value varies so too.

A kind is found from every value that was seen at a place, and says more the narrower it is: a counter is also free text. So the
narrowest that fits all is taken.
"""

import enum
import itertools
import re
from collections.abc import Mapping, Sequence
from typing import Final

from msgspec import Struct


class Kind(enum.StrEnum):
    """How a value varies."""

    #: it does not
    CONSTANT = "constant"
    #: another name for the same thing, wherever it stands
    ALIAS = "alias"
    #: a whole number that never falls for one device within a capture
    COUNTER = "counter"
    #: a point in time
    TIME = "time"
    #: as many characters of the same alphabet
    RANDOM = "random"
    #: anything
    TEXT = "text"


#: Alphabets of random values, the narrowest first.
ALPHABETS: Final = {
    "decimal": re.compile(r"[0-9]+"),
    "hex": re.compile(r"[0-9A-Fa-f]+"),
    "base64": re.compile(r"[A-Za-z0-9+/_=-]+"),
}
#: What is shorter than this may be a word, and is not called random.
_SHORTEST: Final = 8
_DAY: Final = r"(?:\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{4})"
_CLOCK: Final = r"\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?: ?[AaPp][Mm])?(?: ?(?:Z|UTC|GMT|[+-]\d{2}:?\d{2}))?"
_TIME: Final = re.compile(
    rf"{_DAY}(?:[T ,]{{1,2}}{_CLOCK})?|{_CLOCK}"
    rf"|(?:[A-Z][a-z]{{2}}, )?\d{{1,2}} [A-Z][a-z]{{2}} \d{{4}} {_CLOCK}"  # as HTTP and mail write it
    r"|\{time\}"  # the normal form's sign
)
#: Seconds and milliseconds since 1970, and Windows' 100 ns since 1601, between 2001 and 2100.
_SINCE: Final = (
    (10**9, 4_102_444_800),
    (10**12, 4_102_444_800_000),
    (126_000_000_000_000_000, 157_000_000_000_000_000),
)
#: A number in decimal, short enough to be counted with.
_NUMBER: Final = re.compile(r"[0-9]{1,18}")


class Form(Struct, frozen=True):
    """The form of a random value: one of ALPHABETS, and the least and the most characters."""

    alphabet: str
    least: int
    most: int

    def fits(self, value: str) -> bool:
        """Whether a value has it."""
        return self.least <= len(value) <= self.most and ALPHABETS[self.alphabet].fullmatch(value) is not None


def is_number(value: str) -> bool:
    """Whether a value can be one of a counter's."""
    return _NUMBER.fullmatch(value) is not None


def is_time(value: str) -> bool:
    """Whether a value is a point in time, in one of the ways in which it is written."""
    if _TIME.fullmatch(value):
        return True
    return is_number(value) and any(low <= int(value) <= high for low, high in _SINCE)


def fits(kind: Kind, form: Form | None, value: str) -> bool:
    """Whether a value by itself is one of that kind. Of a counter and an alias others must be looked at too."""
    match kind:
        case Kind.CONSTANT:
            return False
        case Kind.COUNTER:
            return is_number(value)
        case Kind.TIME:
            return is_time(value)
        case Kind.RANDOM:
            return form is not None and form.fits(value)
        case _:
            return True


def kind_of(captures: Sequence[Mapping[str, Sequence[str]]]) -> tuple[Kind, Form | None]:
    """How the values at a place vary, from those of each device of each capture in order of time; captures in the order in which
    they came."""
    seen = [[value for values in devices.values() for value in values] for devices in captures]
    seen = [values for values in seen if values]
    every = [value for values in seen for value in values]
    if len(set(every)) <= 1:
        return Kind.CONSTANT, None
    if all(map(is_time, every)):
        return Kind.TIME, None
    if all(map(is_number, every)) and _counts(captures):
        return Kind.COUNTER, None
    if _is_renamed(seen):
        return Kind.ALIAS, None
    form = _form_of(every)
    return (Kind.RANDOM, form) if form is not None else (Kind.TEXT, None)


def _counts(captures: Sequence[Mapping[str, Sequence[str]]]) -> bool:
    """Whether numbers never fall for a device within a capture, and rise in one of them; where no device has more than one in a
    capture, from one capture to the next: for the same device, or the only one."""
    runs = [(device, list(map(int, values))) for devices in captures for device, values in devices.items() if values]
    if all(len(numbers) == 1 for _, numbers in runs):
        alone = all(len(devices) <= 1 for devices in captures)
        chains: dict[str, list[int]] = {}
        for device, numbers in runs:
            chains.setdefault("" if alone else device, []).extend(numbers)
        runs = list(chains.items())
    pairs = [pair for _, numbers in runs for pair in itertools.pairwise(numbers)]
    return any(one < other for one, other in pairs) and all(one <= other for one, other in pairs)


def _is_renamed(captures: Sequence[Sequence[str]]) -> bool:
    """Whether every capture has the same values under other names: some more than once, and the same ones at the same places."""
    patterns = [_pattern(values) for values in captures]
    length = min(map(len, patterns))
    return len(patterns) > 1 and all(
        pattern[:length] == patterns[0][:length] and len(set(pattern[:length])) < length for pattern in patterns
    )


def _pattern(values: Sequence[str]) -> list[int]:
    """Values as the numbers of their first use."""
    first: dict[str, int] = {}
    return [first.setdefault(value, len(first)) for value in values]


def _form_of(values: Sequence[str]) -> Form | None:
    """The form that random values have in common; None where they are too short or of too many lengths to be random."""
    lengths = [len(value) for value in values]
    if min(lengths) < _SHORTEST or max(lengths) > 2 * min(lengths):
        return None
    for name, alphabet in ALPHABETS.items():
        if all(alphabet.fullmatch(value) for value in values):
            digits = any(character.isdigit() for value in values for character in value)
            return Form(name, min(lengths), max(lengths)) if digits else None
    return None
