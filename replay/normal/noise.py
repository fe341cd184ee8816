"""Noise profiles: what varies from one good run to the next at places that a person has looked at and signed off, line by line.

A profile says of a place how its value may vary. It can never say that of what counts to the letter (facts C, "Never normalise"):
only what has no meaning of its own can be noise, the Data of items and a few sizes and headers, and only its value, not
whether it is there.
"""

import re
from functools import cached_property
from typing import Final

from msgspec import Struct

from replay.normal.leaves import Leaf
from replay.normal.varying import Form, Kind, fits

_NUMBER: Final = re.compile(r"\[[0-9]+\]")
_HEADERS: Final = ("user-agent", "useragentorigin", "ms-cv", "client-request-id", "retry-after")
_NAMES: Final = ("LocName", "Size", "MaxMsgSize", "MaxObjSize", "Version")
#: Where noise can be, in words.
WHERE: Final = (
    f"the Data of an item (…/Item/Data), {', '.join(_NAMES)}, and the headers {', '.join(_HEADERS)}"
)  # fmt: skip


def without_numbers(path: str) -> str:
    """A path without the numbers of its steps."""
    return _NUMBER.sub("", path)


def can_vary(path: str) -> bool:
    """Whether what stands at a path can be noise at all: everything else counts to the letter."""
    plain = without_numbers(path)
    if plain.startswith("HTTP/"):
        return plain.removeprefix("HTTP/") in _HEADERS
    return plain.endswith("/Item/Data") or "/Item/Data/" in plain or plain.rpartition("/")[2] in _NAMES


def is_noise_at(leaf: Leaf) -> bool:
    """Whether a value can be noise: its place allows it, and it is not the Data of an unenrolment."""
    return can_vary(leaf.path) and not leaf.letter


class Line(Struct, frozen=True, kw_only=True):
    """One line of a profile: a place (path, what it is about, whose message), and how its value varies. A step of `path` without a
    number fits any number; without `about` or `side` it is any. `number` is where the line stands in its file."""

    path: str
    kind: Kind
    about: str | None = None
    side: str | None = None
    form: Form | None = None
    signed: str = ""
    reason: str = ""
    number: int = 0

    @property
    def applies(self) -> bool:
        """Whether someone has signed it off."""
        return bool(self.signed)

    def speaks_of(self, leaf: Leaf, side: str) -> bool:
        """Whether it is about a value of a message on that side (`request`, `response`)."""
        return (
            self.side in (None, side)
            and self.about in (None, leaf.about)
            and is_noise_at(leaf)
            and _same_path(self.path, leaf.path)
        )

    def fits(self, value: str) -> bool:
        """Whether a value by itself varies so."""
        return fits(self.kind, self.form, value)


def _same_path(pattern: str, path: str) -> bool:
    """Whether a path is the one that is meant."""
    mine, theirs = pattern.split("/"), path.split("/")
    return len(mine) == len(theirs) and all(
        one in (other, without_numbers(other)) for one, other in zip(mine, theirs, strict=True)
    )


class NoiseProfile(Struct, frozen=True, dict=True):
    """A file of such lines."""

    path: str
    lines: tuple[Line, ...]

    @cached_property
    def _signed(self) -> dict[str, list[Line]]:
        """The signed lines by their paths without numbers."""
        found: dict[str, list[Line]] = {}
        for line in self.lines:
            if line.applies:
                found.setdefault(without_numbers(line.path), []).append(line)
        return found

    @property
    def unsigned(self) -> list[Line]:
        """The lines that nobody has signed off; they are not applied."""
        return [line for line in self.lines if not line.applies]

    def of(self, leaf: Leaf, side: str) -> list[Line]:
        """The signed lines about a value."""
        return [line for line in self._signed.get(without_numbers(leaf.path), ()) if line.speaks_of(leaf, side)]

    def notes(self) -> list[str]:
        """What is to be said of it whatever comes of it."""
        if not self.unsigned:
            return []
        numbers = ", ".join(str(line.number) for line in self.unsigned[:10])
        more = ", …" if len(self.unsigned) > 10 else ""
        return [
            f"{self.path}: {len(self.unsigned)} of {len(self.lines)} lines are not signed and were not applied (line {numbers}"
            f"{more}); look at each, then fill in signed and reason"
        ]
