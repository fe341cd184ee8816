"""Many captures at a time: a folder of them in two processes against one."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from benchmarks.captures import journal
from benchmarks.timing import best, row_of

_CAPTURES = 400
_SESSIONS = 100
_JOBS = 2


def rows(folder: Path) -> list[dict[str, object]]:
    """One row: 400 captures of 100 sessions. On a machine with one processor there is nothing to gain, and no aim."""
    captures = folder / "many"
    captures.mkdir()
    for number in range(_CAPTURES):
        journal(captures / f"{number:03}.jsonl", _SESSIONS)
    measured = best([_check(captures, _JOBS), _check(captures, 1)], rounds=3)
    what = f"check {_CAPTURES} captures of {_SESSIONS} sessions, --jobs {_JOBS}"
    row = row_of(what, "--jobs 1", measured, 0.65)
    if (os.cpu_count() or 1) < _JOBS:
        row["aim"] = None
    return [row]


def _check(captures: Path, jobs: int) -> Callable[[], object]:
    command = [sys.executable, "-m", "replay", "check", "-q", "--jobs", str(jobs), str(captures)]
    return lambda: subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
