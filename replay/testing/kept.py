"""What is kept of a test that failed: its journals, a report on each, and what the recorders said, named after the test."""

import hashlib
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from msgspec import Struct, structs

from replay.capture.exchange import CaptureError
from replay.capture.readers import read
from replay.expect.judge import Judgement, judge, unreadable
from replay.report.forms import render
from replay.report.shapes import report
from replay.testing.recorder import Recorder
from replay.testing.unenrolled import NotUnenrolledError

_UNSAFE: Final = re.compile(r"[^A-Za-z0-9_.]+")
#: Characters of a test's name in a file's name; its digest tells it from others that begin alike, or differ in what is left out.
_LONGEST: Final = 100
_DIGEST: Final = 6


class Kept(Struct, frozen=True):
    """One capture of a test, where what is made of it goes (a path without its ending), what its recorder said, and the judgement
    that failed the test, where it was that."""

    capture: Path
    place: Path
    said: Sequence[str] = ()
    judgement: Judgement | None = None

    @property
    def page(self) -> Path:
        """The report."""
        return self.place.with_name(f"{self.place.name}.html")

    @property
    def journal(self) -> Path | None:
        """The copy of the capture; None where there is no file to be copied."""
        ending = "".join(self.capture.suffixes[-2 if self.capture.suffix == ".zst" else -1 :])
        return self.place.with_name(self.place.name + ending) if self.capture.is_file() else None

    @property
    def log(self) -> Path | None:
        """What the recorder said; None where it said nothing."""
        return self.place.with_name(f"{self.place.name}.log") if self.said else None

    def files(self) -> list[Path]:
        """Which files there will be, the page that says most first."""
        return [file for file in (self.page, self.journal, self.log) if file is not None]

    def write(self) -> None:
        """Makes the files. Raises OSError where one cannot be written."""
        self.place.parent.mkdir(parents=True, exist_ok=True)
        if self.journal is not None:
            _write(self.journal, self.capture.read_bytes())
        judgement = self.judgement or _judged(self.capture)
        judgement = structs.replace(judgement, path=str(self.journal or self.capture))  # the other one will not stay
        page = render("html", [judgement], report([judgement]), detail=1, fail_on="error")
        _write(self.page, page.encode("utf-8", "backslashreplace"))
        if self.log is not None:
            _write(self.log, "".join(f"{line}\n" for line in self.said).encode("utf-8", "backslashreplace"))


def safe_name(test: str) -> str:
    """The name of a test as a file's name on any system, no other test's: `test_leave.py-test_user-1a2b3c`."""
    digest = hashlib.sha256(test.encode("utf-8", "surrogatepass")).hexdigest()[:_DIGEST]
    return f"{_UNSAFE.sub('-', test).strip('-.')[:_LONGEST]}-{digest}"


def to_keep(folder: Path, test: str, recorders: Sequence[Recorder], error: BaseException | None) -> Iterator[Kept]:
    """What is to be kept in a folder of a test that failed: of each recorder, and of the capture that an assertion was about."""
    failed = error.judgement if isinstance(error, NotUnenrolledError) else None
    asserted = Path(failed.path) if failed is not None else None
    sources: list[tuple[Path, Sequence[str]]] = [(each.journal, each.said) for each in recorders]
    if asserted is not None and asserted not in [journal for journal, _ in sources]:
        sources.append((asserted, ()))
    for number, (capture, said) in enumerate(sources, 1):
        name = safe_name(test) + (f"-{number}" if number > 1 else "")
        yield Kept(capture, folder / name, said, failed if capture == asserted else None)


def _write(file: Path, data: bytes) -> None:
    """Writes a file for its owner alone: like the journal itself it holds credentials."""
    file.touch(0o600)
    file.write_bytes(data)


def _judged(capture: Path) -> Judgement:
    try:
        return judge(read(str(capture)))
    except CaptureError as error:
        return unreadable(str(capture), str(error))
