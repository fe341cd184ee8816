"""Every capture of a rule (`tests/timetable.py`): what `omadm check` says of it is what stands beside it."""

import json

import pytest

from replay.expect.rules import registry
from tests import timetable
from tests.story import Story, server, user

CAPTURES = timetable.captures()
NAMES = [f"{path.parent.name}/{path.stem}" for path in CAPTURES]


@pytest.mark.parametrize("capture", CAPTURES, ids=NAMES)
def test_report(capture, tmp_path):
    code, said = timetable.report_on(capture, tmp_path)
    assert said == capture.with_suffix(".report").read_text()
    rule = capture.parent.name
    found = {line.split()[1] for line in said.splitlines() if line.strip().startswith(f"{rule} ")}
    match capture.stem.split("-")[0]:
        case "passes":  # nothing else is wrong with it either
            assert (found, code) == (set(), 0)
        case "fails":
            assert "error" in found
            assert code == 1
        case "inconclusive":
            assert "inconclusive" in found
            assert code == 3
        case "warns":
            assert "warning" in found
        case "reports":
            assert "info" in found
        case other:
            pytest.fail(f"{other!r} says nothing of what the capture shows")


@pytest.mark.parametrize(
    "capture", [path for path in CAPTURES if not path.stem.startswith("passes")], ids=lambda path: path.parent.name
)
def test_what_a_finding_says_of_its_rule_and_its_episode(capture, tmp_path, monkeypatch):
    """The party and the source of the rule; and what judges an episode names it."""
    parse = timetable.parse

    def as_json(text: str) -> timetable.Table:
        table = parse(text)
        table.arguments += ["--format", "json"]
        return table

    monkeypatch.setattr(timetable, "parse", as_json)
    _, said = timetable.report_on(capture, tmp_path)
    (told,) = json.loads(said.rpartition("\nexit code")[0])["captures"]
    assert capture.parent.name in {finding["rule"] for finding in told["findings"]}
    for finding in told["findings"]:
        rule = registry()[finding["rule"]].rule
        assert finding["source"] == rule.source
        assert rule.party in (None, finding["party"])
        if rule.scope == "episode":
            assert finding["episode"] is not None
            assert finding["exchange"] is not None or rule.party == "proxy"


def test_no_report_is_left_over():
    reports = {path.with_suffix(".txt") for path in timetable.FOLDER.glob("*/*.report")}
    assert reports == set(CAPTURES)


@pytest.mark.parametrize("story", [user().watch(70).close(), server().watch(12).ordinary("4"), Story().watch(3)])
def test_a_journal_as_a_time_table_says_the_same(story):
    from io import BytesIO

    from replay.capture.journal_reader import read
    from replay.expect.judge import judge

    again = timetable.journal(timetable.parse(timetable.show(story.text())))
    first, second = (judge(read(BytesIO(text), "x.jsonl")) for text in (story.text(), again))
    assert [(f.rule, f.exchange, f.message) for f in first.findings] == [
        (f.rule, f.exchange, f.message) for f in second.findings
    ]
    assert first.verdicts == second.verdicts
