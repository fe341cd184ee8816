import json
import subprocess
import sys

import pytest
from click.testing import CliRunner

from replay.cli import main
from replay.syncml.read import read as read_message
from tests.compare.stories import edited, replace, session
from tests.pseudo_terminal import terminal
from tests.story import Story, server, user


def omadm(*args):
    return CliRunner().invoke(main, [str(arg) for arg in args])


@pytest.fixture
def twice(tmp_path):
    """A capture of nine sessions, in which an alert is sent twice."""
    story = user()
    for number in range(3):
        story.device = f"D{number}"
        story.ordinary("1").get_session("2")
    story.device = Story().device
    return story.watch(10).alert("9").save(tmp_path / "twice.jsonl")


def lines(path, type_: str) -> list[dict]:
    return [line for line in map(json.loads, path.read_text("utf-8").splitlines()) if line["type"] == type_]


def rules(path) -> set[str]:
    report = json.loads(omadm("check", "--format", "json", path).stdout)
    return {finding["rule"] for each in report["captures"] for finding in each["findings"]}


def test_the_rule_is_still_broken(twice, tmp_path):
    out = tmp_path / "small.jsonl"
    result = omadm("shrink", twice, out, "--rule", "alert-repeated")
    assert result.exit_code == 0
    assert result.stdout == ""
    assert f"{out}: 2 of 9 exchanges left" in result.stderr
    assert "still breaks UNE007" in result.stderr
    assert "UNE007" in rules(out)
    assert len(lines(out, "request")) == 2
    assert [
        [each.name for each in read_message(line["body"]["text"].encode()).commands] for line in lines(out, "request")
    ] == [
        ["Alert"],
        ["Alert"],
    ]


def test_the_same_capture_gives_the_same_file(twice, tmp_path):
    outs = [tmp_path / "1.jsonl", tmp_path / "2.jsonl"]
    for out in outs:
        assert omadm("shrink", twice, out, "--rule", "UNE007").exit_code == 0
    assert outs[0].read_bytes() == outs[1].read_bytes()


def test_nothing_is_written_of_what_does_not_break_it(twice, tmp_path):
    out = tmp_path / "small.jsonl"
    result = omadm("shrink", twice, out, "--rule", "UNE009")
    assert result.exit_code == 2
    assert "nothing in it breaks UNE009; there is nothing to shrink it to" in result.stderr
    assert not out.exists()


def test_what_is_there_already_is_said_before_anything_is_read(tmp_path):
    (tmp_path / "small.jsonl").write_text("mine")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "mine.txt").write_text("mine")
    for command in (("shrink", "--rule", "UNE007"), ("convert",), ("redact",)):
        for name in ("small.jsonl", "folder"):
            result = omadm(command[0], tmp_path / "none.jsonl", tmp_path / name, *command[1:])
            assert result.exit_code == 2
            assert f"{name}: is there already" in result.stderr
            assert "--force" in result.stderr


def test_a_format_that_cannot_carry_it_is_not_written(tmp_path):
    """When the recorder was watching, which decides on silence, no folder of messages says."""
    capture = user().watch(5).close().save(tmp_path / "x.jsonl")
    assert "UNE014" in rules(capture)
    result = omadm("shrink", capture, tmp_path / "folder", "--rule", "UNE014")
    assert (result.exit_code, (tmp_path / "folder").exists()) == (2, False)
    told = "as a folder it no longer breaks UNE014, because that format does not carry enough; give --to journal"
    assert told in result.stderr


def test_what_is_in_the_file_itself_cannot_be_shrunk(tmp_path):
    story = user().watch(70)
    for line in story.lines[-3:]:
        line["mono"] -= 3600
    result = omadm("shrink", story.save(tmp_path / "clock.jsonl"), tmp_path / "small.jsonl", "--rule", "CAP005")
    assert result.exit_code == 2
    assert "is in the file itself and goes when it is written again" in result.stderr
    assert not (tmp_path / "small.jsonl").exists()


def test_it_goes_by_severity_and_party(tmp_path):
    """UNE010 is an error here and an info under --expect unjoin-failed: what is kept is of the same severity."""
    capture = Story().ordinary("1").exec("2").alert("3", "2").save(tmp_path / "x.jsonl")
    for more, severity in (([], "error"), (["--expect", "unjoin-failed"], "info")):
        out = tmp_path / f"{severity}.jsonl"
        assert omadm("shrink", capture, out, "--rule", "UNE010", *more).exit_code == 0
        report = json.loads(omadm("check", "--format", "json", out, *more).stdout)
        found = [each["severity"] for each in report["captures"][0]["findings"] if each["rule"] == "UNE010"]
        assert found == [severity]


