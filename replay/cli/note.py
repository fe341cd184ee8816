"""`omadm note`: a mark in a journal that is being written."""

import os
import time
from pathlib import Path
from typing import Any

import click
import msgspec

from replay.capture.access import cannot_be_read, cannot_be_written
from replay.capture.journal import looks_like_journal
from replay.cli.exits import stop
from replay.report.safe import without_surrogates

_HEAD = 4096


@click.command("note")
@click.argument("journal")
@click.argument("text")
@click.option("--name", metavar="NAME", help="What kind of mark it is; `push` says that a push was sent to the device.")
def command(journal: str, text: str, name: str | None) -> None:
    """Put a mark into JOURNAL, which `omadm record` may be writing: "user pressed Disconnect", say.

    Exit codes: 0 when it is there, 2 where JOURNAL is no journal or cannot be written.
    """
    path = Path(journal)
    try:
        if path.exists() and not path.is_file():  # to open a pipe would wait for its other end
            stop(f"{journal}: is no file, so it is no journal; a mark goes into one that `omadm record` writes")
        append_note(path, without_surrogates(text), without_surrogates(name) if name is not None else None)
    except OSError as error:
        said = cannot_be_read if isinstance(error, FileNotFoundError) else cannot_be_written
        stop(said(journal, error))


def append_note(path: Path, text: str, name: str | None) -> None:
    """Appends a note's line in one write, so that it stands between the lines of a recorder and not within one.

    Raises OSError where the file cannot be written; ends the command where it is no journal.
    """
    fd = os.open(path, os.O_RDWR | os.O_APPEND | getattr(os, "O_BINARY", 0))
    try:
        if not looks_like_journal(os.read(fd, _HEAD)):
            stop(f"{path}: is no journal; a mark goes into one that `omadm record` writes")
        os.lseek(fd, -1, os.SEEK_END)
        # a recorder that was killed may have left half a line
        start = b"" if os.read(fd, 1) == b"\n" else b"\n"
        rest: dict[str, Any] = {"text": text} if name is None else {"text": text, "name": name}
        # the clocks are read last: the recorder goes on, and a line must not be older than the one before it
        line = {"type": "note", "t": time.time(), "mono": time.monotonic(), **rest}
        data = start + msgspec.json.encode(line) + b"\n"
        written = os.write(fd, data)
        if written < len(data):
            raise OSError(f"only {written} of {len(data)} bytes of it could be written; is the disk full?")
    finally:
        os.close(fd)
