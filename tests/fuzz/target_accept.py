"""Files of accepted findings."""

from datetime import UTC, datetime

from replay.expect.accept import Accepted, read_accepted
from replay.expect.case import Options
from replay.expect.judge import Scope, judge
from tests.fuzz import seeds as stories
from tests.fuzz.toml import check_lines, read_toml

_NOW = datetime(2026, 11, 23, tzinfo=UTC)
_ENTRIES = b"""[[accept]]
rule = "UNE018"
server = "https://mdm.example.test/*"
device = "0123456789ABCDEF*"
reason = "ticket 4711"
until = 2026-12-31

[[accept]]
rule = "une014"
reason = 'known'
until = 2026-11-24T10:00:00Z
[[accept]]
rule = "MSG005"
reason = "x"
until = "2026-01-01"
"""


def seeds() -> list[bytes]:
    """Files."""
    return [
        _ENTRIES,
        b"\xef\xbb\xbf" + _ENTRIES.replace(b"\n", b"\r\n"),
        b'accept = [{rule = "UNE001", reason = "r"}]\n',
    ]


def _read(path: str) -> Accepted:
    return read_accepted(path, _NOW)


def check(data: bytes) -> None:
    """Only TomlError comes out; with what was read captures can be judged."""
    check_lines(data)
    accepted = read_toml(data, _read)
    if accepted is not None:
        judged = judge(stories.captures()[-1], Options(), Scope(accepted=accepted))
        assert not judged.errors, judged.errors
        accepted.left(judged.matched)
