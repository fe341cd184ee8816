"""What is on file and when, in real proxies: before the server has the request, before the device has the answer; and what becomes
of a recording whose file cannot be written any more.
"""

import asyncio
import contextlib
import functools
import logging
import os
import resource
import subprocess
import sys
import threading
import warnings
from pathlib import Path

import pytest
from mitmproxy import flow

from replay.capture import journal
from replay.capture.journal import JournalWriter
from replay.capture.readers import read
from replay.cli.proxy import addon as _addon
from replay.expect.case import Options
from replay.expect.judge import judge
from replay.lab.device import LabDevice
from replay.lab.server import LabServer
from tests.addons.test_record import lines_of, until
from tests.addons.worlds import BODY, DM, H2_DM, port_of, written
from tests.conftest import ROOT
from tests.processes import PATIENCE, mitmdump, program, recording
from tests.upstream import Call, Device, Upstream
from tests.upstream_http2 import H2Device

with warnings.catch_warnings():  # ldap3, which mitmproxy's own test tools import, uses names that pyasn1 has renamed
    warnings.simplefilter("ignore", DeprecationWarning)
    from mitmproxy.test import taddons, tflow

pytestmark = [pytest.mark.slow, pytest.mark.mitmproxy]


# -- before and after ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("run", [recording, mitmdump])
def test_a_line_is_on_file_before_the_thing_it_is_about(tmp_path, run):
    """Read by the server at the moment it has the request, and by the device at the moment it has the answer."""
    path, on_file = tmp_path / "run.jsonl", []

    def answer(call: Call) -> None:
        on_file.append((call.name, "server", b"/mdm/%s" % call.name.encode() in path.read_bytes()))
        call.answer(b"answer to " + call.name.encode(), DM)

    with Upstream() as server, run(tmp_path, server.url) as proxy:
        names = {kind: [f"{kind}-{number}" for number in range(30)] for kind in ("one", "two")}
        server.scripts = dict.fromkeys([*names["one"], *names["two"]], answer)
        with Device(port_of(proxy), tls=proxy.tls) as one, H2Device(port_of(proxy), proxy.tls) as two:
            for name in names["one"]:
                one.post(f"/mdm/{name}", BODY, DM)
                assert one.get().body == b"answer to " + name.encode()
                on_file.append((name, "device", b"answer to %s" % name.encode() in path.read_bytes()))
            for name in names["two"]:
                assert two.get(two.post(f"/mdm/{name}", BODY, H2_DM)).body == b"answer to " + name.encode()
                on_file.append((name, "device", b"answer to %s" % name.encode() in path.read_bytes()))
        assert proxy.program.end() == 0
    assert server.errors == []
    assert len(on_file) == 120
    assert [each for each in on_file if not each[2]] == []


def test_every_line_is_synced_soon(tmp_path, monkeypatch):
    """A sync begins after each line, also after one that was written while another sync was under way."""
    synced, allowed, more = [], threading.Semaphore(0), threading.Condition()

    def fsync(fd: int) -> None:
        with more:
            synced.append(os.fstat(fd).st_size)
            more.notify_all()
        assert allowed.acquire(timeout=PATIENCE)

    def sync_of(size: int) -> None:
        with more:
            assert more.wait_for(lambda: synced and synced[-1] >= size, PATIENCE), "no sync has begun"

    monkeypatch.setattr(journal.os, "fsync", fsync)
    monkeypatch.setattr(journal, "_SYNC_EVERY", 0.01)
    writer = JournalWriter(tmp_path / "run.jsonl", tool="t", mode="m")
    for text in ("one", "two", "three"):
        writer.write("note", text=text)
        writer.write("note", text=f"{text} during the sync")
        allowed.release()
        sync_of((tmp_path / "run.jsonl").stat().st_size)
    allowed.release(100)
    writer.close("done")
    assert synced[-1] == (tmp_path / "run.jsonl").stat().st_size, "the end is synced too"


def test_a_sync_is_no_more_than_a_second_away():
    assert journal._SYNC_EVERY < 1


def test_a_sync_that_fails_is_not_passed_over(tmp_path, monkeypatch):
    def fsync(_: int) -> None:
        failed.set()
        raise OSError(5, "Input/output error")

    failed = threading.Event()
    monkeypatch.setattr(journal, "_SYNC_EVERY", 0.01)
    writer = JournalWriter(tmp_path / "early.jsonl", tool="t", mode="m")
    monkeypatch.setattr(journal.os, "fsync", fsync)
    writer.write("note", text="a line whose sync fails")
    assert failed.wait(PATIENCE)
    writer._syncer.join(PATIENCE)
    with pytest.raises(OSError, match="Input/output"):
        writer.write("note", text="no line after it")
    writer.abandon()
    monkeypatch.setattr(journal, "_SYNC_EVERY", PATIENCE)
    monkeypatch.undo()
    writer = JournalWriter(tmp_path / "late.jsonl", tool="t", mode="m")
    until(lambda: not writer._dirty.is_set(), "the first line is synced")
    monkeypatch.setattr(journal.os, "fsync", fsync)
    with pytest.raises(OSError, match="Input/output"):
        writer.close("the last sync fails")


