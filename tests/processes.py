"""Real processes on loopback for end-to-end tests: started, awaited by what they say, and cleaned up."""

import contextlib
import os
import signal
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

from tests.conftest import ROOT

PATIENCE = 60.0


def environment() -> dict[str, str]:
    """The environment of our processes: this work tree's package, nothing kept back in buffers."""
    return {**os.environ, "PYTHONUNBUFFERED": "1", "PYTHONPATH": str(ROOT)}


class Program:
    """A process whose output is collected line by line."""

    def __init__(self, *command: str, cwd: Path | None = None) -> None:
        env = environment()
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=cwd,
            env=env,
        )
        self.said: list[str] = []
        self._more = threading.Condition()
        self._ended = False
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        for line in self.process.stdout:
            with self._more:
                self.said.append(line.rstrip("\n"))
                self._more.notify_all()
        with self._more:
            self._ended = True
            self._more.notify_all()

    def wait_for(self, words: str) -> str:
        """The first line that holds these words, as soon as it is said."""

        def found() -> str | None:
            return next((line for line in self.said if words in line), None)

        with self._more:
            self._more.wait_for(lambda: found() or self._ended, PATIENCE)
        line = found()
        assert line is not None, f"{words!r} was not said:\n" + "\n".join(self.said)
        return line

    def end(self, number: int = signal.SIGINT) -> int:
        """Sends a signal and waits for the end; gives the exit code."""
        self.process.send_signal(number)
        return self.wait()

    def wait(self) -> int:
        code = self.process.wait(PATIENCE)
        self._reader.join(PATIENCE)
        self.process.stdout.close()
        return code

    def clean_up(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self._reader.join(PATIENCE)
        self.process.stdout.close()


@contextlib.contextmanager
def program(*command: str, cwd: Path | None = None) -> Iterator[Program]:
    running = Program(*command, cwd=cwd)
    try:
        yield running
    finally:
        running.clean_up()


class Proxy:
    """A recording proxy before a server: where devices reach it, what they have to trust, and its journal."""

    def __init__(self, running: Program, journal: Path, confdir: Path, words: str) -> None:
        self.program, self.journal = running, journal
        line = running.wait_for(words)
        port = line.replace(".", " ").split(":")[-1].split()[0]
        self.url = f"https://127.0.0.1:{port}/"
        self.ca = confdir / "mitmproxy-ca-cert.pem"

    @property
    def tls(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=self.ca)


@contextlib.contextmanager
def recording(folder: Path, server_url: str, *more: str, name: str = "run.jsonl") -> Iterator[Proxy]:
    """`omadm record` as a process."""
    command = [sys.executable, "-m", "replay", "record", "--mode", f"reverse:{server_url}", "--listen", "127.0.0.1:0"]
    command += ["-o", str(folder / name), "--interval", "0.2", "--set", f"confdir={folder / 'conf'}", *more]
    with program(*command, cwd=folder) as running:
        yield Proxy(running, folder / name, folder / "conf", "listening on ")


@contextlib.contextmanager
def mitmdump(
    folder: Path, server_url: str | None, *more: str, name: str = "run.jsonl", own: str | None = "own.mitm"
) -> Iterator[Proxy]:
    """mitmdump itself, with `addons/record.py` as a script and its own `-w` file beside the journal; without a server as an
    ordinary proxy."""
    command = [str(Path(sys.executable).parent / "mitmdump"), "--listen-host", "127.0.0.1"]
    command += ["--mode", f"reverse:{server_url}" if server_url else "regular"]
    command += ["-p", "0", "-s", str(ROOT / "addons" / "record.py"), *(["-w", str(folder / own)] if own else [])]
    command += ["--set", f"confdir={folder / 'conf'}", "--set", f"omadm_journal={folder / name}"]
    command += ["--set", "omadm_interval=0.2", *more]
    with program(*command, cwd=folder) as running:
        yield Proxy(running, folder / name, folder / "conf", "listening at ")
