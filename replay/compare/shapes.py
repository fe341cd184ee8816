"""Shapes: elements of the normal form as digests in which the numbers of aliases and references do not count.

`{guid 3}` here may be `{guid 4}` there, because one was sent before it: an alias means something within its capture only. So
it is blanked, and noted as a mark beside the digest; `aliases.py` finds out which aliases of both sides belong together. What a
Status answers is blanked as well; `answered.py` compares that by what it points to.
"""

import hashlib
import json
import re
from typing import Final

import msgspec

from replay.normal.leaves import element_at
from replay.normal.nodes import Node

#: An alias: its kind and its number in its capture.
Mark = tuple[str, int]

#: The sign of an alias as the normal form writes it: `{D1}`, `{guid 3}`. No other sign ends in a number.
_SIGN: Final = re.compile(r"\{([A-Za-z]+ ?)([0-9]+)\}")
#: The same within an element's JSON. A quotation mark in a text is escaped there, so no text can pass for a sign.
_IN_JSON: Final = re.compile(rb'"sign":"\{([A-Za-z]+ ?)([0-9]+)\}"')
_ANSWERS: Final = re.compile(
    rb'\{"name":"answers","namespace":null,"text":null,"sign":"(?:[^"\\]|\\.)*","attributes":\[\],"children":\[\]\}'
)
#: The name under which the normal form says what a Status or Results answers.
_ANSWERED: Final = "answers"


def mark_of(sign: str | None) -> Mark | None:
    """The alias that a sign is; None for any other sign."""
    found = _SIGN.fullmatch(sign) if sign else None
    return (found[1], int(found[2])) if found else None


def is_answer(node: Node) -> bool:
    """Whether an element is what the normal form says of a reference, and no element of the message."""
    return node.name == _ANSWERED and node.sign is not None


def shape_of(node: Node) -> tuple[bytes, tuple[Mark, ...]]:
    """An element's digest, and the aliases in it in the order in which they stand."""
    try:
        text = msgspec.json.encode(node)
    except UnicodeEncodeError:  # WBXML can carry half a character, which UTF-8 cannot
        text = json.dumps(msgspec.to_builtins(node), separators=(",", ":")).encode("ascii")
    marks = tuple((found[1].decode(), int(found[2])) for found in _IN_JSON.finditer(text))
    blank = _ANSWERS.sub(b"", _IN_JSON.sub(rb'"sign":"{\1}"', text))
    return hashlib.blake2b(blank, digest_size=16).digest(), marks


def digest_of(*parts: object) -> bytes:
    """One digest of several values: texts, numbers, digests, and tuples of such."""
    return hashlib.blake2b(repr(parts).encode(), digest_size=16).digest()


def leaf(node: Node, *names: str) -> str | None:
    """The text, or the sign without its number, of the first element below a node along these names; None where there is none."""
    found = element_at(node, *names)
    if found is None:
        return None
    mark = mark_of(found.sign)
    return f"{{{mark[0]}}}" if mark else (found.sign or found.text or "")
