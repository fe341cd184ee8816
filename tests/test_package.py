"""The package as others get it: built, installed somewhere else, and used from there."""

import os
import subprocess
import sys
import sysconfig
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest

from tests.conftest import ROOT

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def built(tmp_path_factory) -> Path:
    """The folder with wheel and sdist."""
    out = tmp_path_factory.mktemp("built")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-d", str(out)], cwd=ROOT, capture_output=True, check=True
    )
    return out


def test_the_wheel_claims_its_own_name_and_no_other(built):
    with zipfile.ZipFile(next(built.glob("*.whl"))) as wheel:
        names = wheel.namelist()
    assert {name.split("/")[0].split("-")[0] for name in names} == {"replay", "omadm_replay"}
    assert "replay/py.typed" in names
    assert [name for name in names if name.endswith("user.toml")]
    for script in ("record", "view", "disturb", "serve", "client_cert"):
        assert [name for name in names if name.endswith(f"/{script}.py") and "rules" not in name], script


def test_the_sdist_has_what_is_needed_to_test_it(built):
    with tarfile.open(next(built.glob("*.tar.gz"))) as sdist:
        names = {name.partition("/")[2] for name in sdist.getnames()}
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True)
    if listed.returncode != 0:
        pytest.skip("git does not say what belongs to this tree")
    tracked = listed.stdout.split("\n")
    assert [name for name in tracked if name and name not in names and Path(name).name != ".gitignore"] == []
    assert not [name for name in names if "__pycache__" in name or name.startswith((".venv", "node_modules"))]


def test_it_runs_from_a_place_of_its_own(built, tmp_path):
    """In a venv with nothing but the wheel, beside the libraries that are installed for these tests."""
    place = tmp_path / "venv"
    venv.create(place, with_pip=False)
    python = place / "bin" / "python"
    site = Path(
        subprocess.run(
            [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"],
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
    )
    (site / "libraries.pth").write_text(sysconfig.get_path("purelib") + "\n")
    with zipfile.ZipFile(next(built.glob("*.whl"))) as wheel:
        wheel.extractall(site)
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"} | {"HOME": str(tmp_path)}

    def run(*arguments: str) -> str:
        done = subprocess.run(
            [python, *arguments], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    assert run("-c", "import replay; print(replay.__file__)").startswith(str(site))
    said = run("-m", "replay", "demo")
    assert "report.html" in said
    assert (tmp_path / "omadm-demo" / "report.html").stat().st_size > 10_000
    addons = Path(run("-m", "replay", "addons").strip())
    assert addons.is_relative_to(site)
    assert (addons / "record.py").is_file()
