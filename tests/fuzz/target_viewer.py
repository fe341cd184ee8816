"""Streams saved by SyncMLViewer, and single messages: both are told apart by what is in the file."""

import io

from replay.capture import viewer
from tests.capture.test_viewer import MARK, OLD_COMPLETE, OLD_START, session, stream
from tests.fuzz import seeds as stories
from tests.fuzz.judged import check_capture, read_any


def seeds() -> tuple[bytes, ...]:
    """Sessions as the viewer saves them, truncated ones too, and messages."""
    one, two = session("1"), session("2", device="D2")
    return (
        stream(*one),
        stream(*one, dates=False, start=OLD_START, complete=OLD_COMPLETE) + stream(*two),
        stream(one[0][:300] + MARK, *one[1:]),
        b"".join(one),
        *stories.xml_bodies()[:6],
    )


def check(data: bytes) -> None:
    """Whatever the stream is, it is read and judged."""
    capture = read_any(data)
    if capture is not None:
        check_capture(capture)
    check_capture(viewer.read(io.BytesIO(data), "fuzzed"))
