"""Rules of the house that no linter knows."""

import re
import subprocess

import pytest

from tests.conftest import ROOT

MODULES = sorted([*ROOT.glob("replay/**/*.py"), *ROOT.glob("addons/*.py"), *ROOT.glob("benchmarks/*.py")])
TESTS = sorted([*ROOT.glob("tests/**/*.py"), *ROOT.glob("docs/*.py")])


def tracked() -> list[str]:
    done = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True)
    if done.returncode != 0:
        pytest.skip("not a git checkout")
    return done.stdout.splitlines()


@pytest.mark.parametrize("module", [*MODULES, *TESTS], ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_stays_small(module):
    assert len(module.read_text("utf-8").splitlines()) <= 400


@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_nothing_is_passed_over_in_silence(module):
    text = module.read_text("utf-8")
    assert not re.search(r"except[^\n]*:\n\s+pass\n(?!\s*(try|return|at =))", text), "a fault that nobody hears of"


def test_no_names_that_say_nothing():
    vague = {"utils", "util", "helpers", "helper", "manager", "common", "misc"}
    assert not [path for path in [*MODULES, *TESTS] if path.stem in vague]


def test_no_path_of_a_machine_and_no_generated_file_is_committed():
    for name in tracked():
        assert not re.search(r"(^|/)(__pycache__|\.venv|dist|build|\.hypothesis)(/|$)|\.pyc$|\.egg-info", name), name
        path = ROOT / name
        if path.is_file() and path.suffix in (".py", ".toml", ".md", ".sh", "") and name != "tests/test_house.py":
            text = path.read_text("utf-8", "replace")
            assert not re.search(r"/(root|home/\w+|Users/\w+|work/(main|shared))/", text), name
