"""`omadm record` as a test script uses it: it judges live, and ends with the verdict."""

import logging
import os
import pty
import signal
import subprocess
import sys
import threading

import pytest

from replay.capture.readers import read
from replay.cli import proxy
from replay.lab.device import LabDevice
from replay.lab.server import LabServer
from tests.processes import PATIENCE, environment, recording

pytestmark = [pytest.mark.slow, pytest.mark.mitmproxy]

UNTIL = ("--until-verdict", "--quiet", "1.5")


def test_what_is_logged_of_traffic_is_safe_to_print(capsys, monkeypatch):
    monkeypatch.setattr(logging.root, "handlers", [])
    monkeypatch.setattr(logging.root, "level", logging.root.level)
    proxy._log_to_stderr()
    logging.getLogger("mitmproxy.proxy").warning("no TLS with %s", "a\x1b[2J\u202e")
    assert capsys.readouterr().err == "WARNING: no TLS with a\\x1b[2J\\u202e\n"


def run(tmp_path, scenario: str, *more: str, variant: str = "good", unenroll: str | None = None):
    """Exit code and output of a recording that ends by itself."""
    with LabServer(unenroll=unenroll) as server, recording(tmp_path, server.url, *more) as proxy:
        LabDevice(proxy.url, tls=proxy.tls, variant=variant).run(scenario)
        code = proxy.program.wait()
    return code, "\n".join(proxy.program.said)


def test_it_ends_with_a_pass(tmp_path):
    code, said = run(tmp_path, "server", *UNTIL, "--expect", "server", unenroll="MS DM Server")
    assert code == 0
    states = [line.rsplit(", ", 1)[1] for line in said.splitlines() if "of 1.5 s" in line]
    assert states[-1] == "pass"
    assert "PASS  " in said
    assert read(str(tmp_path / "run.jsonl")).ended_by == "close"


def test_it_ends_with_a_fail_as_soon_as_the_silence_is_broken(tmp_path):
    code, said = run(tmp_path, "user", "--until-verdict", "--quiet", "3600", variant="not-silent")
    assert code == 1
    assert "UNE011 error" in said


def test_it_ends_with_the_quiet_time_where_no_alert_came(tmp_path):
    code, said = run(tmp_path, "server", *UNTIL, variant="no-alert", unenroll="P")
    assert code == 3
    assert "UNE001 inconclusive" in said


def test_an_unjoin_that_failed_is_decided_with_its_alert(tmp_path):
    more = ("--until-verdict", "--quiet", "3600", "--expect", "unjoin-failed")
    code, said = run(tmp_path, "server", *more, variant="data-2", unenroll="P")
    assert code == 0, said


def test_a_timeout_without_an_unenrolment_is_no_success(tmp_path):
    code, said = run(tmp_path, "ordinary", *UNTIL, "--timeout", "2", "--expect", "user")
    assert code == 3
    assert "UNE021 inconclusive" in said


def test_a_timeout_alone_ends_the_recording(tmp_path):
    code, said = run(tmp_path, "ordinary", "--timeout", "2", "-q")
    assert code == 0
    assert "session" not in said


def test_an_interrupted_wait_is_no_success(tmp_path):
    with LabServer() as server, recording(tmp_path, server.url, "--until-verdict") as proxy:
        LabDevice(proxy.url, tls=proxy.tls).run("user")
        proxy.program.wait_for("pending")
        assert proxy.program.end(signal.SIGTERM) == 3
    assert any("UNE014 inconclusive" in line for line in proxy.program.said)


def test_an_earlier_recording_in_the_file_is_left_alone(tmp_path):
    assert run(tmp_path, "user", *UNTIL, variant="not-silent")[0] == 1
    assert run(tmp_path, "user", *UNTIL)[0] == 0


def test_on_a_terminal_there_is_a_table(tmp_path):
    ours, theirs = pty.openpty()
    with LabServer() as server:
        command = [sys.executable, "-m", "replay", "record", "--mode", f"reverse:{server.url}", "--listen"]
        command += ["127.0.0.1:0", "-o", "run.jsonl", "--set", f"confdir={tmp_path / 'conf'}", *UNTIL]
        process = subprocess.Popen(
            command,
            cwd=tmp_path,
            stdout=theirs,
            stderr=subprocess.PIPE,
            text=True,
            env={**environment(), "TERM": "xterm"},
        )
        os.close(theirs)
        drawn: list[bytes] = []
        reader = threading.Thread(target=_drain, args=(ours, drawn), daemon=True)
        reader.start()
        try:
            line = next(line for line in process.stderr if "listening on" in line)
            proxy = f"http://127.0.0.1:{line.rsplit(':', 1)[1].strip()}/"
            LabDevice(proxy).run("user")
            assert process.wait(PATIENCE) == 0
        finally:
            process.kill()
            process.wait()
            process.stderr.close()
            reader.join(PATIENCE)
            os.close(ours)
    text = b"".join(drawn).decode()
    assert "exchanges into run.jsonl" in text
    assert "\x1b[" in text  # drawn in its place
    assert "silent for" in text


def _drain(terminal: int, drawn: list[bytes]) -> None:
    """Everything that was drawn, until the terminal is closed."""
    while True:
        try:
            data = os.read(terminal, 65536)
        except OSError:  # how Linux says that nobody writes any more
            return
        if not data:
            return
        drawn.append(data)


def test_the_page_of_mitmweb_is_announced(tmp_path):
    more = ("--ui", "web", "--set", "web_open_browser=false", "--set", "web_port=0")
    with LabServer() as server, recording(tmp_path, server.url, *more) as proxy:
        line = proxy.program.wait_for("web interface at http://127.0.0.1:")
        assert ":0/" not in line
        assert proxy.program.end() == 0
