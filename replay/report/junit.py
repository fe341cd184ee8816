"""The report as JUnit XML: a test suite a capture, and in it a test case for each episode and party, and for what belongs to
none.

What is inconclusive is skipped, unless `--fail-on` says that it fails. Accepted findings fail nothing.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from junitparser import Error, Failure, JUnitXml, Skipped, TestCase, TestSuite
from msgspec import Struct

from replay.expect.finding import Finding, Party, Verdict
from replay.expect.judge import EpisodeJudgement, Judgement
from replay.report.places import place_in_words
from replay.report.safe import visible

_DECLARATION: Final = '<?xml version="1.0" encoding="utf-8"?>'
_RESULTS: Final = {"error": Error, "failure": Failure, "skipped": Skipped}


def junit(judgements: list[Judgement], fail_on: str = "error") -> str:
    """The judgements as JUnit XML."""
    return junit_whole([junit_piece(each, fail_on) for each in judgements])


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
    """The test cases of one capture."""

    name: str
    cases: list[Case]


def junit_piece(judgement: Judgement, fail_on: str) -> Suite:
    """What JUnit has of one capture."""
    return Suite(visible(judgement.path), list(_cases(judgement, fail_on)))


def junit_whole(suites: Sequence[Suite]) -> str:
    """The document from the suites of all captures."""
    document = JUnitXml("omadm check")
    for each in suites:
        suite = TestSuite(each.name)
        for case in each.cases:
            suite.add_testcase(_xml(case, each.name))
        document.add_testsuite(suite)
    document.update_statistics()
    return f"{_DECLARATION}\n{document.tostring().decode('utf-8')}\n"


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


def _cases(judgement: Judgement, fail_on: str) -> Iterator[Case]:
    if judgement.errors:
        told = "\n".join(visible(error) for error in judgement.errors)
        yield Case("the capture can be judged", "error", told)
    in_episodes: set[int] = set()
    for each in judgement.episodes:
        in_episodes.update(each.findings)
        for party in Party:
            case = Case(f"unenrolment {each.episode.number} ({each.episode.scenario}): {party}")
            own = [judgement.findings[place] for place in each.findings]
            _judge(case, each.verdicts[party], [f for f in own if f.party is party], fail_on)
            case.out = _phases(each)
            yield case
    rest = [finding for place, finding in enumerate(judgement.findings) if place not in in_episodes]
    for party in Party:
        own = [finding for finding in rest if finding.party is party]
        if own or not judgement.episodes:
            case = Case(f"messages: {party}")
            start = Verdict.NONE if judgement.verdicts[party] is Verdict.NONE else Verdict.PASS
            _judge(case, max([start, *(finding.weight for finding in own)]), own, fail_on)
            yield case


def _judge(case: Case, verdict: Verdict, findings: list[Finding], fail_on: str) -> None:
    """Gives a test case its result."""
    text = "\n".join(_lines(findings))
    failing = {"error": (Verdict.FAIL,), "inconclusive": (Verdict.FAIL, Verdict.INCONCLUSIVE)}
    warned = fail_on == "warning" and any(f.severity != "info" and f.accepted is None for f in findings)
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


def _lines(findings: Iterable[Finding]) -> Iterator[str]:
    for finding in findings:
        accepted = f" (accepted: {finding.accepted})" if finding.accepted is not None else ""
        place = f" ({place_in_words(finding)})" if finding.exchange else ""
        yield visible(f"{finding.rule} {finding.severity}: {finding.message}{place} [{finding.source}]{accepted}")


def _phases(each: EpisodeJudgement) -> str:
    return "\n".join(visible(f"{phase.name}: {phase.status}. {phase.detail}") for phase in each.phases)
