import json
import subprocess
import sys

import pytest
from click.testing import CliRunner

from replay.cli import main, options
from tests.story import Story, user


def run(*args: str, stdin: bytes | None = None):
    return CliRunner().invoke(main, ["check", *args], input=stdin)


@pytest.fixture
def captures(tmp_path):
    made = {
        "pass": user().watch(70),
        "fail": user().watch(5).ordinary("3").watch(70),
        "inconclusive": user().watch(5),
        "warning": Story().ordinary("1").alert("2", status=500).watch(70),
    }
    html = Story()
    html.exchange(None, b"<html>", url="https://h/", headers=[], response_headers=[["Content-Type", "text/html"]])
    made["none"] = html
    return {name: str(story.save(tmp_path / f"{name}.jsonl")) for name, story in made.items()}


@pytest.mark.parametrize(("name", "code"), [("pass", 0), ("fail", 1), ("inconclusive", 3), ("none", 3), ("warning", 0)])
def test_exit_codes(captures, name, code):
    result = run("--format", "json", captures[name])
    assert result.exit_code == code
    expected = {"warning": "pass"}.get(name, name)
    assert json.loads(result.stdout)["verdict"] == expected
    assert result.stderr == ""


def test_the_worst_of_several_decides(captures):
    assert run(captures["pass"], captures["none"]).exit_code == 3  # one saw nothing, and that is no success
    assert run(captures["pass"], captures["inconclusive"]).exit_code == 3
    assert run(captures["pass"], captures["inconclusive"], captures["fail"]).exit_code == 1


def test_one_that_cannot_be_read_is_an_error_and_the_others_are_reported(captures, tmp_path):
    result = run("--format", "json", captures["fail"], str(tmp_path / "none"))
    assert result.exit_code == 2
    assert "No such file" in result.stderr
    report = json.loads(result.stdout)
    assert [capture["verdict"] for capture in report["captures"]] == ["fail", "error"]
    assert report["verdict"] == "error"


@pytest.mark.parametrize(
    "content", [b"", b"\x00\xffgarbage\x1b[31m", b"<html><body/></html>", b"{}", b"12:3", b'<?xml version="1.0"?><a/>']
)
def test_bad_input_is_a_clear_error_and_never_a_traceback(tmp_path, content):
    path = tmp_path / "bad"
    path.write_bytes(content)
    result = run(str(path))
    assert result.exit_code == 2
    assert str(path) in result.stderr
    assert "\x1b" not in result.stderr + result.stdout
    assert isinstance(result.exception, SystemExit)


def test_a_folder_is_a_clear_error(tmp_path):
    result = run(str(tmp_path))
    assert result.exit_code == 2
    assert "a folder without messages" in result.stderr


@pytest.mark.parametrize(
    ("name", "level", "code"),
    [
        ("inconclusive", "error", 3),
        ("inconclusive", "inconclusive", 1),
        ("warning", "inconclusive", 0),
        ("warning", "warning", 1),
        ("pass", "warning", 0),
    ],
)
def test_fail_on(captures, name, level, code):
    assert run("--fail-on", level, captures[name]).exit_code == code


def test_expect_quiet_ignore_party_and_device(captures):
    assert run("--expect", "server", captures["pass"]).exit_code == 1
    assert run("--expect", "user", captures["pass"]).exit_code == 0
    assert run("--quiet", "4", captures["inconclusive"]).exit_code == 0
    assert run("--ignore", "une011", captures["fail"]).exit_code == 0
    assert run("--party", "server", captures["fail"]).exit_code == 0
    assert run("--device", Story().device, captures["fail"]).exit_code == 1


def test_stdin(captures):
    from pathlib import Path

    result = run("-", stdin=Path(captures["pass"]).read_bytes())
    assert result.exit_code == 0
    assert result.stdout.startswith("PASS  -:")


def test_output_goes_to_a_file(captures, tmp_path):
    out = tmp_path / "report.json"
    result = run("--format", "json", "-o", str(out), captures["pass"])
    assert result.stdout == ""
    assert json.loads(out.read_text())["verdict"] == "pass"
    assert run("-o", str(tmp_path / "no" / "such"), captures["pass"]).exit_code == 2


@pytest.mark.parametrize(
    "args",
    [
        ["--quiet", "-1", "x"],
        ["--quiet", "soon", "x"],
        ["--until", "tomorrow", "x"],
        ["--ignore", "UNE999", "x"],
        ["--expect", "x", "y"],
        [],
    ],
)
def test_usage_errors(args):
    result = run(*args)
    assert result.exit_code == 2
    assert "Usage:" in result.stderr


def test_an_unknown_rule_gets_the_nearest():
    assert "UNE011" in run("--ignore", "UNE01", "x").stderr


def test_no_colour_in_a_pipe(captures):
    done = subprocess.run([sys.executable, "-m", "replay", "check", captures["fail"]], capture_output=True, check=False)
    assert done.returncode == 1
    assert b"\x1b" not in done.stdout


def test_checking_a_journal_does_not_import_mitmproxy(captures):
    program = (
        "import sys\nfrom replay.cli import main\n"
        f"try:\n    main(['check', {captures['pass']!r}])\nexcept SystemExit as end:\n    assert end.code == 0\n"
        "assert not [name for name in sys.modules if name.startswith('mitmproxy')]\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, capture_output=True)


@pytest.mark.parametrize("value", ["nan", "inf", "-inf", "20261199"])
def test_a_time_is_a_time(value):
    assert run("--until", value, "x").exit_code == 2


def test_a_day_is_no_number_of_seconds():
    assert options.time("20261123") == options.time("2026-11-23T00:00:00Z") == 1795392000.0
    assert options.time("1795392000") == 1795392000.0
    assert options.time("-5") == -5.0
