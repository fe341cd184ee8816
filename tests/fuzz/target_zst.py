"""Compressed journals."""

import io

import zstandard

from replay.capture import zst
from replay.capture.exchange import CaptureError
from tests.fuzz import seeds as stories


def seeds() -> tuple[bytes, ...]:
    """Journals, some in several frames, with and without their sizes and check sums."""
    plain, sized = zstandard.ZstdCompressor(), zstandard.ZstdCompressor(write_checksum=True, write_content_size=False)
    each = [how.compress(journal) for journal in stories.journals()[:3] for how in (plain, sized)]
    return (*each, each[0] + plain.compress(b"") + plain.compress(b'{"type":"note","t":1,"text":"x"}\n'))


def check(data: bytes) -> None:
    """Only CaptureError comes out."""
    try:
        zst.read(io.BytesIO(data), "fuzzed")
    except CaptureError as error:
        assert str(error).startswith("fuzzed: ")
