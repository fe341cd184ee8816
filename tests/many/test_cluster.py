"""Captures judged on a cluster: a scheduler and two workers as processes on loopback."""

import sys
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from replay.expect.case import Options
from replay.expect.finding import Verdict
from replay.expect.judge import Scope
from replay.many import cluster
from replay.many.cluster import Cluster, ClusterError
from replay.many.judged import Place, Task
from replay.many.pools import in_order
from tests.conftest import ROOT
from tests.many.judging import crashing
from tests.processes import Program, program
from tests.story import user

pytestmark = pytest.mark.slow
_DASK = (sys.executable, "-m", "dask")


def _address(said: str) -> str:
    return said.rpartition(" ")[2]


def _scheduler() -> tuple[str, ...]:
    return (
        *_DASK,
        "scheduler",
        "--host",
        "127.0.0.1",
        "--port",
        "0",
        "--no-dashboard",
        "--dashboard-address",
        "127.0.0.1:0",
    )


def _worker(address: str) -> tuple[str, ...]:
    return (*_DASK, "worker", address, "--host", "127.0.0.1", "--nthreads", "1", "--no-dashboard")


@pytest.fixture(scope="module")
def scheduler() -> Iterator[str]:
    """The address of a scheduler with two workers."""
    with ExitStack() as stack:
        address = _address(stack.enter_context(program(*_scheduler(), cwd=ROOT)).wait_for("Scheduler at:"))
        workers: list[Program] = [stack.enter_context(program(*_worker(address), cwd=ROOT)) for _ in range(2)]
        for each in workers:
            each.wait_for("Registered to:")
        yield address


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "captures"
    (folder / "more").mkdir(parents=True)
    for number in range(12):
        user(device=f"{number:032X}").watch(70).save(folder / f"{number}.jsonl")
    user().watch(5).ordinary("3").watch(70).save(folder / "more" / "fails.jsonl")
    (folder / "more" / "lost.jsonl").write_bytes(b"")
    (folder / "README").write_text("no capture")
    return folder


def _check(*args: object, cwd) -> tuple[int, list[str]]:
    with program(sys.executable, "-m", "replay", "check", *map(str, args), cwd=cwd) as running:
        code = running.wait()
        return code, running.said


@pytest.mark.parametrize("form", ["text", "json", "html", "sarif"])
def test_the_report_is_the_same_as_without_a_cluster(scheduler, folder, form):
    for where in (".", f"file://{folder}"):
        here = _check("--format", form, where, cwd=folder)
        there = _check("--format", form, "--dask", scheduler, where, cwd=folder)
        assert here == there
        assert here[0] == 2
        assert any("more/lost.jsonl: is empty" in line for line in here[1])


def test_a_worker_that_is_killed_takes_nothing_with_it(scheduler, tmp_path):
    names = ["1", "2", "dies", "3", "4", "raises", "5"]
    places = [Place(number, name, str(user().watch(70).save(tmp_path / name))) for number, name in enumerate(names, 1)]
    task = Task(options=Options(), scope=Scope(), make=crashing)
    with Cluster(scheduler) as pool:
        parts = list(in_order(task, places, pool, lambda _: None))
    assert [part.path for part in parts] == names
    assert [part.path for part in parts if part.verdict is not Verdict.PASS] == ["dies", "raises"]
    assert "was killed" in parts[2].unread[0]
    assert "RecursionError" in parts[5].unread[0]


def test_workers_of_another_version_judge_nothing(scheduler, monkeypatch):
    monkeypatch.setattr(cluster, "__version__", "999")
    with pytest.raises(ClusterError, match=r"install omadm-replay 999 there"):
        Cluster(scheduler)


def test_a_scheduler_without_workers_is_said(monkeypatch):
    monkeypatch.setattr(cluster, "_PATIENCE", 1)
    with program(*_scheduler(), cwd=ROOT) as alone:
        address = _address(alone.wait_for("Scheduler at:"))
        with pytest.raises(ClusterError, match="the scheduler has no workers; start them with dask worker tcp://"):
            Cluster(address)
    with pytest.raises(ClusterError, match="there is no scheduler"):
        Cluster(address)
