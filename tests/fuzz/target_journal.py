"""Journals."""

import io

from replay.capture.journal_reader import read
from tests.fuzz import seeds as stories
from tests.fuzz.judged import check_capture, read_any

seeds = stories.journals


def check(data: bytes) -> None:
    """Whatever the lines are, they are read, judged and copied."""
    read_any(data)
    check_capture(read(io.BytesIO(data), "fuzzed"))
