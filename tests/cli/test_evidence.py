"""`omadm check --evidence`: what a user gives, sees, and is told where something is wrong."""

import json

import pytest
from click.testing import CliRunner

from replay.cli import main
from tests.eventlog import OTHER_GUID, Event, evtx, iso, policy, unenrolment, xml
from tests.expect.test_evidence import SERVER_ALERT, USER_ALERT
from tests.story import Story, server, user

OTHER = Event(USER_ALERT + 4000, 7036, guid=OTHER_GUID, name="Service Control Manager")


def run(*args: object, stdin: bytes | None = None):
    return CliRunner().invoke(main, ["check", *map(str, args)], input=stdin)


@pytest.fixture
def folder(tmp_path):
    user().watch(70).save(tmp_path / "user.jsonl")
    server().watch(70).save(tmp_path / "server.jsonl")
    (tmp_path / "user.xml").write_text(xml([*unenrolment(USER_ALERT), OTHER]))
    (tmp_path / "server.xml").write_bytes(xml(unenrolment(SERVER_ALERT, 60), rendered=True).encode("utf-16"))
    items = [{"at": iso(USER_ALERT + 20), "step": "apps", "outcome": "failed", "text": "one is left\x1b[31m"}]
    (tmp_path / "list.json").write_text(json.dumps(items))
    return tmp_path


def test_the_report_has_the_steps_and_the_clock(folder):
    result = run("--format", "json", "--evidence", folder / "user.xml", folder / "user.jsonl")
    assert (result.exit_code, result.stderr) == (0, "")
    report = json.loads(result.stdout)
    episode = report["captures"][0]["episodes"][0]
    assert [(each["step"], each["event"], each["outcome"]) for each in episode["evidence"]][:3] == [
        ("report", 48, "done"), ("apps", 1921, "done"), ("apps", 1923, "done")
    ]  # fmt: skip
    assert all(set(each) == {"step", "at", "event", "text", "outcome"} for each in episode["evidence"])
    assert episode["evidence"][0]["at"] == "2027-01-15T08:00:30.000Z"  # by the device's clock
    assert episode["clock"] == {
        "offset": -0.1, "least": -0.6, "most": 9.9, "kind": "estimated", "basis": "estimated from event 61 and 48"
    }  # fmt: skip
    assert report["evidence"] == [
        {
            "path": str(folder / "user.xml"), "format": "xml", "events": 9, "others": 1, "unread": 0,
            "from": "2027-01-15T08:00:29.500Z", "to": "2027-01-15T09:07:10.100Z", "used": True,
        }
    ]  # fmt: skip
    assert {"name": "cleanup", "status": "observed"}.items() <= episode["phases"][2].items()


def test_the_text_has_a_line_for_each_step(folder):
    result = run("--evidence", folder / "user.xml", folder / "user.jsonl")
    lines = result.stdout.splitlines()
    assert "        apps          done    08:00:30.500Z to 08:00:30.900Z, 2 times  events 1921, 1923" in lines
    assert "        policies      done    08:00:31.000Z  event 819" in lines
    assert lines[-1].endswith("user.xml: 9 events (1 of other providers), 2027-01-15T08:00:29.500Z to 2027-01-15T09:07:10.100Z "
                              "by the device's clock")  # fmt: skip


def test_every_kind_of_file(folder):
    assert run("--evidence", folder / "server.xml", folder / "server.jsonl").exit_code == 0
    assert run("--evidence", "-", folder / "user.jsonl", stdin=xml(unenrolment(USER_ALERT)).encode()).exit_code == 0
    pytest.importorskip("evtx", reason="needs the extra evtx")
    (folder / "user.evtx").write_bytes(evtx(unenrolment(USER_ALERT)))
    result = run("--evidence", folder / "user.evtx", folder / "user.jsonl")
    assert result.exit_code == 0
    assert "+ cleanup  observed" in result.stdout


def test_several_files_of_one_device(folder):
    args = ["--evidence", folder / "user.xml", "--evidence", folder / "list.json"]
    result = run("--format", "json", *args, folder / "user.jsonl")
    report = json.loads(result.stdout)
    assert result.exit_code == 1
    assert [finding["rule"] for finding in report["captures"][0]["findings"]] == ["UNE013"]
    assert len(report["evidence"]) == 2


def test_text_of_the_evidence_cannot_reach_the_terminal(folder):
    result = run("--evidence", folder / "list.json", folder / "user.jsonl")
    assert "UNE013 error" in result.stdout
    assert "one is left\\x1b[31m" in result.stdout
    assert "\x1b" not in result.stdout


def test_an_offset_is_taken_and_may_be_negative(folder):
    late = [unenrolment(USER_ALERT - 3600)[0], policy(USER_ALERT - 3590), *unenrolment(USER_ALERT - 3580)[1:]]
    (folder / "late.xml").write_text(xml(late))
    assert run("--evidence", folder / "late.xml", folder / "user.jsonl").exit_code == 2
    result = run("--evidence", folder / "late.xml", "--evidence-offset", "-3580", folder / "user.jsonl")
    assert "UNE012 error" in result.stdout
    assert "is 3580.0 s behind (-3581.0 to -3579.0 s; as given)" in result.stdout


def test_evidence_that_is_not_of_this_unenrolment_ends_with_an_error_and_the_rest_is_reported(folder):
    (folder / "old.xml").write_text(xml(unenrolment(USER_ALERT - 86_400)))
    result = run("--evidence", folder / "old.xml", folder / "user.jsonl")
    assert result.exit_code == 2
    assert "cannot be judged: the nearest unenrolment in the log (event 48" in result.stdout
    assert "it belongs to no unenrolment here" in result.stdout
    assert "+ alert    observed" in result.stdout


def test_a_capture_without_an_unenrolment_is_judged_as_it_is(folder):
    Story().ordinary("1").watch(70).save(folder / "none.jsonl")
    result = run("--evidence", folder / "user.xml", folder / "none.jsonl")
    assert result.exit_code == 0
    assert "it belongs to no unenrolment here" in result.stdout


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["--evidence", "none.xml"], "cannot be read: No such file"),
        (["--evidence", "empty"], "is empty"),
        (["--evidence", "user.jsonl"], "no JSON"),
        (["--evidence", "user.xml", "--evidence", "other.xml"], "several computers"),
        (["--evidence", "user.xml", "--evidence-offset", "soon"], "is no number of seconds"),
        (["--evidence", "user.xml", "--evidence-offset", "nan"], "is no number of seconds"),
        (["--evidence-offset", "3"], "says nothing without --evidence"),
    ],
)
def test_what_is_wrong_is_said(folder, monkeypatch, args, said):
    monkeypatch.chdir(folder)
    (folder / "empty").write_bytes(b"")
    (folder / "other.xml").write_text(xml([Event(USER_ALERT, 48, computer="DESKTOP-2")]))
    result = run(*args, "user.jsonl")
    assert result.exit_code == 2
    assert said in result.stderr
    assert isinstance(result.exception, SystemExit)
