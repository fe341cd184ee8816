"""Commands run within bounds: a process that may have so much memory, and that is given up after so long."""

import contextlib
import os
import resource
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.processes import environment

#: Seconds after which a command has hung: many times what any of these takes on a slow machine.
PATIENCE = 240
#: The address space that a process may have. mitmproxy and lxml take some 300 MB of it before anything is read.
MEMORY = 1 << 30


def limits(memory: int) -> Callable[[], None]:
    """What a process does to itself before it starts."""

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))

    return limit


def omadm(*words: str | Path, memory: int = MEMORY, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """`omadm` with so much memory. Fails where it hangs, and where anything in it crashes or runs out of memory."""
    command = [sys.executable, "-m", "replay", *map(str, words)]
    done = subprocess.run(
        command, cwd=cwd, env=environment(), capture_output=True, text=True, errors="surrogateescape", timeout=PATIENCE,
        preexec_fn=limits(memory), stdin=subprocess.DEVNULL,
    )  # fmt: skip
    said = done.stdout[-3000:] + done.stderr[-3000:]
    assert "Traceback" not in said, said
    assert "MemoryError" not in said, said
    assert "crashed" not in said, said
    assert done.returncode in (0, 1, 2, 3), said
    return done


@contextlib.contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """A folder in which nobody can write, root neither: a file system that is mounted so; else its permissions, which root may pass
    over."""
    mounted = False
    if os.geteuid() == 0:
        for more in (["-t", "tmpfs", "tmpfs"], ["-o", "remount,ro"]):
            done = subprocess.run(["mount", *more, str(folder)], capture_output=True)
            if done.returncode != 0:
                pytest.skip("root may write anywhere, and no file system can be mounted in this container")
            mounted = True
    folder_mode = folder.stat().st_mode
    try:
        if not mounted:
            folder.chmod(0o500)
        yield
    finally:
        if mounted:
            subprocess.run(["umount", "-l", str(folder)], check=True)
        else:
            folder.chmod(folder_mode)
