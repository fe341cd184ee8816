"""One way out for captures: which format is written, told by the ending or by name, and its writer.

A file is written beside its place and moved there when it is whole, so that a failure leaves what was there as it was.
"""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, Final

import msgspec

from replay.capture import flow_writer, folder_writer, har_writer
from replay.capture.access import cannot_be_written
from replay.capture.exchange import Capture, CaptureError
from replay.capture.journal_lines import lines

JOURNAL, FLOWS, HAR, FOLDER = "journal", "flows", "har", "folder"
FORMATS: Final = (JOURNAL, FLOWS, HAR, FOLDER)
#: The endings that stand for a format.
ENDINGS: Final = {
    ".jsonl": JOURNAL, ".jsonl.zst": JOURNAL, ".mitm": FLOWS, ".flow": FLOWS, ".flows": FLOWS, ".har": HAR,
}  # fmt: skip
_COMPRESSED: Final = ".zst"


def format_of(out: str) -> str:
    """The format that the ending of a name stands for: a folder where it has none.

    Raises CaptureError for an ending that stands for none.
    """
    name = Path(out).name.lower()
    for ending, form in ENDINGS.items():
        if name.endswith(ending):
            return form
    if out.endswith(("/", os.sep)) or Path(out).is_dir() or ("." not in name and out != "-"):
        return FOLDER
    raise CaptureError(
        f"{out}: its ending stands for no format ({', '.join(ENDINGS)}, or none for a folder); give --to {'|'.join(FORMATS)}"
    )


def check_place(out: str, form: str, *, force: bool = False) -> None:
    """Raises CaptureError where `write` would not write there, whatever the capture: for who has much to do before that."""
    place = Path(out)
    if form == FOLDER:
        if out == "-":
            raise CaptureError("-: a folder cannot be written to stdout; name one")
        if place.exists() and not place.is_dir():
            raise CaptureError(f"{out}: is a file; a folder of messages needs another name")
        try:
            folder_writer.check_place(place, force=force)
        except OSError as error:
            raise CaptureError(cannot_be_written(out, error)) from None
    elif out != "-":
        if place.is_dir():
            raise CaptureError(f"{place}: is a folder; name a file, or give --to folder")
        if place.exists() and not force:
            raise CaptureError(f"{place}: is there already; choose another name, or give --force")


def write(capture: Capture, out: str, form: str, *, force: bool = False) -> list[str]:
    """Writes a capture to a file (or `-`, stdout) or a folder, in one of FORMATS. Gives what was lost on the way, in words.

    Raises CaptureError where `out` is there already and `force` is not given, or cannot be written.
    """
    try:
        check_place(out, form, force=force)
        if form == FOLDER:
            return folder_writer.write(capture, Path(out), force=force)
        writer = _WRITERS[form]
        if form == JOURNAL and out.lower().endswith(_COMPRESSED):
            writer = write_compressed_journal
        if out == "-":
            losses = writer(capture, sys.stdout.buffer)
            sys.stdout.buffer.flush()
            return losses
        return _to_file(capture, Path(out), writer)
    except OSError as error:
        raise CaptureError(cannot_be_written(out, error)) from None


def _to_file(capture: Capture, place: Path, writer: Callable[[Capture, BinaryIO], list[str]]) -> list[str]:
    part = place.with_name(f"{place.name}.part-{os.getpid()}")
    try:
        # like the journal itself for its owner alone: it holds credentials
        part.touch(mode=0o600, exist_ok=False)
        with part.open("wb") as file:
            losses = writer(capture, file)
        part.replace(place)
    finally:
        part.unlink(missing_ok=True)
    return losses


def write_journal(capture: Capture, file: BinaryIO) -> list[str]:
    """Writes a journal. It carries everything; what it says about time is said where the capture did not say it itself."""
    encode = msgspec.json.Encoder().encode
    for line in lines(capture):
        file.write(encode(line) + b"\n")
    losses = []
    if not capture.says_when_watching and capture.stretches:
        losses.append(
            f"that a {capture.format} does not say when it was watching: the journal says until its last line, and "
            "--until cannot make it longer"
        )
    if capture.says_when_watching and any(trouble.kind == "clock" for trouble in capture.troubles):
        losses.append("where the steady clock ran backwards: it stands still there")
    return losses


def write_compressed_journal(capture: Capture, file: BinaryIO) -> list[str]:
    """Writes a journal compressed with Zstandard."""
    import zstandard

    with zstandard.ZstdCompressor().stream_writer(file, closefd=False) as compressed:
        return write_journal(capture, compressed)


_WRITERS: Final[dict[str, Callable[[Capture, BinaryIO], list[str]]]] = {
    JOURNAL: write_journal,
    FLOWS: flow_writer.write,
    HAR: har_writer.write,
}
