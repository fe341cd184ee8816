"""Folders of messages and traces. A folder is written as one text: a line `--- NAME` begins a file."""

import re
import tempfile
from pathlib import Path

from replay.capture.exchange import CaptureError
from replay.capture.single import names_a_message, read_folder
from tests.fuzz import seeds as stories
from tests.fuzz.judged import check_capture

_FILE = re.compile(rb"^--- ([^\n/\0]{1,60})\n", re.MULTILINE)
_HEAD = b"POST /omadm/x?y=z HTTP/1.1\r\nHost: mdm.example.test\r\nContent-Type: application/vnd.syncml.dm+xml\r\n\r\n"
_STATUS = b"HTTP/1.1 200 OK\r\nContent-Type: application/vnd.syncml.dm+xml\r\n\r\n"


def seeds() -> list[bytes]:
    """Folders with bodies, heads beside them, and traces."""
    one, two, *_ = stories.xml_bodies()
    binary = stories.wbxml_bodies()[0]
    return [
        b"--- 01_request.xml\n" + one + b"--- 01_response.xml\n" + two,
        b"--- 01_request.headers\n" + _HEAD + b"--- 01_request.xml\n" + one + b"--- 01_response.headers\n" + _STATUS,
        b"--- 1_request.txt\n" + _HEAD + one + b"--- 1_response.txt\n" + _STATUS + two + b"--- 2_request.txt\n" + two,
        b"--- 01_request.wbxml\n" + binary + b"--- 01_request.xml\n" + one + b"--- x_response.wbxml\n" + binary,
    ]


def check(data: bytes) -> None:
    """Whatever is in the files, they are read and judged; only CaptureError comes out, where there is no message."""
    parts = _FILE.split(data)
    with tempfile.TemporaryDirectory() as folder:
        for name, content in zip(parts[1::2], parts[2::2], strict=True):
            shown = name.decode("utf-8", "surrogateescape")
            if names_a_message(shown) and shown not in (".", ".."):
                Path(folder, shown).write_bytes(content)
        try:
            capture = read_folder(Path(folder))
        except CaptureError:
            return
        capture.path = "fuzzed"
        check_capture(capture)
