"""A place on disk for what is too much for memory."""

import os
import tempfile
import threading
import weakref


class Disk:
    """Bytes in a file without a name, which goes with this object."""

    def __init__(self) -> None:
        self.process = os.getpid()
        # without a buffer: where there is no room, the one who puts something in is told
        self._file = tempfile.TemporaryFile(prefix="omadm-", buffering=0)  # noqa: SIM115 - it goes with this object
        self.close = weakref.finalize(self, self._file.close)
        self._lock = threading.Lock()
        self._end = 0
        self._at_end = True

    def put(self, data: bytes) -> int:
        """Puts bytes behind all others; says where they are. Raises OSError where there is no room."""
        with self._lock:
            if not self._at_end:
                self._file.seek(self._end)
                self._at_end = True
            begin, left = self._end, memoryview(data)
            while left:
                self._at_end = False  # until all of it is there
                left = left[self._file.write(left) :]
            self._end, self._at_end = begin + len(data), True
        return begin

    def get(self, begin: int, size: int) -> bytes:
        """So many bytes from a place on."""
        with self._lock:
            self._file.seek(begin)
            self._at_end = False
            return self._file.read(size)
