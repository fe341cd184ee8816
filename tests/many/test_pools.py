"""Captures judged in processes: in order, whatever becomes of the processes."""

import multiprocessing
import os

import pytest

from replay.expect.case import Options
from replay.expect.finding import Verdict
from replay.expect.judge import Scope
from replay.many.judged import Place, Task, judged
from replay.many.pools import Processes, in_order
from tests.many.judging import crashing, deaf, plain
from tests.story import user

pytestmark = pytest.mark.slow


@pytest.fixture
def places(tmp_path):
    def make(*names: str) -> list[Place]:
        for name in names:
            user().watch(70).save(tmp_path / name)
        return [Place(number, name, str(tmp_path / name)) for number, name in enumerate(names, 1)]

    return make


def run(task: Task, places: list[Place], jobs: int = 2) -> list:
    ready: list[int] = []
    with Processes(jobs) as pool:
        parts = list(in_order(task, places, pool, ready.append))
    assert ready == sorted(ready)
    assert ready[-1] == len(places)
    assert not multiprocessing.active_children()
    return parts


def task_of(make) -> Task:
    return Task(options=Options(), scope=Scope(), make=make)


def test_the_parts_are_those_of_one_process_in_order(places):
    where = places(*(f"{number}.jsonl" for number in range(20)))
    where[7] = Place(8, "gone", "/nowhere/gone")
    task = task_of(plain)
    assert run(task, where, jobs=3) == [judged(task, place) for place in where]


def test_a_crash_is_an_error_of_that_capture_alone(places):
    one, two, three = run(task_of(crashing), places("a", "raises", "c"))
    assert (one.verdict, two.verdict, three.verdict) == (Verdict.PASS, Verdict.ERROR, Verdict.PASS)
    assert two.unread[0].startswith("raises: judging it crashed: RecursionError: too deep")
    assert two.unread[0].endswith("Please report it")
    assert two == judged(task_of(crashing), places("a", "raises", "c")[1])


def test_a_process_that_is_killed_takes_nothing_with_it(places):
    names = ["dies-1", *map(str, range(6)), "dies-2", "dies-3", *map(str, range(6, 12)), "dies-4"]
    parts = run(task_of(crashing), places(*names))
    assert [part.path for part in parts] == names
    assert [part.path for part in parts if part.verdict is not Verdict.PASS] == ["dies-1", "dies-2", "dies-3", "dies-4"]
    assert all("was killed" in part.unread[0] for part in parts if part.unread)


def test_what_is_left_early_leaves_no_process_behind(places):
    with Processes(2) as pool:
        parts = in_order(task_of(plain), places(*map(str, range(30))), pool, lambda _: None)
        assert next(parts).verdict is Verdict.PASS
    assert not multiprocessing.active_children()


def test_a_process_that_will_not_end_is_ended(tmp_path, monkeypatch):
    monkeypatch.setattr("replay.many.pools._PATIENCE", 0.1)
    os.mkfifo(tmp_path / "pipe")
    with Processes(1) as pool:
        pool.executor().submit(deaf, str(tmp_path / "pipe"))
        (tmp_path / "pipe").read_bytes()  # waits until the process opens it
        (process,) = multiprocessing.active_children()
    assert process.exitcode
    assert not multiprocessing.active_children()


def test_no_captures_are_no_parts():
    with Processes(2) as pool:
        assert list(in_order(task_of(plain), [], pool, lambda _: None)) == []
