"""Compressed journals (`*.jsonl.zst`): Zstandard, read as a stream, within bounds.

A frame may say that it holds more than any memory does; what comes out is counted, not what is promised. A stream that breaks
off or is damaged gives what came before, and says so.
"""

import io
from typing import BinaryIO, Final

from replay.capture import journal_reader
from replay.capture.exchange import Capture, CaptureError, Trouble
from replay.capture.journal import looks_like_journal

MAGIC: Final = b"\x28\xb5\x2f\xfd"
#: Bytes that may come out in all; above the second number the third is the most that one byte may become.
MOST: Final = 4 << 30
UNSUSPECTED: Final = 256 << 20
MOST_FROM_ONE: Final = 1000
#: Compressed bytes taken at a time: each may become 32 kB at the very most, so that this bounds the memory.
_BITE: Final = 1024
_HEAD: Final = 4096


def looks_like_zst(head: bytes) -> bool:
    """Whether a file begins as Zstandard does."""
    return head.startswith(MAGIC)


def read(file: BinaryIO, path: str) -> Capture:
    """A compressed journal as a capture. One that breaks off is read up to there.

    Raises CaptureError where it holds no journal, nothing of it can be read, or it holds more than may be.
    """
    stream = Decompressed(file, path)
    journal = io.BufferedReader(stream, 1 << 16)
    head = journal.peek(_HEAD)
    if not looks_like_journal(head):
        reason = (
            stream.trouble
            or "what is compressed in it is no journal; other captures are read as they are: decompress it first (zstd -d)"
        )
        raise CaptureError(f"{path}: {reason}")
    capture = journal_reader.read(journal, path)
    if stream.trouble is not None:
        capture.troubles.append(Trouble("cut", stream.trouble))
    return capture


class Decompressed(io.RawIOBase):
    """The content of a compressed file, frame after frame. `trouble` says why it ended before its end, if it did.

    Reading raises CaptureError where more comes out than may be.
    """

    def __init__(self, file: BinaryIO, path: str) -> None:
        super().__init__()
        import zstandard

        self._error = zstandard.ZstdError
        self._new = zstandard.ZstdDecompressor().decompressobj
        self._frame = self._new()
        self._file, self._path = file, path
        self._begun = False
        self._ready = memoryview(b"")
        self._left = b""
        self.taken = 0
        self.given = 0
        self.trouble: str | None = None

    def readable(self) -> bool:
        """It can be read."""
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        """The next bytes; 0 at the end."""
        while not self._ready and self.trouble is None and self._take():
            pass
        size = min(len(buffer), len(self._ready))
        buffer[:size] = self._ready[:size]
        self._ready = self._ready[size:]
        return size

    def _take(self) -> bool:
        """Decompresses one bite; false at the end of the file."""
        bite = self._left or self._file.read(_BITE)
        self._left = b""
        if not bite:
            if self._begun:
                self.trouble = f"byte {self.taken}: the compressed journal breaks off there"
            return False
        try:
            out = self._frame.decompress(bite)
        except self._error as error:
            self.trouble = f"about byte {self.taken}: the compressed journal is damaged there: {error}"
            return False
        self._begun = True
        self.taken += len(bite)
        if self._frame.eof:
            self._left = self._frame.unused_data
            self.taken -= len(self._left)
            self._frame, self._begun = self._new(), False
        self._count(len(out))
        self._ready = memoryview(out)
        return True

    def _count(self, size: int) -> None:
        self.given += size
        if self.given > MOST or (self.given > UNSUSPECTED and self.given > MOST_FROM_ONE * self.taken):
            raise CaptureError(
                f"{self._path}: byte {self.taken}: {self.given} bytes came out of these, which no journal holds; if it "
                "is one all the same, decompress it first (zstd -d)"
            )
