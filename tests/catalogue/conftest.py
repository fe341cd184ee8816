"""Captures in folders, and the catalogue of them."""

import pytest

from tests.catalogue.asking import OTHER, Machine, omadm
from tests.story import server, user


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "captures"
    (folder / "lab").mkdir(parents=True)
    user().watch(70).save(folder / "good.jsonl")
    user().watch(5).ordinary("3").watch(70).save(folder / "goes-on.jsonl")
    Machine(device=OTHER).ordinary("1").alert("2").watch(5).ordinary("3").watch(70).save(folder / "lab" / "kiosk.jsonl")
    server().watch(5).save(folder / "lab" / "short.jsonl")
    (folder / "lost.jsonl").write_bytes(b"")
    (folder / "README").write_text("no capture")
    return folder


@pytest.fixture
def catalogue(tmp_path):
    return tmp_path / "catalogue \x1b#?.sqlite"


@pytest.fixture
def indexed(folder, catalogue):
    result = omadm("index", folder, "-o", catalogue)
    assert result.exit_code == 0
    assert "5 judged, 0 unchanged, 0 removed; now 1 error, 2 fail, 1 inconclusive, 1 pass" in result.stdout
    return catalogue
