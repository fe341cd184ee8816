"""What the tests of the catalogue share: the command line, a device of another model, and what a catalogue says."""

import json
import sqlite3

from click.testing import CliRunner

from replay.cli import main
from replay.lab import messages
from tests.story import Story

OTHER = "F" * 32


def omadm(*args: object):
    result = CliRunner().invoke(main, [str(arg) for arg in args])
    assert isinstance(result.exception, SystemExit | None), result.exception
    return result


class Machine(Story):
    """A device of a model of its own, whose clock begins at another time."""

    model = "Kiosk \x9b31m7\u202e"

    def package_one(self, session: str, *, alert: str | None = None, number: int = 1) -> bytes:
        info = messages.DeviceInfo(self.device, model=self.model)
        return self.to_server(session, number, messages.package_one(info, alert=alert))

    def line(self, type_: str, **members: object) -> None:
        super().line(type_, **members)
        self.lines[-1]["t"] += 86_400.0


def found(catalogue, *args: object) -> list[str]:
    """The captures that are found, by the last parts of their names."""
    result = omadm("find", "-c", catalogue, "--format", "json", *args)
    assert (result.exit_code, result.stderr) == (0, "")
    report = json.loads(result.stdout)
    assert (report["format"], report["version"]) == ("omadm-find", 1)
    return [row["path"].rpartition("/")[2].removesuffix(".jsonl") for row in report["rows"]]


def dump(catalogue) -> list[str]:
    """All that a catalogue says, but for when it was made and the numbers of captures."""
    with sqlite3.connect(catalogue) as connection:
        return [
            str(row)
            for table in ("session", "episode", "finding")
            for row in connection.execute(
                f"SELECT c.path, c.verdict, t.* FROM {table} t JOIN capture c ON c.id = t.capture"
            )
        ]
