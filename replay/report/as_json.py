"""Reports as JSON, indented for people, safe to print on a terminal."""

import secrets
import textwrap
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final

import msgspec

from replay.report.safe import visible_json

if TYPE_CHECKING:
    from replay.expect.judge import Judgement
    from replay.report.shapes import CaptureShape, ReportShape


#: How far the sessions of a capture stand from the margin.
_AT_SESSIONS: Final = " " * 8


def as_json(value: Any) -> str:
    """A value as JSON text, with a line feed at its end."""
    return visible_json(msgspec.json.format(msgspec.json.encode(value), indent=2).decode("utf-8")) + "\n"


def json_piece(judgement: "Judgement") -> bytes:
    """One capture's part of the report, as it stands in it."""
    from replay.report.shapes import capture

    return shape_piece(capture(judgement))


def shape_piece(shape: "CaptureShape") -> bytes:
    """The same from the report's shape of a capture."""
    return msgspec.json.encode(shape)


class Spooled(msgspec.Struct, frozen=True):
    """A large capture's part of the report: its shape without the sessions, and those."""

    shape: Any
    sessions: Any


def json_whole(pieces: "Sequence[bytes | Spooled]", head: "ReportShape") -> Iterator[str]:
    """The report from its captures' parts, which are JSON already and not read for being written again. It is written with a mark
    for the sessions of each large capture, and those go there bit by bit."""
    captures: list[Any] = []
    waiting: list[tuple[str, Any]] = []
    for piece in pieces:
        if isinstance(piece, Spooled) and len(piece.sessions):
            mark = f'"{secrets.token_hex(16)}"'  # nobody can have written that into a capture
            waiting.append((mark, piece.sessions))
            captures.append(msgspec.structs.replace(piece.shape, sessions=[msgspec.Raw(mark.encode())]))
        else:
            captures.append(piece.shape if isinstance(piece, Spooled) else msgspec.Raw(piece))
    text = as_json(msgspec.structs.replace(head, captures=captures))
    for mark, sessions in waiting:
        before, _, text = text.partition(_AT_SESSIONS + mark)
        yield before
        for number, session in enumerate(sessions.in_order()):
            shown = visible_json(msgspec.json.format(session, indent=2).decode("utf-8"))
            yield (",\n" if number else "") + textwrap.indent(shown, _AT_SESSIONS)
    yield text
