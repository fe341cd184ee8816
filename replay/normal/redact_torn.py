"""Values that were torn apart where one piece of a large object ends and the next one begins (DMP 7)."""

from bisect import bisect_left, insort
from typing import Final

from replay.normal.redact_draw import folded
from replay.normal.redact_table import Entry, spell

#: So many characters of a value must stand in a piece; fewer may be chance, and say little.
_LEAST: Final = 6
#: Longer values are large objects themselves: they have a place of their own, where each piece is replaced as a whole.
_MOST: Final = 2000


#: Texts in order, each with the number of its entry.
_Ordered = list[tuple[str, int]]


class Torn:
    """Knows values by their beginnings and by their ends: in order as they are, and as they are read backwards, those that are
    compared to the letter by themselves."""

    def __init__(self) -> None:
        self._entries: list[Entry] = []
        self._heads: set[str] = set()
        self._tails: set[str] = set()
        self._forwards: dict[bool, _Ordered] = {False: [], True: []}
        self._backwards: dict[bool, _Ordered] = {False: [], True: []}
        self._longest = 0

    def add(self, entry: Entry) -> None:
        """Adds a value that may be torn."""
        value = entry.value
        if not _LEAST < len(value) <= _MOST:
            return
        lower = folded(value)
        self._heads.add(lower[:_LEAST])
        self._tails.add(lower[-_LEAST:])
        insort(self._forwards[entry.exact], (value, len(self._entries)))
        insort(self._backwards[entry.exact], (value[::-1], len(self._entries)))
        self._entries.append(entry)
        self._longest = max(self._longest, len(value))

    def ends(self, text: str, *, more: bool) -> str:
        """A text with the end of a value at its beginning replaced, and where `more` come also the beginning of one at its end."""
        lower = folded(text)
        for size in range(min(self._longest - 1, len(text)), _LEAST - 1, -1):
            if lower[size - _LEAST : size] not in self._tails:
                continue
            entry = self._beginning(self._backwards, text[:size][::-1])
            if entry is not None:
                text = _part(entry, text[:size], len(entry.value) - size) + text[size:]
                break
        if more:
            lower = folded(text)
            for place in range(max(0, len(text) - self._longest + 1), len(text) - _LEAST + 1):
                if lower[place : place + _LEAST] not in self._heads:
                    continue
                entry = self._beginning(self._forwards, text[place:])
                if entry is not None:
                    return text[:place] + _part(entry, text[place:], 0)
        return text

    def _beginning(self, ordered: dict[bool, _Ordered], piece: str) -> Entry | None:
        """An entry whose text begins with a piece, and goes on; None where there is none."""
        for exact, known in ordered.items():
            wanted = piece if exact else folded(piece)
            place = bisect_left(known, (wanted,))
            while place < len(known) and known[place][0] == wanted:
                place += 1
            if place < len(known) and known[place][0].startswith(wanted):
                return self._entries[known[place][1]]
        return None


def _part(entry: Entry, piece: str, place: int) -> str:
    made = entry.pseudonym[place : place + len(piece)]
    return made if entry.exact else spell(made, piece)
