"""Whatever a capture holds, the judge says something: no rule crashes, and the verdicts are those that the findings make.

`OMADM_MUTANTS` says how many captures are tried (tests/mutants.py)."""

import io
import json
import os
import random

import pytest

from replay.capture.journal_reader import read
from replay.expect import judge as judge_module
from replay.expect.case import Options
from replay.expect.enrolments import EnrolmentKind
from replay.expect.finding import Party, Verdict
from replay.expect.judge import Judgement, Scope, judge
from replay.expect.scenarios import SHIPPED, shipped
from replay.report.as_json import as_json
from replay.report.shapes import report
from replay.report.text import check_text
from replay.syncml.credentials import Secret
from tests.mutants import mutant

MUTANTS = int(os.environ.get("OMADM_MUTANTS", "400"))
ROWS = 8


def how(seed: int) -> tuple[Options, Scope]:
    """How a mutant is judged: something different each time."""
    pick = random.Random(seed)
    expect = pick.choice([None, *SHIPPED])
    options = Options(
        quiet=pick.choice([60.0, None, 0.0, 3600.0]),
        expect=shipped(expect) if expect else None,
        secrets=pick.choice([(), (Secret("user1", "p:w"),)]),
        enrolment=pick.choice([None, *EnrolmentKind]),
        until=pick.choice([None, 1_800_000_000.0 + pick.randrange(200)]),
    )
    since = pick.choice([None, None, 1_800_000_000.0 + pick.randrange(60)])
    return options, Scope(since=since, lenient=pick.random() < 0.2)


def judged_as(seed: int) -> Judgement:
    options, scope = how(seed)
    return judge(read(io.BytesIO(mutant(seed)), "mutant.jsonl"), options, scope)


@pytest.mark.slow
@pytest.mark.parametrize("row", range(ROWS))
def test_a_mutant_is_judged(row):
    for seed in range(row, MUTANTS, ROWS):
        judged = judged_as(seed)
        assert judged.errors == [], seed
        assert json.loads(as_json(report([judged])))["verdict"] == judged.verdict.word
        assert check_text(report([judged]), detail=1)
        if judged.verdict is Verdict.NONE:
            continue
        for finding in judged.findings:
            assert judged.verdicts[finding.party] >= finding.weight, (seed, finding)
        for episode in judged.episodes:
            own = [judged.findings[place] for place in episode.findings]
            assert all(episode.verdicts[finding.party] >= finding.weight for finding in own), seed
            silence = episode.case.silence
            if silence is not None and silence.status != "observed" and judged.traffic.capture.stretches:
                assert episode.verdict > Verdict.PASS, (seed, silence.detail)


@pytest.mark.slow
def test_folding_changes_no_verdict(monkeypatch):
    folded = [judged_as(seed) for seed in range(MUTANTS // 8)]
    monkeypatch.setattr(judge_module, "fold", lambda findings, _: list(findings))
    for seed, one in enumerate(folded):
        other = judged_as(seed)
        assert one.verdicts == other.verdicts, seed
        assert [each.verdicts for each in one.episodes] == [each.verdicts for each in other.episodes], seed
        assert {finding.rule for finding in one.findings} == {finding.rule for finding in other.findings}, seed
        assert set(one.verdicts) == set(Party)
