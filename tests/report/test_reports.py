"""The report to the letter of the contract."""

import json

import click

from replay.report.as_json import as_json
from replay.report.shapes import report
from replay.report.text import check_text
from tests.story import Story, server, user

REPORT = {"format", "version", "tool", "verdict", "verdicts", "captures"}
CAPTURE = {"path", "verdict", "verdicts", "exchanges", "readable", "sessions", "episodes", "findings"}
SESSION = {"id", "device", "server", "session_id", "exchanges", "role"}
EPISODE = {
    "id", "device", "server", "scenario", "verdict", "verdicts", "trigger", "phases", "window", "evidence", "advice",
    "findings",
}  # fmt: skip
FINDING = {
    "rule", "severity", "party", "message", "exchange", "side", "session", "episode", "path", "line", "source"
}  # fmt: skip


def shaped(story: Story, **options):
    return json.loads(as_json(report([story.judge(**options)])))


def test_a_report_has_every_member_of_the_contract():
    found = shaped(server().watch(5).ordinary("9").watch(70))
    assert set(found) == REPORT
    assert (found["format"], found["version"]) == ("omadm-report", 1)
    capture = found["captures"][0]
    assert set(capture) >= CAPTURE
    assert all(set(each) == SESSION for each in capture["sessions"])
    assert all(set(each) == EPISODE for each in capture["episodes"])
    assert all(set(each) == FINDING for each in capture["findings"])
    episode = capture["episodes"][0]
    assert set(episode["trigger"]) == {"exchange", "at", "target"}
    assert all(set(phase) == {"name", "status", "exchange", "at", "detail"} for phase in episode["phases"])
    assert set(episode["window"]) == {"from", "to", "seconds", "ended_by"}
    assert [capture["findings"][place]["rule"] for place in episode["findings"]] == ["UNE011"]


def test_the_phases_of_a_server_unenrolment():
    episode = shaped(server().watch(70))["captures"][0]["episodes"][0]
    assert [(phase["name"], phase["status"]) for phase in episode["phases"]] == [
        ("trigger", "observed"),
        ("alert", "observed"),
        ("reply", "observed"),
        ("cleanup", "inferred"),
        ("silence", "observed"),
    ]
    assert episode["trigger"]["exchange"] == 2
    assert episode["phases"][1]["exchange"] == 3
    assert episode["window"]["seconds"] == 70.0


def test_a_phase_that_does_not_belong_is_left_out():
    names = [p["name"] for p in shaped(user().watch(70))["captures"][0]["episodes"][0]["phases"]]
    assert names == ["alert", "reply", "cleanup", "silence"]
    failed = shaped(Story().exec("1").alert("2", "2"))["captures"][0]["episodes"][0]
    assert [p["name"] for p in failed["phases"]] == ["trigger", "alert", "reply"]
    assert failed["window"] is None


def test_no_reply_is_fine_and_said():
    phases = shaped(Story().ordinary("1").alert("2", response=None, failure="server-closed").watch(70))
    reply = phases["captures"][0]["episodes"][0]["phases"][1]
    assert (reply["name"], reply["status"]) == ("reply", "absent")
    assert "server-closed" in reply["detail"]


def test_contradicted_silence_contradicts_the_cleanup():
    episode = shaped(user().watch(5).ordinary("3"))["captures"][0]["episodes"][0]
    assert {p["name"]: p["status"] for p in episode["phases"]}["cleanup"] == "contradicted"
    assert episode["phases"][-1]["exchange"] == 3


def test_the_silence_is_shown_beside_the_longest_gap():
    story = Story().ordinary("1").watch(300).ordinary("2").watch(10).alert("3").watch(70)
    detail = shaped(story)["captures"][0]["episodes"][0]["phases"][-1]["detail"]
    assert "longest gap between the device's earlier sessions was 300.1 s" in detail
    assert "proves less" in detail


def test_several_captures_and_the_worst_decides():
    judged = [user().watch(70).judge(), user().watch(5).ordinary("3").judge(), user().judge()]
    found = report(judged)
    assert [capture.verdict for capture in found.captures] == ["pass", "fail", "inconclusive"]
    assert found.verdict == "fail"
    assert "3 captures" in click.unstyle(check_text(found))


def test_the_text_as_a_whole():
    text = click.unstyle(check_text(report([server().watch(5).ordinary("9").watch(70).judge()])))
    assert text == TEXT


TEXT = """\
FAIL  story.jsonl: device fail · server pass · proxy pass
  4 exchanges (4 with OMA DM), 4 sessions, 1 unenrolment

  Unenrolment 1, by the server: FAIL
    device 0123456789ABCDEF0123456789ABCDEF at https://mdm.example.test/ManagementServer/MDM.svc
    + trigger  observed      08:00:30.200Z  exchange 2  Exec ./Vendor/MSFT/DMClient/Provider/MS%20DM%20Server/Unenroll
    + alert    observed      08:00:31.200Z  exchange 3  Alert 1226 with Data '1', MsgID 1, in session 3 (SessionID 3)
    + reply    observed      08:00:31.300Z  exchange 3  HTTP 200, Status 200 for the alert
    ! cleanup  contradicted  by traffic after it: session 4 began at exchange 4
    ! silence  contradicted  08:00:36.300Z  exchange 4  session 4 began at exchange 4

  Findings
    UNE011 error (device): the device opens session 4 (SessionID 9) after the alert session; silence was due
      exchange 4, request, session 4  [UNENR; facts A1.3, A2.5]
"""


def test_brief_is_one_line_a_capture():
    text = click.unstyle(check_text(report([user().watch(70).judge()]), detail=-1))
    assert text == "PASS  story.jsonl: device pass · server pass · proxy pass\n"


def test_no_text_of_a_capture_reaches_the_terminal_as_an_escape_sequence():
    story = Story(device="EVIL\x9b31m\u202e")
    story.ordinary("\u009b1").alert("2", "3\u009b")
    story.exchange(story.package_one("3"), b"\x1b[2J", url="https://mdm.example.test/\x1b[2J")
    text = check_text(report([story.judge()]), detail=1)
    assert "\x9b" not in text
    assert "\u202e" not in text
    assert "\x1b[2J" not in text
    assert "\x9b" not in as_json(report([story.judge()]))
