"""The report as SARIF 2.1.0, for tools that show findings beside files. Every finding is a result; its place points into the
capture file by line where that is a journal, and names exchange and element."""

from typing import Any, Final
from urllib.parse import quote

from replay import __version__
from replay.expect.finding import Finding, Severity
from replay.expect.judge import Judgement
from replay.expect.rules import registry
from replay.report.as_json import as_json
from replay.report.places import file_lines, line_of, place_in_words
from replay.report.safe import without_surrogates

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
    used = sorted({finding.rule for each in judgements for finding in each.findings})
    rules = [_rule(rule) for rule in used]
    run = {
        "tool": {"driver": {"name": "omadm-replay", "version": __version__, "rules": rules}},
        "columnKind": "unicodeCodePoints",
        "artifacts": [{"location": {"uri": _uri(each.path)}} for each in judgements],
        "results": [result for number, each in enumerate(judgements) for result in _results(each, number, used)],
        "invocations": [
            {
                "executionSuccessful": not any(each.errors for each in judgements),
                "toolExecutionNotifications": [
                    {"level": "error", "message": {"text": without_surrogates(f"{each.path}: {error}")}}
                    for each in judgements
                    for error in each.errors
                ],
            }
        ],
        "properties": {"verdicts": {without_surrogates(each.path): each.verdict.word for each in judgements}},
    }
    return as_json({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]})


def _rule(rule: str) -> dict[str, Any]:
    entry = registry()[rule]
    what = " ".join(entry.page.split("## What it does\n", 1)[1].split("\n\n", 1)[0].split())
    return {
        "id": rule,
        "name": entry.rule.name,
        "shortDescription": {"text": entry.rule.name},
        "fullDescription": {"text": what},
        "help": {"text": entry.page},
        "defaultConfiguration": {"level": _LEVELS[entry.rule.severity]},
    }


def _results(judgement: Judgement, number: int, used: list[str]) -> list[dict[str, Any]]:
    lines = file_lines(judgement)
    return [_result(finding, judgement, number, line_of(finding, lines), used) for finding in judgement.findings]


def _result(finding: Finding, judgement: Judgement, number: int, line: int | None, used: list[str]) -> dict[str, Any]:
    physical: dict[str, Any] = {"artifactLocation": {"uri": _uri(judgement.path), "index": number}}
    if line is not None:
        physical["region"] = {"startLine": line}
    location: dict[str, Any] = {"physicalLocation": physical}
    if place := place_in_words(finding):
        location["logicalLocations"] = [{"fullyQualifiedName": without_surrogates(place), "kind": "element"}]
    result: dict[str, Any] = {
        "ruleId": finding.rule,
        "ruleIndex": used.index(finding.rule),
        "kind": "open" if finding.severity is Severity.INCONCLUSIVE else "fail",
        "level": _LEVELS[finding.severity],
        "message": {"text": without_surrogates(finding.message)},
        "locations": [location],
        "properties": {"party": finding.party.value, "source": finding.source},
    }
    if finding.accepted is not None:
        result["suppressions"] = [{"kind": "external", "justification": without_surrogates(finding.accepted)}]
    return result


def _uri(path: str) -> str:
    return quote(without_surrogates(path).replace("\\", "/"), safe="/:~@!$&'()*+,;=")
