"""What every test shares: real tools and data that may be absent, and where a skip is a failure."""

import os
import re
import shutil
from pathlib import Path

import pytest
from hypothesis import settings

ROOT = Path(__file__).resolve().parent.parent
SHARED_DATA = ROOT.parent / "shared" / "data"

# The same tree gives the same result, wherever it is tested. OMADM_EXPLORE=1 looks at examples that nobody has seen.
settings.register_profile("same", derandomize=True, database=None, print_blob=True)
settings.register_profile("explore", derandomize=False, print_blob=True)
settings.load_profile("explore" if os.environ.get("OMADM_EXPLORE") else "same")


#: The packages that .ci/run installs, and that which runs it.
_INSTALLED = ["bash", *re.search(r"^tools=\((.*)\)$", (ROOT / ".ci" / "run").read_text(), re.MULTILINE)[1].split()]


def tool(name: str, package: str) -> str:
    """The path of a program that the system must provide; skips, and says which, where it is absent.

    A package that .ci/run does not install is refused even where the program is there, as it is not there on a fresh machine.
    """
    assert package in _INSTALLED, f".ci/run does not install {package}"
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"needs the tool {name} (package {package})")
    return found


@pytest.fixture
def shared_data() -> Path:
    """Real messages and flows that this project did not make; they are not part of it."""
    if not SHARED_DATA.is_dir():
        pytest.skip("needs ../shared/data, which is not here")
    return SHARED_DATA


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]):
    """Under OMADM_NEED_TOOLS (set by .ci/run, which installs the tools) a test that lacks a tool fails."""
    report = yield
    if report.skipped and os.environ.get("OMADM_NEED_TOOLS") and "needs the tool" in str(report.longrepr):
        report.outcome = "failed"
        report.longrepr = f"skipped, but .ci/run installs what it needs: {report.longrepr}"
    return report
