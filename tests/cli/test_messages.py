"""normalize, decode and encode."""

import subprocess
import sys

import pytest
from click.testing import CliRunner

from replay.cli import main
from replay.syncml.read import read
from tests.story import Story, server


def run(*args: str, stdin: bytes | None = None):
    return CliRunner().invoke(main, list(args), input=stdin)


MESSAGE = Story().package_one("1")


def test_encode_and_decode_through_pipes():
    encoded = run("encode", stdin=MESSAGE)
    assert encoded.exit_code == 0
    assert encoded.stdout_bytes[:4] == b"\x02\xa4\x01\x6a"
    decoded = run("decode", stdin=encoded.stdout_bytes)
    assert decoded.exit_code == 0
    assert read(decoded.stdout_bytes).commands == read(MESSAGE).commands


def test_encode_and_decode_through_files(tmp_path):
    (tmp_path / "m.xml").write_bytes(MESSAGE)
    result = run("encode", "--wbxml-version", "1.3", str(tmp_path / "m.xml"), "-o", str(tmp_path / "m.wbxml"))
    assert (result.exit_code, result.stdout) == (0, "")
    assert (tmp_path / "m.wbxml").read_bytes()[0] == 3
    assert run("decode", str(tmp_path / "m.wbxml"), "-o", str(tmp_path / "again.xml")).exit_code == 0
    assert read((tmp_path / "again.xml").read_bytes()).header == read(MESSAGE).header


def test_real_wbxml_decodes(shared_data):
    for path in (shared_data / "wbxml").glob("*.wbxml"):
        result = run("decode", str(path))
        assert result.exit_code == 0
        assert result.stdout.startswith("<SyncML")


@pytest.mark.parametrize(
    ("name", "stdin", "what"),
    [
        ("decode", b"<SyncML/>", "byte 0"),
        ("decode", b"\x02\xa4\x01\x6a\x00\x6d", "byte"),
        ("decode", b"", "empty"),
        ("encode", b"not xml", "line 1"),
        ("encode", b'<SyncML xmlns="SYNCML:SYNCML1.2" evil="1"/>', "attribute"),
        ("encode", b"", "empty"),
    ],
)
def test_what_cannot_be_converted_says_where_and_why(name, stdin, what):
    result = run(name, stdin=stdin)
    assert result.exit_code == 2
    assert what in result.stderr
    assert result.stdout == ""


def test_a_file_that_is_not_there(tmp_path):
    for name in ("decode", "encode", "normalize"):
        result = run(name, str(tmp_path / "none"))
        assert result.exit_code == 2
        assert "No such file" in result.stderr


def test_normalize_gives_the_same_text_for_what_is_volatile(tmp_path):
    one = server().watch(10).save(tmp_path / "one.jsonl")
    other = server(device="F" * 32, url="http://10.0.0.1:8080/ManagementServer/MDM.svc?mode=Maintenance&Platform=WoA")
    texts = [run("normalize", str(path)).stdout for path in (one, other.watch(99).save(tmp_path / "other.jsonl"))]
    assert texts[0] == texts[1]
    assert texts[0].startswith("omadm-normal 1\n")
    assert "F" * 32 not in texts[1]


def test_normalize_reads_document_samples_when_told_to(tmp_path):
    path = tmp_path / "sample.xml"
    message = Story().package_one("1").decode().replace('xmlns="SYNCML:SYNCML1.2"', "xmlns=“SYNCML:SYNCML1.2”", 1)
    path.write_text(message, "utf-8")
    assert "Final" in run("normalize", "--lenient", str(path)).stdout


def test_check_says_what_it_repaired(tmp_path):
    path = tmp_path / "sample.xml"
    message = Story().package_one("1").decode().replace('xmlns="SYNCML:SYNCML1.2"', "xmlns=“SYNCML:SYNCML1.2”", 1)
    path.write_text(message, "utf-8")
    assert run("check", str(path)).exit_code == 3
    result = run("check", "--lenient", str(path))
    assert result.exit_code == 0
    assert "MSG001 info (device): not well-formed, and repaired as asked: line 1: typographic quotes" in result.stdout


def test_binary_stays_binary_in_a_pipe():
    done = subprocess.run([sys.executable, "-m", "replay", "encode"], input=MESSAGE, capture_output=True, check=True)
    again = subprocess.run(
        [sys.executable, "-m", "replay", "decode"], input=done.stdout, capture_output=True, check=True
    )
    assert read(again.stdout).commands == read(MESSAGE).commands
