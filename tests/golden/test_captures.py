"""The golden captures and the real ones keep their verdicts."""

import pytest

from replay.capture.readers import read
from replay.expect.case import Options
from replay.expect.judge import judge
from replay.expect.scenarios import shipped
from replay.report.shapes import report
from tests.conftest import ROOT


def judged(path, **options):
    return judge(read(str(path)), Options(**options))


@pytest.mark.parametrize("scenario", ["user", "server", "unjoin-failed"])
def test_golden_captures_pass_as_expected(scenario):
    found = judged(ROOT / "captures" / f"{scenario}.jsonl", expect=shipped(scenario))
    assert found.verdict.word == "pass"
    assert [each.episode.scenario for each in found.episodes] == [scenario]
    assert {f.rule for f in found.findings} <= {"UNE010"}


def test_a_failed_unjoin_that_nobody_expected_fails():
    assert judged(ROOT / "captures" / "unjoin-failed.jsonl").verdict.word == "fail"


def rules(found) -> set[str]:
    return {f"{finding.rule} {finding.severity} {finding.party}" for finding in found.findings}


def test_real_a_normal_session_is_none_of_an_unenrolment(shared_data):
    found = judged(shared_data / "session-windows10")
    # it ends with an empty 200, and its Type has no namespace of its own; Windows takes both (facts A1.24)
    assert rules(found) == {"HTP005 info server", "MSG012 warning server"}
    assert found.verdict.word == "pass"


def test_real_a_body_that_is_cut(shared_data):
    found = judged(shared_data / "peers" / "server-short-body.mitm")
    # the lab client that sent this has a SessionID of five digits, and another DevId than Source
    assert rules(found) == {"HTP004 error server", "MSG006 warning device", "MSG015 warning device"}


def test_real_a_message_that_is_not_well_formed(shared_data):
    found = judged(shared_data / "peers" / "server-not-well-formed.mitm")
    assert rules(found) == {"MSG001 error server", "MSG006 warning device", "MSG015 warning device"}
    (unreadable,) = [finding for finding in found.findings if finding.rule == "MSG001"]
    assert (unreadable.line, unreadable.side) == (1, "response")


def test_real_single_messages_of_windows_11_have_no_findings(shared_data):
    for path in (shared_data / "messages" / "windows11").glob("*.xml"):
        known = {"MSG002 warning server"} if "namespace11-response" in path.name else set()  # its root is SYNCML1.1
        assert rules(judged(path)) == known, path


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
