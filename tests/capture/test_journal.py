import errno
import io
import json
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from replay.capture import journal as journal_module
from replay.capture.exchange import CaptureError
from replay.capture.journal import JournalWriter, encode_body, looks_like_journal
from replay.capture.journal_reader import read


def load(path):
    with path.open("rb") as file:
        return read(file, str(path))


def write(path, **more):
    return JournalWriter(path, tool="t", mode="regular", **more)


def test_every_line_is_with_the_operating_system_when_write_returns(tmp_path):
    path = tmp_path / "j.jsonl"
    writer = write(path)
    for number in range(5):
        writer.write("note", text=str(number))
        lines = path.read_bytes().splitlines()
        assert json.loads(lines[-1])["text"] == str(number)
    writer.close("stopped")
    first, *_, watching, close = [json.loads(line) for line in path.read_bytes().splitlines()]
    assert (first["type"], first["format"], first["version"]) == ("open", "omadm-journal", 1)
    assert (first["redacted"], first["interval"]) == (False, 5.0)
    assert (watching["type"], close["type"], close["reason"]) == ("watching", "close", "stopped")
    assert all(isinstance(line["t"], float) and isinstance(line["mono"], float) for line in (first, watching, close))


def test_a_later_recording_is_appended(tmp_path):
    path = tmp_path / "j.jsonl"
    write(path).close("one")
    write(path).close("two")
    capture = load(path)
    assert len(capture.stretches) == 2
    assert capture.troubles == []


def test_a_half_line_of_an_earlier_recorder_is_ended_first(tmp_path):
    path = tmp_path / "j.jsonl"
    write(path).close("one")
    path.write_bytes(path.read_bytes()[:-10])
    write(path).close("two")
    capture = load(path)
    assert len(capture.stretches) == 2
    assert [trouble.kind for trouble in capture.troubles] == ["cut"]


def test_a_file_that_is_no_journal_is_not_appended_to(tmp_path):
    path = tmp_path / "precious.txt"
    path.write_text("precious\n")
    with pytest.raises(CaptureError, match="no journal"):
        write(path)
    assert path.read_text() == "precious\n"


def test_a_write_that_fails_is_an_error_and_not_silence(tmp_path, monkeypatch):
    writer = write(tmp_path / "j.jsonl")

    def full(fd, data):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(journal_module.os, "write", full)
    with pytest.raises(OSError, match="No space"):
        writer.write("watching")
    monkeypatch.undo()
    writer.abandon()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk(tmp_path):
    with pytest.raises(OSError, match="No space"):
        write("/dev/full")


def test_a_killed_writer_has_lost_nothing(tmp_path):
    path = tmp_path / "j.jsonl"
    program = textwrap.dedent(f"""
        from replay.capture.journal import JournalWriter
        writer = JournalWriter({str(path)!r}, tool="t", mode="m")
        number = 0
        while True:
            number += 1
            writer.write("note", text=str(number))
            print(number, flush=True)
    """)
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) as process:
        for _ in range(500):
            process.stdout.readline()
        process.send_signal(signal.SIGKILL)
        said = process.stdout.read().split()
    last = int(said[-1]) if said else 500
    capture = load(path)
    assert [int(note.text) for note in capture.notes][:last] == list(range(1, last + 1))


def test_bodies_are_text_where_they_are_utf8_and_base64_elsewhere():
    assert encode_body(None) is None
    assert encode_body("é".encode()) == {"text": "é"}
    assert encode_body(b"\xff\x00") == {"base64": "/wA="}


@given(st.binary(max_size=200) | st.text(max_size=100).map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_any_body_comes_back_byte_for_byte(body):
    lines = [
        {"type": "open", "t": 1.0, "mono": 1.0, "format": "omadm-journal", "version": 1},
        {
            "type": "request",
            "t": 2.0,
            "mono": 2.0,
            "id": "a",
            "url": "https://h/",
            "method": "POST",
            "body": encode_body(body),
        },
    ]
    data = b"".join(journal_module._encode(line) + b"\n" for line in lines)
    assert read(io.BytesIO(data), "x").exchanges[0].body == body


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (b'{"type":"open","t":1,"format":"omadm-journal"', True),
        (b'{"t": 1, "mono": null, "type": "request"}\n', True),
        (b'\xef\xbb\xbf{"t": 1, "type": "open"}', True),
        (b'{"log": {"version": "1.2"}}', False),
        (b"[1]", False),
        (b"", False),
    ],
)
def test_a_journal_is_told_by_its_first_line(head, expected):
    assert looks_like_journal(head) is expected
