"""Reports as JSON, indented for people, safe to print on a terminal."""

import secrets
import textwrap
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import msgspec

from replay.report.safe import visible_json

if TYPE_CHECKING:
    from replay.expect.judge import Judgement
    from replay.report.shapes import CaptureShape, ReportShape


#: How far the values of the lists that are written bit by bit stand from the margin.
_INDENT: Final = " " * 8


def as_json(value: Any) -> str:
    """A value as JSON text, with a line feed at its end."""
    return visible_json(msgspec.json.format(msgspec.json.encode(value), indent=2).decode("utf-8")) + "\n"


def json_piece(judgement: "Judgement") -> bytes:
    """One capture's part of the report, as it stands in it."""
    from replay.report.shapes import capture

    return msgspec.json.encode(capture(judgement))


class Later(msgspec.Struct, frozen=True):
    """A list of a report that is written bit by bit: the mark that stands for it, and what gives its values as JSON."""

    mark: str
    texts: Callable[[], Iterable[bytes]]


def later(texts: Callable[[], Iterable[bytes]], waiting: list[Later]) -> list[msgspec.Raw]:
    """A list with the mark that stands for values which are not there yet, and are not none."""
    mark = f'"{secrets.token_hex(16)}"'  # nobody can have written that into a capture
    waiting.append(Later(mark, texts))
    return [msgspec.Raw(mark.encode())]


def with_later(value: Any, waiting: Iterable[Later]) -> Iterator[str]:
    """A value as JSON text, with what marks stand for in it, in the order of the text."""
    text = as_json(value)
    for each in waiting:
        before, _, text = text.partition(_INDENT + each.mark)
        yield before
        for number, one in enumerate(each.texts()):
            shown = visible_json(msgspec.json.format(one, indent=2).decode("utf-8"))
            yield (",\n" if number else "") + textwrap.indent(shown, _INDENT)
    yield text


def encoded(values: Iterable[Any]) -> Iterator[bytes]:
    """Each value as JSON."""
    return map(msgspec.json.Encoder().encode, values)


def json_whole(pieces: "Sequence[bytes | CaptureShape]", head: "ReportShape") -> Iterator[str]:
    """The report from its captures' parts, which are JSON already and not read for being written again; what is on disk of a large
    capture is written bit by bit."""
    waiting: list[Later] = []
    captures = [msgspec.Raw(piece) if isinstance(piece, bytes) else _marked(piece, waiting) for piece in pieces]
    yield from with_later(msgspec.structs.replace(head, captures=captures), waiting)


def _marked(shape: "CaptureShape", waiting: list[Later]) -> "CaptureShape":
    """A shape with marks for its sessions, episodes and findings."""
    marks = {
        name: later(partial(_texts, values), waiting) if len(values) else []
        for name, values in (("sessions", shape.sessions), ("episodes", shape.episodes), ("findings", shape.findings))
    }
    return msgspec.structs.replace(shape, **marks)


def _texts(values: Any) -> Iterator[bytes]:
    in_order = getattr(values, "in_order", None)  # sessions are JSON already
    return encoded(values) if in_order is None else in_order()
