"""The report as SARIF 2.1.0, for tools that show findings beside files. Every finding is a result; its place points into the
capture file by line where that is a journal, and names exchange and element."""

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from typing import Any, Final
from urllib.parse import quote

import click
from msgspec import UNSET, Struct

from replay.expect.finding import Severity
from replay.expect.judge import Judgement
from replay.expect.rules import registry
from replay.report.as_json import Later, encoded, later, with_later
from replay.report.places import place_in_words
from replay.report.rule_pages import page, page_markdown, page_text
from replay.report.safe import without_surrogates
from replay.report.shapes import FindingShape
from replay.report.told import Located, Told, told_of
from replay.version import __version__

SCHEMA: Final = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
#: An open question is `open` in SARIF, and has no level.
_LEVELS: Final = {
    Severity.ERROR: "error",
    Severity.WARNING: "warning",
    Severity.INFO: "note",
    Severity.INCONCLUSIVE: "none",
}


def sarif(judgements: list[Judgement]) -> str:
    """The judgements as one SARIF run."""
    return "".join(sarif_whole([sarif_piece(each) for each in judgements]))


class Run(Struct, frozen=True):
    """One capture, with its findings and the line of the file that each is on, which can be gone through more than once."""

    path: str
    verdict: str
    errors: list[str]
    findings: Iterable[Located]


def sarif_piece(judgement: Judgement) -> Run:
    """What SARIF has of one capture."""
    return run_of(told_of(judgement))


def run_of(told: Told) -> Run:
    """The same from what is told of it."""
    return Run(told.shape.path, told.shape.verdict, told.shape.errors, told.located)


def sarif_whole(captures: Sequence[Run]) -> Iterator[str]:
    """The run from what it has of each capture; the results bit by bit."""
    used = sorted({finding.rule for each in captures for finding, _ in each.findings})
    rules = [_rule(rule) for rule in used]
    waiting: list[Later] = []
    run = {
        "tool": {"driver": {"name": "omadm-replay", "version": __version__, "rules": rules}},
        "columnKind": "unicodeCodePoints",
        "artifacts": [{"location": {"uri": _uri(each.path)}} for each in captures],
        "results": later(partial(_results, captures, used), waiting) if used else [],
        "invocations": [
            {
                "executionSuccessful": not any(each.errors for each in captures),
                "toolExecutionNotifications": [
                    {"level": "error", "message": {"text": without_surrogates(f"{each.path}: {error}")}}
                    for each in captures
                    for error in each.errors
                ],
            }
        ],
        "properties": {"verdicts": {without_surrogates(each.path): each.verdict for each in captures}},
    }
    yield from with_later({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, waiting)


def _results(captures: Sequence[Run], used: list[str]) -> Iterator[bytes]:
    return encoded(
        _result(finding, each.path, number, line, used)
        for number, each in enumerate(captures)
        for finding, line in each.findings
    )


def _rule(rule: str) -> dict[str, Any]:
    entry = registry()[rule]
    explained = page(entry)
    what = " ".join(entry.page.split("## What it does\n", 1)[1].split("\n\n", 1)[0].split())
    return {
        "id": rule,
        "name": entry.rule.name,
        "shortDescription": {"text": entry.rule.name},
        "fullDescription": {"text": what},
        "help": {"text": click.unstyle(page_text(explained)), "markdown": page_markdown(explained)},
        "defaultConfiguration": {"level": _LEVELS[entry.rule.severity]},
    }


def _result(finding: FindingShape, path: str, number: int, line: int | None, used: list[str]) -> dict[str, Any]:
    physical: dict[str, Any] = {"artifactLocation": {"uri": _uri(path), "index": number}}
    if line is not None:
        physical["region"] = {"startLine": line}
    location: dict[str, Any] = {"physicalLocation": physical}
    if place := place_in_words(finding):
        location["logicalLocations"] = [{"fullyQualifiedName": without_surrogates(place), "kind": "element"}]
    result: dict[str, Any] = {
        "ruleId": finding.rule,
        "ruleIndex": used.index(finding.rule),
        "kind": "open" if finding.severity == Severity.INCONCLUSIVE else "fail",
        "level": _LEVELS[Severity(finding.severity)],
        "message": {"text": without_surrogates(finding.message)},
        "locations": [location],
        "properties": {"party": finding.party, "source": finding.source},
    }
    if finding.also:
        result["occurrenceCount"] = 1 + len(finding.also)
    if finding.accepted is not UNSET:
        result["suppressions"] = [{"kind": "external", "justification": without_surrogates(finding.accepted)}]
    return result


def _uri(path: str) -> str:
    return quote(without_surrogates(path).replace("\\", "/"), safe="/:~@!$&'()*+,;=")
