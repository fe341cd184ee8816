"""Captures in folders: which files of a folder, and of the folders in it, are captures.

What a file is, its content says. Hidden files and folders (whose names begin with a dot) are left out. What is no capture is left
out too, and said; but a file that has a capture's ending and is empty or damaged is a capture that cannot be read, because a lost
recording must not pass for none. A folder of messages is one capture. The order is that of the names, whatever the file system has.
"""

import os
import re
import stat
from collections.abc import Iterator
from typing import Any, Final, Protocol

from msgspec import Struct

from replay.capture.exchange import CaptureError
from replay.capture.readers import HEAD, begins_a_capture
from replay.capture.remote import is_url, name_of, storage
from replay.capture.single import names_a_message
from replay.capture.writers import ENDINGS

FOLDER, FILE, OTHER = "folder", "file", "other"
_HIDDEN: Final = "."
#: What an ending is followed by where somebody packed a capture: it cannot be read so, and must not be overlooked.
_PACKED: Final = re.compile(r"\.(?:gz|bz2|xz|7z|zip|zst)$")
_EMPTY: Final = (
    "is a folder without messages (files named like 01_request.xml), and without any other capture; name a folder that holds some, "
    "or a capture itself"
)


class Found(Struct, frozen=True):
    """A file or folder that was found: a capture, or what was `skipped` and why. `trouble` is what is wrong with a folder in which
    there is no capture at all."""

    path: str
    skipped: str = ""
    trouble: str = ""


class _Entry(Struct, frozen=True):
    """What a folder holds: its path, as it is shown, its name, and of which kind it is. `what` says why it is none of the two."""

    path: str
    name: str
    kind: str
    what: str = ""


class _Tree(Protocol):
    """Where folders are: on this machine, or in a storage."""

    def kind(self, path: str) -> str:
        """Of which kind the path is that everything begins with."""

    def entries(self, folder: str) -> list[_Entry]:
        """What a folder holds. Raises OSError or CaptureError."""

    def head(self, path: str) -> bytes:
        """How a file begins. Raises OSError or CaptureError."""

    def identity(self, folder: str) -> Any:
        """What is the same however one comes to a folder."""


def walk(path: str) -> Iterator[Found]:
    """The captures that a path stands for, in order of their names, and what was skipped: the path itself where it is no folder.

    What cannot be looked at is given as a capture: reading it will say why it cannot be read.
    """
    try:
        tree: _Tree = _Storage(path) if is_url(path) else _Here()
        kind = FILE if path == "-" else tree.kind(path)
    except CaptureError:
        kind = OTHER
    if kind != FOLDER:
        yield Found(path)
        return
    found = False
    for each in _in_folder(tree, path):
        found = found or not each.skipped
        yield each
    if not found:
        yield Found(path, trouble=f"{path}: {_EMPTY}")


def _in_folder(tree: _Tree, root: str) -> Iterator[Found]:
    """Without recursion: a folder can be nested deeper than Python calls."""
    seen: set[Any] = set()
    left = [_Entry(root, "", FOLDER)]
    while left:
        entry = left.pop()
        if entry.kind == FILE:
            yield _file(tree, entry)
        elif entry.kind == OTHER:
            yield Found(entry.path, skipped=entry.what)
        else:
            try:
                identity, entries = tree.identity(entry.path), sorted(tree.entries(entry.path), key=lambda e: e.name)
            except (OSError, CaptureError):
                yield Found(entry.path)
                continue
            if identity in seen:
                yield Found(entry.path, skipped="a link to a folder that was looked at already")
                continue
            seen.add(identity)
            if any(names_a_message(each.name) and each.kind == FILE for each in entries):
                yield Found(entry.path)
            rest = [
                e
                for e in entries
                if not e.name.startswith(_HIDDEN) and not (e.kind == FILE and names_a_message(e.name))
            ]
            left += reversed(rest)


def _file(tree: _Tree, entry: _Entry) -> Found:
    try:
        head = tree.head(entry.path)
    except (OSError, CaptureError):
        return Found(entry.path)
    if begins_a_capture(head) or _PACKED.sub("", entry.name.lower()).endswith(tuple(ENDINGS)):
        return Found(entry.path)
    return Found(entry.path, skipped="no capture, by its content" if head.strip() else "empty")


class _Here:
    """The files of this machine."""

    def kind(self, path: str) -> str:
        return FOLDER if os.path.isdir(path) else FILE  # noqa: PTH112

    def entries(self, folder: str) -> list[_Entry]:
        with os.scandir(folder) as found:
            return [self._entry(folder, each) for each in found]

    def _entry(self, folder: str, each: os.DirEntry[str]) -> _Entry:
        path = os.path.join(folder, each.name)  # noqa: PTH118 - a path is shown as it was given
        try:
            mode = each.stat().st_mode
        except OSError as error:
            return _Entry(path, each.name, OTHER, f"a link that leads nowhere ({error.strerror})")
        if stat.S_ISDIR(mode):
            return _Entry(path, each.name, FOLDER)
        if stat.S_ISREG(mode):
            return _Entry(path, each.name, FILE)
        return _Entry(path, each.name, OTHER, "neither a file nor a folder")  # reading a pipe would wait for ever

    def head(self, path: str) -> bytes:
        with open(path, "rb") as file:  # noqa: PTH123
            return file.read(HEAD)

    def identity(self, folder: str) -> tuple[int, int]:
        status = os.stat(folder)  # noqa: PTH116
        return status.st_dev, status.st_ino


class _Storage:
    """The files of a storage, by their URLs."""

    def __init__(self, url: str) -> None:
        self._url = url.rstrip("/")
        with storage(url) as (files, root):
            self._files, self._root = files, root.rstrip("/")

    def kind(self, path: str) -> str:
        with storage(path):
            return FOLDER if self._files.isdir(self._root) else FILE

    def entries(self, folder: str) -> list[_Entry]:
        inside = self._inside(folder)
        with storage(folder):
            found = [each for each in self._files.ls(inside, detail=True) if each["name"].rstrip("/") != inside]
        return [self._entry(folder.rstrip("/"), each) for each in found]

    def _entry(self, folder: str, each: dict[str, Any]) -> _Entry:
        name = name_of(each["name"])
        path = f"{folder}/{name}"
        if each["type"] == "directory" and not each.get("islink"):
            return _Entry(path, name, FOLDER)
        if each["type"] == "file":
            return _Entry(path, name, FILE)
        return _Entry(path, name, OTHER, "a link to a folder, or neither a file nor a folder")

    def head(self, path: str) -> bytes:
        with storage(path), self._files.open(self._inside(path), "rb") as file:
            head: bytes = file.read(HEAD)
            return head

    def identity(self, folder: str) -> str:
        return folder

    def _inside(self, path: str) -> str:
        """A URL as the storage calls it: what stands behind the first URL stands behind the first name."""
        return f"{self._root}{path.rstrip('/').removeprefix(self._url)}" or "/"
