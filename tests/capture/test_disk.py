"""A place on disk for what is too much for memory."""

import gc
import tempfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from replay.capture.disk import Disk


@given(st.lists(st.tuples(st.binary(max_size=40), st.integers(min_value=0))))
def test_what_was_put_in_is_there_whatever_was_looked_at_between(steps):
    disk, kept = Disk(), []
    for data, number in steps:
        kept.append((disk.put(data), data))
        begin, known = kept[number % len(kept)]
        assert disk.get(begin, len(known)) == known
    assert b"".join(data for _, data in kept) == disk.get(0, sum(len(data) for _, data in kept))
    disk.close()


class _Narrow:
    """A file that takes three bytes at a time, until there is no more room."""

    def __init__(self, room: int) -> None:
        self.file = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115 - closed below
        self.room = room

    def write(self, data: memoryview) -> int:
        if self.room <= 0:
            raise OSError(28, "No space left on device")
        taken = bytes(data[: min(3, self.room)])
        self.room -= len(taken)
        return self.file.write(taken)

    def __getattr__(self, name):
        return getattr(self.file, name)


def test_a_full_disk_is_said_and_what_was_put_in_half_is_written_over(monkeypatch):
    narrow = _Narrow(10)
    monkeypatch.setattr("replay.capture.disk.tempfile.TemporaryFile", lambda **_: narrow)
    disk = Disk()
    first = disk.put(b"abcd")
    with pytest.raises(OSError, match="No space left"):
        disk.put(b"0123456789")
    narrow.room = 100
    second = disk.put(b"efghijkl")
    assert (disk.get(first, 4), disk.get(second, 8)) == (b"abcd", b"efghijkl")
    assert disk.get(0, 100) == b"abcdefghijkl"
    disk.close()


def test_the_file_goes_with_its_owner(monkeypatch):
    made = []
    real = tempfile.TemporaryFile
    monkeypatch.setattr("replay.capture.disk.tempfile.TemporaryFile", lambda **how: made.append(real(**how)) or made[0])
    disk = Disk()
    disk.put(b"x")
    del disk
    gc.collect()
    assert made[0].closed


def test_where_no_file_can_be_made_that_alone_is_said(monkeypatch, recwarn):
    def none(**_):
        raise FileNotFoundError(2, "No usable temporary directory found")

    monkeypatch.setattr("replay.capture.disk.tempfile.TemporaryFile", none)
    with pytest.raises(FileNotFoundError, match="No usable temporary"):
        Disk()
    gc.collect()
    assert not recwarn
