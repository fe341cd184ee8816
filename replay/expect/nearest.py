"""What was meant where a name is unknown: the same words for options, files and commands."""

from collections.abc import Iterable
from difflib import SequenceMatcher
from typing import Final

_NEAR: Final = 0.6
_FEW: Final = 3
_MOST: Final = 12


def nearest(word: str, names: Iterable[str]) -> list[str]:
    """The names nearest to a word, whatever its case, the nearest first: those that are equally near, and up to three in all. None
    where none is near."""
    folded = word.casefold()
    rated = sorted((-SequenceMatcher(None, folded, name.casefold()).ratio(), name) for name in set(names))
    near = [(ratio, name) for ratio, name in rated if -ratio >= _NEAR]
    best = sum(ratio == near[0][0] for ratio, _ in near)
    return [name for _, name in near[: max(min(best, _MOST), _FEW)]]


def unknown(what: str, word: str, names: Iterable[str]) -> str:
    """Says that there is no such thing, and which are near, or which there are: `there is no key 'rul'; near it is rule`."""
    known = list(names)
    near = nearest(word, known)
    if not near:
        return f"there is no {what} {word!r}; there {'are' if len(known) > 1 else 'is'} {', '.join(known)}"
    return f"there is no {what} {word!r}; near it {'are' if len(near) > 1 else 'is'} {', '.join(near)}"
