"""The forms of a report, by the names that `--format` has. Each is imported when it is asked for.

A report is made of pieces, one a capture, and of what is said of all of them. A piece holds no traffic, so that captures can be
judged one by one and elsewhere, and what is left of each is small.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from msgspec import structs

from replay.expect.judge import Judgement
from replay.report.shapes import CaptureShape, ReportShape
from replay.report.spool import Spool

FORMS: Final = ("text", "json", "html", "junit", "sarif", "markdown")
#: The forms for which the report's shape of a capture is enough.
FROM_SHAPES: Final = ("text", "json")


def piece(judgement: Judgement, number: int, *, form: str, detail: int, fail_on: str) -> Any:
    """What a form needs of one capture, the `number`-th of them (from 1): a value that can be pickled. `detail` is how much the
    text says, `fail_on` what fails in JUnit."""
    match form:
        case "json":
            from replay.report.as_json import json_piece

            return json_piece(judgement)
        case "html":
            from replay.report.html.check import html_piece

            return html_piece(judgement, number)
        case "junit":
            from replay.report.junit import junit_piece

            return junit_piece(judgement, fail_on)
        case "sarif":
            from replay.report.sarif import sarif_piece

            return sarif_piece(judgement)
        case "markdown":
            from replay.report.markdown import markdown_piece

            return markdown_piece(judgement)
        case _:
            from replay.report.text import text_piece

            return text_piece(judgement, detail)


def piece_of(shape: CaptureShape, sessions: Spool | None, *, form: str, detail: int) -> Any:
    """What one of the forms in FROM_SHAPES needs of one capture, from the report's shape of it; `sessions` where those are not in
    the shape."""
    if form == "json":
        from replay.report.as_json import Spooled, shape_piece

        return shape_piece(shape) if sessions is None else Spooled(shape, sessions)
    from replay.report.text import shape_text

    return shape_text(shape if sessions is None else structs.replace(shape, sessions=list(sessions.values())), detail)


def whole(pieces: Sequence[Any], head: ReportShape, *, form: str, detail: int) -> str | Iterator[str]:
    """The report from the pieces of its captures, in order, and the head of it (`shapes.heading`)."""
    match form:
        case "json":
            from replay.report.as_json import json_whole

            return json_whole(pieces, head)
        case "html":
            from replay.report.html.check import html_whole

            return html_whole(pieces, head)
        case "junit":
            from replay.report.junit import junit_whole

            return junit_whole(pieces)
        case "sarif":
            from replay.report.sarif import sarif_whole

            return sarif_whole(pieces)
        case "markdown":
            return "".join(pieces)
        case _:
            from replay.report.text import text_whole

            return text_whole(pieces, head, detail)


def render(form: str, judgements: Sequence[Judgement], shaped: ReportShape, *, detail: int, fail_on: str) -> str:
    """The report on judgements in a form, in one go."""
    pieces = [
        piece(each, number, form=form, detail=detail, fail_on=fail_on) for number, each in enumerate(judgements, 1)
    ]
    return "".join(whole(pieces, shaped, form=form, detail=detail))
