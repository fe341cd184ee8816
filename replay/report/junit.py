"""The report as JUnit XML: a test suite a capture, and in it a test case for each episode and party, and for what belongs to
none.

What is inconclusive is skipped, unless `--fail-on` says that it fails. Accepted findings fail nothing.
"""

import secrets
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Final

from junitparser import Error, Failure, JUnitXml, Skipped, TestCase, TestSuite
from msgspec import UNSET, Struct

from replay.expect.finding import Party, Verdict
from replay.expect.judge import Judgement
from replay.report.places import also_in_words, place_in_words
from replay.report.safe import visible
from replay.report.shapes import CaptureShape, EpisodeShape, FindingShape, capture
from replay.report.told import Again

_DECLARATION: Final = '<?xml version="1.0" encoding="utf-8"?>'
_RESULTS: Final = {"error": Error, "failure": Failure, "skipped": Skipped}


def junit(judgements: list[Judgement], fail_on: str = "error") -> str:
    """The judgements as JUnit XML."""
    return "".join(junit_whole([junit_piece(each, fail_on) for each in judgements]))


class Case(Struct):
    """A test case before it is XML: its name, how it ended (one of `error`, `failure`, `skipped`, or nothing) with what is said of
    that, and what it wrote."""

    name: str
    ended: str = ""
    text: str = ""
    kind: str | None = None
    out: str = ""
    err: str = ""


class Suite(Struct, frozen=True):
    """The test cases of one capture, which can be gone through more than once."""

    name: str
    cases: Iterable[Case]


def junit_piece(judgement: Judgement, fail_on: str) -> Suite:
    """What JUnit has of one capture."""
    suite = suite_of(capture(judgement), fail_on)
    return Suite(suite.name, list(suite.cases))


def suite_of(shape: CaptureShape, fail_on: str) -> Suite:
    """The same from the report's shape of it; the cases are made as they are looked at."""
    return Suite(visible(shape.path), Again(partial(_cases, shape, fail_on)))


def junit_whole(suites: Sequence[Suite]) -> Iterator[str]:
    """The document from the suites of all captures, bit by bit. Captures of one name are one suite."""
    by_name: dict[str, list[Suite]] = {}
    for each in suites:
        by_name.setdefault(each.name, []).append(each)
    mark = secrets.token_hex(16)  # stands for the cases
    before, *ends = _frame(by_name, mark).split(mark)
    yield f"{_DECLARATION}\n{before}"
    for (name, alike), end in zip(by_name.items(), ends, strict=True):
        yield from (_xml(case, name).tostring().decode("utf-8") for each in alike for case in each.cases)
        yield end
    yield "\n"


def _frame(by_name: Mapping[str, Sequence[Suite]], mark: str) -> str:
    """The document with a mark in place of each suite's cases, and how many there are and how they ended."""
    document = JUnitXml("omadm check")
    for name in by_name:
        document.append(TestSuite(name))
    document.update_statistics()
    ends: list[Counter[str]] = []
    for made, alike in zip(document, by_name.values(), strict=True):
        ends.append(Counter(case.ended for each in alike for case in each.cases))
        _count(made, ends[-1])
        made._elem.text = mark
    _count(document, sum(ends, Counter()))
    return str(document.tostring().decode("utf-8"))


def _count(made: TestSuite | JUnitXml, ends: Counter[str]) -> None:
    made.tests = ends.total()
    made.errors, made.failures, made.skipped = ends["error"], ends["failure"], ends["skipped"]


def _xml(case: Case, suite: str) -> TestCase:
    made = TestCase(case.name, suite)
    if case.ended:
        result = _RESULTS[case.ended](case.text.partition("\n")[0], case.kind)
        result.text = case.text  # some CI systems show the message, some the text
        made.result = [result]
    if case.out:
        made.system_out = case.out
    if case.err:
        made.system_err = case.err
    return made


def _cases(shape: CaptureShape, fail_on: str) -> Iterator[Case]:
    if shape.errors:
        told = "\n".join(visible(error) for error in shape.errors)
        yield Case("the capture can be judged", "error", told)
    in_episodes = bytearray(len(shape.findings))
    for each in shape.episodes:
        own = [shape.findings[place] for place in each.findings]
        for place in each.findings:
            in_episodes[place] = True
        for party in Party:
            case = Case(f"unenrolment {each.id} ({each.scenario}): {party}")
            _judge(case, Verdict[each.verdicts[party].upper()], [f for f in own if f.party == party], fail_on)
            case.out = _phases(each)
            yield case
    rest = [finding for place, finding in enumerate(shape.findings) if not in_episodes[place]]
    for party in Party:
        own = [finding for finding in rest if finding.party == party]
        if own or not len(shape.episodes):
            case = Case(f"messages: {party}")
            start = Verdict.NONE if shape.verdicts[party] == Verdict.NONE.word else Verdict.PASS
            _judge(case, max([start, *(_weight(finding) for finding in own)]), own, fail_on)
            yield case


def _weight(finding: FindingShape) -> Verdict:
    """What a finding makes of its party's verdict."""
    if finding.accepted is not UNSET:
        return Verdict.PASS
    return {"error": Verdict.FAIL, "inconclusive": Verdict.INCONCLUSIVE}.get(finding.severity, Verdict.PASS)


def _judge(case: Case, verdict: Verdict, findings: list[FindingShape], fail_on: str) -> None:
    """Gives a test case its result."""
    text = "\n".join(_lines(findings))
    failing = {"error": (Verdict.FAIL,), "inconclusive": (Verdict.FAIL, Verdict.INCONCLUSIVE)}
    warned = fail_on == "warning" and any(f.severity != "info" and f.accepted is UNSET for f in findings)
    if verdict is Verdict.ERROR:
        case.ended, case.text = "error", text or "the tool itself failed"
    elif verdict in failing.get(fail_on, failing["inconclusive"]) or warned:
        case.ended, case.text, case.kind = "failure", text, verdict.word
    elif verdict is Verdict.INCONCLUSIVE:
        case.ended, case.text = "skipped", text
    elif verdict is Verdict.NONE:
        case.ended, case.text = "skipped", "nothing to judge"
    else:
        case.err = text


def _lines(findings: Iterable[FindingShape]) -> Iterator[str]:
    for finding in findings:
        accepted = f" (accepted: {finding.accepted})" if finding.accepted is not UNSET else ""
        also = also_in_words(finding)
        place = f" ({place_in_words(finding)}{f'; {also}' if also else ''})" if finding.exchange else ""
        yield visible(f"{finding.rule} {finding.severity}: {finding.message}{place} [{finding.source}]{accepted}")


def _phases(each: EpisodeShape) -> str:
    return "\n".join(visible(f"{phase.name}: {phase.status}. {phase.detail}") for phase in each.phases)
