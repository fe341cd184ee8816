"""Noise profiles."""

from replay.expect.case import Options
from replay.expect.judge import Scope, judge
from replay.expect.noise import read_noise
from tests.fuzz import seeds as stories
from tests.fuzz.toml import check_lines, read_toml

_LINES = b"""[[noise]]
path = "SyncBody/Replace[1]/Item[2]/Data"
about = "./DevDetail/Ext/Microsoft/TotalRAM"
side = "request"
kind = "counter"
signed = "A. Tester, 2026-11-23"
reason = "free memory"

[[noise]]
path = "SyncBody/Replace/Item/Data"
kind = "random"
alphabet = "hex"
length = [1, 64]
signed = "A. Tester"
reason = "an id"
captures = 3

[[noise]]
path = "HTTP/user-agent"
kind = "text"
"""


def seeds() -> list[bytes]:
    """Profiles."""
    return [
        _LINES,
        _LINES.replace(b"counter", b"time"),
        _LINES.replace(b"counter", b"constant").replace(b'"text"', b'"alias"'),
    ]


def check(data: bytes) -> None:
    """Only TomlError comes out; with what was read captures can be judged, and none is judged worse for it."""
    check_lines(data)
    profile = read_toml(data, read_noise)
    if profile is not None:
        profile.notes()
        for capture in stories.captures()[:2]:
            judged = judge(capture, Options(), Scope(noise=profile))
            assert not judged.errors, judged.errors
