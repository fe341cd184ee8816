"""`omadm note`: a mark in a journal, also while another process writes it; and the same from inside mitmproxy."""

import asyncio
import json
import os
import subprocess
import sys
import threading
import time
import warnings

import pytest
from click.testing import CliRunner

from replay.capture.journal import JournalWriter
from replay.capture.readers import read
from replay.cli import main
from replay.cli.proxy import addon as _addon
from replay.lab.device import LabDevice
from replay.lab.server import LabServer
from tests.conftest import ROOT
from tests.processes import recording


@pytest.fixture
def journal(tmp_path):
    path = tmp_path / "run.jsonl"
    writer = JournalWriter(path, tool="test", mode="regular")
    yield path
    writer.abandon()


def note(*words):
    return CliRunner().invoke(main, ["note", *(str(word) for word in words)])


def test_a_mark_is_one_line_with_both_clocks(journal):
    before = time.time(), time.monotonic()
    result = note(journal, "user pressed \x1b[31mDisconnect\n", "--name", "push")
    assert (result.exit_code, result.output) == (0, "")
    line = json.loads(journal.read_bytes().splitlines()[-1])
    assert (line["type"], line["text"], line["name"]) == ("note", "user pressed \x1b[31mDisconnect\n", "push")
    assert before[0] <= line["t"] <= time.time()
    assert before[1] <= line["mono"] <= time.monotonic()


def test_a_name_is_optional(journal):
    assert note(journal, "a mark").exit_code == 0
    assert "name" not in json.loads(journal.read_bytes().splitlines()[-1])
    (found,) = read(str(journal)).notes
    assert (found.text, found.name) == ("a mark", None)


def test_half_a_line_before_it_does_not_spoil_it(journal):
    with journal.open("ab") as file:
        file.write(b'{"type":"request","t":1')
    assert note(journal, "after the crash").exit_code == 0
    capture = read(str(journal))
    assert [each.text for each in capture.notes] == ["after the crash"]
    assert len(capture.troubles) == 1


@pytest.mark.parametrize("content", [b"", b"precious\n", b'{"type":"other"}\n', b"\x28\xb5\x2f\xfd compressed"])
def test_what_is_no_journal_is_refused_and_left_alone(tmp_path, content):
    path = tmp_path / "precious"
    path.write_bytes(content)
    result = note(path, "x")
    assert result.exit_code == 2
    assert "is no journal" in result.stderr
    assert path.read_bytes() == content


def test_what_cannot_be_written_is_said(tmp_path):
    result = note(tmp_path / "missing.jsonl", "x")
    assert result.exit_code == 2
    assert "No such file" in result.stderr
    assert not (tmp_path / "missing.jsonl").exists()
    assert "is no file" in note(tmp_path, "x").stderr
    os.mkfifo(tmp_path / "pipe")
    assert "is no file" in note(tmp_path / "pipe", "x").stderr


def test_marks_of_many_stand_between_the_lines_of_the_recorder(tmp_path):
    journal = tmp_path / "many.jsonl"
    writer = JournalWriter(journal, tool="test", mode="regular")
    stop = threading.Event()

    def keep_writing() -> None:
        while not stop.is_set():
            writer.write("request", id="1", body={"text": "x" * 50_000})

    recorder = threading.Thread(target=keep_writing)
    recorder.start()
    try:
        for number in range(100):
            assert note(journal, f"mark {number}").exit_code == 0
    finally:
        stop.set()
        recorder.join()
        writer.close("done")
    lines = [json.loads(line) for line in journal.read_bytes().splitlines() if line]
    assert [line["text"] for line in lines if line["type"] == "note"] == [f"mark {number}" for number in range(100)]


@pytest.mark.slow
@pytest.mark.mitmproxy
def test_a_mark_while_omadm_record_writes(tmp_path):
    with LabServer() as server, recording(tmp_path, server.url) as proxy:
        LabDevice(proxy.url, tls=proxy.tls).run("ordinary")
        command = [sys.executable, "-m", "replay", "note", str(proxy.journal), "push sent", "--name", "push"]
        done = subprocess.run(command, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
        LabDevice(proxy.url, tls=proxy.tls).run("user")
        assert proxy.program.end() == 0
    capture = read(str(proxy.journal))
    (mark,) = capture.notes
    assert (mark.name, mark.text) == ("push", "push sent")
    assert capture.exchanges[1].at.clock <= mark.at.clock <= capture.exchanges[2].at.clock
    assert (len(capture.exchanges), capture.troubles, len(capture.stretches)) == (5, [], 1)


@pytest.mark.mitmproxy
def test_the_command_inside_mitmproxy(tmp_path):
    with (
        warnings.catch_warnings()
    ):  # ldap3, which mitmproxy's own test tools import, uses names that pyasn1 has renamed
        warnings.simplefilter("ignore", DeprecationWarning)
        from mitmproxy import exceptions
        from mitmproxy.test import taddons
    recorder = _addon("record.py")

    async def mark() -> None:  # the context makes a loop that nobody closes where none is running
        with taddons.context() as context:
            context.master.addons.add(recorder)
            context.options.update(omadm_journal=str(tmp_path / "run.jsonl"))
            context.master.commands.execute('omadm.note "user pressed Disconnect"')
            context.master.commands.execute('omadm.note "push sent" push')
            recorder.done()
            with pytest.raises(exceptions.CommandError, match="nothing is being recorded"):
                context.master.commands.execute("omadm.note late")

    asyncio.run(mark())
    assert [(each.text, each.name) for each in read(str(tmp_path / "run.jsonl")).notes] == [
        ("user pressed Disconnect", None),
        ("push sent", "push"),
    ]
