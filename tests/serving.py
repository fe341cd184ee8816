"""A played server as a process of its own, for tests."""

import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.processes import Proxy, program


@contextlib.contextmanager
def serving(folder: Path, capture: Path | str, *more: str, name: str = "served.jsonl") -> Iterator[Proxy]:
    """`omadm serve`, which devices call as their server."""
    command = [
        sys.executable,
        "-m",
        "replay",
        "serve",
        str(capture),
        "--listen",
        "127.0.0.1:0",
        "-o",
        str(folder / name),
    ]
    command += ["--interval", "0.2", "--set", f"confdir={folder / 'conf'}", *more]
    with program(*command, cwd=folder) as running:
        yield Proxy(running, folder / name, folder / "conf", "listening on ")


def port_of(proxy: Proxy) -> int:
    """The port on which it listens."""
    return int(proxy.url.split(":")[2].strip("/"))
