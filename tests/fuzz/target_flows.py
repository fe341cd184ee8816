"""Mitmproxy's flow files."""

import io

from replay.capture.exchange import CaptureError
from replay.capture.flows import read
from tests.fuzz import seeds as stories
from tests.fuzz.judged import check_capture

seeds = stories.as_flows


def check(data: bytes) -> None:
    """What can be read of it is judged; only CaptureError comes out."""
    try:
        capture = read(io.BytesIO(data), "fuzzed")
    except CaptureError as error:
        assert str(error).startswith("fuzzed: ")
        return
    check_capture(capture)
