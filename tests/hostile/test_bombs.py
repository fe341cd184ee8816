"""Few bytes that stand for many: content codings in flow files and through the live recorder, and compressed journals."""

import functools
import gzip
import io
import resource
import tracemalloc
import zlib

import brotlicffi
import pytest
import zstandard
from mitmproxy.test import tutils

from replay.capture import coding, flow_writer, flows
from replay.capture.coding import CodingError, TooLargeError, undone, undone_up_to_the_cut
from replay.capture.journal_reader import read as read_journal
from replay.capture.kept import body_of, part_of
from replay.capture.readers import read
from replay.expect.finding import Verdict
from replay.expect.judge import judge
from tests.addons.worlds import BODY, DM, port_of
from tests.hostile.bounded import omadm
from tests.processes import recording
from tests.story import user
from tests.upstream import Device, Upstream

pytestmark = pytest.mark.mitmproxy
CODINGS = {
    "gzip": gzip.compress,
    "x-gzip": gzip.compress,
    "deflate": zlib.compress,
    "br": functools.partial(brotlicffi.compress, quality=1),
    "zstd": zstandard.ZstdCompressor().compress,
}


def _bomb(name: str, megabytes: int) -> bytes:
    return CODINGS[name](bytes(megabytes << 20))


@pytest.mark.parametrize("name", CODINGS)
@pytest.mark.parametrize("body", [b"", b"x", b"<SyncML/>" * 10_000, bytes(range(256)) * 1000])
def test_every_coding_is_undone(name, body):
    assert undone(CODINGS[name](body), f" {name.upper()} ") == body
    assert undone(b"", name) == b""


def test_members_frames_and_bare_deflate():
    assert undone(gzip.compress(b"one") + gzip.compress(b"two") + b"\0\0", "gzip") == b"onetwo"
    compress = zstandard.ZstdCompressor().compress
    assert undone(compress(b"one") + compress(b"two"), "zstd") == b"onetwo"
    bare = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    assert undone(bare.compress(b"bare") + bare.flush(), "deflate") == b"bare"
    assert undone(b"as it is", "identity") == b"as it is"


@pytest.mark.parametrize("name", CODINGS)
def test_what_is_not_coded_so_or_breaks_off_is_refused(name):
    for wrong in (b"<SyncML/>", CODINGS[name](b"<SyncML/>" * 1000)[:-3]):
        with pytest.raises(CodingError):
            undone(wrong, name)
    with pytest.raises(CodingError, match="not known"):
        undone(b"x", "rot13")


@pytest.mark.parametrize("name", CODINGS)
def test_a_bomb_is_given_up_as_soon_as_it_is_known_for_one(name):
    """A hundred megabytes of nothing, of which no more is made than the bound and a step of the decoder."""
    raw = _bomb(name, 100)
    tracemalloc.start()
    with pytest.raises(TooLargeError, match="64 MiB"):
        undone(raw, name)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4 * coding.MOST
    assert undone(_bomb(name, 8), name) == bytes(8 << 20)


def test_of_a_body_that_breaks_off_no_more_is_made_either():
    raw = _bomb("gzip", 100)[:-10]
    assert undone_up_to_the_cut(raw, "gzip") is raw
    assert undone_up_to_the_cut(gzip.compress(b"abc" * 100)[:-12], "gzip").startswith(b"abc")
    assert undone_up_to_the_cut(b"no gzip", "gzip") == b"no gzip"


def test_the_recorder_keeps_a_bomb_as_it_came_and_says_so(caplog):
    raw = _bomb("gzip", 100)
    message = tutils.treq(headers=((b"content-encoding", b"gzip"),), content=None)
    message.raw_content = raw
    assert body_of(message) == raw
    assert "64 MiB" in caplog.text
    assert part_of(message, raw[:-10]) == raw[:-10]


def test_a_bomb_in_a_flow_file_is_no_pass():
    """Its exchange stays, the rest is judged, and the trouble names the flow."""
    story = user().watch(70).close()
    capture = read_journal(io.BytesIO(story.text()), "story")
    assert judge(capture).verdict is Verdict.PASS
    capture.exchanges[0].response = type(capture.exchanges[0].response)(
        status=200, order=capture.exchanges[0].response.order, body=bytes(100 << 20),
        headers=(("Content-Encoding", "gzip"),), at=capture.exchanges[0].response.at,
    )  # fmt: skip
    out = io.BytesIO()
    flow_writer.write(capture, out)
    assert len(out.getvalue()) < 1 << 20, "the writer has coded it"
    out.seek(0)
    again = flows.read(out, "bomb")
    assert len(again.exchanges) == len(capture.exchanges)
    assert any("64 MiB" in trouble.text and trouble.text.startswith("flow 1") for trouble in again.troubles)
    judged = judge(again)
    assert judged.verdict > Verdict.PASS
    assert "CAP002" in {finding.rule for finding in judged.findings}


@pytest.mark.slow
def test_a_compressed_journal_that_never_ends_is_refused(tmp_path):
    """Three gigabytes of one line in a few hundred kilobytes, read in half a gigabyte of memory."""
    compressor = zstandard.ZstdCompressor(level=1).compressobj()
    line = b'{"type":"note","t":1800000000,"mono":1,"text":"' + b"x" * 900_000 + b'"}\n'
    with (tmp_path / "bomb.jsonl.zst").open("wb") as file:
        file.write(
            compressor.compress(b'{"type":"open","format":"omadm-journal","version":1,"t":1800000000,"mono":1}\n')
        )
        for _ in range(3000):
            file.write(compressor.compress(line))
        file.write(compressor.flush())
    assert (tmp_path / "bomb.jsonl.zst").stat().st_size < 2 << 20
    done = omadm("check", tmp_path / "bomb.jsonl.zst", memory=2 << 30)
    assert done.returncode == 2
    assert "which no journal holds" in done.stdout + done.stderr


@pytest.mark.slow
def test_a_bomb_through_the_live_recorder(tmp_path):
    """Two gigabytes in some megabytes, before a proxy that may have one: the device gets its answer, and the recorder goes on."""
    raw = gzip.compress(b"", 1) + b"".join([gzip.compress(bytes(100 << 20), 1)] * 20)
    coded = (b"Content-Encoding", b"gzip")
    with Upstream() as server, recording(tmp_path, server.url) as proxy:
        server.scripts = {
            "bomb": lambda call: call.answer(raw, DM, coded),
            "after": lambda call: call.answer(b"<SyncML/>", DM),
        }
        resource.prlimit(proxy.program.process.pid, resource.RLIMIT_AS, (1 << 30, 1 << 30))
        with Device(port_of(proxy), tls=proxy.tls) as device:
            device.post("/mdm/bomb", BODY, DM)
            assert device.get().body == raw
            device.post("/mdm/after", BODY, DM)
            assert device.get().body == b"<SyncML/>"
        assert proxy.program.end() == 0
        assert server.errors == []
    capture = read(str(proxy.journal))
    assert [each.response.body for each in capture.exchanges] == [raw, b"<SyncML/>"]
    assert any("64 MiB" in line for line in proxy.program.said)
