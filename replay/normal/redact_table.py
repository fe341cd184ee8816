"""The table of pseudonyms: which value got which, so that the same value has the same one wherever it stands, and different
values have different ones.

Names are compared as the tool compares them: without regard to case, hexadecimal numbers without regard to their separators; each
occurrence of a pseudonym is spelled as the value was there. Secrets are compared to the letter.
"""

import random
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from fnmatch import fnmatchcase
from typing import Final

from msgspec import Struct

from replay.normal.identities import Role
from replay.normal.redact_draw import (
    HEX,
    SEPARATORS,
    SID,
    Draw,
    address_form,
    bare_hex,
    draw_hex,
    draw_name,
    draw_number,
    draw_secret,
    draw_sid,
    folded,
)

#: After so many pseudonyms that are taken already the form is widened: there may be no more of it.
_ENOUGH: Final = 40
#: A pseudonym at least this long is known for one when it is met again.
_TELLING: Final = 8


class Entry(Struct, frozen=True):
    """One value and its pseudonym: both in lower case and without the separators of a hexadecimal number, unless `exact`, where
    they are to the letter. A value that is `kept` is its own pseudonym."""

    role: Role
    value: str
    pseudonym: str
    exact: bool = False
    kept: bool = False


class Keep:
    """What is to be left as it is: shell patterns for the role, the place or the value itself, in either case. `values` are those
    that were met; each is left everywhere, so that it stays equal to itself."""

    def __init__(self, patterns: Sequence[str] = ()) -> None:
        self.patterns = tuple(patterns)
        self.values: set[str] = set()
        self._used: set[str] = set()

    def covers(self, role: Role, place: str, value: str) -> bool:
        """Whether a value is kept: a pattern matches, or matched it at another place."""
        if not self.patterns:
            return False
        names = (role.value, place.lower(), value.lower())
        found = {each for each in self.patterns if any(fnmatchcase(name, each.lower()) for name in names)}
        self._used |= found
        if found:
            self.values.add(key_of(value))
        return key_of(value) in self.values

    @property
    def unused(self) -> list[str]:
        """The patterns that nothing matched."""
        return [pattern for pattern in self.patterns if pattern not in self._used]


