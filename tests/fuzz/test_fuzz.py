"""A moment of fuzzing for every target: with the mutations of this folder in any case, under atheris where it is installed."""

import importlib.util
import random
import re
import subprocess
import sys

import pytest

from tests.conftest import ROOT
from tests.fuzz import TARGETS
from tests.fuzz.__main__ import target_of
from tests.fuzz.mutate import mutated
from tests.processes import environment

pytestmark = pytest.mark.slow
#: How many inputs each target is given here; `make fuzz` goes on for as long as it is told.
_INPUTS = 150
_MOST = 1 << 15
_PATIENCE = 300


@pytest.mark.parametrize("name", TARGETS)
def test_nothing_but_documented_errors_comes_out(name):
    """Every seed, and the same changed ones every time."""
    target, rng = target_of(name), random.Random(name)
    seeds = tuple(target.seeds())
    assert seeds
    for seed in seeds:
        target.check(seed)
    data = rng.choice(seeds)
    for _ in range(_INPUTS):
        data = mutated(data if rng.random() < 0.5 else rng.choice(seeds), seeds, rng, _MOST)
        try:
            target.check(data)
        except Exception as error:
            error.add_note(f"the input: {data!r}")
            raise


@pytest.mark.parametrize("name", TARGETS)
def test_a_moment_under_atheris(name, tmp_path):
    if importlib.util.find_spec("atheris") is None:
        pytest.skip("needs atheris (pip install 'omadm-replay[fuzz]'), which there is not for every Python")
    command = [
        sys.executable,
        "-m",
        "tests.fuzz",
        name,
        "--runs",
        "100",
        "--seed",
        "1",
        "--found",
        str(tmp_path / "found"),
    ]
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    env = {**environment(), "TMPDIR": str(temporary)}
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=_PATIENCE)
    assert done.returncode == 0, done.stdout + done.stderr
    done_runs = re.search(r"Done (\d+) runs", done.stderr)  # every seed is run, also where there are more
    assert done_runs is not None, done.stderr
    assert int(done_runs[1]) >= 100
    assert list((tmp_path / "found").iterdir()) == []
    assert list(temporary.iterdir()) == []


def test_a_fault_is_found_and_its_input_kept(tmp_path, monkeypatch):
    """The machinery itself: a reader with a fault in it makes the run fail, and says with which input."""
    target = target_of("accept")
    monkeypatch.setattr(target, "check", lambda data: 1 / data.count(b"rule"))
    with pytest.raises(ZeroDivisionError):
        target.check(b"")
    if importlib.util.find_spec("atheris") is None:
        pytest.skip("needs atheris (pip install 'omadm-replay[fuzz]'), which there is not for every Python")
    (tmp_path / "corpus").mkdir()
    program = (
        "import sys, tests.fuzz.target_accept as t; t.check = lambda data: 1 / data.count(b'rule');"
        f"sys.argv = ['x', 'accept', '--runs', '2000', '--seed', '1', '--found', {str(tmp_path)!r}];"
        f"sys.argv += ['--corpus', {str(tmp_path / 'corpus')!r}];"
        "from tests.fuzz.__main__ import main; main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, env=environment(), capture_output=True, text=True, timeout=_PATIENCE
    )
    assert done.returncode != 0
    assert "ZeroDivisionError" in done.stdout + done.stderr
    assert list(tmp_path.glob("accept-crash-*"))
