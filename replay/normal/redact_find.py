"""Many texts found in one pass: the known values in a message, however many there are.

The first letters of all texts are put into one regular expression, a trie; where it matches, the texts that begin so are compared.
Texts may be added at any time: they wait in small expressions that are merged into larger ones as they grow in number.
"""

import enum
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final

from msgspec import Struct

from replay.normal.redact_draw import folded

#: So many letters of each text are in the expression.
_HEAD: Final = 6


class Bounds(enum.Enum):
    """What may stand around a text where it is found."""

    #: anything: it is so long that it is no chance
    ANY = enum.auto()
    #: no letter and no digit
    WORD = enum.auto()
    #: what may stand around a host: a label and a dot before it, but no more labels behind it
    HOST = enum.auto()
    #: what may stand around an IPv4 address: no more of its digits
    ADDRESS = enum.auto()


_BEFORE: Final = {
    Bounds.WORD: re.compile(r"[^\W_]"),
    Bounds.HOST: re.compile(r"[A-Za-z0-9-]"),
    Bounds.ADDRESS: re.compile(r"[0-9.]"),
}
_BEHIND: Final = {
    Bounds.WORD: re.compile(r"[^\W_]"),
    Bounds.HOST: re.compile(r"[A-Za-z0-9-]|\.[A-Za-z0-9]"),
    Bounds.ADDRESS: re.compile(r"[0-9]|\.[0-9]"),
}


class Form(Struct, frozen=True):
    """A text to be found: in lower case, unless it is `exact`; what may stand around it; and what is put in the place of what
    was found, which gets that as it stands there."""

    text: str
    exact: bool
    bounds: Bounds
    replace: Callable[[str], str]


_Trie = dict[str, "_Trie"]
_NONE: Final[Mapping[tuple[int, bool], dict[str, list[Form]]]] = {}


class _Level:
    """Forms by their heads, and the expression that finds the heads."""

    def __init__(self, forms: list[Form]) -> None:
        self.forms = forms
        #: By their heads, lengths and exactness: of many that begin alike (tokens do) only those that stand there are looked at.
        self.heads: dict[str, dict[tuple[int, bool], dict[str, list[Form]]]] = {}
        for form in forms:
            alike = self.heads.setdefault(folded(form.text[:_HEAD]), {}).setdefault((len(form.text), form.exact), {})
            alike.setdefault(form.text, []).append(form)
        self.lengths = sorted({len(head) for head in self.heads}, reverse=True)
        self.find = re.compile(_expression(self.heads)).search

    def next(self, text: str, lower: str, start: int) -> tuple[int, Form] | None:
        """The first place from `start` on where a form stands, and the longest that stands there."""
        while (found := self.find(lower, start)) is not None:
            start = found.start()
            fitting = [form for length in self.lengths
                       for (size, exact), alike in self.heads.get(lower[start : start + length], _NONE).items()
                       for form in alike.get((text if exact else lower)[start : start + size], ())
                       if _stands(form, text, start)]  # fmt: skip
            if fitting:
                return start, max(fitting, key=lambda form: len(form.text))
            start += 1
        return None


class Finder:
    """Replaces what is known in a text."""

    def __init__(self) -> None:
        self._levels: list[_Level] = []
        self._waiting: list[Form] = []

    def add(self, form: Form) -> None:
        """Adds a text to be found."""
        self._waiting.append(form)

    def __bool__(self) -> bool:
        return bool(self._levels or self._waiting)

    def replaced(self, text: str, between: Callable[[str], str] = str) -> str:
        """A text with all that is found in it replaced, from left to right, of several at one place the longest; `between` is done
        to what stands between."""
        out: list[str] = []
        done = 0
        for start, form in self._found(text):
            there = text[start : start + len(form.text)]
            out += (between(text[done:start]), form.replace(there))
            done = start + len(there)
        return "".join(out) + between(text[done:]) if out else between(text)

    def _found(self, text: str) -> Iterator[tuple[int, Form]]:
        self._settle()
        lower = folded(text)
        found = [level.next(text, lower, 0) for level in self._levels]
        while any(found):
            start, form = min((each for each in found if each), key=lambda each: (each[0], -len(each[1].text)))
            yield start, form
            end = start + len(form.text)
            found = [
                level.next(text, lower, end) if each is not None and each[0] < end else each
                for level, each in zip(self._levels, found, strict=True)
            ]

    def _settle(self) -> None:
        """Makes expressions of what is waiting, merging those that are not much larger: so each text is compiled a few times."""
        if not self._waiting:
            return
        forms, self._waiting = self._waiting, []
        while self._levels and len(self._levels[-1].forms) <= 2 * len(forms):
            forms = self._levels.pop().forms + forms
        self._levels.append(_Level(forms))


def _stands(form: Form, text: str, start: int) -> bool:
    """Whether what is around a text that was found may be there."""
    end = start + len(form.text)
    before, behind = _BEFORE.get(form.bounds), _BEHIND.get(form.bounds)
    if before is not None and start and before.match(text, start - 1):
        return False
    return behind is None or not behind.match(text, end)


def _expression(heads: Iterable[str]) -> str:
    trie: _Trie = {}
    for head in heads:
        node = trie
        for char in head:
            node = node.setdefault(char, {})
        node[""] = {}
    return _branch(trie)


def _branch(node: _Trie) -> str:
    branches = [re.escape(char) + _branch(below) for char, below in node.items() if char]
    if not branches:
        return ""
    whole = branches[0] if len(branches) == 1 else f"(?:{'|'.join(branches)})"
    return f"(?:{whole})?" if "" in node else whole
