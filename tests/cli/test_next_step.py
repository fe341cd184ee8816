"""Every error names what to do next."""

import errno
import os

import pytest
from click.testing import CliRunner

from replay.capture.access import cannot_be_read, cannot_be_written
from replay.cli import main
from replay.lab.messages import to_wbxml
from tests.story import Story, user


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    user().watch(70).save(tmp_path / "run.jsonl")
    (tmp_path / "empty").write_text("")
    (tmp_path / "text").write_text("hello")
    (tmp_path / "half.jsonl").write_text('{"type": "open", "format": "omadm-journal"')
    (tmp_path / "cut.jsonl").write_bytes(user().watch(70).text()[:-20])
    (tmp_path / "message.xml").write_bytes(Story().package_one("1"))
    (tmp_path / "message.wbxml").write_bytes(to_wbxml(Story().package_one("1")))
    (tmp_path / "log.xml").write_text("<Other/>")
    (tmp_path / "list.json").write_text("[1")
    (tmp_path / "latin").write_bytes(b"user:p\xe4ss")
    (tmp_path / "other.zst").write_bytes(_zst(b"hello"))
    (tmp_path / "folder").mkdir()
    return tmp_path


def _zst(data: bytes) -> bytes:
    import zstandard

    return zstandard.ZstdCompressor().compress(data)


@pytest.mark.parametrize(
    ("line", "todo"),
    [
        ("check ruan.jsonl", "near it is run.jsonl"),
        ("check zzz", "nothing in this folder has a name like it"),
        ("check nowhere/run.jsonl", "there is no folder nowhere either"),
        ("check empty", "see that devices reach the recorder, or name another file"),
        ("check half.jsonl", "take another copy of it, or record again"),
        ("check text", "readable are a journal"),
        ("check folder", "name a folder that holds some, or a capture itself"),
        ("check other.zst", "decompress it first (zstd -d)"),
        ("check -o nowhere/report run.jsonl", "make the folder nowhere first"),
        ("check -o folder run.jsonl", "it is a folder; name a file in it"),
        ("check -o text/report run.jsonl", "text is no folder; choose another one"),
        ("check --evidence nolog.xml run.jsonl", "near it is log.xml"),
        ("check --evidence empty run.jsonl", "export the log again, or give a list of steps"),
        ("check --evidence log.xml run.jsonl", "export the log with wevtutil"),
        ("check --evidence list.json run.jsonl", "expected a list of objects with at, step, outcome, text"),
        ("check --evidence-offset 3 run.jsonl", "without --evidence FILE"),
        ("check --secret-file latn run.jsonl", "near it is latin"),
        ("check --secret-file latin run.jsonl", "save it as UTF-8"),
        ("check --ignore UNE99 run.jsonl", "near it are"),
        ("check --expect usr run.jsonl", "near it is user"),
        ("check --quiet soon run.jsonl", "such as 60 or 2.5"),
        ("replay run.jsonl --to http://127.0.0.1:1/ --timeout 0", "is no time to wait, such as 30 or 2.5"),
        ("lab device --to http://127.0.0.1:1/ --timeout 1e12", "is no time to wait, such as 30 or 2.5"),
        ("check --until soon run.jsonl", "write 2026-11-23T09:15:00Z"),
        ("check", "Try 'main check --help'"),
        ("chekc", "Did you mean 'check'?"),
        ("show --session 9 run.jsonl", "the capture has 2, --session 1 to 2"),
        ("show --session 9 message.xml", "the capture has the one, --session 1"),
        ("show --raw --normalized run.jsonl", "choose one"),
        ("convert run.jsonl out.doc", "give --to"),
        ("convert run.jsonl message.xml", "give --to"),
        ("convert message.xml half.jsonl", "give --force"),
        ("convert run.jsonl nowhere/out.jsonl", "make the folder nowhere first"),
        ("redact run.jsonl out.jsonl --map folder", "it is a folder; name a file in it"),
        (f"redact run.jsonl out.jsonl --map {'a' * 300}", "cannot be read: File name too long"),
        ("redact run.jsonl out.jsonl --map nowhere/map.json", "make the folder nowhere first"),
        ("decode message.xml", "`omadm encode` makes WBXML of it"),
        ("encode message.wbxml", "`omadm decode` makes XML of it"),
        ("decode empty", "name a file with one message, or pipe one in"),
        ("decode messag.wbxml", "near it are message.wbxml, message.xml"),
        ("note ruan.jsonl mark", "near it is run.jsonl"),
        ("note folder mark", "a mark goes into one that `omadm record` writes"),
        ("note text mark", "a mark goes into one that `omadm record` writes"),
        ("explain UNE99", "near it are"),
        ("explain completely-unlike", "`omadm explain` lists them"),
    ],
)
def test_what_to_do(folder, line, todo):
    result = CliRunner().invoke(main, line.split())
    assert result.exit_code == 2, result.output
    assert todo in " ".join(result.stderr.split())


@pytest.mark.parametrize(
    "line",
    [
        "normalize cut.jsonl",
        "diff run.jsonl cut.jsonl",
        "diff cut.jsonl run.jsonl",
        "learn run.jsonl cut.jsonl",
        "convert cut.jsonl out.har",
        "redact cut.jsonl out.jsonl",
        "replay cut.jsonl --to http://127.0.0.1:1/",
    ],
)
def test_what_is_damaged_is_named(folder, line):
    result = CliRunner().invoke(main, line.split())
    said = "omadm: cut.jsonl: line 25: the capture ends in the middle of a line"
    assert [each for each in result.stderr.splitlines() if "middle" in each] == [f"{said} (36 bytes of it are there)"]


def test_folders_with_no_name_like_it_and_names_that_are_escape_sequences(folder):
    (folder / "ru\x1b[2Jn.jsonl").write_text("")
    result = CliRunner().invoke(main, ["check", "ru[2Jn.jsonl"])
    assert "near it are ru\\x1b[2Jn.jsonl, run.jsonl" in result.stderr


@pytest.mark.parametrize(
    ("said", "number", "todo"),
    [
        (cannot_be_read, errno.EACCES, "let that user copy it for you"),
        (cannot_be_read, errno.EISDIR, "name a file in it"),
        (cannot_be_read, errno.EIO, "Input/output error"),
        (cannot_be_written, errno.EACCES, "choose another folder"),
        (cannot_be_written, errno.ENOSPC, "make room there"),
        (cannot_be_written, errno.EROFS, "choose another folder"),
        (cannot_be_written, errno.EIO, "Input/output error"),
    ],
)
def test_what_the_system_refuses(said, number, todo):
    text = said("there/run.jsonl", OSError(number, os.strerror(number)))
    assert text.startswith(f"there/run.jsonl: cannot be {said.__name__.rsplit('_', 1)[1]}: {os.strerror(number)}")
    assert todo in text