# -- a file that cannot be written any more -----------------------------------------------------------------------------


@contextlib.contextmanager
def small_disk(folder: Path):
    """A real file system of 64 kB, where one can be mounted; fills it up, and makes room again."""
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True).returncode != 0:
        pytest.skip("a file system can be mounted by root alone, and not in every container")
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


class Limit:
    """No file of the proxy may grow beyond what the journal has now and a bit more."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def set(self, proxy, room: int) -> None:
        size = self.path.stat().st_size + room
        resource.prlimit(proxy.program.process.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


class Disk(Limit):
    """The disk is full but for the rest of the journal's last block."""

    def set(self, proxy, room: int) -> None:
        with (self.path.parent / "filler").open("wb", buffering=0) as filler, contextlib.suppress(OSError):
            while True:
                filler.write(bytes(512))


@pytest.mark.parametrize("kind", [Limit, Disk])
@pytest.mark.parametrize("run", [recording, functools.partial(mitmdump, own=None)], ids=["record", "mitmdump"])
def test_a_full_disk_stops_the_recording_and_not_the_traffic(tmp_path, run, kind):
    with contextlib.ExitStack() as stack:
        folder = tmp_path / "disk"
        stack.enter_context(small_disk(folder)) if kind is Disk else folder.mkdir()
        server = stack.enter_context(LabServer())
        proxy = stack.enter_context(run(tmp_path, server.url, name="disk/run.jsonl"))
        device = LabDevice(proxy.url, tls=proxy.tls)
        device.run("ordinary")
        before = len(written(proxy.journal))
        kind(proxy.journal).set(proxy, room=1000)
        outcome = device.run("user")
        assert outcome.sent == outcome.answered, "the device notices nothing"
        assert len(server.unenrolled) == 1
        assert LabDevice(proxy.url, tls=proxy.tls).run("ordinary").answered == 2
        said = proxy.program.wait_for("recording stopped, the journal cannot be written")
        assert "too large" in said or "No space left" in said
        assert proxy.program.end() == 2
        assert len(written(proxy.journal)) > before, "what was there is there"
        judged = judge(read(str(proxy.journal)), Options(quiet=1))
        if proxy.journal.read_bytes().endswith(b"\n"):
            assert judged.verdict.word in ("none", "inconclusive")
        else:
            assert "CAP002" in {finding.rule for finding in judged.findings}
            assert judged.verdict.word == "inconclusive"
        assert b'"close"' not in proxy.journal.read_bytes()


def test_a_later_recording_in_a_file_that_was_cut_off(tmp_path):
    """The end of the first is known for what it is, and nothing is claimed of the time between them."""
    with LabServer() as server:
        with recording(tmp_path, server.url) as proxy:
            LabDevice(proxy.url, tls=proxy.tls).run("user")
            until(lambda: written(proxy.journal)[-1]["type"] == "watching", "the device is gone")
            Limit(proxy.journal).set(proxy, room=20)
            proxy.program.wait_for("recording stopped")
            assert proxy.program.end() == 2
        cut = proxy.journal.read_bytes()
        assert not cut.endswith(b"\n")
        with recording(tmp_path, server.url) as proxy:
            until(lambda: proxy.journal.read_bytes().count(b"\n") > cut.count(b"\n") + 5, "it is watching")
            assert proxy.program.end() == 0
    assert proxy.journal.read_bytes().startswith(cut + b"\n")
    capture = read(str(proxy.journal))
    assert len(capture.stretches) == 2
    assert [trouble.kind for trouble in capture.troubles] == ["cut"]
    judged = judge(capture, Options(quiet=0))
    assert {"CAP002", "CAP006"} <= {finding.rule for finding in judged.findings}
    assert judged.verdict.word == "inconclusive"


@pytest.mark.parametrize("again", [False, True])
def test_a_gap_between_two_recordings_is_seen(tmp_path, again):
    with LabServer() as server:
        for number in range(2 if again else 1):
            with recording(tmp_path, server.url) as proxy:
                if number == 0:
                    LabDevice(proxy.url, tls=proxy.tls).run("user")
                assert proxy.program.end() == 0
    judged = judge(read(str(proxy.journal)), Options(quiet=0))
    assert judged.verdict.word == ("inconclusive" if again else "pass")
    assert {f.rule for f in judged.findings if f.severity == "inconclusive"} == ({"CAP006"} if again else set())


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full, which this system does not have")
@pytest.mark.parametrize("command", ["record", "mitmdump"])
def test_a_journal_that_cannot_be_begun_is_no_recording(tmp_path, command):
    conf = ["--set", f"confdir={tmp_path / 'conf'}"]
    if command == "record":
        words = [sys.executable, "-m", "replay", "record", "--listen", "127.0.0.1:0", "-o", "/dev/full", *conf]
    else:
        words = [str(Path(sys.executable).parent / "mitmdump"), "-p", "0", "--listen-host", "127.0.0.1", *conf]
        words += ["-s", str(ROOT / "addons" / "record.py"), "--set", "omadm_journal=/dev/full"]
    with program(*words, cwd=tmp_path) as running:
        assert running.wait() != 0
        assert "No space left" in "\n".join(running.said)


