"""The digest of a capture's bytes, by which it is known again."""

import hashlib
import io
from pathlib import Path
from typing import BinaryIO

from replay.capture.exchange import CaptureError
from replay.capture.remote import is_url, opened
from replay.capture.single import message_files


def digest_of(path: str) -> str | None:
    """The SHA-256 of a file, in hexadecimal; of a folder of messages that of their names and contents. None where it cannot be
    opened."""
    try:
        if is_url(path):
            with opened(path) as found:
                return _of_folder(found) if isinstance(found, Path) else _of_file(found)
        if Path(path).is_dir():
            return _of_folder(Path(path))
        with Path(path).open("rb") as file:
            return _of_file(file)
    except (OSError, CaptureError):
        return None


def _of_file(file: BinaryIO) -> str:
    digest, chunk = hashlib.sha256(), io.DEFAULT_BUFFER_SIZE * 32
    while data := file.read(chunk):
        digest.update(data)
    return digest.hexdigest()


def _of_folder(folder: Path) -> str | None:
    files = message_files(folder)
    told = [f"{file.name}\0{hashlib.sha256(file.read_bytes()).hexdigest()}\n" for file in files]
    return hashlib.sha256("".join(told).encode("utf-8", "surrogateescape")).hexdigest() if files else None
