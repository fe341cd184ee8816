"""Every command in the README is run. Blocks are marked by what they need: `sh` runs to its end, `sh background` runs until it
is interrupted, `sh lab` needs a lab server, `sh wait` ends by itself once a device has left; `powershell` is for the Windows
device and cannot be run here."""

import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from replay.capture.readers import read
from replay.cli import main
from replay.expect.judge import judge
from replay.lab.device import LabDevice
from replay.lab.messages import to_wbxml
from replay.lab.server import LabServer
from tests.conftest import ROOT
from tests.eventlog import unenrolment, xml
from tests.processes import program
from tests.story import Story

pytestmark = [pytest.mark.slow, pytest.mark.mitmproxy]
BLOCK = re.compile(r"^ *```([a-z ]*)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
BLOCKS = [(kind.strip(), body) for kind, body in BLOCK.findall((ROOT / "README.md").read_text("utf-8"))]


def commands(kind: str) -> list[str]:
    return [line.strip() for found, body in BLOCKS if found == kind for line in body.splitlines() if line.strip()]


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    """A working folder with the capture that the README speaks of, and the commands on the PATH."""
    shutil.copy(ROOT / "captures" / "server.jsonl", tmp_path / "run.jsonl")
    (tmp_path / "message.xml").write_bytes(Story().package_one("1"))
    (tmp_path / "message.wbxml").write_bytes(to_wbxml(Story().package_one("1")))
    alert = judge(read(str(tmp_path / "run.jsonl"))).episodes[0].episode.alerts[0].at
    (tmp_path / "events.xml").write_text(xml(unenrolment(alert.wall, 60), rendered=True))
    assert CliRunner().invoke(main, ["lab", "certs", "-o", str(tmp_path / "certs")]).exit_code == 0
    scripts = tmp_path / "bin"
    scripts.mkdir()
    for name, module in (("omadm", "replay"), ("mitmdump", None)):
        target = f"{sys.executable} -m {module}" if module else str(Path(sys.executable).parent / name)
        (scripts / name).write_text(f'#!/bin/sh\nexec {target} "$@"\n')
        (scripts / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{scripts}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    return tmp_path


def test_the_blocks_are_of_known_kinds():
    assert {kind for kind, _ in BLOCKS} == {"text", "sh", "sh background", "sh lab", "sh wait", "powershell"}
    assert all(
        line.startswith(("omadm ", "mitmdump ", "make "))
        for kind in ("sh", "sh background", "sh lab", "sh wait")
        for line in commands(kind)
    )


@pytest.mark.parametrize("line", [line for line in commands("sh") if not line.startswith("make ")])
def test_a_command_that_ends(folder, line):
    done = subprocess.run(line, shell=True, cwd=folder, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("line", commands("sh background"))
def test_a_command_that_goes_on_until_it_is_interrupted(folder, line):
    with program("bash", "-c", f"exec {line}", cwd=folder) as running:
        running.wait_for("://" if "lab server" in line else "listening")
        assert running.end(signal.SIGINT) == 0


@pytest.mark.parametrize("line", commands("sh lab"))
def test_a_command_that_needs_the_lab_server(folder, line):
    with LabServer(unenroll="MS DM Server") as server:
        words = shlex.split(line.replace("http://127.0.0.1:8000/", server.url))
        done = subprocess.run(words, cwd=folder, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("line", commands("sh wait"))
def test_a_command_that_waits_for_an_unenrolment(folder, line):
    with LabServer(unenroll="MS DM Server") as server:
        line = line.replace("--listen 0.0.0.0:8080", f"--listen 127.0.0.1:0 --mode reverse:{server.url} --quiet 1")
        with program("bash", "-c", f"exec {line}", cwd=folder) as running:
            port = running.wait_for("listening on").rsplit(":", 1)[1]
            LabDevice(f"http://127.0.0.1:{port}/").run("server")
            assert running.wait() == 0


@pytest.mark.parametrize("line", [line for line in commands("sh") if line.startswith("make ")])
def test_a_target_of_make_exists(line):
    """The targets run this very test; that each ends well on a fresh clone is what CI shows, and the demo is tested by itself."""
    target = line.split()[1]
    assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)


def test_the_files_that_it_links_are_there():
    for target in re.findall(r"\]\(((?!http)[^)#]+)\)", (ROOT / "README.md").read_text("utf-8")):
        assert (ROOT / target).exists(), target