def test_into_another_format_and_over_a_file_that_is_there(twice, tmp_path):
    out = tmp_path / "small.har"
    assert omadm("shrink", twice, out, "--rule", "UNE007").exit_code == 0
    assert "UNE007" in rules(out)
    assert omadm("shrink", twice, out, "--rule", "UNE007").exit_code == 2
    assert omadm("shrink", twice, out, "--rule", "UNE007", "--force").exit_code == 0
    assert omadm("shrink", twice, tmp_path / "x.xyz", "--rule", "UNE007").exit_code == 2


@pytest.mark.parametrize(
    "args",
    [
        [],
        ["--rule", "UNE007", "--differs-from", "x", "--at", "y"],
        ["--differs-from", "x"],
        ["--rule", "UNE007", "--at", "y"],
    ],
)
def test_what_to_keep_must_be_said(twice, tmp_path, args):
    result = omadm("shrink", twice, tmp_path / "o.jsonl", *args)
    assert result.exit_code == 2
    assert "give --rule ID, or --differs-from EXPECTED and --at PATTERN" in result.stderr


def test_an_unknown_rule_and_a_capture_that_is_not_there(twice, tmp_path):
    assert "near it" in omadm("shrink", twice, tmp_path / "o.jsonl", "--rule", "UNE0O7").stderr
    result = omadm("shrink", tmp_path / "none", tmp_path / "o.jsonl", "--rule", "UNE007")
    assert result.exit_code == 2
    assert "cannot be read" in result.stderr


# -- a difference -----------------------------------------------------------------------------------------------------------


def test_a_difference_remains(tmp_path):
    def capture(value: str) -> Story:
        story = server()
        session(story, "5", replace(9, "./A", "same"), replace(10, "./B", value), replace(11, "./C", "same"))
        return story

    one, other = (capture(value).save(tmp_path / f"{value}.jsonl") for value in ("x", "y"))
    out = tmp_path / "small.jsonl"
    result = omadm("shrink", other, out, "--differs-from", one, "--at", "SyncBody/Replace/Item/Data")
    assert result.exit_code == 0, result.stderr
    assert f"{out}: 1 of 4 exchanges left" in result.stderr
    shown = json.loads(omadm("diff", "--format", "json", one, out).stdout)
    changes = [each for part in shown["sessions"] for message in part["messages"] for each in message["changes"]]
    assert ("x", "y") in {(each["expected"], each["actual"]) for each in changes}
    none = omadm("shrink", other, tmp_path / "none.jsonl", "--differs-from", one, "--at", "HTTP/status")
    assert none.exit_code == 2
    assert "nothing in it has a difference at HTTP/status" in none.stderr
    assert not (tmp_path / "none.jsonl").exists()


def test_a_missing_command_is_not_found_in_a_missing_session(tmp_path):
    one = session(server(), "5", replace(9, "./A", "1"), replace(10, "./B", "2")).save(tmp_path / "one.jsonl")
    other = session(server(), "5", replace(9, "./A", "1")).save(tmp_path / "other.jsonl")
    out = tmp_path / "small.jsonl"
    assert omadm("shrink", other, out, "--differs-from", one, "--at", "SyncBody/Replace*").exit_code == 0
    assert "- Replace ./B = 2" in omadm("diff", one, out).stdout


def test_an_alert_that_says_something_else(tmp_path):
    one = user().save(tmp_path / "one.jsonl")
    other = tmp_path / "other.jsonl"
    other.write_bytes(edited(user(), "<Data>1</Data>", "<Data>2</Data>"))
    out = tmp_path / "small.jsonl"
    assert omadm("shrink", other, out, "--differs-from", one, "--at", "SyncBody/Alert*/Data").exit_code == 0
    assert len(lines(out, "request")) == 1


@pytest.mark.slow
def test_progress_is_shown_on_a_terminal(tmp_path):
    capture = user().watch(10).alert("9").text()
    line = [sys.executable, "-m", "replay", "shrink", "-", "out.jsonl", "--rule", "UNE007"]
    with terminal(line, on=("stderr",), stdin=subprocess.PIPE, cwd=tmp_path) as shown:
        shown.wait_for("reading -")
        code, _, _ = shown.end(capture)
        assert code == 0
        assert "still breaks UNE007" in shown.text
    assert (tmp_path / "out.jsonl").exists()


def test_what_is_shown_of_the_work(twice, tmp_path, monkeypatch):
    said = []
    monkeypatch.setattr("replay.cli.progress.Shown.stage", lambda self, what: said.append(what))
    assert omadm("shrink", twice, tmp_path / "o.jsonl", "--rule", "UNE007").exit_code == 0
    tries = [each for each in said if each.startswith(f"shrinking {twice}: ")]
    assert [each.rpartition(" ")[2] for each in tries] == [str(number) for number in range(1, len(tries) + 1)]
    assert {each.split()[3].rstrip(",") for each in tries} >= {"sessions", "exchanges", "answers", "commands"}
