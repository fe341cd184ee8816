"""TOML files that people write (scenarios, accepted findings), with the line of every key: a mistake is shown where it stands.

`tomllib` reads the values and says where the syntax is wrong; it does not keep the places of what is right. A second walk over the
same text finds those. It only ever sees text that `tomllib` has accepted, so it need not check anything.
"""

import bisect
import re
from pathlib import Path
from typing import Any, Final

from msgspec import Struct

#: A key's path: names of tables and keys, numbers (from 0) of what stands in an array, such as ("accept", 2, "rule").
Keys = tuple[str | int, ...]

_PART: Final = r"""(?:"(?:\\.|[^"\\\n])*"|'[^'\n]*'|[A-Za-z0-9_-]+)"""
#: What people write has some hundred lines; reading takes the longer the more parts the keys have, with their square.
LARGEST: Final = 1 << 20
_MOST_PARTS: Final = 64
_LONG_KEY: Final = re.compile(rf"(?<![\w\"'\\.-])(?:{_PART}[ \t]*\.[ \t]*){{{_MOST_PARTS}}}")
_KEY: Final = re.compile(rf"{_PART}(?:[ \t]*\.[ \t]*{_PART})*")
_BLANK: Final = re.compile(r"(?:[ \t\r\n,]+|#[^\n]*)*")
_EQUALS: Final = re.compile(r"[ \t]*=[ \t]*")
_VALUES: Final = (
    re.compile(r'"""(?:\\.|[^\\])*?"""(?:"{0,2})', re.DOTALL),
    re.compile(r"'''.*?'''(?:'{0,2})", re.DOTALL),
    re.compile(r'"(?:\\.|[^"\\\n])*"'),
    re.compile(r"'[^'\n]*'"),
    re.compile(r"[^,\]}\n#]+"),
)


class TomlError(ValueError):
    """A file that cannot be used. Each of `mistakes` names the file, and the line where there is one."""

    def __init__(self, *mistakes: str) -> None:
        super().__init__("\n".join(mistakes))
        self.mistakes = mistakes


class Document(Struct, frozen=True):
    """A TOML file, read: its path, its values, and the line (from 1) of every key, table and element of an array."""

    path: str
    data: dict[str, Any]
    lines: dict[Keys, int]

    def line_of(self, *keys: str | int) -> int:
        """The line of a key; of the nearest thing around it that is there where it is missing itself, 1 at last."""
        while keys and keys not in self.lines:
            keys = keys[:-1]
        return self.lines.get(keys, 1)

    def mistake(self, keys: Keys, text: str) -> str:
        """What is wrong with a key, with file and line: for `TomlError`."""
        return f"{self.path}, line {self.line_of(*keys)}: {text}"


def load(path: str) -> Document:
    """Reads a TOML file. Raises TomlError where it cannot be opened, is no UTF-8, or is no TOML (with the line)."""
    try:
        with Path(path).open("rb") as file:
            content = file.read(LARGEST + 1)
    except OSError as error:
        raise TomlError(f"{path}: cannot be read: {error.strerror or error}") from None
    return parse(path, content)


def parse(path: str, content: bytes) -> Document:
    """Reads TOML from bytes; `path` is what messages call them. A byte order mark, as editors on Windows write it, does no harm.
    Raises TomlError as `load` does."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise TomlError(f"{path}, line {line}: is not UTF-8; save it in that encoding") from None
    if len(content) > LARGEST:
        raise TomlError(f"{path}: is larger than {LARGEST} bytes, and so no file that people write; it is not read")
    if long := _LONG_KEY.search(text):
        line = text.count("\n", 0, long.start()) + 1
        raise TomlError(f"{path}, line {line}: a key of more than {_MOST_PARTS} parts, which none of these files has")
    import tomllib  # here and below: most captures are judged without such a file

    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise TomlError(_syntax(path, text, str(error))) from None
    except RecursionError:
        raise TomlError(f"{path}: is nested too deeply") from None
    return Document(path, data, _Walk(text).lines())


def _syntax(path: str, text: str, message: str) -> str:
    """`tomllib` names the line at the end of its message; it stands first here, as in every other mistake."""
    found = re.fullmatch(r"(.*) \(at line (\d+), column (\d+)\)", message, re.DOTALL)
    if found is None:
        what = message.removesuffix(" (at end of document)")
        return f"{path}, line {text.count(chr(10)) + 1}: {what}, at the end of the file"
    return f"{path}, line {found[2]}, column {found[3]}: {found[1]}"


class _Walk:
    """One walk over a text that is known to be TOML."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.found: dict[Keys, int] = {}
        self.counts: dict[Keys, int] = {}
        self.breaks = [match.start() for match in re.finditer("\n", text)]

    def lines(self) -> dict[Keys, int]:
        """The line of every key of the document."""
        table: Keys = ()
        self._skip()
        while self.at < len(self.text):
            if self.text[self.at] == "[":
                table = self._header()
            else:
                self._pair(table)
            self._skip()
        return self.found

    def _skip(self) -> None:
        """White space, commas and comments."""
        found = _BLANK.match(self.text, self.at)
        self.at = found.end() if found else self.at

    def _note(self, keys: Keys, at: int) -> None:
        """Keeps the line of a key, and of the tables around it that are written nowhere else."""
        line = bisect.bisect_left(self.breaks, at) + 1
        for length in range(1, len(keys) + 1):
            self.found.setdefault(keys[:length], line)

    def _header(self) -> Keys:
        """`[a.b]` or `[[a.b]]`: the table that the pairs below belong to."""
        start, double = self.at, self.text.startswith("[[", self.at)
        self.at += 2 if double else 1
        self._skip()
        names = self._key()
        self.at = self.text.index("]", self.at) + (2 if double else 1)
        table: Keys = ()
        for name in names[:-1]:
            table = self._inside((*table, name))
        table = (*table, names[-1])
        if double:
            self.counts[table] = self.counts.get(table, -1) + 1
        table = self._inside(table)
        self._note(table, start)
        return table

    def _inside(self, table: Keys) -> Keys:
        """A table, or the last one so far of an array of tables."""
        return (*table, self.counts[table]) if table in self.counts else table

    def _key(self) -> tuple[str, ...]:
        """A key with its dots. Quotes and escapes are tomllib's to read."""
        import tomllib

        found = _KEY.match(self.text, self.at)
        if found is None:
            raise AssertionError(f"no key at offset {self.at} of a text that tomllib has read")
        self.at = found.end()
        names: list[str] = []
        value: Any = tomllib.loads(f"{found.group()} = 0")
        while isinstance(value, dict):
            ((name, value),) = value.items()
            names.append(name)
        return tuple(names)

    def _pair(self, table: Keys) -> None:
        """`key = value`, in a table or an inline table."""
        start = self.at
        keys = (*table, *self._key())
        self._note(keys, start)
        equals = _EQUALS.match(self.text, self.at)
        self.at = equals.end() if equals else self.at
        self._value(keys)

    def _value(self, keys: Keys) -> None:
        """A value: what stands in arrays and inline tables is noted, the rest is passed over."""
        opening = self.text[self.at]
        if opening not in "[{":
            matches = (pattern.match(self.text, self.at) for pattern in _VALUES)
            self.at = next(match.end() for match in matches if match)
            return
        closing, number = "]" if opening == "[" else "}", 0
        self.at += 1
        self._skip()
        while self.text[self.at] != closing:
            if opening == "{":
                self._pair(keys)
            else:
                self._note((*keys, number), self.at)
                self._value((*keys, number))
                number += 1
            self._skip()
        self.at += 1
