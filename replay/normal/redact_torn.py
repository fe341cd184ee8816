"""Values that were torn apart where one piece of a large object ends and the next one begins (DMP 7)."""

from typing import Final

from replay.normal.redact_draw import folded
from replay.normal.redact_table import Entry, spell

#: So many characters of a value must stand in a piece; fewer may be chance, and say little.
_LEAST: Final = 6
#: Longer values are large objects themselves: they have a place of their own, where each piece is replaced as a whole.
_MOST: Final = 2000


class Torn:
    """Knows values by their beginnings and by their ends."""

    def __init__(self) -> None:
        self._heads: dict[str, list[Entry]] = {}
        self._within: dict[str, list[tuple[Entry, int]]] = {}
        self._longest = 0

    def add(self, entry: Entry) -> None:
        """Adds a value that may be torn."""
        value = folded(entry.value)
        if not _LEAST < len(value) <= _MOST:
            return
        self._heads.setdefault(value[:_LEAST], []).append(entry)
        for place in range(1, len(value) - _LEAST + 1):
            self._within.setdefault(value[place : place + _LEAST], []).append((entry, place))
        self._longest = max(self._longest, len(value))

    def ends(self, text: str, *, more: bool) -> str:
        """A text with the end of a value at its beginning replaced, and where `more` come also the beginning of one at its end."""
        for entry, place in self._within.get(folded(text[:_LEAST]), ()):
            size = len(entry.value) - place
            if _same(entry, text[:size], entry.value[place:]):
                text = _part(entry, text[:size], place) + text[size:]
                break
        if more:
            for place in range(max(0, len(text) - self._longest), len(text) - _LEAST + 1):
                for entry in self._heads.get(folded(text[place : place + _LEAST]), ()):
                    tail = text[place:]
                    if len(tail) < len(entry.value) and _same(entry, tail, entry.value[: len(tail)]):
                        return text[:place] + _part(entry, tail, 0)
        return text


def _same(entry: Entry, piece: str, wanted: str) -> bool:
    return (piece if entry.exact else folded(piece)) == wanted


def _part(entry: Entry, piece: str, place: int) -> str:
    made = entry.pseudonym[place : place + len(piece)]
    return made if entry.exact else spell(made, piece)
