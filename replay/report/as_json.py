"""Reports as JSON, indented for people, safe to print on a terminal."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from replay.report.safe import visible_json

if TYPE_CHECKING:
    from replay.expect.judge import Judgement
    from replay.report.shapes import CaptureShape, ReportShape


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


def json_whole(pieces: Sequence[bytes], head: "ReportShape") -> str:
    """The report from its captures' parts."""
    captures: Any = [msgspec.Raw(piece) for piece in pieces]  # already JSON: they are not read for being written again
    return as_json(msgspec.structs.replace(head, captures=captures))
