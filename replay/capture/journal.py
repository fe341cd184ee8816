"""The journal (`*.jsonl`): written line by line while things happen, read back whatever happened to the writer.

A line is handed to the operating system in one call and never rewritten, so a recorder that is killed at any moment has
lost nothing. Only the sync to the disk is left to a thread, which lags by half a second.
"""

import base64
import errno
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import msgspec

from replay.capture.exchange import CaptureError
from replay.capture.wire import text_of

FORMAT: Final = "omadm-journal"
VERSION: Final = 1
DEFAULT_INTERVAL: Final = 5.0
_SYNC_EVERY: Final = 0.5
#: What a file system, or a file that is none, answers where it has no locks.
_NO_LOCKS: Final = frozenset({errno.EINVAL, errno.ENOTSUP, errno.ENOLCK, errno.ENOSYS, errno.EBADF})

_encode = msgspec.json.Encoder().encode


def encode_body(body: bytes | None) -> dict[str, str] | None:
    """A body as the journal keeps it: as text where it is valid UTF-8, else in base64."""
    if body is None:
        return None
    try:
        return {"text": body.decode("utf-8")}
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(body).decode("ascii")}


class JournalWriter:
    """Appends to a journal. Every `write` is one line, handed to the operating system before the call returns. `redact` is given
    the type and the members of each line, and gives those that are written.

    Raises CaptureError where the file exists and is no journal, OSError where it cannot be opened or written.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        tool: str,
        mode: str,
        interval: float = DEFAULT_INTERVAL,
        redact: Callable[[str, dict[str, Any]], dict[str, Any]] | None = None,
    ) -> None:
        self.path = Path(path)
        self._redact = redact
        self.interval = interval
        self._lock = threading.Lock()
        self._dirty = threading.Event()
        self._stop = threading.Event()
        self._sync_error: OSError | None = None
        self._fd = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0), 0o600)
        try:
            self._claim()
            self._continue_file()
            # where this recording begins: there may be earlier ones in the file
            self.begin = os.fstat(self._fd).st_size
            redacted = redact is not None
            self.write(
                "open", format=FORMAT, version=VERSION, tool=tool, mode=mode, redacted=redacted, interval=interval
            )
        except BaseException:
            os.close(self._fd)
            raise
        self._syncer = threading.Thread(target=self._sync_loop, name="omadm-journal-sync", daemon=True)
        self._syncer.start()

    def write(self, type_: str, **members: Any) -> None:
        """Appends one line. Raises OSError where it cannot be written, or an earlier sync to the disk failed."""
        if self._redact is not None:
            members = self._redact(type_, members)
        with self._lock:
            if self._sync_error is not None:
                raise self._sync_error
            # the type first, so that even the head of a cut-off file says what it is
            line = {"type": type_, "t": time.time(), "mono": time.monotonic(), **members}
            self._hand_over(_encoded(line) + b"\n")
        if not self._dirty.is_set():  # where it is set, the sync that is still to come takes this line too
            self._dirty.set()

    def close(self, reason: str) -> None:
        """Writes the last lines, syncs, and closes. May be called once; a journal that failed is closed as it is. Raises
        OSError where it cannot be written, or the last sync to the disk failed."""
        try:
            self.write("watching")
            self.write("close", reason=reason)
        finally:
            self.abandon()
        if self._sync_error is not None:
            raise self._sync_error

    def abandon(self) -> None:
        """Closes the file without another line: for a journal that could not be written any more."""
        self._stop.set()
        self._dirty.set()
        if self._syncer is not threading.current_thread():
            self._syncer.join(timeout=5)
        with self._lock:
            if self._fd >= 0:
                os.close(self._fd)
                self._fd = -1

    def _claim(self) -> None:
        """Makes sure that no other recorder writes to the file: the lines of two would mix, and neither would be a recording. Marks
        (`omadm note`) may be put in all the same. Where the system or the file has no locks, nobody is kept out."""
        try:
            import fcntl
        except ImportError:  # Windows
            return
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CaptureError(
                f"{self.path}: another recorder is writing to it; choose another file, or stop that one first"
            ) from None
        except OSError as error:
            if error.errno not in _NO_LOCKS:
                raise

    def _continue_file(self) -> None:
        """Makes sure that what is in the file already is a journal, and that it ends with a whole line."""
        size = os.fstat(self._fd).st_size
        if size == 0:
            return
        head = os.pread(self._fd, 4096, 0) if hasattr(os, "pread") else self.path.read_bytes()[:4096]
        if not looks_like_journal(head):
            raise CaptureError(
                f"{self.path}: is there already and is no journal; it is not appended to. Choose another file."
            )
        with self.path.open("rb") as file:
            file.seek(size - 1)
            if file.read(1) != b"\n":  # an earlier recorder was cut off in the middle of a line
                self._hand_over(b"\n")

    def _hand_over(self, data: bytes) -> None:
        if self._fd < 0:
            raise OSError("the journal is closed")
        written = os.write(self._fd, data)
        while written < len(data):  # a short write: the next one says why (a full disk), or takes the rest
            written += os.write(self._fd, data[written:])

    def _sync_loop(self) -> None:
        while not self._stop.is_set():
            self._dirty.wait()
            self._dirty.clear()
            try:
                os.fsync(self._fd)
            except OSError as error:
                if not _cannot_sync(error):
                    self._sync_error = error
                    return
            self._stop.wait(_SYNC_EVERY)
        with self._lock:
            if self._fd >= 0:
                try:
                    os.fsync(self._fd)
                except OSError as error:
                    self._sync_error = None if _cannot_sync(error) else error


def _cannot_sync(error: OSError) -> bool:
    """Whether the file is of a kind that has nothing to sync (a pipe, /dev/stdout)."""
    return error.errno in (errno.EINVAL, errno.ENOTSUP, errno.EROFS)


def _encoded(line: dict[str, Any]) -> bytes:
    """A line as JSON. What mitmproxy could not read as UTF-8 it gives as lone surrogates, which JSON cannot have: that is put
    as `text_of` puts it, so that no line is lost for it."""
    try:
        return _encode(line)
    except UnicodeEncodeError:
        return _encode(_plain(line))


def _plain(value: Any) -> Any:
    if isinstance(value, str):
        try:
            return text_of(value.encode("utf-8", "surrogateescape"))
        except UnicodeEncodeError:  # other lone surrogates, which are no bytes of anybody's
            return value.encode("utf-8", "replace").decode()
    if isinstance(value, dict):
        return {_plain(key): _plain(member) for key, member in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(member) for member in value]
    return value


def looks_like_journal(head: bytes) -> bool:
    """Whether a file that begins so is a journal: its first line is an object, and names the format or has a type."""
    first = head.lstrip(b"\xef\xbb\xbf \t\r\n").split(b"\n", 1)[0]
    if not first.startswith(b"{"):
        return False
    if b'"omadm-journal"' in first:
        return True
    return b'"type"' in first and (b'"t"' in first or b'"mono"' in first)
