"""Documents whose code blocks are run. A block's kind, the words behind the fence, says what it needs:

- `sh`: every command runs to its end, one after the other in one folder; it ends with 0, or with what a comment behind it says
  (`# exit code 1`). `pip`, `make` and a new venv are only looked up.
- `sh background`: a command that runs until it is interrupted. `sh lab`: one that needs a lab server, which is at
  http://127.0.0.1:8000/ in the text. `sh wait`: one that ends by itself once a device has left.
- `powershell`: for the Windows device; cannot be run here. `text`: what is said, or what needs more than a machine.
- `toml`, `json`, `yaml`, `python`, `xml`, `mermaid`: read, and used where they can be.
"""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import NamedTuple

import click
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
from tests.story import Story, user

FENCED = re.compile(r"^( *)```([a-z ]*)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
#: What commands in a document may begin with.
PROGRAMS = ("omadm", "mitmdump", "make", "pip", "python3", "mkdir", "cp", "dask")
SHELL = ("sh", "sh background", "sh lab", "sh wait")
LAB = "http://127.0.0.1:8000/"
_EXIT_CODE = re.compile(r"\s+# exit code (\d)$")
_OPTION = re.compile(r"(?<=\s)(--?[a-z][a-z0-9-]*)")


class Block(NamedTuple):
    """A fenced block: its kind and its text, without the indentation of its fence."""

    kind: str
    body: str


def blocks(path: Path) -> list[Block]:
    """Every fenced block of a document, in order."""
    found = FENCED.findall(path.read_text("utf-8"))
    return [Block(kind.strip(), re.sub(f"^{indent}", "", body, flags=re.MULTILINE)) for indent, kind, body in found]


def commands(path: Path, kind: str) -> list[str]:
    """The commands of a document's blocks of one kind, a line each; a backslash at the end of a line goes on with the next."""
    bodies = (block.body.replace("\\\n", " ") for block in blocks(path) if block.kind == kind)
    return [line.strip() for body in bodies for line in body.splitlines() if line.strip() and not line.startswith("#")]


def prepared(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with the files that the documents speak of, and the commands on the PATH."""
    shutil.copytree(ROOT / "captures", folder / "captures")
    shutil.copy(ROOT / "captures" / "server.jsonl", folder / "run.jsonl")
    shutil.copy(ROOT / "captures" / "server.jsonl", folder / "yesterday.jsonl")
    (folder / "noise.toml").write_text("")
    user().watch(5).ordinary("9").watch(60).close().save(folder / "not-silent.jsonl")
    (folder / "message.xml").write_bytes(Story().package_one("1"))
    (folder / "message.wbxml").write_bytes(to_wbxml(Story().package_one("1")))
    alert = judge(read(str(folder / "run.jsonl"))).episodes[0].episode.alerts[0].at
    (folder / "events.xml").write_text(xml(unenrolment(alert.wall, 60), rendered=True))
    assert CliRunner().invoke(main, ["lab", "certs", "-o", str(folder / "certs")]).exit_code == 0
    scripts = folder / "bin"
    scripts.mkdir()
    for name, module in (("omadm", "replay"), ("mitmdump", None)):
        target = f"{sys.executable} -m {module}" if module else str(Path(sys.executable).parent / name)
        (scripts / name).write_text(f'#!/bin/sh\nexec {target} "$@"\n')
        (scripts / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{scripts}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    return folder


# -- running ------------------------------------------------------------------------------------------------------------


def run_to_its_end(line: str, folder: Path) -> None:
    """Runs a command, which ends as the document says; one that would fetch or build something is looked up instead."""
    if line.startswith("make "):
        assert re.search(rf"^{line.split()[1]}:", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE), line
    elif line.startswith(("pip ", "python3 -m venv ")):
        extras = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"]
        assert {extra for found in re.findall(r"\[([\w,]+)\]", line) for extra in found.split(",")} <= set(extras), line
    else:
        expected = _EXIT_CODE.search(line)
        done = subprocess.run(
            ["bash", "-c", line], cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60
        )
        assert done.returncode == int(expected[1] if expected else 0), f"{line}\n{done.stdout}{done.stderr}"


def run_until_interrupted(line: str, folder: Path) -> None:
    """Starts a command, waits until it is ready, and interrupts it, which ends it well."""
    with program("bash", "-c", f"exec {_on_any_port(line)}", cwd=folder) as running:
        running.wait_for("://" if "lab server" in line else "listening")
        assert running.end() == 0, "\n".join(running.said)


def run_with_a_lab_server(line: str, folder: Path) -> None:
    """Runs a command against a lab server that has sent its Exec to no device yet."""
    with LabServer(unenroll="MS DM Server") as server:
        run_to_its_end(line.replace(LAB, server.url), folder)


def run_until_a_device_has_left(line: str, folder: Path) -> None:
    """Starts a recorder, lets a device leave through it, and waits until it ends with the verdict."""
    scenario = "server" if "--expect server" in line else "user"
    with LabServer(unenroll="MS DM Server" if scenario == "server" else None) as server:
        line = re.sub(r"--mode \S+", "", _on_any_port(line)) + f" --mode reverse:{server.url} --quiet 1"
        with program("bash", "-c", f"exec {line}", cwd=folder) as running:
            port = running.wait_for("listening on").rsplit(":", 1)[1]
            LabDevice(f"http://127.0.0.1:{port}/").run(scenario)
            assert running.wait() == 0, "\n".join(running.said)


def _on_any_port(line: str) -> str:
    """A command that takes a free port of this machine instead of the one that a reader would choose: tests run side by side."""
    line = re.sub(r"--listen \S+:\d+", "--listen 127.0.0.1:0", line)
    return re.sub(r"-p \d+", "-p 0", line)


# -- looking up ---------------------------------------------------------------------------------------------------------


def unknown_options(line: str) -> list[str]:
    """What a line that calls omadm names and omadm does not know: a command, or options of it."""
    words = re.split(r"[|>;&]|\s#", line.partition("omadm ")[2])[0]
    command: click.Command | None = main
    known = {"-h", "--help", "--version"}
    context = click.Context(main, info_name="omadm")
    for word in words.split():
        if not isinstance(command, click.Group):
            break
        command = command.get_command(context, word)
        if command is None:
            return [] if word.startswith("-") or word.isupper() else [word]
    assert command is not None
    known |= {name for each in command.params for name in (*each.opts, *each.secondary_opts)}
    return [option for option in _OPTION.findall(f" {words}") if option not in known]
