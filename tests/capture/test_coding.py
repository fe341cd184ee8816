"""Content codings undone; `tests/hostile/test_bombs.py` has what goes beyond the bounds."""

import gzip
import os
import zlib

import pytest

from replay.capture.coding import CodingError, undone


@pytest.mark.parametrize("size", [0, 1, 4095, 4096, 4097, 100_000])
@pytest.mark.parametrize("code", [gzip.compress, zlib.compress])
def test_a_body_of_any_size_comes_back(size, code):
    body = os.urandom(size)
    assert undone(code(body), "gzip" if code is gzip.compress else "deflate") == body


def test_many_members_are_joined_and_what_follows_is_passed_over():
    """Quadratic work would take many minutes here, and the test run's patience would end it."""
    coded = gzip.compress(b"one") + gzip.compress(b"") * 200_000 + gzip.compress(b"two")
    assert undone(coded + b"\0\0", "gzip") == b"onetwo"


@pytest.mark.parametrize("left", [1, 8, 20])
def test_a_member_that_breaks_off(left):
    whole = gzip.compress(os.urandom(10_000))
    with pytest.raises(CodingError, match="breaks off"):
        undone(whole + whole[:-left], "gzip")
