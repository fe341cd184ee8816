"""Exactly the right rule fires: captures that obey everything, changed in one way for each rule (`tests/mutations`).

`OMADM_MUTATIONS` says how many captures are changed for each rule and encoding; `python -m tests.rules.test_mutations 50`
prints the table of which rules fired for which change."""

import os
import sys
from collections import Counter

import pytest

from replay.expect.rules import registry
from tests.mutations import MUTATIONS, CannotBeError

SEEDS = int(os.environ.get("OMADM_MUTATIONS", "4"))
#: These have nothing that could be changed in a capture alone: AUT003 needs a secret, UNE012 and UNE013 evidence, UNE022 a
#: scenario file, CAP003 a server that never answers. Their own tests have them.
ELSEWHERE = {"AUT003", "UNE012", "UNE013", "UNE022", "CAP003"}


def fired(rule: str, seeds: int) -> Counter[tuple[str, ...]]:
    """Which rules fired together, how often. Infos count for the rule whose change it is alone."""
    seen: Counter[tuple[str, ...]] = Counter()
    for seed in range(seeds):
        for wbxml in (False, True):
            try:
                story, options = MUTATIONS[rule](seed, wbxml)
            except CannotBeError:
                continue
            judged = story.judge(**options)
            assert judged.errors == []
            seen[tuple(sorted({f.rule for f in judged.findings if f.severity != "info" or f.rule == rule}))] += 1
    return seen


def test_every_rule_has_its_change():
    assert set(MUTATIONS) == set(registry()) - ELSEWHERE


@pytest.mark.slow
@pytest.mark.parametrize("rule", sorted(MUTATIONS))
def test_the_right_rule_fires_and_no_other(rule):
    seen = fired(rule, SEEDS)
    assert set(seen) == {(rule,)}, seen
    assert seen.total() >= SEEDS // 2


if __name__ == "__main__":
    for changed in sorted(MUTATIONS):
        print(
            changed,
            *(f"{'+'.join(rules) or 'nothing'}: {times}" for rules, times in fired(changed, int(sys.argv[1])).items()),
        )
