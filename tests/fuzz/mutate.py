"""Mutations that keep what formats are made of: tags, strings, numbers and lines are moved, doubled, left out and replaced.

Bytes changed at random seldom get past the first bracket. These mutations are used in turns with libFuzzer's own, and alone where
atheris is not installed. The same seed gives the same result.
"""

import random
import re

#: What stands for itself in the formats: a line, a tag, a JSON or TOML string, a number, a word.
_PIECE = re.compile(rb'[^\n]*\n|<[^<>]*>|"(?:\\.|[^"\\\n]){0,400}"|-?\d+(?:\.\d+)?|[A-Za-z_]+|\[\[?[^\[\]\n]*\]\]?')
_TAG = re.compile(rb"<[^<>\n]*>|\d+|\"[^\"\n]*\"")
#: Values that readers may not have thought of.
ODD = (
    b"", b"0", b"-1", b"1", b"65536", b"4294967296", b"1e308", b"1e999", b"-1e308", b"NaN", b"Infinity",
    b"999999999999999999999999", b"null", b"true", b"[]", b"{}", b"\"\"", b"\"\\ud800\"", b"\"\\u0000\"", b"\xff\xfe",
    b"\x00", b"\xef\xbb\xbf", b"\x1b[2J", b"\xe2\x80\xae", b"&#0;", b"&amp;", b"&x;", b"]]>", b"<![CDATA[", b"<!--",
    b"-->", b"<?x ?>", b"<!DOCTYPE a [<!ENTITY x \"y\">]>", b"\r\n", b"../../x", b"0x1F", b"1979-05-27", b"'''",
    b"\"\"\"", b"[[a]]", b"a.b.c = 1", b"# x", b"1970-01-01T00:00:00Z", b"9999-12-31T23:59:59Z",
    b"\x80\x80\x80\x80\x10", b"\xc3\xff\xff\x7f", b"x" * 300, b"\xf0\x9f\x92\xa9",
)  # fmt: skip


def mutated(data: bytes, others: tuple[bytes, ...], rng: random.Random, most: int) -> bytes:
    """A text with one to four changes, of at most so many bytes; `others` lend pieces."""
    for _ in range(rng.choice((1, 1, 2, 4))):
        data = rng.choice(_CHANGES)(data, others, rng)
    return data[:most]


def _span(data: bytes, rng: random.Random) -> tuple[int, int]:
    """A piece of a text near a place in it, or a few bytes there."""
    at = rng.randrange(len(data) + 1)
    expression = rng.choice((_PIECE, _TAG))
    found = expression.search(data, at, at + 2000) if rng.random() < 0.8 else None
    return found.span() if found else (at, min(len(data), at + rng.randrange(9)))


def _leave_out(data: bytes, _: tuple[bytes, ...], rng: random.Random) -> bytes:
    begin, end = _span(data, rng)
    return data[:begin] + data[end:]


def _double(data: bytes, _: tuple[bytes, ...], rng: random.Random) -> bytes:
    begin, end = _span(data, rng)
    return data[:end] + data[begin:end] * rng.choice((1, 1, 2, 20)) + data[end:]


def _replace(data: bytes, _: tuple[bytes, ...], rng: random.Random) -> bytes:
    begin, end = _span(data, rng)
    return data[:begin] + rng.choice(ODD) + data[end:]


def _put_in(data: bytes, _: tuple[bytes, ...], rng: random.Random) -> bytes:
    begin, _end = _span(data, rng)
    return data[:begin] + rng.choice(ODD) + data[begin:]


def _swap(data: bytes, _: tuple[bytes, ...], rng: random.Random) -> bytes:
    one, two = sorted((_span(data, rng), _span(data, rng)))
    if one[1] > two[0]:
        return data
    return data[: one[0]] + data[two[0] : two[1]] + data[one[1] : two[0]] + data[one[0] : one[1]] + data[two[1] :]


def _borrow(data: bytes, others: tuple[bytes, ...], rng: random.Random) -> bytes:
    if not others:
        return data
    other = rng.choice(others)
    begin, end = _span(data, rng)
    first, last = _span(other, rng)
    return data[:begin] + other[first:last] + data[end:]


def _number(data: bytes, _: tuple[bytes, ...], rng: random.Random) -> bytes:
    found = list(re.finditer(rb"\d+", data[:200_000]))
    if not found:
        return data
    chosen = rng.choice(found)
    value = int(chosen.group()[:30]) + rng.choice((-1, 1, 100, -100, 10**6))
    return data[: chosen.start()] + str(value).encode() + data[chosen.end() :]


def _one_byte(data: bytes, _: tuple[bytes, ...], rng: random.Random) -> bytes:
    if not data:
        return data
    at = rng.randrange(len(data))
    return data[:at] + bytes([rng.randrange(256)]) + data[at + 1 :]


def _cut(data: bytes, _: tuple[bytes, ...], rng: random.Random) -> bytes:
    return data[: rng.randrange(len(data) + 1)]


def _change_all(data: bytes, _: tuple[bytes, ...], rng: random.Random) -> bytes:
    begin, end = _span(data, rng)
    piece = data[begin:end]
    return data.replace(piece, rng.choice(ODD)) if len(piece) > 2 else data


_CHANGES = (
    _leave_out, _double, _replace, _put_in, _swap, _borrow, _number, _number, _one_byte, _cut, _change_all, _replace,
)  # fmt: skip
