import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from rich.cells import cell_len

from replay.cli import main
from tests.compare.stories import edited
from tests.conftest import ROOT
from tests.pseudo_terminal import terminal
from tests.story import Story, server, user

GOLDEN = ROOT / "captures"


def run(*args: str, **more):
    return CliRunner().invoke(main, ["diff", *args], **more)


@pytest.fixture
def files(tmp_path):
    """Captures by name: `user`, the same of another device with another alert, and two others."""
    stories = {
        "user": user().text(),
        "again": user(device="OTHER").text(),
        "two": edited(user(), "<Data>1</Data>", "<Data>2</Data>"),
        "server": server().text(),
    }
    found = {}
    for name, text in stories.items():
        path = tmp_path / f"{name}.jsonl"
        path.write_bytes(text)
        found[name] = str(path)
    return found


def test_exit_codes(files):
    assert run(files["user"], files["again"]).exit_code == 0
    assert run(files["user"], files["two"]).exit_code == 1
    assert run(files["user"], "missing.jsonl").exit_code == 2
    assert "missing.jsonl: cannot be read" in run("missing.jsonl", files["user"]).stderr


@pytest.mark.parametrize("args", [[], ["user"], ["user", "user", "user"], ["--baseline", "user", "user", "two", "two"]])
def test_how_many_captures(files, args):
    result = run(*(files.get(each, each) for each in args))
    assert result.exit_code == 2
    assert "Usage: " in result.stderr


def test_what_differs(files):
    result = run(files["user"], files["two"])
    assert result.stdout.startswith(f"DIFFERENT  {files['user']} → {files['two']}: 1 change (1 changed)\n")
    assert "SyncBody/Alert[3]/Item/Data  value  1 → 2" in result.stdout
    assert run("-q", files["user"], files["again"]).stdout == f"EQUAL  {files['user']} → {files['again']}\n"
    assert "Alert 1201" in run("-v", files["user"], files["two"]).stdout


def test_json_into_a_file(files, tmp_path):
    result = run("--format", "json", "-o", str(tmp_path / "d.json"), files["user"], files["two"])
    assert (result.exit_code, result.stdout) == (1, "")
    found = json.loads((tmp_path / "d.json").read_text())
    assert (found["format"], found["summary"]["changed"]) == ("omadm-diff", 1)


def test_html(files):
    result = run("--format", "html", files["user"], files["two"])
    assert result.exit_code == 1
    assert result.stdout.lower().startswith("<!doctype html>")


def test_what_is_ignored_is_counted(files):
    result = run("--ignore", "SyncBody/Alert/Item/Data", files["user"], files["two"])
    assert result.exit_code == 0
    assert result.stdout.startswith(f"EQUAL  {files['user']} → {files['two']}: no change, 1 ignored\n")
    assert run("--ignore", "HTTP/*", files["user"], files["two"]).exit_code == 1


def test_timing(files, tmp_path):
    slow = tmp_path / "slow.jsonl"
    slow.write_bytes(Story().ordinary("1").watch(300).alert("2").text())
    assert run(files["user"], str(slow)).exit_code == 0
    result = run("--timing", files["user"], str(slow))
    assert result.exit_code == 1
    assert "HTTP/gap  timing  30.0 s → 300.0 s" in result.stdout


def test_baselines(files):
    assert run("--baseline", files["two"], files["user"], files["two"]).exit_code == 0
    assert run("--baseline", files["two"], "--baseline", files["user"], files["again"]).exit_code == 0
    result = run("--baseline", files["user"], "--baseline", files["server"], files["two"])
    assert result.exit_code == 1
    assert result.stdout.startswith(f"DIFFERENT  {files['user']} → ")
    assert "the nearest of 2 baselines; 0 changes not shown that others explain" in result.stdout
    found = json.loads(run("--format", "json", "--baseline", files["user"], files["server"], files["two"]).stdout)
    assert found["baselines"] == [files["server"], files["user"]]


