"""Progress of long work: on a terminal, after a second, and never anywhere else."""

import io
import subprocess
import sys
import threading

import pytest

from replay.capture.readers import read
from replay.cli.progress import Shown, progress, reading
from tests.conftest import ROOT
from tests.pseudo_terminal import terminal
from tests.story import Story, user

COMMAND = [sys.executable, "-m", "replay"]
CAPTURE = user().watch(70).close().text()


@pytest.mark.slow
@pytest.mark.parametrize(
    "line",
    [
        ["check", "-q", "-"],
        ["show", "-q", "-"],
        ["normalize", "-"],
        ["convert", "-", "out.har"],
        ["redact", "-", "out.jsonl"],
    ],
    ids=lambda line: line[0],
)
def test_it_is_shown_on_a_terminal_and_taken_away_again(tmp_path, line):
    """A capture that is long in coming: reading it takes until it is there."""
    with terminal([*COMMAND, *line], on=("stderr",), stdin=subprocess.PIPE, cwd=tmp_path) as shown:
        shown.wait_for("reading -")
        code, out, _ = shown.end(CAPTURE)
        assert code == 0
        assert "reading -" not in shown.text.rsplit("\x1b[2K", 1)[-1]
        assert "\x1b[?25h" in shown.text  # the cursor is there again
        assert b"\x1b" not in out


@pytest.mark.slow
def test_an_error_stands_after_it_and_not_within(tmp_path):
    with terminal([*COMMAND, "check", "-q", "-", "no"], on=("stderr",), stdin=subprocess.PIPE, cwd=tmp_path) as shown:
        shown.wait_for("reading -")
        code, _, _ = shown.end(CAPTURE)
        assert code == 2
        assert shown.text.rsplit("\x1b[2K", 1)[-1].splitlines()[-1].startswith("omadm: no: cannot be read")


@pytest.mark.slow
def test_there_is_none_of_what_is_done_at_once(tmp_path):
    (tmp_path / "run.jsonl").write_bytes(CAPTURE)
    with terminal([*COMMAND, "check", "-q", "run.jsonl"], on=("stderr",), cwd=tmp_path) as shown:
        code, out, _ = shown.end()
        assert (code, shown.text) == (0, "")
        assert out.startswith(b"PASS")


@pytest.mark.slow
def test_who_types_a_capture_in_is_not_disturbed(tmp_path):
    with terminal([*COMMAND, "check", "-"], on=("stdin", "stderr"), cwd=tmp_path) as shown:
        shown.press(Story().package_one("1").decode().replace("><", ">\n<") + "\n\x04")
        code, out, _ = shown.end()
        assert code == 0
        assert out.startswith(b"PASS")
        assert "reading" not in shown.text


class _Screen(io.StringIO):
    def isatty(self):
        return True


def test_stages_and_sizes(tmp_path, monkeypatch):
    screen = _Screen()
    monkeypatch.setattr(sys, "stderr", screen)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "100")
    path = user().watch(70).save(tmp_path / "r.jsonl")
    with progress("", after=0) as shown:
        capture = read(str(path), shown.reading)
        _drawn(shown, screen, "reading")
        _drawn(shown, screen, "100%")
        shown.stage("judging \x1b[2J it")
        _drawn(shown, screen, "judging \\x1b[2J it")
    assert len(capture.exchanges) == 2
    assert "\x1b[2J" not in screen.getvalue()


def _drawn(shown: Shown, screen: io.StringIO, words: str) -> None:
    """Draws now, once it is there to be drawn."""
    while shown._task is None:
        threading.Event().wait(0.01)
    shown._bar.refresh()
    assert words in screen.getvalue()


def test_without_a_terminal_there_is_nothing(monkeypatch, capsys, tmp_path):
    path = user().watch(70).save(tmp_path / "r.jsonl")
    with progress("x", after=0) as shown:
        with path.open("rb") as file:
            assert shown.reading(file, "r") is file
        assert not shown.active
        shown.stage("y")
    with reading("r") as shown:
        assert not shown.active
    assert capsys.readouterr() == ("", "")


def test_whoever_watches_changes_nothing_in_what_is_read(shared_data):
    paths = [*ROOT.glob("captures/*.jsonl"), *shared_data.glob("peers/*.mitm"), *shared_data.glob("messages/*/*.xml")]
    assert len(paths) > 5
    for path in paths:
        shown = Shown("", active=True)
        assert read(str(path), shown.reading) == read(str(path))
        assert shown._done <= shown._total == path.stat().st_size
