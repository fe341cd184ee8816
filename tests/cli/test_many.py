"""`omadm check` on many captures: folders, processes, a cluster, and one report."""

import json
import os
import select
import signal
import subprocess
import sys

import pytest
from click.testing import CliRunner

from replay.cli import main
from replay.report.forms import FORMS
from tests.processes import PATIENCE, environment
from tests.pseudo_terminal import terminal
from tests.rules.test_aut003 import WRONG, digest, session
from tests.story import Story, server, user


def run(*args: object, stdin: bytes | None = None):
    result = CliRunner().invoke(main, ["check", *map(str, args)], input=stdin, env={"OMADM_SECRETS": ""})
    assert isinstance(result.exception, SystemExit | None), result.exception
    return result


@pytest.fixture
def folder(tmp_path):
    """A folder with captures of every kind of verdict, one that cannot be read, and what is none."""
    folder = tmp_path / "captures"
    (folder / "more").mkdir(parents=True)
    user().watch(70).save(folder / "b.jsonl")
    server().watch(70).save(folder / "more" / "a.jsonl")
    user().watch(5).ordinary("3").watch(70).save(folder / "fails.jsonl")
    user().watch(5).save(folder / "short.jsonl")
    Story().ordinary("1").alert("2", status=500).watch(70).save(folder / "warned.jsonl")
    session(digest(WRONG, b"one")).story.save(folder / "secret.jsonl")
    (folder / "more" / "lost.jsonl").write_bytes(b"")
    (folder / "more" / "evil\x1b[31m.jsonl").write_bytes(b'{"format": "omadm-journal"}\n\xff\x00')
    (folder / "README").write_text("no capture")
    return folder


@pytest.fixture
def options(tmp_path):
    (tmp_path / "accept.toml").write_text(
        '[[accept]]\nrule = "UNE011"\nreason = "ticket \\u001b[2J"\n[[accept]]\nrule = "UNE007"\nreason = "never"\n'
    )
    items = [{"at": "2027-01-15T08:00:20Z", "step": "apps", "outcome": "failed", "text": "one is left\x1b[31m"}]
    (tmp_path / "evidence.json").write_text(json.dumps(items))
    (tmp_path / "secrets").write_text("alice:p:w\nbob:b\n")
    (tmp_path / "noise.toml").write_text(
        '[[noise]]\npath = "SyncBody/Replace/Item/Data"\nkind = "random"\nalphabet = "hex"\nlength = [8, 16]\n'
        'signed = "T"\nreason = "seen"\n'
    )
    return [
        *("--accept", tmp_path / "accept.toml", "--evidence", tmp_path / "evidence.json", "--expect", "user"),
        *("--secret-file", tmp_path / "secrets", "--noise", tmp_path / "noise.toml", "--ignore", "MSG004", "--lenient"),
    ]


def paths(result, folder) -> list[str]:
    return [each["path"].removeprefix(f"{folder}/") for each in json.loads(result.stdout)["captures"]]


def test_a_folder_is_all_the_captures_in_it(folder):
    result = run("--format", "json", folder)
    assert result.exit_code == 2
    assert paths(result, folder) == [
        *("b.jsonl", "fails.jsonl", "more/a.jsonl", "more/evil\x1b[31m.jsonl", "more/lost.jsonl"),
        *("secret.jsonl", "short.jsonl", "warned.jsonl"),
    ]
    assert f"omadm: {folder}/README: skipped: no capture, by its content" in result.stderr
    assert f"omadm: {folder}/more/lost.jsonl: is empty" in result.stderr
    assert "\x1b" not in result.stderr + result.stdout


def test_the_worst_of_a_folder_decides(folder):
    for name in ("more/lost.jsonl", "more/evil\x1b[31m.jsonl"):
        (folder / name).unlink()
    assert run("-q", folder).exit_code == 1
    (folder / "fails.jsonl").unlink()
    assert run("-q", folder).exit_code == 3
    (folder / "short.jsonl").unlink()
    assert run("-q", folder).exit_code == 0
    assert run("-q", "--fail-on", "warning", folder).exit_code == 1


def test_a_folder_without_captures_is_an_error(tmp_path):
    (tmp_path / "README").write_text("nothing")
    result = run(tmp_path, "--format", "json")
    assert result.exit_code == 2
    assert f"omadm: {tmp_path}: is a folder without messages" in result.stderr
    assert f"omadm: {tmp_path}/README: skipped" in result.stderr


