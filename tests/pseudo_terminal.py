"""Programs that run on a terminal: of a given width, with what they write there, and with keys that are pressed."""

import contextlib
import fcntl
import os
import pty
import struct
import subprocess
import termios
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.processes import PATIENCE, environment


class Terminal:
    """A terminal, and a program whose streams of the names given (`stdin`, `stdout`, `stderr`) are on it; the others are pipes, or
    nothing. `text` is what was written on it so far."""

    def __init__(
        self,
        command: Sequence[str],
        *,
        columns: int = 80,
        on: Sequence[str] = ("stdout",),
        cwd: Path,
        stdin: int = subprocess.DEVNULL,
        **env: str,
    ) -> None:
        self._ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
        inherited = {name: value for name, value in environment().items() if name not in ("NO_COLOR", "COLUMNS")}
        streams = {"stdin": stdin, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        self.process = subprocess.Popen(
            command,
            cwd=cwd,
            env={**inherited, "TERM": "xterm-256color", **env},
            start_new_session=True,
            **{name: theirs if name in on else pipe for name, pipe in streams.items()},
        )
        os.close(theirs)
        self._drawn = b""
        self._more = threading.Condition()
        self._ended = False
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def text(self) -> str:
        return self._drawn.decode("utf-8", "replace").replace("\r\n", "\n")

    def press(self, keys: str) -> None:
        os.write(self._ours, keys.encode())

    def wait_for(self, words: str, after: int = 0) -> str:
        """Everything on the terminal, once these words are on it, from a place on."""
        with self._more:
            self._more.wait_for(lambda: words in self.text[after:] or self._ended, PATIENCE)
        assert words in self.text[after:], f"{words!r} did not come:\n{self.text[after:]}"
        return self.text

    def end(self, given: bytes | None = None) -> tuple[int, bytes, bytes]:
        """Exit code, and what came through the pipes, once the program has ended by itself; `given` goes to its stdin, if that is
        a pipe, which is closed then."""
        out, err = self.process.communicate(given, timeout=PATIENCE)
        self._reader.join(PATIENCE)
        return self.process.returncode, out or b"", err or b""

    def clean_up(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()
        self._reader.join(PATIENCE)
        os.close(self._ours)

    def _read(self) -> None:
        while True:
            try:
                data = os.read(self._ours, 65536)
            except OSError:  # how Linux says that nobody writes any more
                data = b""
            with self._more:
                self._drawn += data
                self._ended = not data
                self._more.notify_all()
            if not data:
                return


@contextlib.contextmanager
def terminal(command: Sequence[str], **more) -> Iterator[Terminal]:
    running = Terminal(command, **more)
    try:
        yield running
    finally:
        running.clean_up()
