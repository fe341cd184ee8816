"""What goes wrong around the tool: each has a clear message and loses nothing. docs/limits.md says where the others are tried."""

import datetime
import io
import json
import signal
import ssl
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import trustme

from replay.capture import journal
from replay.capture.exchange import CaptureError
from replay.capture.journal import JournalWriter
from replay.capture.journal_reader import read as read_journal
from replay.capture.readers import read
from replay.expect.case import Options
from replay.expect.finding import Verdict
from replay.expect.judge import judge
from replay.expect.scenarios import shipped
from replay.lab.device import DeviceError, LabDevice
from replay.lab.server import LabServer
from tests.addons.test_record import lines_of, until
from tests.conftest import ROOT
from tests.hostile.bounded import omadm, read_only
from tests.processes import PATIENCE, environment, recording
from tests.story import Story, user
from tests.upstream import Upstream

#: Writes the lines of a journal with the recorder's own writer, and dies at one of them: before it, within it, or after it.
_DYING = """
import json, os, signal, sys
from replay.capture import journal
lines, at, how = json.load(sys.stdin), int(sys.argv[2]), sys.argv[3]
real, count = os.write, 0
def dying(fd, data):
    global count
    count += 1
    if count == at:
        {"before": lambda: 0, "within": lambda: real(fd, data[: len(data) // 2]), "after": lambda: real(fd, data)}[how]()
        os.kill(os.getpid(), signal.SIGKILL)
    return real(fd, data)
journal.os.write = dying
writer = journal.JournalWriter(sys.argv[1], tool="t", mode="m")
for line in lines:
    writer.write(line.pop("type"), **line)
"""


@pytest.mark.slow
@pytest.mark.parametrize("how", ["before", "within", "after"])
def test_a_recorder_that_dies_at_any_line_of_a_journal_has_lost_none_before_it(tmp_path, how):
    lines = [json.loads(each) for each in user().text().splitlines()[1:]]
    lines = [{k: v for k, v in line.items() if k not in ("t", "mono")} for line in lines]
    lines = [line for line in lines if line["type"] != "watching"] + [{"type": "watching"}]
    for at in range(2, len(lines) + 2):  # the first line is the writer's own
        path = tmp_path / f"{how}-{at}.jsonl"
        done = subprocess.run(
            [sys.executable, "-c", _DYING, str(path), str(at), how], input=json.dumps(lines), text=True, cwd=ROOT,
            env=environment(), timeout=PATIENCE,
        )  # fmt: skip
        assert done.returncode == -signal.SIGKILL
        whole = at - 1 + (how == "after")
        data = path.read_bytes()
        assert data.count(b"\n") == whole
        capture = read(str(path))
        assert [trouble.kind for trouble in capture.troubles] == (["cut"] if how == "within" else [])
        wanted = sum(line["type"] == "request" for line in lines[: whole - 1])
        assert len(capture.exchanges) == wanted
        judged = judge(capture, Options(expect=shipped("user")))
        assert judged.verdict is not Verdict.PASS, "silence was not watched"
        JournalWriter(path, tool="t", mode="m").close("the next recorder goes on")
        assert len(read(str(path)).exchanges) == wanted
        assert path.read_bytes().startswith(data)


def test_a_capture_that_grows_while_it_is_read_is_read_up_to_what_was_there():
    """Whatever moment it is read at: the half line at its end is known for what it is, and nothing passes before its time."""

    class Growing(io.BytesIO):
        """A file to which another line is added with every one that is read, up to a limit within a line."""

        def __init__(self, data: bytes, end: int) -> None:
            super().__init__(data[:2000])
            self.data, self.there, self.end = data, 2000, end

        def readline(self, size: int = -1) -> bytes:
            self.there = min(self.there + 1500, self.end)
            place = self.tell()
            self.seek(0)
            self.write(self.data[: self.there])
            self.seek(place)
            return super().readline(size)

        def __next__(self) -> bytes:
            if line := self.readline():
                return line
            raise StopIteration

    data = user().watch(70).close().text()
    for end in range(2100, len(data), 997):
        capture = read_journal(Growing(data, end), "growing")
        assert len(capture.exchanges) == data[:end].rpartition(b"\n")[0].count(b'"type": "request"')
        assert [trouble.kind for trouble in capture.troubles] == ["cut"]
        assert judge(capture).verdict is not Verdict.PASS
    assert judge(read_journal(Growing(data, len(data)), "grown")).verdict is Verdict.PASS


