import io

import pytest
import zstandard

from replay.capture import zst
from replay.capture.exchange import CaptureError
from replay.capture.readers import read
from replay.capture.writers import write
from replay.expect.finding import Verdict
from replay.expect.judge import judge
from tests.story import user


def compressed(content: bytes, **more) -> bytes:
    return zstandard.ZstdCompressor(**more).compress(content)


@pytest.fixture
def saved(tmp_path):
    def save(content: bytes):
        (tmp_path / "x.jsonl.zst").write_bytes(content)
        return read(str(tmp_path / "x.jsonl.zst"))

    return save


def test_a_compressed_journal_is_a_journal(saved, tmp_path):
    story = user().watch(70)
    capture = saved(compressed(story.text()))
    plain = read(str(story.save(tmp_path / "plain.jsonl")))
    assert capture.format == plain.format
    assert capture.stretches == plain.stretches
    assert judge(capture).verdict == judge(plain).verdict == Verdict.PASS


def test_what_is_written_is_read(saved, tmp_path):
    capture = saved(compressed(user().watch(70).text()))
    out = str(tmp_path / "copy.jsonl.zst")
    assert write(capture, out, "journal") == []
    assert (tmp_path / "copy.jsonl.zst").read_bytes().startswith(zst.MAGIC)
    assert len(read(out).exchanges) == 2


def test_frames_one_after_the_other(saved):
    lines = user().watch(70).text().splitlines(keepends=True)
    capture = saved(b"".join(compressed(line) for line in lines))
    assert len(capture.exchanges) == 2
    assert capture.troubles == []


def test_cut_off_anywhere(saved):
    lines = user().text().splitlines(keepends=True)
    content = b"".join(compressed(line) for line in lines)
    frames = {0}
    for line in lines:
        frames.add(max(frames) + len(compressed(line)))
    for size in range(1, len(content)):
        try:
            capture = saved(content[:size])
        except CaptureError:
            assert size < sorted(frames)[1]
            continue
        assert bool(capture.troubles) is (size not in frames)


def test_damage_is_said_and_what_came_before_is_read(saved):
    capture = saved(compressed(user().text()) + b"rubbish")
    assert len(capture.exchanges) == 2
    assert "damaged there" in capture.troubles[0].text
    with pytest.raises(CaptureError, match="damaged there"):
        saved(zst.MAGIC + b"rubbish rubbish rubbish")


def test_what_is_compressed_is_no_journal(saved):
    with pytest.raises(CaptureError, match="is no journal"):
        saved(compressed(b"<SyncML/>"))
    with pytest.raises(CaptureError, match="is no journal"):
        saved(compressed(b""))


def test_a_bomb_is_refused(saved, monkeypatch):
    monkeypatch.setattr(zst, "UNSUSPECTED", 1 << 20)
    begin = b'{"type": "open", "format": "omadm-journal", "t": 1, "mono": 1}\n'
    bomb = compressed(begin + (b"\n" * (64 << 20)))
    assert len(bomb) < 10_000
    with pytest.raises(CaptureError, match=r"x\.jsonl\.zst: byte \d+: \d+ bytes came out"):
        saved(bomb)
    monkeypatch.setattr(zst, "MOST", 1000)
    with pytest.raises(CaptureError, match="decompress it first"):
        saved(compressed(user().text()))


def test_a_window_that_no_memory_has(saved):
    # a frame whose header asks for a window of terabytes: magic, descriptor, window descriptor
    with pytest.raises(CaptureError, match="about byte 0"):
        saved(zst.MAGIC + b"\x00\xff" + b"\x01\x00\x00" * 10)


def test_reading_bit_by_bit_gives_the_same():
    content = user().watch(100).text()
    stream = zst.Decompressed(io.BytesIO(compressed(content)), "x")
    found = b""
    while piece := stream.read(7):
        found += piece
    assert found == content
