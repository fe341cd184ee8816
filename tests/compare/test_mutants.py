"""Whatever captures hold, they can be compared and learned from: nothing crashes, what is the same differs in nothing, and the
other way round is the mirror image.

`OMADM_MUTANTS` says how many captures are tried (tests/mutants.py)."""

import io
import json
import os
import tomllib

import pytest

from replay.capture.journal_reader import read
from replay.capture.sessions import Traffic, assemble
from replay.compare.compare import compare
from replay.compare.learn import learn
from replay.compare.noise import without_noise
from replay.normal.noise import NoiseProfile
from replay.report.as_json import as_json
from replay.report.diff_html import diff_html
from replay.report.diff_shapes import diff_shape
from replay.report.diff_text import diff_text
from replay.report.noise_text import profile_text
from tests.compare.test_properties import bag, turned
from tests.mutants import mutant

MUTANTS = int(os.environ.get("OMADM_MUTANTS", "400")) // 8
ROWS = 5


def traffic(seed: int) -> Traffic:
    return assemble(read(io.BytesIO(mutant(seed)), "mutant.jsonl"))


@pytest.mark.slow
@pytest.mark.parametrize("row", range(ROWS))
def test_mutants_are_compared(row):
    for seed in range(row, MUTANTS, ROWS):
        one, other = traffic(seed), traffic(seed + 1)
        assert compare(one, traffic(seed), timing=True).equal, seed
        found = compare(one, other, timing=True)
        assert bag(found) == turned(bag(compare(other, one, timing=True))), seed
        shape = json.loads(as_json(diff_shape(found, "a", "b")))
        assert sum(shape["summary"].values()) == len(list(found.changes))
        assert diff_text(found, "a", "b", detail=1, width=60)
        assert diff_html(found, "a", "b")
        learned = learn([one, other])
        noise = tomllib.loads(profile_text(learned, ["a", "b"], constants=True)).get("noise", [])
        assert len(noise) == len(learned.lines) + len(learned.constants)
        profile = NoiseProfile("n", tuple(each.line for each in learned.lines))
        assert without_noise(found, profile).comparison.ignored == 0, "nobody has signed anything"