@pytest.mark.slow
@pytest.mark.mitmproxy
def test_a_journal_that_is_being_written_can_be_judged_at_any_time(tmp_path):
    with LabServer() as server, recording(tmp_path, server.url) as proxy:
        LabDevice(proxy.url, tls=proxy.tls).run("user")
        until(lambda: lines_of(proxy.journal)[-1]["type"] == "watching", "the device is gone")
        done = omadm("check", "--quiet", "3600", proxy.journal)
        assert done.returncode == 3
        assert len(read(str(proxy.journal)).exchanges) == 2 or "inconclusive" in done.stdout.lower()
        assert proxy.program.end() == 0


def test_a_clock_that_is_set_back_shortens_no_window(tmp_path, monkeypatch):
    """The journal's writer goes by the steady clock; the step is said."""
    wall = [1_800_000_000.0]
    steady = [100.0]

    def tick(seconds: float, step: float = 0.0) -> None:
        steady[0] += seconds
        wall[0] += seconds + step

    monkeypatch.setattr(journal.time, "time", lambda: wall[0])
    monkeypatch.setattr(journal.time, "monotonic", lambda: steady[0])
    told = [json.loads(each) for each in user().text().splitlines()[1:]]
    writer = JournalWriter(tmp_path / "run.jsonl", tool="t", mode="m")
    for line in told:
        tick(0.05)
        writer.write(line.pop("type"), **{k: v for k, v in line.items() if k not in ("t", "mono")})
    tick(1, step=-3600)
    for _ in range(15):
        writer.write("watching")
        tick(5)
    writer.close("done")
    capture = read(str(tmp_path / "run.jsonl"))
    assert [trouble.kind for trouble in capture.troubles] == ["clock"]
    assert "3599" in capture.troubles[0].text or "3598" in capture.troubles[0].text
    assert [round(each.end.clock - each.start.clock) for each in capture.stretches] == [round(steady[0] - 100.0)]


def test_two_recorders_do_not_write_to_one_file(tmp_path):
    path = tmp_path / "run.jsonl"
    first = JournalWriter(path, tool="one", mode="m")
    before = path.read_bytes()
    with pytest.raises(CaptureError, match=r"run\.jsonl: another recorder is writing to it; choose another file"):
        JournalWriter(path, tool="two", mode="m")
    assert path.read_bytes() == before
    first.write("note", text="goes on")
    first.close("done")
    JournalWriter(path, tool="three", mode="m").close("done")
    assert [line["type"] for line in lines_of(path)].count("open") == 2


@pytest.mark.slow
@pytest.mark.mitmproxy
def test_a_second_recorder_is_refused_and_the_first_goes_on(tmp_path):
    with LabServer() as server, recording(tmp_path, server.url) as proxy:
        done = omadm("record", "--mode", "reverse:http://127.0.0.1:9", "--listen", "127.0.0.1:0", "-o", proxy.journal,
                     "--set", f"confdir={tmp_path / 'conf2'}", memory=4 << 30)  # fmt: skip
        assert done.returncode == 2
        assert "another recorder is writing to it" in done.stdout + done.stderr
        assert omadm("note", proxy.journal, "a mark goes in all the same").returncode == 0
        assert LabDevice(proxy.url, tls=proxy.tls).run("ordinary").answered == 2
        assert proxy.program.end() == 0
    kinds = [line["type"] for line in lines_of(proxy.journal)]
    assert (kinds.count("open"), kinds.count("note"), kinds.count("response")) == (1, 1, 2)


def _certified(ca: trustme.CA, name: str) -> ssl.SSLContext:
    now = datetime.datetime.now(datetime.UTC)
    expired = {"not_after": now - datetime.timedelta(days=1)} if name == "expired" else {}
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ca.issue_cert("other.example.test" if name == "another-name" else "127.0.0.1", **expired).configure_cert(context)
    return context