# -- the recorder by itself ---------------------------------------------------------------------------------------------


def recorded(path: Path, play) -> object:
    """A recorder that plays something, in a mitmproxy of its own; it is stopped afterwards."""
    recorder = _addon("record.py")

    async def run() -> None:
        with taddons.context(recorder) as context:
            context.configure(recorder, omadm_journal=str(path))
            play(recorder)
            recorder.done()

    asyncio.run(run())
    return recorder


def test_a_hook_that_fails_is_counted_journalled_and_unprovable(tmp_path, monkeypatch, caplog):
    made = tflow.tflow(resp=True)

    def play(recorder) -> None:
        monkeypatch.setattr(type(recorder.connections), "note", lambda *_: 1 / 0)
        recorder.request(made)
        monkeypatch.undo()

    recorder = recorded(tmp_path / "run.jsonl", play)
    assert ["'request'" in failure and "ZeroDivisionError" in failure for failure in recorder.failures] == [True]
    assert made.error is None, "the traffic goes on"
    lines = lines_of(tmp_path / "run.jsonl")
    assert [line["name"] for line in lines if line["type"] == "note"] == ["recorder-failed"]
    (broken,) = read(str(tmp_path / "run.jsonl")).broken_off
    assert broken.connection.conn == made.client_conn.id
    assert "ZeroDivisionError" in lines[-1]["reason"]
    assert "ZeroDivisionError" in caplog.text


def test_a_crash_of_mitmproxy_is_no_good_recording(tmp_path):
    def play(_) -> None:
        logging.getLogger("mitmproxy.proxy.server").error("mitmproxy has crashed!", exc_info=ValueError("oops"))

    recorder = recorded(tmp_path / "run.jsonl", play)
    assert recorder.failures == ["mitmproxy failed: mitmproxy has crashed! ValueError('oops')"]
    assert [note.name for note in read(str(tmp_path / "run.jsonl")).notes] == ["recorder-failed"]
    assert logging.getLogger("mitmproxy.proxy.server").handlers == []


def test_after_the_last_line_nothing_goes_on(tmp_path):
    """A request that went on then would be missing; an answer would be one to an exchange that had none."""
    asked, late, begun = tflow.tflow(resp=True), tflow.tflow(), tflow.tflow()

    def play(recorder) -> None:
        recorder.request(asked)
        recorder.requestheaders(begun)
        recorder.done()
        recorder.response(asked)
        recorder.request(late)

    recorded(tmp_path / "run.jsonl", play)
    for each in (asked, late):
        assert each.error.msg == flow.Error.KILLED_MESSAGE
    capture = read(str(tmp_path / "run.jsonl"))
    (exchange,) = capture.exchanges
    assert (exchange.id, exchange.response, exchange.failure.cause) == (asked.id, None, "proxy-stopped")
    assert [broken.failure.cause for broken in capture.broken_off] == ["proxy-stopped"]
    assert lines_of(tmp_path / "run.jsonl")[-1]["type"] == "close"


def test_a_script_that_is_loaded_again_begins_a_second_recording(tmp_path):
    """mitmproxy loads a script again when its file changes; what went on meanwhile is a gap."""
    script = tmp_path / "record.py"
    script.write_bytes((ROOT / "addons" / "record.py").read_bytes())
    command = [str(Path(sys.executable).parent / "mitmdump"), "-p", "0", "--listen-host", "127.0.0.1"]
    command += ["-s", str(script), "--set", f"confdir={tmp_path / 'conf'}", "--set", "omadm_interval=0.2"]
    path = tmp_path / "run.jsonl"
    with Upstream() as server:
        command += ["--mode", f"reverse:{server.url}", "--set", f"omadm_journal={path}"]
        with program(*command, cwd=tmp_path) as running:
            port = int(running.wait_for("listening at ").replace(".", " ").split(":")[-1].split()[0])
            for name in ("before", "after"):
                with Device(port) as device:
                    device.post(f"/mdm/{name}", BODY, DM)
                    assert device.get().body == b"ok"
                if name == "before":
                    os.utime(script, (2e9, 2e9))
                    until(lambda: path.read_bytes().count(b'"open"') == 2, "it records again")
            assert running.end() == 0
    kinds = [line["type"] for line in lines_of(path)]
    assert (kinds.count("open"), kinds.count("close"), kinds.count("request"), kinds.count("response")) == (2, 2, 2, 2)
    assert kinds.index("close") < len(kinds) - 1 - kinds[::-1].index("open"), (
        "the first is closed before the second begins"
    )
