"""Texts and names that want to be more: escape sequences, writing directions, paths that leave a folder, no files."""

import io
import json
import os
import re
from pathlib import Path

import pytest

from replay.capture.readers import read
from replay.capture.single import read_folder
from replay.expect.toml_lines import LARGEST, TomlError, parse
from replay.testing.kept import safe_name
from tests.hostile.bounded import omadm
from tests.story import Story

#: Moves the cursor, sets the title, turns the writing direction, ends a line, leaves a folder.
_EVIL = "x\x1b[2J\x1b]0;owned\x07\u202egpj.exe\u2066\u2028\r\n\x9b31m"
_PATH = "../../../../tmp/omadm-escaped"
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


def _evil_story(tmp_path: Path, name: str = "evil.jsonl") -> Path:
    """A departure in which every text that is free wants to be something else."""
    story = Story(device=_PATH + "\u202e", url=f"https://mdm.example.test/{_PATH}?{_EVIL.encode().hex()}", client=_EVIL)
    story.line("open", format="omadm-journal", version=1, tool=_EVIL, mode=_EVIL, redacted=False, interval=5.0)
    story.line("connect", conn=_EVIL, client=_EVIL, sni=_EVIL, host=_PATH)
    story.line("failure", id=None, conn=_EVIL, cause="tls-failed", detail=_EVIL, received=0)
    story.line("note", text=_EVIL, name="push")
    story.ordinary("1").watch(30).alert("2", text=None)
    request = story.package_one("3").replace(b"<SessionID>3", b"<SessionID>\xe2\x80\xae<!-- -->3")
    story.exchange(request, b"\x1b[2J", status=500, id=_PATH, conn=_PATH, headers=[[_EVIL, _EVIL], ["Host", _PATH]])
    return story.watch(70).close().save(tmp_path / name)


_FORMS = ("text", "json", "html", "junit", "sarif", "markdown")


@pytest.mark.slow
@pytest.mark.parametrize(
    "words", [*(["check", "-v", "--format", form] for form in _FORMS), ["show", "--raw"], ["show", "--format", "json"],
              ["normalize"]], ids=" ".join,
)  # fmt: skip
def test_nothing_of_a_capture_moves_a_cursor_or_turns_the_writing_direction(tmp_path, words):
    path = _evil_story(tmp_path)
    done = omadm(*words, path)
    assert not _CONTROL.search(done.stdout.replace("\t", "")), ascii(_CONTROL.search(done.stdout))
    assert not _CONTROL.search(done.stderr)


@pytest.mark.slow
@pytest.mark.parametrize("out", ["out.har", "out.mitm", "out.jsonl", "folder"])
def test_a_copy_stays_where_it_was_sent(tmp_path, out):
    """Device, URL, host and ids are paths that leave the folder; nothing is written beside OUT, by any command that writes."""
    inside = tmp_path / "a" / "b" / "c"
    inside.mkdir(parents=True)
    path = _evil_story(inside)
    for command in (["convert"], ["redact"]):
        done = omadm(*command, path, f"{command[0]}-{out}", cwd=inside)
        assert done.returncode == 0, done.stderr
    assert omadm("check", "--format", "html", "-o", "r.html", path, cwd=inside).returncode in (1, 3)
    made = {str(each.relative_to(tmp_path)) for each in tmp_path.rglob("*")}
    assert all(each in ("a", "a/b", "a/b/c") or each.startswith("a/b/c/") for each in made)
    assert not list(Path("/tmp").glob("omadm-escaped*"))
    for name in (f"convert-{out}", f"redact-{out}"):
        assert len(read(str(inside / name)).exchanges) == len(read(str(path)).exchanges)


@pytest.mark.parametrize("name", [_PATH, "..", ".", "/etc/passwd", "C:\\x", "a\0b", "con", _EVIL, "x" * 5000, "\ud800"])
def test_what_is_kept_of_a_test_has_a_name_that_stays_in_its_folder(name):
    made = safe_name(name)
    assert re.fullmatch(r"[A-Za-z0-9_.-]{1,120}", made)
    assert not made.startswith(".")
    assert Path("/folder", made).resolve().parent == Path("/folder").resolve()


def test_pipes_devices_and_folders_called_like_messages_are_left_alone(tmp_path):
    """A pipe would be waited for, and a device has no end."""
    (tmp_path / "01_request.xml").write_bytes(Story().package_one("1"))
    os.mkfifo(tmp_path / "02_request.xml")
    (tmp_path / "03_request.xml").symlink_to("/dev/zero")
    (tmp_path / "04_request.xml").mkdir()
    (tmp_path / "05_request.xml").symlink_to("nowhere")
    assert [each.id for each in read_folder(tmp_path).exchanges] == ["01"]


def test_a_name_that_is_no_text_is_shown(tmp_path):
    """And the exchange that is called by it can be written again."""
    name = os.fsencode(tmp_path) + b"/\x8a\x1b[2J_request.xml"
    Path(os.fsdecode(name)).write_bytes(Story().package_one("1"))
    (exchange,) = read_folder(tmp_path).exchanges
    assert exchange.id.encode().startswith(b"\\udc8a")
    done = omadm("convert", tmp_path, tmp_path / "out.jsonl")
    assert done.returncode == 0
    assert json.loads((tmp_path / "out.jsonl").read_text().splitlines()[1])["id"] == exchange.id


def test_a_damaged_flow_hides_no_other(tmp_path):
    from mitmproxy.io import tnetstring

    from replay.capture import flow_writer, flows
    from replay.capture.journal_reader import read as read_journal

    out = io.BytesIO()
    flow_writer.write(read_journal(io.BytesIO(Story().ordinary("1").ordinary("2").ordinary("3").text()), "s"), out)
    out.seek(0)
    states = [tnetstring.load(out) for _ in range(3)]
    for member in ("method", "headers", "timestamp_start"):
        broken = [
            *states[:1],
            {**states[1], "request": {k: v for k, v in states[1]["request"].items() if k != member}},
            states[2],
        ]
        capture = flows.read(io.BytesIO(b"".join(map(tnetstring.dumps, broken))), "f")
        assert len(capture.exchanges) == 2, member
        assert [trouble.text.partition(",")[0] for trouble in capture.troubles] == ["flow 2"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"a." * 500_000 + b"a = 1", "line 1: a key of more than 64 parts"),
        (b"x = 1\n[" + b"a . " * 100 + b"a]\n", "line 2: a key of more than 64 parts"),
        (b"x = {" + b"'a'." * 70 + b"a = 1}", "line 1: a key of more than 64 parts"),
        (b"# " + b"x" * LARGEST, "larger than"),
        (b"a = " + b"[" * 100_000, "nested too deeply"),
    ],
)
def test_a_toml_file_that_nobody_wrote_is_refused(content, said):
    with pytest.raises(TomlError, match=said):
        parse("f.toml", content)


def test_a_toml_file_may_have_many_dots_in_its_texts():
    document = parse("f.toml", b'[[accept]]\nreason = "' + b"1.2." * 5000 + b'"\n' + b"a.b.c = 1\n" * 1)
    assert document.line_of("accept", 0, "a", "b", "c") == 3
