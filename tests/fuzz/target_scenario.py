"""Scenario files."""

import functools
from pathlib import Path

from replay.capture.exchange import Capture
from replay.expect.case import Options
from replay.expect.judge import judge
from replay.expect.scenarios.read import load_scenario, shipped_path
from tests.fuzz import seeds as stories
from tests.fuzz.toml import check_lines, read_toml


def seeds() -> list[bytes]:
    """The scenarios that ship."""
    return [Path(shipped_path(name)).read_bytes() for name in ("user", "server", "unjoin-failed")]


@functools.cache
def _captures() -> tuple[Capture, ...]:
    return stories.captures()[:3]


def check(data: bytes) -> None:
    """Only TomlError comes out; by what was read captures can be judged."""
    check_lines(data)
    scenario = read_toml(data, load_scenario)
    if scenario is not None:
        for capture in _captures():
            judged = judge(capture, Options(expect=scenario))
            assert not judged.errors, judged.errors
