"""The report as JUnit XML: a test suite a capture, and in it a test case for each episode and party, and for what belongs to
none.

What is inconclusive is skipped, unless `--fail-on` says that it fails. Accepted findings fail nothing.
"""

from collections.abc import Iterable, Iterator

from junitparser import Error, Failure, JUnitXml, Skipped, TestCase, TestSuite

from replay.expect.finding import Finding, Party, Verdict
from replay.expect.judge import EpisodeJudgement, Judgement
from replay.report.places import place_in_words
from replay.report.safe import visible


def junit(judgements: list[Judgement], fail_on: str = "error") -> str:
    """The judgements as JUnit XML."""
    document = JUnitXml("omadm check")
    for judgement in judgements:
        suite = TestSuite(visible(judgement.path))
        for case in _cases(judgement, fail_on):
            suite.add_testcase(case)
        document.add_testsuite(suite)
    document.update_statistics()
    return f"{document.tostring().decode('utf-8')}\n"


def _cases(judgement: Judgement, fail_on: str) -> Iterator[TestCase]:
    name = visible(judgement.path)
    if judgement.errors:
        case = TestCase("the capture can be judged", name)
        case.result = [Error("\n".join(visible(error) for error in judgement.errors))]
        yield case
    in_episodes: set[int] = set()
    for each in judgement.episodes:
        in_episodes.update(each.findings)
        for party in Party:
            case = TestCase(f"unenrolment {each.episode.number} ({each.episode.scenario}): {party}", name)
            own = [judgement.findings[place] for place in each.findings]
            _judge(case, each.verdicts[party], [f for f in own if f.party is party], fail_on)
            case.system_out = _phases(each)
            yield case
    rest = [finding for place, finding in enumerate(judgement.findings) if place not in in_episodes]
    for party in Party:
        own = [finding for finding in rest if finding.party is party]
        if own or not judgement.episodes:
            case = TestCase(f"messages: {party}", name)
            start = Verdict.NONE if judgement.verdicts[party] is Verdict.NONE else Verdict.PASS
            _judge(case, max([start, *(finding.weight for finding in own)]), own, fail_on)
            yield case


def _judge(case: TestCase, verdict: Verdict, findings: list[Finding], fail_on: str) -> None:
    """Gives a test case its result."""
    text = "\n".join(_lines(findings))
    failing = {"error": (Verdict.FAIL,), "inconclusive": (Verdict.FAIL, Verdict.INCONCLUSIVE)}
    warned = fail_on == "warning" and any(f.severity != "info" and f.accepted is None for f in findings)
    if verdict is Verdict.ERROR:
        case.result = [Error(text or "the tool itself failed")]
    elif verdict in failing.get(fail_on, failing["inconclusive"]) or warned:
        case.result = [Failure(text, verdict.word)]
    elif verdict is Verdict.INCONCLUSIVE:
        case.result = [Skipped(text)]
    elif verdict is Verdict.NONE:
        case.result = [Skipped("nothing to judge")]
    elif text:
        case.system_err = text


def _lines(findings: Iterable[Finding]) -> Iterator[str]:
    for finding in findings:
        accepted = f" (accepted: {finding.accepted})" if finding.accepted is not None else ""
        place = f" ({place_in_words(finding)})" if finding.exchange else ""
        yield visible(f"{finding.rule} {finding.severity}: {finding.message}{place} [{finding.source}]{accepted}")


def _phases(each: EpisodeJudgement) -> str:
    return "\n".join(visible(f"{phase.name}: {phase.status}. {phase.detail}") for phase in each.phases)
