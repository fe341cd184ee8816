"""No rule calls a correct session an error: captures of made-up sessions that obey everything (`tests/generated.py`).

`OMADM_WORLDS` says how many captures; each holds about five sessions.
"""

import os
from collections import Counter

import pytest

from replay.expect.scenarios import shipped
from tests.generated import SCENARIOS, World

WORLDS = int(os.environ.get("OMADM_WORLDS", "160"))


@pytest.mark.slow
@pytest.mark.parametrize("wbxml", [False, True], ids=["xml", "wbxml"])
@pytest.mark.parametrize("scenario", SCENARIOS)
def test_no_error_in_correct_sessions(scenario, wbxml):
    wrong: Counter[str] = Counter()
    sessions = 0
    for seed in range(WORLDS // (2 * len(SCENARIOS))):
        world = World(seed, scenario, wbxml=wbxml)
        judged = world.story.judge(expect=None if scenario == "ordinary" else shipped(scenario))
        assert judged.errors == [], (seed, judged.errors)
        assert [each.episode.scenario for each in judged.episodes] == ([] if scenario == "ordinary" else [scenario])
        sessions += len(judged.sessions)
        wrong.update(f"{f.rule} (seed {seed}): {f.message}" for f in judged.findings if f.severity == "error")
    assert not wrong, wrong.most_common(10)
    assert sessions >= WORLDS // (2 * len(SCENARIOS)) * 2
