"""The pytest plugin: a recording proxy and a lab server as fixtures, and what was recorded kept where a test fails.

pytest is imported in this module alone, and by whoever runs it: the command does not need it. What a fixture needs is imported
when it is used, because pytest loads every installed plugin for every project.
"""

import contextlib
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

if TYPE_CHECKING:
    from replay.lab.server import LabServer
    from replay.testing.kept import Kept
    from replay.testing.recorder import Recorder

_MARKER: Final = "omadm_lab"
_OPTIONS: Final = ("unenroll", "variant")
_RECORDERS: Final = pytest.StashKey[list["Recorder"]]()
_KEPT: Final = pytest.StashKey[list["Kept"]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--omadm-artifacts DIR`."""
    parser.getgroup("omadm-replay").addoption(
        "--omadm-artifacts",
        metavar="DIR",
        default="omadm-artifacts",
        help="Where the journals and reports of failed tests are kept (default: omadm-artifacts).",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Registers the marker."""
    config.addinivalue_line(
        "markers",
        f"{_MARKER}(unenroll=None, variant='good'): how omadm_lab_server behaves: `unenroll` is the provider id in the Exec "
        "Unenroll that each device is sent in its next session, `variant` a way to misbehave (omadm lab server --help)",
    )


@pytest.fixture
def omadm_recorder(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[..., "Recorder"]]:
    """Starts recording proxies: `omadm_recorder(upstream=None, *options, listen=…, confdir=…)` gives one that is listening.

    `options` are further ones of `omadm record`. Each is stopped at the end of the test, and its journal kept where that failed.
    """
    from replay.testing.recorder import Recorder

    started = request.node.stash.setdefault(_RECORDERS, [])
    with contextlib.ExitStack() as stack:

        def start(upstream: str | None = None, *options: str, **more: Any) -> Recorder:
            __tracebackhide__ = True
            recorder = Recorder(tmp_path_factory.mktemp("omadm"), upstream, options, **more)
            stack.callback(recorder.stop)
            started.append(recorder)
            return recorder

        yield start


@pytest.fixture
def omadm_lab_server(request: pytest.FixtureRequest) -> Iterator["LabServer"]:
    """A lab server on loopback, as the marker `omadm_lab` says: `url` is where it listens, `unenrolled` whose alert it took."""
    from replay.expect.nearest import unknown
    from replay.lab.server import VARIANTS, LabServer

    marker = request.node.get_closest_marker(_MARKER)
    given: dict[str, Any] = dict(marker.kwargs) if marker is not None else {}
    wrong = [unknown("option", name, _OPTIONS) for name in given if name not in _OPTIONS]
    wrong += ["it takes its options by name"] if marker is not None and marker.args else []
    if given.get("variant", "good") not in VARIANTS:
        wrong.append(unknown("variant", str(given["variant"]), VARIANTS))
    if wrong:
        pytest.fail(f"marker {_MARKER}: {'; '.join(wrong)}", pytrace=False)
    with LabServer(**given) as server:
        yield server


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Says in the report of a failed test what is kept of it, and keeps that once everything has stopped."""
    report = yield
    if report.failed and _KEPT not in item.stash:
        item.stash[_KEPT] = kept = _announced(item, call)
        if kept:
            names = [str(file) for each in kept for file in each.files()]
            report.sections.append(("omadm: kept of this test", "\n".join(names)))
    if report.when == "teardown":
        for each in item.stash.get(_KEPT, []):
            try:
                each.write()
            except Exception as error:  # noqa: BLE001 - the test is reported, whatever becomes of what is kept of it
                text = f"{each.page}: cannot be kept: {type(error).__name__}: {error}"
                report.sections.append(("omadm: teardown", text))
    return report


def _announced(item: pytest.Item, call: pytest.CallInfo[None]) -> "list[Kept]":
    """What is to be kept of a test that failed; nothing, at no cost, of one that recorded nothing."""
    recorders = item.stash.get(_RECORDERS, [])
    error = call.excinfo.value if call.excinfo is not None else None
    if not recorders and not hasattr(error, "judgement"):
        return []
    from replay.testing.kept import to_keep

    folder = item.config.invocation_params.dir / Path(item.config.getoption("--omadm-artifacts"))
    return list(to_keep(folder, item.nodeid, recorders, error))
