"""Comparison: a journal with itself, with the one that it was made of, and that with it."""

import io

from replay.capture.journal_reader import read
from replay.capture.sessions import Traffic, assemble
from replay.compare.changes import Comparison
from replay.compare.compare import compare_views
from replay.compare.learn import learn
from replay.compare.views import view
from replay.report.as_json import as_json
from replay.report.diff_html import diff_html
from replay.report.diff_shapes import diff_shape
from replay.report.diff_text import diff_text
from tests.fuzz import seeds as stories
from tests.fuzz.judged import check_shown

seeds = stories.journals


def check(data: bytes) -> None:
    """Nothing differs from itself; two compare alike in either order; what is said of them is safe to show."""
    changed = assemble(read(io.BytesIO(data), "fuzzed"))
    original = _original(data)
    one, other = view(original), view(changed)
    itself = compare_views(other, other, timing=True)
    assert itself.equal, diff_text(itself, "fuzzed", "fuzzed")
    there, back = compare_views(one, other, timing=True), compare_views(other, one, timing=True)
    assert there.equal == back.equal
    assert len(list(there.changes)) == len(list(back.changes)), "fewer changes the other way round"
    _check_shown(there)
    _check_shown(back)
    learn([original, changed])


def _original(data: bytes) -> Traffic:
    """The seed that has most lines in common with a journal, and so is what it was made of."""
    lines = set(data.splitlines())
    nearest = max(seeds(), key=lambda seed: len(lines.intersection(seed.splitlines())))
    return assemble(read(io.BytesIO(nearest), "original"))


def _check_shown(found: Comparison) -> None:
    check_shown(diff_text(found, "one", "other", detail=1))
    as_json(diff_shape(found, "one", "other")).encode()
    diff_html(found, "one", "other").encode()