@pytest.mark.parametrize("name", ["user", "server", "unjoin-failed"])
def test_the_golden_captures_are_as_expected(name):
    assert run(f"scenario:{name}", str(GOLDEN / f"{name}.jsonl")).exit_code == 0
    for other in {"user", "server", "unjoin-failed"} - {name}:
        assert run(f"scenario:{name}", str(GOLDEN / f"{other}.jsonl")).exit_code == 1


def test_a_scenario_of_ones_own(files, tmp_path):
    own = tmp_path / "own.toml"
    own.write_text('name = "own"\nscenario = "user"\n\n[[step]]\nname = "get"\nsender = "server"\ncommand = "Get"\n')
    result = run(f"scenario:{own}", files["user"])
    assert result.exit_code == 1
    assert "- get (the server sends Get)" in result.stdout
    own.write_text("name = 3")
    result = run(f"scenario:{own}", files["user"])
    assert result.exit_code == 2
    assert f"{own}, line 1: " in result.stderr
    result = run("scenario:usr", files["user"])
    assert result.exit_code == 2
    assert "user" in result.stderr
    assert run("scenario:user", "--baseline", files["user"], files["user"]).exit_code == 2


@pytest.mark.parametrize("args", [["user", "scenario:user"], ["--baseline", "scenario:user", "user"]])
def test_a_scenario_stands_on_the_left(files, args):
    result = run(*(files.get(each, each) for each in args))
    assert result.exit_code == 2
    assert "a scenario stands on the left" in result.stderr


def test_nothing_to_compare(tmp_path):
    path = tmp_path / "empty.jsonl"
    path.write_bytes(Story().watch(20).text())
    result = run(str(path), str(path))
    assert result.exit_code == 2
    assert "no readable OMA DM message" in result.stderr
    assert run("scenario:user", str(path)).exit_code == 2


def test_damage_is_said_and_counts(files, tmp_path):
    cut = tmp_path / "cut.jsonl"
    cut.write_bytes(user().text()[:-30])
    result = run(files["user"], str(cut))
    assert result.exit_code == 1
    assert "omadm: " in result.stderr


def test_other_machines(files, tmp_path):
    other = tmp_path / "other.jsonl"
    other.write_bytes(edited(user(), "Lab device", "Another"))
    assert run(files["user"], str(other)).exit_code == 1
    assert run("--other-machines", files["user"], str(other)).exit_code == 0


@pytest.mark.slow
def test_a_terminal_gets_colours_and_no_line_too_many(files):
    shown = in_terminal("diff", files["user"], files["two"])
    assert "\x1b[" in shown
    lines = re.sub(r"\x1b\[[0-9;]*[A-Za-z]", "", shown).splitlines()
    assert any(line.startswith("DIFFERENT  ") for line in (line.rpartition("\r")[2] for line in lines))
    assert all(cell_len(line.rpartition("\r")[2]) <= 56 for line in lines)
    assert "\x1b[31m" not in in_terminal("diff", files["user"], files["two"], NO_COLOR="1")


@pytest.mark.slow
def test_progress_is_shown_on_a_terminal(files, tmp_path):
    """A capture that is long in coming: reading it takes until it is there."""
    line = [sys.executable, "-m", "replay", "diff", files["user"], "-"]
    with terminal(line, on=("stderr",), stdin=subprocess.PIPE, cwd=tmp_path) as shown:
        shown.wait_for("reading -")
        code, out, _ = shown.end(Path(files["two"]).read_bytes())
        assert code == 1
        assert out.startswith(b"DIFFERENT")
        assert "reading -" not in shown.text.rsplit("\x1b[2K", 1)[-1]


def in_terminal(*args: str, **environment: str) -> str:
    """What a command writes to a terminal of 56 columns."""
    command = [sys.executable, "-m", "replay", *args]
    with terminal(command, columns=56, on=("stdout", "stderr"), cwd=ROOT, **environment) as shown:
        code, _, _ = shown.end()
        assert code == 1
        return shown.text
