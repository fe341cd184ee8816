"""Known values replaced wherever they stand, and however they are coded there: plain, escaped, in base64 at any alignment, in
hexadecimal digits, in UTF-16, and in one of these within another.

`Sweep` decodes what may be a coding and looks into it. `Check` does it the other way round and by itself: it codes every value,
and looks for that in what is about to be written.
"""

import base64
import re
from collections.abc import Callable
from functools import partial
from itertools import product
from typing import Final

from replay.normal.identities import Role
from replay.normal.redact_draw import address_form, draw_v4, is_base64
from replay.normal.redact_escapes import ESCAPES, through
from replay.normal.redact_find import Bounds, Finder, Form
from replay.normal.redact_table import Entry, Table
from replay.normal.redact_torn import Torn
from replay.normal.redact_words import is_protocol

#: Codings within codings are looked into so deep.
_DEPTH: Final = 3
#: A shorter value is looked for as a word of its own, and not in base64 and the like.
_LONG: Final = 8
#: A value shorter than this is replaced in its own places alone; one of digits must be this long.
_SHORT, _SHORT_NUMBER = 4, 6
_BASE64_RUN: Final = re.compile(r"[A-Za-z0-9+/_-]{11,}(?:\r?\n[ \t]*[A-Za-z0-9+/_-]+)*={0,2}")
_HEX_RUN: Final = re.compile(r"(?:[0-9A-Fa-f]{2}){8,}[0-9A-Fa-f]?")
_URL_SAFE: Final = str.maketrans("-_", "+/")
_NOT_URL_SAFE: Final = str.maketrans("+/", "-_")
_GROUPS: Final = {32: (8, 4, 4, 4, 12)}


