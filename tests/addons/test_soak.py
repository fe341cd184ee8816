"""Many devices at once through the recorder, good and bad ones, with servers that misbehave: nothing is lost, and each is judged as
it behaved. `make bench` does the same with 100,000 exchanges."""

import os

import pytest

from benchmarks.soak import plans, soak

EXCHANGES = int(os.environ.get("OMADM_SOAK", "1500"))


@pytest.mark.slow
@pytest.mark.mitmproxy
def test_nothing_is_lost_and_every_device_is_judged_as_it_behaved(tmp_path):
    found = soak(tmp_path, EXCHANGES, devices=50)
    assert found.exchanges >= EXCHANGES
    assert found.memory


def test_plans_are_of_all_kinds():
    made = plans(300, 1)
    assert {(each.scenario, each.variant) for each in made} >= {
        ("user", "not-silent"),
        ("server", "good"),
        ("ordinary", "good"),
    }
    assert len({each.device for each in made}) == 300
    assert made == plans(300, 1)
