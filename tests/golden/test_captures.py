"""The golden captures and the real ones keep their verdicts."""

import pytest

from replay.capture.readers import read
from replay.expect.case import Options
from replay.expect.judge import judge
from replay.report.shapes import report
from tests.conftest import ROOT


def judged(path, **options):
    return judge(read(str(path)), Options(**options))


@pytest.mark.parametrize("scenario", ["user", "server", "unjoin-failed"])
def test_golden_captures_pass_as_expected(scenario):
    found = judged(ROOT / "captures" / f"{scenario}.jsonl", expect=scenario)
    assert found.verdict.word == "pass"
    assert [each.episode.scenario for each in found.episodes] == [scenario]
    assert {f.rule for f in found.findings} <= {"UNE010"}


def test_a_failed_unjoin_that_nobody_expected_fails():
    assert judged(ROOT / "captures" / "unjoin-failed.jsonl").verdict.word == "fail"


def rules(found) -> set[str]:
    return {f"{finding.rule} {finding.severity} {finding.party}" for finding in found.findings}


def test_real_a_normal_session_is_none_of_an_unenrolment(shared_data):
    found = judged(shared_data / "session-windows10")
    assert rules(found) == {"HTP005 info server"}  # it ends with an empty 200, which Windows takes (facts A1.24)
    assert found.verdict.word == "pass"


def test_real_a_body_that_is_cut(shared_data):
    found = judged(shared_data / "peers" / "server-short-body.mitm")
    assert rules(found) == {"HTP004 error server"}


def test_real_a_message_that_is_not_well_formed(shared_data):
    found = judged(shared_data / "peers" / "server-not-well-formed.mitm")
    assert rules(found) == {"MSG001 error server"}
    assert (found.findings[0].line, found.findings[0].side) == (1, "response")


def test_real_single_messages_of_windows_11_have_no_findings(shared_data):
    for path in (shared_data / "messages" / "windows11").glob("*.xml"):
        assert judged(path).findings == [], path


def test_every_real_capture_gives_a_whole_report(shared_data):
    paths = [
        *shared_data.glob("peers/*.mitm"),
        *shared_data.glob("messages/*/*.xml"),
        shared_data / "session-windows10",
    ]
    shaped = report([judged(path) for path in paths])
    assert len(shaped.captures) == len(paths) > 15
    assert all(capture.verdict in ("pass", "fail", "none") for capture in shaped.captures)
    assert not any(capture.errors for capture in shaped.captures)
