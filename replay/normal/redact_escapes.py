"""Text whose characters are written as escapes: percent signs, XML's references, JSON's `\\u`. It is read character by character,
and what is changed is written back in the manner in which it was written."""

import re
from collections.abc import Callable
from typing import Final
from xml.sax.saxutils import escape

from replay.normal.redact_draw import folded

#: References that XML itself knows.
REFERENCES: Final = re.compile(r"&(?:#[0-9]{1,8}|#x[0-9A-Fa-f]{1,8}|amp|lt|gt|quot|apos);")
#: The same, and those that a message would have to declare, which stand for something that nobody knows.
IN_XML: Final = re.compile(rf"{REFERENCES.pattern}|&[A-Za-z_:][\w.:-]*;")
_UNKNOWN: Final = "\ufffc"
#: Everything that an embedded text may be escaped with.
ESCAPES: Final = re.compile(
    rf"(?:%[0-9A-Fa-f]{{2}})+|{REFERENCES.pattern}|\\u[0-9A-Fa-f]{{4}}|\\x[0-9A-Fa-f]{{2}}|\\[\"\\/bfnrt]"
)
_NAMED: Final = {"&amp;": "&", "&lt;": "<", "&gt;": ">", "&quot;": '"', "&apos;": "'"}
_JSON: Final = {'"': '"', "\\": "\\", "/": "/", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_HIGHEST: Final = 0x10FFFF


class Coded:
    """A text with escapes. `chars` is what it says."""

    def __init__(self, text: str, escapes: re.Pattern[str]) -> None:
        self.text = text
        self._raws: list[str] | None = None
        self.chars = text
        if escapes.search(text) is not None:
            self._read(escapes)

    def _read(self, escapes: re.Pattern[str]) -> None:
        chars: list[str] = []
        raws: list[str] = []
        done = 0
        for found in escapes.finditer(self.text):
            between = self.text[done : found.start()]
            chars += between
            raws += between
            for char, raw in _decoded(found.group()):
                chars.append(char)
                raws.append(raw)
            done = found.end()
        chars += self.text[done:]
        raws += self.text[done:]
        self.chars, self._raws = "".join(chars), raws

    def saying(self, new: str, *, xml: bool = False) -> str:
        """The text that says something else, with escapes where there were some; `xml` escapes what XML has to."""
        old = self.chars
        if new == old:
            return self.text
        raws = self._raws or list(old)
        if len(new) == len(old):
            return "".join(raw if one == other else _written(other, raw, one, xml=xml)
                           for one, other, raw in zip(old, new, raws, strict=True))  # fmt: skip
        head = _alike(old, new)
        tail = _alike(old[head:][::-1], new[head:][::-1])
        middle = new[head : len(new) - tail]
        return "".join(raws[:head]) + (escape(middle) if xml else middle) + "".join(raws[len(old) - tail :])


def through(text: str, change: Callable[[str], str]) -> str:
    """A text with what its escapes say changed."""
    coded = Coded(text, ESCAPES)
    return coded.saying(change(coded.chars))


def _alike(one: str, other: str) -> int:
    """How many characters two texts have in common at their beginning."""
    count = 0
    for a, b in zip(one, other, strict=False):
        if a != b:
            break
        count += 1
    return count


def _decoded(raw: str) -> list[tuple[str, str]]:
    """The characters of an escape, or of several percent signs in a row, each with what it was written as."""
    if raw[0] == "%":
        data = bytes.fromhex(raw.replace("%", ""))
        try:
            chars = data.decode("utf-8")
        except UnicodeDecodeError:
            chars = data.decode("latin-1")
            return [(char, raw[3 * place : 3 * place + 3]) for place, char in enumerate(chars)]
        pairs, place = [], 0
        for char in chars:
            width = 3 * len(char.encode("utf-8"))
            pairs.append((char, raw[place : place + width]))
            place += width
        return pairs
    if raw[0] == "\\":
        return [(_JSON[raw[1]] if raw[1] in _JSON else chr(int(raw[2:], 16)), raw)]
    if raw in _NAMED:
        return [(_NAMED[raw], raw)]
    if raw[1] != "#":
        return [(_UNKNOWN, raw)]
    code = int(raw[3:-1], 16) if raw[2] in "xX" else int(raw[2:-1])
    return [(chr(code), raw)] if code <= _HIGHEST else [(char, char) for char in raw]


def _written(char: str, raw: str, old: str, *, xml: bool) -> str:
    """A character in the manner of the one that stood there, as long as that where it can be."""
    if raw == old:
        return escape(char) if xml else char
    if raw[0] == "%":
        try:
            data = char.encode("latin-1") if len(raw) == 3 and old > "\x7f" else char.encode("utf-8")
        except UnicodeEncodeError:
            data = char.encode("utf-8", "surrogatepass")
        coded = "".join(f"%{byte:02X}" for byte in data)
        return coded if folded(raw) != raw or not any(each.isalpha() for each in raw) else coded.lower()
    if raw[0] == "\\" and len(raw) == 2:
        return f"\\u{ord(char):04x}" if len(char.encode("utf-16-le")) == 2 else char
    if raw[0] == "\\":
        return f"{raw[:2]}{ord(char):0{len(raw) - 2}x}" if ord(char) < 16 ** (len(raw) - 2) else char
    if raw[2:3] in ("x", "X") and raw[1] == "#":
        return f"&#{raw[2]}{ord(char):0{len(raw) - 4}x};"
    return f"&#{ord(char):0{len(raw) - 3}d};"
