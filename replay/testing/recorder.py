"""A recording proxy for a test: `omadm record` as a process of its own, started, awaited, stopped, and never left behind."""

import os
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from replay.capture.exchange import Capture

#: Seconds for a proxy to start, and for one to end.
PATIENCE: Final = 60.0
_READY: Final = "listening on "
#: How often the journal says that the recorder is watching, in seconds: tests wait for less than people do.
_INTERVAL: Final = "0.5"
_CA: Final = "mitmproxy-ca-cert.pem"
#: With this option the exit code is a verdict, of which 2 alone says that the recording failed; else it is 0 (contract).
_VERDICT: Final = "--until-verdict"
_EVERYWHERE: Final = {"0.0.0.0": "127.0.0.1", "[::]": "[::1]"}  # noqa: S104 - where it listens is the caller's choice


class RecorderError(Exception):
    """A recording proxy that did not start, did not end, or could not record: says what it said itself."""


RecorderError.__module__ = "replay.testing"  # where it is imported from, and so what pytest shows


class Recorder:
    """A recording proxy. `url` is where devices reach it: in the place of the server `upstream`, else the address of a proxy.
    `ca` is the certificate authority that they have to trust, in PEM; `journal` is what it writes; `said` what it has said.

    `options` are further ones of `omadm record`, as on its command line. Without `confdir`, the folder of a certificate authority,
    one is made in `folder`. Raises RecorderError where it does not start.
    """

    def __init__(
        self,
        folder: Path,
        upstream: str | None = None,
        options: Sequence[str] = (),
        *,
        listen: str = "127.0.0.1:0",
        confdir: Path | str | None = None,
    ) -> None:
        __tracebackhide__ = True  # of pytest: a test shows its own line, not these
        self.journal = folder / "run.jsonl"
        place = Path(confdir).expanduser() if confdir is not None else folder / "conf"
        self.ca = place / _CA
        self.said: list[str] = []
        self._stopped = self._silent = False
        self._fine = (0, 1, 3) if _VERDICT in options else (0,)
        self._more = threading.Condition()
        command = [sys.executable, "-P", "-m", "replay", "record", "-o", str(self.journal), "--listen", listen]
        command += ["--interval", _INTERVAL, "--set", f"confdir={place}"]
        command += ["--mode", f"reverse:{upstream}"] if upstream is not None else []
        self._process = subprocess.Popen(  # noqa: S603 - our own command
            [*command, *options],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="backslashreplace",
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )
        self._reader = threading.Thread(target=self._read, name="omadm-recorder", daemon=True)
        self._reader.start()
        try:
            host, port = self._wait_until_ready().rsplit(":", 1)
        except BaseException:  # nothing is left behind, whatever ended the wait
            self.kill()
            raise
        address = f"{_EVERYWHERE.get(host, host)}:{port}"
        self.url = f"http://{address}" if upstream is None else f"https://{address}/"

    @property
    def running(self) -> bool:
        """Whether it still records."""
        return self._process.poll() is None

    def wait(self, seconds: float) -> bool:
        """Waits until it has ended by itself, at most so many seconds. Says whether it has."""
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        return True

    def stop(self) -> None:
        """Ends the recording, so that the journal is whole. Raises RecorderError where it failed; a second time changes nothing."""
        __tracebackhide__ = True
        if self._stopped:
            return
        self._stopped = True
        self._process.terminate()
        ended = self.wait(PATIENCE)
        self.kill()
        if not ended:
            raise RecorderError(f"the recording proxy did not end within {PATIENCE:g} s\n{self._words()}")
        code = self._process.returncode
        if (
            code not in self._fine and sys.platform != "win32"
        ):  # there a process that is told to end has no say in its code
            raise RecorderError(f"the recording failed with exit code {code}\n{self._words()}")

    def kill(self) -> None:
        """Ends the process at once, if it still runs, and frees what belongs to it."""
        self._stopped = True
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        self._reader.join(PATIENCE)
        if self._process.stdout is not None:
            self._process.stdout.close()

    def capture(self) -> Capture:
        """What was recorded so far. Raises CaptureError where the journal cannot be read."""
        from replay.capture.readers import read

        return read(str(self.journal))

    def _read(self) -> None:
        for line in self._process.stdout or ():
            with self._more:
                self.said.append(line.rstrip("\n"))
                self._more.notify_all()
        with self._more:
            self._silent = True
            self._more.notify_all()

    def _wait_until_ready(self) -> str:
        """The address that it listens on."""
        __tracebackhide__ = True

        def address() -> str | None:
            return next((line.removeprefix(_READY) for line in self.said if line.startswith(_READY)), None)

        with self._more:
            self._more.wait_for(lambda: address() or self._silent, PATIENCE)
            found = address()
        if found is None:
            raise RecorderError(f"the recording proxy did not start\n{self._words()}")
        return found

    def _words(self) -> str:
        return "it said:\n" + "\n".join(self.said) if self.said else "it said nothing"
