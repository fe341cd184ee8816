"""Every command in the README is run (`tests/documents.py`); its links are tried in `test_docs.py`."""

import pytest

from tests.conftest import ROOT
from tests.documents import (
    blocks,
    commands,
    prepared,
    run_to_its_end,
    run_until_a_device_has_left,
    run_until_interrupted,
    run_with_a_lab_server,
)

pytestmark = [pytest.mark.slow, pytest.mark.mitmproxy]
README = ROOT / "README.md"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    return prepared(tmp_path, monkeypatch)


def test_the_blocks_are_of_known_kinds():
    assert {block.kind for block in blocks(README)} == {
        "text",
        "sh",
        "sh background",
        "sh lab",
        "sh wait",
        "powershell",
    }
    assert all(
        line.startswith(("omadm ", "mitmdump ", "make "))
        for kind in ("sh", "sh background", "sh lab", "sh wait")
        for line in commands(README, kind)
    )


@pytest.mark.parametrize("line", commands(README, "sh"))
def test_a_command_that_ends(folder, line):
    """The targets of make run this very test: that each ends well on a fresh clone is what CI shows."""
    run_to_its_end(line, folder)


@pytest.mark.parametrize("line", commands(README, "sh background"))
def test_a_command_that_goes_on_until_it_is_interrupted(folder, line):
    run_until_interrupted(line, folder)


@pytest.mark.parametrize("line", commands(README, "sh lab"))
def test_a_command_that_needs_the_lab_server(folder, line):
    run_with_a_lab_server(line, folder)


@pytest.mark.parametrize("line", commands(README, "sh wait"))
def test_a_command_that_waits_for_an_unenrolment(folder, line):
    run_until_a_device_has_left(line, folder)