@pytest.mark.slow
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("more", [False, True], ids=["plain", "with options"])
def test_the_report_is_the_same_whatever_the_number_of_jobs(folder, options, form, more):
    args = ["--format", form, *(options if more else ()), folder, folder / "b.jsonl", "-"]
    stdin = user().watch(70).text()
    one = run("--jobs", "1", *args, stdin=stdin)
    two = run("--jobs", "2", *args, stdin=stdin)
    assert (one.stdout, one.stderr, one.exit_code) == (two.stdout, two.stderr, two.exit_code)
    assert (one.exit_code, "fails" in one.stdout) == (2, True), one.stderr
    assert "p:w" not in one.output


@pytest.mark.slow
def test_annotations_are_the_same_too(folder, monkeypatch):
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    one, two = run("-q", folder), run("-q", "--jobs", "auto", folder)
    assert (one.stdout, one.stderr) == (two.stdout, two.stderr)
    assert "::error file=" in one.stderr


@pytest.mark.slow
@pytest.mark.parametrize("value", ["auto", "0", "00"])
def test_a_number_of_jobs_that_stands_for_the_processors(folder, value):
    assert run("-q", "--jobs", value, folder).stdout == run("-q", folder).stdout


@pytest.mark.parametrize("value", ["-1", "two", "1.5", "99999", ""])
def test_a_number_of_jobs_that_is_none(folder, value):
    result = run("--jobs", value, folder)
    assert result.exit_code == 2
    assert "no number of processes" in result.stderr


@pytest.mark.parametrize("address", ["host", "http://host:80", "tcp://:x", "inproc://1"])
def test_an_address_that_is_none(folder, address):
    result = run("--dask", address, folder)
    assert (result.exit_code, result.stdout) == (2, "")
    assert f"omadm: {address}: is no address of a scheduler" in result.stderr


def test_without_the_extra_it_says_what_to_install(folder, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    result = run("--dask", "tcp://127.0.0.1:1", folder)
    assert (result.exit_code, result.stdout) == (2, "")
    assert (
        "dask.distributed, which --dask needs, is not installed: pip install 'omadm-replay[cluster]'" in result.stderr
    )


@pytest.fixture
def stuck(tmp_path):
    """Two processes, one of which is in the middle of a capture that never ends: a pipe, of which this is the other end."""
    user().watch(70).save(tmp_path / "a.jsonl")
    os.mkfifo(tmp_path / "pipe.jsonl")
    command = [sys.executable, "-m", "replay", "check", "--jobs", "2", "a.jsonl", "pipe.jsonl"]
    process = subprocess.Popen(
        command,
        cwd=tmp_path,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    writer = os.open(tmp_path / "pipe.jsonl", os.O_WRONLY)  # waits until a process reads from it
    try:
        yield process, writer
    finally:
        process.kill()
        process.communicate()
        os.close(writer)


def _reader_is_gone(writer: int) -> bool:
    poll = select.poll()
    poll.register(writer, 0)
    return any(event & select.POLLERR for _, event in poll.poll(PATIENCE * 1000))


@pytest.mark.slow
def test_progress_counts_the_captures(tmp_path):
    """On a terminal, while a capture is long in coming; the report is not disturbed."""
    user().watch(70).save(tmp_path / "a.jsonl")
    os.mkfifo(tmp_path / "pipe.jsonl")
    command = [sys.executable, "-m", "replay", "check", "-q", "--jobs", "2", "a.jsonl", "pipe.jsonl"]
    with terminal(command, on=("stderr",), cwd=tmp_path) as shown:
        shown.wait_for("judging 2 captures")
        (tmp_path / "pipe.jsonl").write_bytes(user().watch(70).text())
        code, out, _ = shown.end()
        assert code == 2  # a pipe cannot be read from its beginning again, and that is said
        assert out.splitlines()[0].startswith(b"PASS  a.jsonl")
        assert b"\x1b" not in out


@pytest.mark.slow
def test_an_interruption_ends_cleanly(stuck):
    process, writer = stuck
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: all of them
    out, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 2
    assert out == ""
    assert err in [f"omadm: interrupted: {n} of 2 captures were judged; nothing is reported\n" for n in (0, 1)]
    assert _reader_is_gone(writer)


@pytest.mark.slow
def test_nothing_goes_on_when_the_command_is_killed(stuck):
    process, writer = stuck
    process.kill()
    assert _reader_is_gone(writer)
