"""What the targets of TOML files share: a file for the readers, and what their errors must say."""

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from replay.expect.toml_lines import TomlError, parse


def read_toml(data: bytes, reader: Callable[[str], Any]) -> Any:
    """What a reader makes of a file with these bytes; None where it refuses them. Every mistake names the file and its place."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "f.toml")
        path.write_bytes(data)
        try:
            return reader(str(path))
        except TomlError as error:
            assert error.mistakes
            assert all(each.startswith(str(path)) for each in error.mistakes)
            return None


def check_lines(data: bytes) -> None:
    """Every key has its line, and that is one of the file's."""
    try:
        document = parse("f", data)
    except TomlError:
        return
    last = data.count(b"\n") + 1
    assert all(1 <= line <= last for line in document.lines.values())
    assert all((key,) in document.lines for key in document.data)
