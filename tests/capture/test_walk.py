"""Which files of a folder are captures."""

import os
from pathlib import Path

import pytest

from replay.capture.digest import digest_of
from replay.capture.exchange import CaptureError
from replay.capture.readers import read
from replay.capture.walk import FILE, FOLDER, _Entry, _in_folder, walk
from tests.story import user

XML = b'<SyncML xmlns="SYNCML:SYNCML1.2"><SyncHdr/><SyncBody/></SyncML>'


def found(path: object, below: Path) -> list[str]:
    """What is found, as short as it can be told."""
    return [each.path.removeprefix(f"{below}/") for each in walk(str(path)) if not each.skipped]


def skipped(path: object, below: Path) -> dict[str, str]:
    return {each.path.removeprefix(f"{below}/"): each.skipped for each in walk(str(path)) if each.skipped}


@pytest.fixture
def folder(tmp_path):
    """A folder with captures and other things in it."""
    capture = user().watch(70).close().text()
    (tmp_path / "b").mkdir()
    (tmp_path / ".hidden").mkdir()
    (tmp_path / "messages").mkdir()
    for name in ("z.jsonl", "a.txt", "b/one", ".hidden/no.jsonl", "b/.no.jsonl"):
        (tmp_path / name).write_bytes(capture)
    for name in ("01_request.xml", "01_response.xml", "01_request.headers", "other.xml"):
        (tmp_path / "messages" / name).write_bytes(XML)
    (tmp_path / "README.md").write_text("# captures")
    (tmp_path / "empty").write_bytes(b"")
    (tmp_path / "lost.JSONL").write_bytes(b" \n")
    return tmp_path


CAPTURES = ["a.txt", "b/one", "lost.JSONL", "messages", "messages/other.xml", "z.jsonl"]


@pytest.mark.parametrize("scheme", ["", "file://", "local://"])
def test_captures_are_told_by_content_in_order_of_their_names(folder, scheme):
    below = f"{scheme}{folder}"
    assert found(below, below) == CAPTURES
    assert skipped(below, below) == {"README.md": "no capture, by its content", "empty": "empty"}


def test_a_packed_capture_is_not_overlooked(tmp_path):
    for name in ("a.jsonl.gz", "b.har.zip", "c.mitm.xz", "d.tar.gz", "e.flow.md"):
        (tmp_path / name).write_bytes(b"\x1f\x8b\x08 packed")
    assert found(tmp_path, tmp_path) == ["a.jsonl.gz", "b.har.zip", "c.mitm.xz"]


def test_a_file_is_itself_whatever_it_is(folder):
    for name in ("README.md", "empty", "nothing", "z.jsonl"):
        assert found(folder / name, folder) == [name]
    assert [each.path for each in walk("-")] == ["-"]


def test_a_folder_of_messages_is_one_capture(folder):
    (folder / "messages" / "other.xml").unlink()
    assert found(folder / "messages", folder) == ["messages"]
    assert skipped(folder / "messages", folder) == {}


def test_what_else_is_in_a_folder_of_messages_is_not_lost(folder):
    assert found(folder / "messages", folder) == ["messages", "messages/other.xml"]


def test_a_folder_without_captures_says_so(tmp_path):
    (tmp_path / "notes").write_text("text")
    _, nothing = walk(str(tmp_path))
    assert nothing.path == str(tmp_path)
    assert "without any other capture" in nothing.trouble


def test_links_lead_to_what_they_lead_to_and_never_in_circles(folder):
    (folder / "b" / "up").symlink_to("..")
    (folder / "b" / "self").symlink_to("self")
    (folder / "linked").symlink_to("b")
    (folder / "latest.jsonl").symlink_to("z.jsonl")
    (folder / "broken.jsonl").symlink_to("nowhere")
    assert found(folder, folder) == [*CAPTURES[:2], "latest.jsonl", *CAPTURES[2:]]
    left_out = skipped(folder, folder)
    assert left_out["b/up"] == left_out["linked"] == "a link to a folder that was looked at already"
    assert left_out["b/self"].startswith("a link that leads nowhere")
    assert left_out["broken.jsonl"].startswith("a link that leads nowhere")


def test_a_pipe_is_not_waited_for(folder):
    os.mkfifo(folder / "pipe.jsonl")
    assert skipped(folder, folder)["pipe.jsonl"] == "neither a file nor a folder"


class _Deep:
    """A folder in a folder in a folder, 5,000 times, and a capture in the last: deeper than this system lets one make them."""

    def kind(self, path: str) -> str:
        return FOLDER

    def entries(self, folder: str) -> list[_Entry]:
        name = "d" if len(folder) < 10_000 else "run"
        return [_Entry(f"{folder}/{name}", name, FOLDER if name == "d" else FILE)]

    def head(self, path: str) -> bytes:
        return user().text()

    def identity(self, folder: str) -> str:
        return folder


def test_folders_may_be_nested_deeper_than_calls():
    (only,) = _in_folder(_Deep(), "d")
    assert only.path.count("d/") == 5_001


def test_a_folder_that_cannot_be_listed_is_a_capture_that_cannot_be_read(folder, monkeypatch):
    scandir = os.scandir

    def refuse(path):
        if str(path).endswith("/b"):
            raise PermissionError(13, "Permission denied", path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    assert found(folder, folder) == ["a.txt", "b", *CAPTURES[2:]]


def test_a_url_reads_as_the_file_does(folder):
    for name in ("z.jsonl", "messages"):
        here, there = read(str(folder / name)), read(f"file://{folder / name}")
        assert (here.exchanges, here.stretches, here.troubles) == (there.exchanges, there.stretches, there.troubles)
        assert there.path == f"file://{folder / name}"
        assert digest_of(str(folder / name)) == digest_of(f"file://{folder / name}")


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("file:///nowhere/run.jsonl", "there is nothing of that name"),
        ("nonsense://host/run.jsonl", "Protocol not known: nonsense"),
        ("file://{folder}/b", "is a folder without messages"),
        ("file://{folder}/empty", "is empty"),
    ],
)
def test_urls_that_cannot_be_read(folder, url, why):
    url = url.format(folder=folder)
    with pytest.raises(CaptureError, match=why) as caught:
        read(url)
    assert str(caught.value).startswith(f"{url}: ")


def test_without_fsspec_a_url_says_what_to_install(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "fsspec", None)
    assert [each.path for each in walk("s3://bucket/folder")] == ["s3://bucket/folder"]
    with pytest.raises(CaptureError, match=r"s3://bucket/run\.jsonl: .* pip install 'omadm-replay\[cluster\]'"):
        read("s3://bucket/run.jsonl")


def test_a_digest_changes_with_every_byte_and_name(folder):
    seen = {digest_of(str(folder / "messages"))}
    (folder / "messages" / "01_request.xml").write_bytes(XML + b"\n")
    seen.add(digest_of(str(folder / "messages")))
    (folder / "messages" / "01_response.xml").rename(folder / "messages" / "02_response.xml")
    seen.add(digest_of(str(folder / "messages")))
    assert len(seen) == 3
    assert digest_of(str(folder / "b")) is None
    assert digest_of(str(folder / "nothing")) is None
