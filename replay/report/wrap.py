"""Text made to fit a terminal: lines are broken at spaces and go on beneath their own beginning.

For people who look at a terminal. In a pipe and in a file a line stays a line, so that `grep` and `diff` find it whole.
"""

import re
from collections.abc import Iterator
from typing import Final

from rich.cells import cell_len

_ESCAPE: Final = re.compile(r"\x1b\[[0-9;]*m")
#: A word with the spaces before it. Escape sequences belong to the word that they stand at.
_WORD: Final = re.compile(r"( *)([^ ]+)")
#: Bodies as they were on the wire (`omadm show --raw`): they can be copied as they are.
_BODY: Final = re.compile(r"[<> ]*\| ")
#: A line goes on so many columns to the right of where it began: further than what belongs to it and stands below.
_STEP: Final = 4
#: On terminals narrower than this nothing can be done.
_NARROWEST: Final = 20


def wrapped(text: str, width: int) -> str:
    """A text of which no line is wider than `width` cells, as far as its words allow: a word is never broken, so that paths,
    addresses and ids can be copied."""
    if width < _NARROWEST:
        return text
    return "\n".join(part for line in text.split("\n") for part in _wrap(line, width))


def _wrap(line: str, width: int) -> Iterator[str]:
    plain = _ESCAPE.sub("", line)
    if cell_len(plain) <= width or _BODY.match(plain):
        yield line
        return
    indent = min(len(plain) - len(plain.lstrip(" ")) + _STEP, width // 2)
    out, used = "", 0
    for spaces, word in _WORD.findall(line):
        size = cell_len(_ESCAPE.sub("", word))
        if used > indent and used + len(spaces) + size > width:
            yield out
            out, used = " " * indent + word, indent + size
        else:
            out, used = out + spaces + word, used + len(spaces) + size
    yield out
