"""The trials of the disturbance suite, as the docs list them."""

from replay.expect.suite import DELAY, trials
from tests.conftest import ROOT


def test_one_answer_alone_is_late_by_what_the_docs_say():
    found = {trial.name: trial.late for trial in trials(0.5) if trial.late}
    assert found == {"late": DELAY / 2}
    page = (ROOT / "docs" / "serving.md").read_text("utf-8")
    assert f"| `late` | it comes after {DELAY:g} s |" in page
    assert [trial.name for trial in trials() if f"`{trial.name}`" not in page] == []
