"""The forms of a report, by the names that `--format` has. Each is imported when it is asked for.

A report is made of pieces, one a capture, and of what is said of all of them. A piece holds no traffic, so that captures can be
judged one by one and elsewhere, and what is left of each is small.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

from replay.expect.judge import EpisodeJudgement, Judgement
from replay.report.shapes import ReportShape
from replay.report.told import Drawing, Told

FORMS: Final = ("text", "json", "html", "junit", "sarif", "markdown")
#: The forms for which it is enough what `replay.report.told` has of a capture; another one shows messages.
FROM_SHAPES: Final = ("text", "json", "junit", "sarif", "markdown")


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


def piece_of(told: Told, *, form: str, fail_on: str) -> Any:
    """The same of a large capture, in one of the forms in FROM_SHAPES: what is on disk stays there until the report is written."""
    match form:
        case "junit":
            from replay.report.junit import suite_of

            return suite_of(told.shape, fail_on)
        case "sarif":
            from replay.report.sarif import run_of

            return run_of(told)
        case "markdown":
            return told
        case _:
            return told.shape


def drawing(form: str) -> Callable[[EpisodeJudgement], Drawing] | None:
    """What draws an episode, in a form that has drawings which are made from the traffic."""
    if form != "markdown":
        return None
    from replay.report.markdown import drawing_of

    return drawing_of


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
            from replay.report.markdown import markdown_whole

            return markdown_whole(pieces)
        case _:
            from replay.report.text import text_whole

            text = text_whole(pieces, head, detail)
            return "".join(text) if all(isinstance(each, str) for each in pieces) else text


def render(form: str, judgements: Sequence[Judgement], shaped: ReportShape, *, detail: int, fail_on: str) -> str:
    """The report on judgements in a form, in one go."""
    pieces = [
        piece(each, number, form=form, detail=detail, fail_on=fail_on) for number, each in enumerate(judgements, 1)
    ]
    return "".join(whole(pieces, shaped, form=form, detail=detail))
