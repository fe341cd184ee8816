"""The picture in the README: the report on a real run of `omadm demo`, as headless Chromium shows it.

    python docs/picture.py docs/report.png

The run is a device that goes on after its alert, recorded anew: identities, ports and times in the picture are those of this run.
"""

import struct
import subprocess
import sys
import tempfile
import zlib
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from replay.cli.demo import QUIET  # noqa: E402 - found in the work tree, whatever folder this is run in
from tests.browser import browser  # noqa: E402
from tests.report.looking import Looking  # noqa: E402

CAPTURE = "demo-not-silent.jsonl"
WIDTH = 980
_SIGNATURE = b"\x89PNG\r\n\x1a\n"
#: The picture ends below the last phase of the unenrolment.
BOTTOM = "Math.ceil(document.querySelector('.phases').getBoundingClientRect().bottom + scrollY) + 8"


def main(picture: Path) -> None:
    """Records, judges, and takes the picture."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        folder = Path(name)
        _omadm(folder, "demo", "-o", ".", ends=(0,))
        _omadm(folder, "check", "--quiet", f"{QUIET:g}", "--format", "html", "-o", "page.html", CAPTURE, ends=(1,))
        with browser(folder) as page:
            look = Looking(page)
            look.size(WIDTH)
            look.open(folder / "page.html")
            picture.write_bytes(smaller(look.picture(WIDTH, look.value(BOTTOM))))


def smaller(png: bytes) -> bytes:
    """The same picture (RGB, eight bits each) with its rows as they are, which compresses best for text on plain ground."""
    chunks, place = [], len(_SIGNATURE)
    while place < len(png):
        (length,) = struct.unpack_from(">I", png, place)
        chunks.append((png[place + 4 : place + 8], png[place + 8 : place + 8 + length]))
        place += 12 + length
    head = next(body for kind, body in chunks if kind == b"IHDR")
    width, _, depth, colours, *_ = struct.unpack(">IIBBBBB", head)
    if (depth, colours) != (8, 2):
        return png
    rows = _rows(zlib.decompress(b"".join(body for kind, body in chunks if kind == b"IDAT")), 3 * width)
    data = zlib.compress(b"".join(b"\0" + row for row in rows), 9)
    return _SIGNATURE + b"".join(_chunk(*chunk) for chunk in ((b"IHDR", head), (b"IDAT", data), (b"IEND", b"")))


def _rows(data: bytes, length: int) -> Iterator[bytes]:
    """The rows of a picture of three bytes a pixel, their filters undone (PNG 9.2)."""
    above = bytearray(length)
    for start in range(0, len(data), length + 1):
        kind, row = data[start], bytearray(data[start + 1 : start + 1 + length])
        for i in range(length if kind else 0):
            left, up, corner = (row[i - 3], above[i], above[i - 3]) if i >= 3 else (0, above[i], 0)
            row[i] = (row[i] + _predicted(kind, left, up, corner)) & 0xFF
        yield bytes(row)
        above = row


def _predicted(kind: int, left: int, up: int, corner: int) -> int:
    if kind < 4:
        return (0, left, up, (left + up) // 2)[kind]
    guess = left + up - corner
    return min((left, up, corner), key=lambda each: abs(guess - each))  # the first of equals, as the standard has it


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def _omadm(folder: Path, *words: str, ends: tuple[int, ...]) -> None:
    """Runs a command of this work tree; stops where it does not end as it should."""
    command = [sys.executable, "-m", "replay", *words]
    done = subprocess.run(  # noqa: S603 - our own command
        command, cwd=folder, env={"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False
    )
    if done.returncode not in ends:
        sys.exit(f"omadm {' '.join(words)} ended with {done.returncode}:\n{done.stderr}")


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve())
