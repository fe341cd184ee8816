"""Files that cannot be read or written: what is wrong, and what to do about it, in the same words wherever it happens."""

import difflib
import errno
import os
from pathlib import Path
from typing import Final

#: Names of a folder that are looked at for one that is like the one that was asked for.
_MOST: Final = 10_000
#: How much of two names is alike, without their endings, where one may have been meant for the other; and how many are named.
_LIKE: Final = 0.65
_FEW: Final = 3


def cannot_be_read(path: str | os.PathLike[str], error: OSError) -> str:
    """Why a file cannot be read, with the file that may have been meant: `run.json: cannot be read: No such file or directory; near
    it is run.jsonl`."""
    place = Path(path)
    todo = ""
    if error.errno == errno.ENOENT:
        todo = _near(place)
    elif error.errno in (errno.EACCES, errno.EPERM):
        todo = "a journal is for whoever recorded it: read it as that user, or let that user copy it for you"
    elif error.errno == errno.EISDIR:
        todo = "it is a folder; name a file in it"
    return _said(path, "cannot be read", error, todo)


def cannot_be_written(path: str | os.PathLike[str], error: OSError) -> str:
    """Why a file cannot be written, and what to do."""
    todo = {
        errno.ENOENT: f"make the folder {Path(path).parent} first, or choose another one",
        errno.ENOTDIR: f"{Path(path).parent} is no folder; choose another one",
        errno.EISDIR: "it is a folder; name a file in it",
        errno.EACCES: "choose another folder, or have this one opened to you",
        errno.EROFS: "choose another folder",
        errno.ENOSPC: "make room there, or choose another folder",
    }.get(error.errno or 0, "")
    return _said(path, "cannot be written", error, todo)


def _said(path: str | os.PathLike[str], what: str, error: OSError, todo: str) -> str:
    return f"{os.fspath(path)}: {what}: {error.strerror or error}{f'; {todo}' if todo else ''}"


def _near(place: Path) -> str:
    """What may have been meant by a path that is not there."""
    try:
        with os.scandir(place.parent) as entries:
            names = [entry.name for entry, _ in zip(entries, range(_MOST), strict=False)]
    except OSError:
        return f"there is no folder {place.parent} either"
    rated = sorted((-_likeness(place, name), Path(name).suffix != place.suffix, name) for name in names)[:_FEW]
    near = [name for likeness, _, name in rated if -likeness >= _LIKE]
    if near:
        return f"near it {'is' if len(near) == 1 else 'are'} {', '.join(str(place.with_name(name)) for name in near)}"
    where = "this folder" if place.parent == Path() else f"the folder {place.parent}"
    return f"nothing in {where} has a name like it"


def _likeness(place: Path, name: str) -> float:
    """How much of two names is alike, from 0 to 1, whatever their case."""
    return difflib.SequenceMatcher(None, place.stem.casefold(), Path(name).stem.casefold()).ratio()