class Table:
    """The pseudonyms of one redaction; `known` are those of an earlier one. `counts` says how many values of each role were
    asked for."""

    def __init__(self, keep: Keep, known: Iterable[Entry] = (), rng: random.Random | None = None) -> None:
        self.keep = keep
        self.counts: Counter[Role] = Counter()
        self._rng = rng or random.SystemRandom()
        self._exact: dict[str, Entry] = {}
        self._folded: dict[str, Entry] = {}
        self._spelled: dict[str, str] = {}
        self._spelling: dict[str, str] = {}
        self._pseudonyms: set[str] = set()
        self._counted: set[str] = set()
        self._fresh: list[Entry] = []
        for entry in known:
            kept = key_of(entry.value) in keep.values
            self._enter(Entry(entry.role, entry.value, entry.value, entry.exact, kept) if kept else entry)

    def of(
        self, role: Role, value: str, place: str, *, secret: bool = False, draw: Draw | None = None, part: bool = False
    ) -> str:
        """The pseudonym of a value, as long as it; the value itself where it is kept or is a pseudonym already.

        `place` says where it stands, `part` that it is a part of another value and does not count by itself.
        """
        if not value:
            return value
        kept = self.keep.covers(role, place, value)
        entry = self.known(value)
        if entry is None:
            if self._is_pseudonym(value) and not kept:
                return value
            entry = self._make(role, value, draw, secret=secret, kept=kept)
        self._count(entry, part=part)
        return self.spelled(entry, value)

    def compose(
        self,
        role: Role,
        value: str,
        place: str,
        make: Callable[[random.Random], str],
        *,
        exact: bool = False,
        part: bool = False,
    ) -> str:
        """The pseudonym of a value that has parts with pseudonyms of their own, which `make` puts together."""
        kept = self.keep.covers(role, place, value)
        entry = self.known(value)
        if entry is None and self._is_pseudonym(value) and not kept:
            return value
        if entry is None:
            fold = str if exact else folded
            pseudonym = make(self._rng)
            for _ in range(_ENOUGH):
                if kept or fold(pseudonym) not in self._pseudonyms:
                    break
                pseudonym = make(self._rng)
            if fold(pseudonym) == fold(value) and not kept:  # its parts are kept, or pseudonyms already
                return value
            entry = Entry(role, fold(value), fold(value if kept else pseudonym), exact, kept)
            self._enter(entry)
        self._count(entry, part=part)
        return self.spelled(entry, value)

    def known(self, value: str) -> Entry | None:
        """The entry of a value, however it is spelled; None where it has none."""
        return self._exact.get(value) or self._folded.get(key_of(value))

    def spelled(self, entry: Entry, value: str) -> str:
        """An entry's pseudonym, spelled as this one of its values is: in its case, with its separators."""
        if entry.kept:
            return value
        if entry.exact:
            return entry.pseudonym
        made = self._spelled.get(value)
        if made is None:
            made = self._own_spelling(spell(entry.pseudonym, value), value)
            self._spelling[made] = value
            self._spelled[value] = made
        return made

    def take_fresh(self) -> list[Entry]:
        """The entries that are new since this was last asked."""
        fresh, self._fresh = self._fresh, []
        return fresh

    def entries(self) -> Iterator[Entry]:
        """What a map holds: every entry but those that are kept."""
        return (entry for entries in (self._exact, self._folded) for entry in entries.values() if not entry.kept)

    def _is_pseudonym(self, value: str) -> bool:
        return len(value) >= _TELLING and not self._pseudonyms.isdisjoint((value, key_of(value)))

    def _count(self, entry: Entry, *, part: bool) -> None:
        if not part and not entry.kept and entry.value not in self._counted:
            self._counted.add(entry.value)
            self.counts[entry.role] += 1

    def _make(self, role: Role, value: str, draw: Draw | None, *, secret: bool, kept: bool) -> Entry:
        exact = secret and not HEX.fullmatch(value)
        base = value if exact else key_of(value)
        draw = draw or (draw_hex if _is_hex(value) else draw_secret if secret else form_of(base))
        pseudonym = base if kept else self._drawn(base, draw, str if exact else folded)
        entry = Entry(role, base, pseudonym, exact, kept)
        self._enter(entry)
        return entry

    def _drawn(self, base: str, draw: Draw, fold: Callable[[str], str]) -> str:
        """A pseudonym that is neither taken nor a value itself."""
        for count in range(100 * _ENOUGH):
            if count % _ENOUGH == _ENOUGH - 1:
                draw = draw_secret if count < 2 * _ENOUGH else _draw_any
            made = fold(draw(self._rng, base))
            if made != base and made not in self._pseudonyms and self.known(made) is None:
                return made
        raise ValueError(f"no pseudonym of {len(base)} characters is left")

    def _enter(self, entry: Entry) -> None:
        (self._exact if entry.exact else self._folded)[entry.value] = entry
        if not entry.kept:
            self._pseudonyms.add(entry.pseudonym)
        self._fresh.append(entry)

    def _own_spelling(self, made: str, value: str) -> str:
        """A spelling that no other spelling of the value has: two may look the same where digits took the place of letters."""
        letters = [place for place, char in enumerate(made) if char.isascii() and char.isalpha()]
        plain = made
        for number in range(1, 1 << min(len(letters), 10)):
            if self._spelling.get(made, value) == value:
                break
            flipped = {place for bit, place in enumerate(letters) if number >> bit & 1}
            made = "".join(char.swapcase() if place in flipped else char for place, char in enumerate(plain))
        return made


def key_of(value: str) -> str:
    """What values that count as the same have in common."""
    return bare_hex(value) if _is_hex(value) else folded(value)


def form_of(value: str) -> Draw:
    """How a pseudonym for a name is drawn, by the form of the name."""
    if SID.fullmatch(value):
        return draw_sid
    if (draw := address_form(value)) is not None:
        return draw
    return draw_number if value.isascii() and value.isdecimal() else draw_name


def _is_hex(value: str) -> bool:
    return bool(HEX.fullmatch(value)) and not value.isdecimal()


def _draw_any(rng: random.Random, value: str) -> str:
    """Any letters, where every pseudonym of the value's own form is taken."""
    return "".join(chr(rng.randint(0x4E00, 0x9FFF)) for _ in value)


def spell(pseudonym: str, value: str) -> str:
    """A pseudonym with the case and the separators of a value."""
    if len(pseudonym) != len(value):
        rest = iter(pseudonym)
        pseudonym = "".join(char if SEPARATORS.match(char) else next(rest) for char in value)
    upper = value != value.lower() and value == value.upper()
    return "".join(
        char.upper() if char.isascii() and (there.isupper() or (upper and not there.isalpha())) else char
        for char, there in zip(pseudonym, value, strict=True)
    )
