"""Progress of long work: on a terminal, after a second, and never anywhere else."""

import io
import subprocess
import sys

import pytest

from benchmarks.captures import journal
from replay.capture.readers import read
from replay.cli import progress as module
from replay.cli.progress import Shown, progress
from tests.conftest import ROOT
from tests.processes import environment
from tests.pseudo_terminal import terminal
from tests.story import user

COMMAND = [sys.executable, "-m", "replay"]
#: So many sessions take several seconds to read and judge.
SESSIONS = 6000


@pytest.fixture(scope="module")
def big(tmp_path_factory):
    return journal(tmp_path_factory.mktemp("big") / "big.jsonl", SESSIONS)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("line", "what"),
    [
        (["check", "-q", "big.jsonl"], f"judging big.jsonl, {SESSIONS} exchanges"),
        (["show", "-q", "big.jsonl"], "reading the messages in big.jsonl"),
        (["normalize", "big.jsonl"], "normalising big.jsonl"),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else "",
)
def test_it_is_shown_on_a_terminal_and_taken_away_again(big, line, what):
    with terminal([*COMMAND, *line], on=("stderr",), columns=120, cwd=big.parent) as shown:
        _, out, _ = shown.end()
        assert what in shown.text
        shown_last = shown.text.rsplit("\x1b[2K", 1)[-1]
        assert "big.jsonl" not in shown_last.split("omadm:")[0]
        assert "\x1b[?25h" in shown.text  # the cursor is there again
        assert b"\x1b" not in out


@pytest.mark.slow
def test_there_is_none_in_a_pipe(big):
    done = subprocess.run(
        [*COMMAND, "check", "-q", str(big)], capture_output=True, env=environment(), cwd=big.parent, check=False
    )
    assert done.stderr == b""
    assert b"\x1b" not in done.stdout


@pytest.mark.slow
def test_there_is_none_of_what_is_done_at_once(tmp_path):
    user().watch(70).save(tmp_path / "run.jsonl")
    with terminal([*COMMAND, "check", "-q", "run.jsonl"], on=("stderr",), cwd=tmp_path) as shown:
        code, out, _ = shown.end()
        assert (code, shown.text) == (0, "")
        assert out.startswith(b"PASS")


@pytest.mark.slow
def test_an_error_stands_after_it_and_not_within(big):
    with terminal([*COMMAND, "check", "-q", "big.jsonl", "none"], on=("stderr",), columns=120, cwd=big.parent) as shown:
        code, _, _ = shown.end()
        assert code == 2
        assert shown.text.splitlines()[-1].lstrip("\r").endswith("nothing in this folder has a name like it")


class _Screen(io.StringIO):
    def isatty(self):
        return True


def test_stages_and_sizes(tmp_path, monkeypatch):
    screen = _Screen()
    monkeypatch.setattr(sys, "stderr", screen)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "100")
    path = user().watch(70).save(tmp_path / "r.jsonl")
    with progress(after=0) as shown:
        capture = read(str(path), shown.reading)
        _drawn(shown, screen, "reading")
        _drawn(shown, screen, "100%")
        shown.stage("judging \x1b[2J it")
        _drawn(shown, screen, "judging \\x1b[2J it")
    assert len(capture.exchanges) == 2
    assert "\x1b[2J" not in screen.getvalue()


def _drawn(shown: Shown, screen: io.StringIO, words: str) -> None:
    """Draws now, once it is there to be drawn."""
    while shown._bar is None:
        module.threading.Event().wait(0.01)
    shown._bar.refresh()
    assert words in screen.getvalue()


def test_without_a_terminal_there_is_nothing(monkeypatch, capsys, tmp_path):
    path = user().watch(70).save(tmp_path / "r.jsonl")
    with progress("x", after=0) as shown:
        with path.open("rb") as file:
            assert shown.reading(file, "r") is file
        assert not shown.active
        shown.stage("y")
    assert capsys.readouterr() == ("", "")


def test_whoever_watches_changes_nothing_in_what_is_read(shared_data):
    paths = [*ROOT.glob("captures/*.jsonl"), *shared_data.glob("peers/*.mitm"), *shared_data.glob("messages/*/*.xml")]
    assert len(paths) > 5
    for path in paths:
        shown = Shown("", active=True)
        assert read(str(path), shown.reading) == read(str(path))
        assert shown._done <= shown._total == path.stat().st_size