@pytest.mark.slow
@pytest.mark.mitmproxy
@pytest.mark.parametrize(
    ("name", "words"), [("expired", "certificate has expired"), ("another-name", "mismatch"), ("strange", "")]
)
def test_a_server_whose_certificate_is_not_right_is_named_with_the_reason(tmp_path, name, words):
    """The request was not delivered; it is on file, with why."""
    ca = trustme.CA()
    trusted = trustme.CA() if name == "strange" else ca
    trusted.cert_pem.write_to_path(tmp_path / "ca.pem")
    trust = ["--set", f"ssl_verify_upstream_trusted_ca={tmp_path / 'ca.pem'}"]
    with Upstream(tls=_certified(ca, name)) as server, recording(tmp_path, server.url, *trust) as proxy:
        with pytest.raises(DeviceError):
            LabDevice(proxy.url, tls=proxy.tls).run("ordinary")
        assert proxy.program.end() == 0
        assert server.calls == []
    lines = lines_of(proxy.journal)
    (failure,) = [line for line in lines if line["type"] == "failure" and line["id"] is not None][:1]
    assert failure["cause"] == "tls-failed"
    assert words in failure["detail"]
    assert "ertificate" in failure["detail"]
    assert [line["type"] for line in lines].count("request") >= 1
    assert judge(read(str(proxy.journal))).verdict is not Verdict.PASS


def _in_read_only(tmp_path: Path) -> list[list[str]]:
    capture = str(user().watch(70).close().save(tmp_path / "in.jsonl"))
    out = "ro/out"
    return [
        ["convert", capture, f"{out}.har"], ["convert", capture, f"{out}.jsonl.zst"], ["convert", capture, out],
        ["redact", capture, f"{out}.jsonl"], ["check", capture, "--format", "html", "-o", f"{out}.html"],
        ["demo", "-o", out], ["record", "--mode", "reverse:http://127.0.0.1:9", "--listen", "127.0.0.1:0", "-o", f"{out}.jsonl"],
    ]  # fmt: skip


@pytest.mark.slow
@pytest.mark.mitmproxy
def test_a_folder_that_cannot_be_written_to_is_named(tmp_path):
    """By every command that writes; what they read is as it was."""
    (tmp_path / "ro").mkdir()
    commands = _in_read_only(tmp_path)
    before = (tmp_path / "in.jsonl").read_bytes()
    with read_only(tmp_path / "ro"):
        for command in commands:
            done = omadm(*command, cwd=tmp_path, memory=4 << 30)
            assert done.returncode == 2, (command, done.stdout, done.stderr)
            assert "ro/out" in done.stderr, command
            assert any(words in done.stderr for words in ("Read-only file system", "Permission denied")), done.stderr
        assert list((tmp_path / "ro").iterdir()) == []
    assert (tmp_path / "in.jsonl").read_bytes() == before


@pytest.mark.slow
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full, which this system does not have")
@pytest.mark.parametrize("command", ["convert", "check", "normalize"])
def test_an_output_for_which_there_is_no_room_is_no_success(tmp_path, command):
    capture = Story().ordinary("1").watch(5).close().save(tmp_path / "in.jsonl")
    words = {"convert": [capture, "-", "--to", "har"], "check": ["-o", "/dev/full", capture], "normalize": [capture]}[
        command
    ]
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "replay", command, *map(str, words)], stdout=full, stderr=subprocess.PIPE, text=True,
            env=environment(), timeout=PATIENCE,
        )  # fmt: skip
    assert done.returncode == 2
    assert "No space left" in done.stderr
    assert "Traceback" not in done.stderr


def test_threads_that_write_at_once_mix_no_lines(tmp_path):
    writer = JournalWriter(tmp_path / "run.jsonl", tool="t", mode="m")
    threads = [
        threading.Thread(target=lambda n=n: [writer.write("note", text=f"{n}-{m}" * 1000) for m in range(50)])
        for n in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    writer.close("done")
    assert len(lines_of(tmp_path / "run.jsonl")) == 203