class Sweep:
    """Replaces the values of a table that are long enough to be told from chance. What is added to the table later is found
    from then on."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._finder = Finder()
        self._check = Finder()
        self._torn = Torn()

    def refresh(self) -> None:
        """Takes up what is new in the table."""
        for entry in self._table.take_fresh():
            for form in _forms(entry, self._table):
                self._finder.add(form)
            for form in _coded_forms(entry, self._table):
                self._check.add(form)
            if _bounds(entry) is not None and not entry.kept:
                self._torn.add(entry)

    def text(self, value: str, depth: int = 0) -> str:
        """A text with what is known in it replaced."""
        if not self._finder or len(value) < _SHORT:
            return value
        value = self._finder.replaced(value)
        if depth == _DEPTH:
            return value
        if ESCAPES.search(value):
            value = through(value, lambda plain: self.text(plain, depth + 1))
        if len(value) >= _LONG:
            value = _BASE64_RUN.sub(partial(self._in_base64, depth), value)
            value = _HEX_RUN.sub(partial(self._in_hex, depth), value)
        return value

    def piece(self, value: str, *, more: bool) -> str:
        """A text that may be a piece of a large object, of which `more` come, with what was torn at its ends replaced as well."""
        return self.text(self._torn.ends(value, more=more))

    def alone(self, value: str) -> str:
        """A text of which nothing is left but the pseudonyms of what is known in it."""
        return self._finder.replaced(value, blanked)

    def data(self, value: bytes, depth: int = 0) -> bytes:
        """Bytes with what is known in them replaced, as text in UTF-8 or Latin-1, and in UTF-16."""
        if not self._finder or len(value) < _SHORT:
            return value
        for codec in ("utf-8", "latin-1"):
            try:
                text = value.decode(codec)
            except UnicodeDecodeError:
                continue
            value = self.text(text, depth).encode(codec)
            break
        if b"\0" in value:
            for start, codec in product((0, 1), ("utf-16-le", "utf-16-be")):
                value = value[:start] + self._in_utf16(value[start:], codec)
        return value

    def leaves(self, text: str) -> bool:
        """Whether a text still holds a known value, in one of the codings that a writer may have used."""
        return self._check.replaced(text) != text

    def cleaned(self, text: str) -> str:
        """A text with those codings replaced as well."""
        return self._check.replaced(text)

    def _in_base64(self, depth: int, found: re.Match[str]) -> str:
        run = found.group()
        bare = re.sub(r"\s", "", run)
        for start in range(4 if not depth else 1):
            bare = bare[:start] + self._decoded(bare[start:], depth)
        if len(bare) == len(run):
            return bare
        rest = iter(bare)
        return "".join(char if char.isspace() else next(rest) for char in run)

    def _decoded(self, coded: str, depth: int) -> str:
        """Base64 from its first character on, with what it says replaced."""
        plain = coded.rstrip("=")
        plain = plain[: len(plain) - (len(plain) % 4 == 1)]
        data = base64.b64decode(plain.translate(_URL_SAFE) + "=" * (-len(plain) % 4))
        new = self.data(data, depth + 1)
        if new == data:
            return coded
        old, made = (base64.b64encode(each).decode("ascii").rstrip("=") for each in (data, new))
        if "-" in coded or "_" in coded:
            made = made.translate(_NOT_URL_SAFE)
            old = old.translate(_NOT_URL_SAFE)
        if len(made) != len(old):
            return made + coded[len(plain) :]
        changed = zip(plain, old, made, strict=True)  # what is not changed stays, however it was coded
        return "".join(char if one == other else other for char, one, other in changed) + coded[len(plain) :]

    def _in_hex(self, depth: int, found: re.Match[str]) -> str:
        run = found.group()
        for start in (0, 1):
            end = len(run) - (len(run) - start) % 2
            data = bytes.fromhex(run[start:end])
            new = self.data(data, depth + 1)
            if new != data:
                made = new.hex() if run == run.lower() else new.hex().upper()
                run = run[:start] + made + run[end:]
        return run

    def _in_utf16(self, value: bytes, codec: str) -> bytes:
        even = len(value) - len(value) % 2
        text = value[:even].decode(codec, "surrogatepass")
        new = self._finder.replaced(text)
        return value if new == text else new.encode(codec, "surrogatepass") + value[even:]


def blanked(text: str) -> str:
    """A text with every letter and digit made the same; of the same length, also in UTF-8."""
    return "".join(_blank(char) for char in text)


def _blank(char: str) -> str:
    if char.isascii():
        return "x" if char.isalpha() else "0" if char.isdigit() else char
    if not char.isalnum():
        return char
    first = ord(char) & ~0x3F
    return next((chr(code) for code in range(first, first + 0x40) if chr(code).isalpha()), char)


def _bounds(entry: Entry) -> Bounds | None:
    """Where a value may be replaced besides its own places: what must not stand around it; None for nowhere."""
    value = entry.value
    if len(value) < _SHORT or is_protocol(value) or not any(char.isalnum() for char in value):
        return None
    if address_form(value) is draw_v4:
        return Bounds.ADDRESS
    if value.isdecimal() and len(value) < _SHORT_NUMBER:
        return None
    if len(value) >= _LONG:
        return Bounds.ANY
    return Bounds.HOST if entry.role is Role.SERVER else Bounds.WORD


def _forms(entry: Entry, table: Table) -> list[Form]:
    """The texts as which a value is looked for."""
    bounds = _bounds(entry)
    if bounds is None:
        return []
    spell = partial(table.spelled, entry)
    forms = [Form(text, entry.exact, bounds, spell) for text in (entry.value, *_grouped(entry.value))]
    return forms + [Form(value, entry.exact, Bounds.ANY, _always(pseudonym)) for value, pseudonym in _as_bytes(entry)]


def _grouped(value: str) -> list[str]:
    """A hexadecimal number in the groups in which it may be written."""
    if len(value) < 12 or len(value) % 2 or not re.fullmatch("[0-9a-f]+", value):
        return []
    pairs = [value[place : place + 2] for place in range(0, len(value), 2)]
    found = [":".join(pairs), "-".join(pairs)]
    if len(value) in _GROUPS:
        rest = iter(value)
        found.append("-".join("".join(next(rest) for _ in range(width)) for width in _GROUPS[len(value)]))
    return found


def _as_bytes(entry: Entry) -> list[tuple[str, str]]:
    """A value and its pseudonym as bytes, where those are another text: letters beyond ASCII in UTF-8, and what base64 says. As
    Latin-1, which any bytes are."""
    found = []
    if not entry.value.isascii():
        found.append(
            tuple(each.encode("utf-8", "replace").decode("latin-1") for each in (entry.value, entry.pseudonym))
        )
    if entry.exact and is_base64(entry.value) is not None and is_base64(entry.pseudonym) is not None:
        value, pseudonym = (base64.b64decode(each).decode("latin-1") for each in (entry.value, entry.pseudonym))
        if len(value) >= _LONG:
            found.append((value, pseudonym))
    return [(value, pseudonym) for value, pseudonym in found]


def _coded_forms(entry: Entry, table: Table) -> list[Form]:
    """The texts that a value is when it is coded, with those of its pseudonym."""
    bounds = _bounds(entry)
    if bounds is None or entry.kept:
        return []
    forms = [Form(entry.value, entry.exact, bounds, partial(table.spelled, entry))]
    forms += [Form(value, entry.exact, Bounds.ANY, _always(pseudonym)) for value, pseudonym in _as_bytes(entry)]
    if len(entry.value) < _LONG:
        return forms
    spelled = {entry.value} if entry.exact else {entry.value, entry.value.upper()}
    for value in spelled:
        pseudonym = table.spelled(entry, value)
        one, other = (each.encode("utf-8", "replace") for each in (value, pseudonym))
        forms.append(Form(one.hex(), False, Bounds.ANY, _always(other.hex())))
        forms.append(_utf16(value, pseudonym, exact=entry.exact))
        forms += [
            Form(_base64_core(one, start), True, Bounds.ANY, _always(_base64_core(other, start))) for start in range(3)
        ]
    return forms


def _utf16(value: str, pseudonym: str, *, exact: bool) -> Form:
    """A value in UTF-16 without its last NUL, so that it is found in either order of bytes."""
    one, other = (each.encode("utf-16-le", "replace").decode("latin-1").rstrip("\0") for each in (value, pseudonym))
    return Form(one, exact, Bounds.ANY, _always(other))


def _base64_core(data: bytes, start: int) -> str:
    """The characters of base64 that bytes alone decide, where `start` bytes stand before them in their group of three."""
    coded = base64.b64encode(bytes(start) + data).decode("ascii")
    return coded[(start * 8 + 5) // 6 : (start + len(data)) * 8 // 6]


def _always(text: str) -> Callable[[str], str]:
    return lambda _: text
