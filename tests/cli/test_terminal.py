"""What people see on a terminal: whole outputs of check, show and diff, wide and narrow, in colour and not, brief and verbose.

The outputs stand beside this module in `outputs`. With OMADM_WRITE_OUTPUTS=1 the tests write them anew: read what has changed.
"""

import os
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from rich.cells import cell_len

from replay.cli import main
from replay.report.wrap import wrapped
from tests.pseudo_terminal import terminal
from tests.story import Story, server, user

OUTPUTS = Path(__file__).parent / "outputs"


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    """A working folder with captures whose times are always the same."""
    monkeypatch.delenv("NO_COLOR", raising=False)
    made = {
        "pass": user().watch(70).close(),
        "fail": server().watch(5).ordinary("4").alert("5").watch(70).close(),
        "inconclusive": user().watch(5),
        "refused": Story().ordinary("1").alert("2", status=500, response=b"").watch(70).close(),
    }
    for name, story in made.items():
        story.save(tmp_path / f"{name}.jsonl")
    broken = Story().ordinary("1")
    broken.exchange(b"<SyncML", None, failure="server-closed")
    broken.line("note", text="user pressed\x1b[2J Disconnect", name="push")
    broken.save(tmp_path / "broken.jsonl")
    (tmp_path / "none.jsonl").write_text("")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def hold(name: str, text: str) -> None:
    """Holds an output against the one that is kept; escape sequences are kept visible."""
    file, text = OUTPUTS / f"{name}.txt", text.replace("\x1b", "␛")
    if os.environ.get("OMADM_WRITE_OUTPUTS"):
        file.write_text(text, "utf-8")
    assert text == file.read_text("utf-8")


#: Name, exit code, and the command line.
IN_A_PIPE = [
    ("check-pass", 0, "check pass.jsonl"),
    ("check-fail", 1, "check fail.jsonl"),
    ("check-fail-brief", 1, "check -q fail.jsonl"),
    ("check-fail-verbose", 1, "check -v fail.jsonl"),
    ("check-inconclusive", 3, "check inconclusive.jsonl"),
    ("check-broken", 1, "check broken.jsonl"),
    ("check-several", 2, "check --quiet auto pass.jsonl refused.jsonl none.jsonl absent.jsonl"),
    ("check-several-brief", 2, "check -q pass.jsonl refused.jsonl none.jsonl absent.jsonl"),
    ("show", 0, "show fail.jsonl"),
    ("show-brief", 0, "show -q fail.jsonl"),
    ("show-verbose", 0, "show -v --session 2 fail.jsonl"),
    ("show-raw", 0, "show --raw --session 3 fail.jsonl"),
    ("show-broken", 0, "show broken.jsonl"),
    ("show-broken-brief", 0, "show -q broken.jsonl"),
    ("diff-equal", 0, "diff pass.jsonl pass.jsonl"),
    ("diff", 1, "diff pass.jsonl fail.jsonl"),
    ("diff-brief", 1, "diff -q pass.jsonl fail.jsonl"),
    ("diff-verbose", 1, "diff -v pass.jsonl refused.jsonl"),
]


@pytest.mark.parametrize(("name", "code", "line"), IN_A_PIPE, ids=[name for name, _, _ in IN_A_PIPE])
def test_the_whole_output_in_a_pipe(folder, name, code, line):
    result = CliRunner().invoke(main, line.split())
    assert result.exit_code == code
    assert "\x1b" not in result.output
    hold(name, result.stdout + (f"--- stderr\n{result.stderr}" if result.stderr else ""))


def on_a_terminal(folder: Path, line: str, columns: int, code: int, **env: str) -> str:
    with terminal([sys.executable, "-m", "replay", *line.split()], columns=columns, cwd=folder, **env) as shown:
        exit_code, _, errors = shown.end()
        assert (exit_code, errors) == (code, b"")
        return shown.text


ON_A_TERMINAL = [
    ("check-fail-60", 1, "check fail.jsonl", 60),
    ("check-fail-100", 1, "check fail.jsonl", 100),
    ("check-fail-brief-40", 1, "check -q fail.jsonl", 40),
    ("show-60", 0, "show --session 2 fail.jsonl", 60),
    ("show-100", 0, "show --session 2 fail.jsonl", 100),
    ("show-raw-60", 0, "show --raw --session 3 fail.jsonl", 60),
    ("diff-60", 1, "diff pass.jsonl fail.jsonl", 60),
]


@pytest.mark.slow
@pytest.mark.parametrize(("name", "code", "line", "columns"), ON_A_TERMINAL, ids=[name for name, *_ in ON_A_TERMINAL])
def test_the_whole_output_on_a_terminal_that_is_so_wide(folder, name, code, line, columns):
    text = on_a_terminal(folder, line, columns, code, NO_COLOR="1")
    assert "\x1b" not in text
    hold(name, text)
    for row in text.splitlines():
        longest = max((cell_len(word) for word in row.split()), default=0)
        assert cell_len(row) <= max(columns, longest + columns // 2) or "   | " in row, row


@pytest.mark.slow
@pytest.mark.parametrize("command", ["check", "show", "diff"])
def test_in_colour(folder, command):
    line = {"check": "check fail.jsonl", "show": "show refused.jsonl", "diff": "diff pass.jsonl refused.jsonl"}[command]
    code = 0 if command == "show" else 1
    coloured = on_a_terminal(folder, line, 100, code)
    hold(f"{command}-in-colour", coloured)
    assert "\x1b[" in coloured
    assert click.unstyle(coloured) == on_a_terminal(folder, line, 100, code, NO_COLOR="1")


@pytest.mark.slow
def test_columns_goes_before_the_width_of_the_terminal(folder):
    text = on_a_terminal(folder, "check fail.jsonl", 200, 1, NO_COLOR="1", COLUMNS="60")
    hold("check-fail-60", text)


@pytest.mark.slow
def test_what_goes_to_a_file_is_as_in_a_pipe(folder):
    assert on_a_terminal(folder, "check -o report.txt fail.jsonl", 40, 1) == ""
    hold("check-fail", (folder / "report.txt").read_text("utf-8"))


LINES = [
    "word " * 30,
    "    indented " + "word " * 30,
    "      | a body that " + "stays as it is " * 10,
    click.style("FAIL", fg="red") + "  " + "in colour " * 20,
    "x" * 200,
    "    漢字" * 40,
    "",
    "    " + "Ä " * 60,
]


@pytest.mark.parametrize("width", [20, 33, 60, 80])
def test_nothing_is_lost_in_wrapping(width):
    text = "\n".join(LINES)
    for line in LINES:
        rows = wrapped(line, width).split("\n")
        assert " ".join(" ".join(rows).split()) == " ".join(line.split())
        if len(rows) > 1:
            indent = len(line) - len(line.lstrip(" "))
            assert all(row.startswith(" " * min(indent + 4, width // 2)) for row in rows[1:])
            assert all(cell_len(click.unstyle(row)) <= width for row in rows)
    assert wrapped(text, width) == "\n".join(wrapped(line, width) for line in LINES)
    assert wrapped(wrapped("word " * 30, width), width) == wrapped("word " * 30, width)


def test_a_terminal_that_is_too_narrow_for_anything_breaks_lines_by_itself():
    assert wrapped("word " * 30, 10) == "word " * 30
