"""The forms of a report, by the names that `--format` has. Each is imported when it is asked for."""

from typing import Final

from replay.expect.judge import Judgement
from replay.report.shapes import ReportShape

FORMS: Final = ("text", "json", "html", "junit", "sarif", "markdown")


def render(form: str, judgements: list[Judgement], shaped: ReportShape, *, detail: int, fail_on: str) -> str:
    """The report on judgements in a form; `detail` is how much the text says, `fail_on` what fails in JUnit."""
    match form:
        case "json":
            from replay.report.as_json import as_json

            return as_json(shaped)
        case "html":
            from replay.report.html.check import check_html

            return check_html(judgements, shaped)
        case "junit":
            from replay.report.junit import junit

            return junit(judgements, fail_on)
        case "sarif":
            from replay.report.sarif import sarif

            return sarif(judgements)
        case "markdown":
            from replay.report.markdown import markdown

            return markdown(judgements)
        case _:
            from replay.report.text import check_text

            return check_text(shaped, detail=detail)
