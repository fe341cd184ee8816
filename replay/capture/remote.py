"""Captures on shared storage: URLs that fsspec knows (`s3://bucket/folder`, `file:///srv/captures`).

fsspec, and what it needs for a storage (s3fs for `s3://`), are imported when such a URL is used. What goes wrong in them is of many
kinds; here it becomes a CaptureError.
"""

import contextlib
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, Final

from replay.capture.exchange import CaptureError
from replay.capture.single import names_a_message

_URL: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
#: What to install for fsspec itself.
EXTRA: Final = "pip install 'omadm-replay[cluster]'"


def is_url(path: str) -> bool:
    """Whether a path is a URL, and not one of this machine's."""
    return bool(_URL.match(path))


@contextlib.contextmanager
def storage(url: str) -> Iterator[tuple[Any, str]]:
    """The file system of a URL, and what the URL is called in it. Raises CaptureError, also for what fails in the block."""
    try:
        import fsspec
    except ImportError:
        raise CaptureError(
            f"{url}: cannot be read: fsspec, which reads from URLs, is not installed: {EXTRA}, or name a file of this machine"
        ) from None
    try:
        yield fsspec.core.url_to_fs(url)
    except (CaptureError, KeyboardInterrupt):
        raise
    except FileNotFoundError:
        raise CaptureError(f"{url}: cannot be read: there is nothing of that name") from None
    except ImportError as error:  # the storage's own package
        raise CaptureError(f"{url}: cannot be read: {error}") from None
    except Exception as error:  # noqa: BLE001 - every storage has errors of its own
        raise CaptureError(f"{url}: cannot be read: {type(error).__name__}: {error}") from None


@contextlib.contextmanager
def opened(url: str) -> Iterator[BinaryIO | Path]:
    """The file at a URL; of a folder a copy of its files on this machine, for as long as it is needed. Raises CaptureError."""
    with storage(url) as (files, root):
        if not files.isdir(root):
            with files.open(root, "rb") as file:
                yield file
            return
        with tempfile.TemporaryDirectory(prefix="omadm-") as folder:
            names = [each["name"] for each in files.ls(root, detail=True) if each["type"] == "file"]
            messages = {name: last for name in names if names_a_message(last := name_of(name))}
            if not messages:
                raise CaptureError(
                    f"{url}: is a folder without messages; expected files named like 01_request.xml and 01_response.xml"
                )
            for name, last in messages.items():
                files.get_file(name, str(Path(folder, last)))
            yield Path(folder)


def name_of(path: str) -> str:
    """The last part of a path in a storage."""
    return path.rstrip("/").rpartition("/")[2]
