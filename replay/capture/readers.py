"""One way in for captures: which format a file is, told by its content, and its reader."""

import io
import sys
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, Final

from replay.capture import flows, har, journal_reader, single, viewer, zst
from replay.capture.access import cannot_be_read
from replay.capture.exchange import Capture, CaptureError
from replay.capture.journal import looks_like_journal
from replay.capture.remote import is_url, opened

#: From so many bytes at its beginning the format of a file is told.
HEAD: Final = 4096


def _message_or_stream(file: BinaryIO, path: str) -> Capture:
    """One message, or where one root follows the other a stream that the viewer saved without its comments."""
    several = viewer.has_many_roots(file.read())
    file.seek(0)
    return viewer.read(file, path) if several else single.read(file, path)


_FORMATS: Final = (
    (har.looks_like_har, har.read),  # before the journal: in one line a HAR may have a journal's members
    (looks_like_journal, journal_reader.read),
    (zst.looks_like_zst, zst.read),
    (flows.looks_like_flows, flows.read),
    (viewer.looks_like_stream, viewer.read),
    (single.looks_like_message, _message_or_stream),
)
_READABLE: Final = (
    "readable are a journal (*.jsonl, *.jsonl.zst), a mitmproxy flow file, a HAR, a stream saved by SyncMLViewer, "
    "a SyncML message, and a folder of messages (01_request.xml, …)"
)


#: Puts itself between a file of that path and who reads it, to see how far that has come.
Watch = Callable[[BinaryIO, str], BinaryIO]


def begins_a_capture(head: bytes) -> bool:
    """Whether a file that begins so (its first HEAD bytes) is of a format that can be read."""
    return any(recognises(head) for recognises, _ in _FORMATS)


def read(path: str, watch: Watch | None = None) -> Capture:
    """A capture from a file, a folder, standard input (`-`), or a URL that fsspec knows (`s3://bucket/run.jsonl`).

    Raises CaptureError, which names the file, the place and the reason, where nothing in it can be read.
    """
    if path == "-":
        return _read(io.BytesIO(sys.stdin.buffer.read()), "-", watch)
    if is_url(path):
        return _read_url(path, watch)
    place = Path(path)
    try:
        if place.is_dir():
            return single.read_folder(place)
        with place.open("rb") as file:
            return _read(file, path, watch)
    except OSError as error:
        raise CaptureError(cannot_be_read(path, error)) from None


def _read_url(url: str, watch: Watch | None) -> Capture:
    with opened(url) as file:
        if isinstance(file, Path):  # a folder, copied to this machine
            capture = single.read_folder(file)
            capture.path = url
            return capture
        return _read(file, url, watch)


def _read(file: BinaryIO, path: str, watch: Watch | None) -> Capture:
    if watch is not None:
        file = watch(file, path)
    head = file.read(HEAD)
    if not head.strip():
        what = "is empty" if not head else "holds nothing but white space"
        raise CaptureError(
            f"{path}: {what}; nothing was recorded into it: see that devices reach the recorder, or name another file"
        )
    file.seek(0)
    for recognises, reader in _FORMATS:
        if recognises(head):
            capture = reader(file, path)
            if capture.troubles and not (capture.exchanges or capture.stretches):  # not one record of it is whole
                raise CaptureError(
                    f"{path}: {capture.troubles[0].text}; nothing before that can be read; take another copy of it, or record again"
                )
            return capture
    raise CaptureError(f"{path}: byte 0: no known capture format, it begins {_beginning(head)}; {_READABLE}")


def _beginning(head: bytes) -> str:
    from replay.syncml.errors import show_bytes

    return show_bytes(head[:32])
