"""Progress of long work: on stderr, on a terminal alone, and only once the work has taken a second."""

import contextlib
import io
import sys
import threading
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, BinaryIO, Final, cast

from replay.report.safe import visible

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

#: Seconds that work may take before anything is shown of it.
AFTER: Final = 1.0
_TIMES_A_SECOND: Final = 4
_CHUNK: Final = 1 << 16


def reading(*paths: str) -> contextlib.AbstractContextManager["Shown"]:
    """The progress of a command that begins with reading these captures. Nothing disturbs who types one in."""
    return progress(f"reading {paths[0]}", active=not ("-" in paths and sys.stdin.isatty()))


@contextlib.contextmanager
def progress(what: str, *, active: bool = True, after: float = AFTER) -> Iterator["Shown"]:
    """Shows work as it goes on, as long as it does; nothing is left of it on the terminal. What is written there meanwhile would
    disturb it: it comes later. Not `active`, or without a terminal, it shows nothing."""
    shown = Shown(what, active=active and sys.stderr.isatty())
    timer = threading.Timer(after, shown.start)
    timer.daemon = True
    if shown.active:
        timer.start()
    try:
        yield shown
    finally:
        timer.cancel()
        if shown.active:
            timer.join()
        shown.stop()


class Shown:
    """What is shown: what is being done, and how much of it, where that is known."""

    def __init__(self, what: str, *, active: bool) -> None:
        self.active = active
        self._what, self._done, self._total = what, 0, 0
        self._lock = threading.Lock()
        self._bar: Progress | None = None
        self._task: TaskID | None = None

    def stage(self, what: str) -> None:
        """Something else is being done from now on, and nobody knows how much of it there is."""
        self._set(what, 0, 0)

    def part(self, what: str, done: int, total: int) -> None:
        """So much of it is done."""
        self._set(what, done, total)

    def reading(self, file: BinaryIO, path: str) -> BinaryIO:
        """A file, as `replay.capture.readers.read` takes it, that shows how much of it was read."""
        if not self.active:
            return file
        size = file.seek(0, io.SEEK_END)
        file.seek(0)
        what = f"reading {path}"
        self._set(what, 0, size)
        watched = _Watched(file, lambda position: self._set(what, position, size))
        return cast(BinaryIO, io.BufferedReader(watched, _CHUNK))

    def start(self) -> None:
        """Begins to show it."""
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

        columns = (
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            TaskProgressColumn(),
            TimeElapsedColumn(),
        )
        bar = Progress(
            *columns, console=Console(stderr=True), transient=True, redirect_stdout=False, redirect_stderr=False
        )
        with self._lock:
            self._bar = bar
            self._add()
        bar.start()

    def stop(self) -> None:
        """Takes it away."""
        if self._bar is not None:
            self._bar.stop()

    def _set(self, what: str, done: int, total: int) -> None:
        with self._lock:
            new = what != self._what
            self._what, self._done, self._total = what, done, total
            if self._bar is None or self._task is None:
                return
            if new:
                self._bar.remove_task(self._task)
                self._add()
            else:
                self._bar.update(self._task, completed=done)

    def _add(self) -> None:
        """Begins a line for what is being done now."""
        if self._bar is not None:
            self._task = self._bar.add_task(visible(self._what), total=self._total or None, completed=self._done)


class _Watched(io.RawIOBase):
    """A file that says how far it was read."""

    def __init__(self, file: BinaryIO, at: Callable[[int], None]) -> None:
        super().__init__()
        self._file, self._at = file, at

    def readable(self) -> bool:
        """It can be read."""
        return True

    def seekable(self) -> bool:
        """It can be read again, as formats are told apart."""
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        """The next bytes; 0 at the end."""
        data = self._file.read(len(buffer))
        buffer[: len(data)] = data
        self._at(self._file.tell())
        return len(data)

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Goes to another place."""
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        """The place."""
        return self._file.tell()
