"""Where captures are judged at the same time: processes of this machine, or a cluster; both as executors of Python's own kind.

The results come in the order of the captures, whichever is ready first. A process that dies takes nothing with it: what it and its
neighbours had in hand is judged once more, one capture after the other, each in a process of its own; the one that dies there too
is the one to blame.
"""

import contextlib
import functools
import multiprocessing
import os
import pickle
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, Future, ProcessPoolExecutor, wait
from multiprocessing import forkserver
from multiprocessing.context import BaseContext
from typing import Protocol

from replay.many.judged import Part, Place, Task, judged, lost

_DIED = (
    "the process that judged it was killed, and so was the next one, which had nothing else to do: most likely there is not enough "
    "memory for it"
)
#: Seconds that a process has to end when it is asked to.
_PATIENCE = 5.0


class Pool(Protocol):
    """What runs a function of one capture. `width` is how many captures are in hand at a time, `died` what is raised for those that
    were in hand where a process died."""

    width: int
    died: tuple[type[Exception], ...]

    def executor(self) -> Executor:
        """The executor; after `broke` another one."""

    def broke(self) -> None:
        """The executor can do no more."""

    def alone(self) -> contextlib.AbstractContextManager[Executor]:
        """An executor with one process."""


def in_order(task: Task, places: Sequence[Place], pool: Pool, done: Callable[[int], None]) -> Iterator[Part]:
    """The parts of all captures, in their order; `done` is told how many are ready."""
    packed = pickle.dumps(task)
    left, ready = deque(places), dict[int, Part]()
    running: dict[Future[Part], Place] = {}
    given = 0
    done(given)
    while left or running:
        while left and left[0].at == "-":  # what comes in here, nobody else can read
            place = left.popleft()
            ready[place.number] = judged(task, place)
        suspects = _fill(packed, left, running, pool)
        ended, _ = wait(running, return_when=FIRST_COMPLETED) if running and not suspects else (set(), None)
        for future in ended:
            suspects += _take(task, future, running.pop(future), ready, pool)
        if suspects:
            while running:  # all of these have ended, one way or the other
                suspects += _take(task, *running.popitem(), ready, pool)
            pool.broke()
            for place in sorted(suspects, key=lambda each: each.number):
                ready[place.number] = _alone(task, packed, place, pool)
        done(given + len(ready))
        while given < len(places) and (part := ready.pop(places[given].number, None)) is not None:
            given += 1
            yield part


def _fill(packed: bytes, left: deque[Place], running: dict[Future[Part], Place], pool: Pool) -> list[Place]:
    """Hands out captures until enough are in hand. Gives the one that could not be handed out, because a process died just then."""
    while left and left[0].at != "-" and len(running) < pool.width:
        place = left.popleft()
        try:
            running[pool.executor().submit(work, packed, place)] = place
        except pool.died:
            return [place]
    return []


def _take(task: Task, future: Future[Part], place: Place, ready: dict[int, Part], pool: Pool) -> list[Place]:
    """Takes what has come of a capture. Gives it back where a process died that may have been the one that had it."""
    try:
        ready[place.number] = future.result()
    except pool.died:
        return [place]
    except Exception as error:  # noqa: BLE001 - what a cluster says of a capture that it lost
        ready[place.number] = lost(task, place, f"{place.path}: {type(error).__name__}: {error}")
    return []


def _alone(task: Task, packed: bytes, place: Place, pool: Pool) -> Part:
    with pool.alone() as executor:
        try:
            return executor.submit(work, packed, place).result()
        except pool.died:
            return lost(task, place, f"{place.path}: {_DIED}")


@functools.lru_cache(maxsize=1)
def _task(packed: bytes) -> Task:
    task: Task = pickle.loads(packed)  # noqa: S301 - our own, from the process that gave this one its work
    return task


def work(packed: bytes, place: Place) -> Part:
    """What a process does for a capture; `packed` is the task, which is the same for all and unpacked once."""
    return judged(_task(packed), place)


# -- processes of this machine ----------------------------------------------------------------------------------------------


class Processes:
    """Processes of this machine. They end when the block is left, also in the middle of a capture, and when this process dies."""

    died: tuple[type[Exception], ...] = (BrokenExecutor,)

    def __init__(self, jobs: int) -> None:
        self.width = jobs * 2
        self._jobs = jobs
        self._context = _context()
        self._executor: ProcessPoolExecutor | None = None
        self._before = set(multiprocessing.active_children())

    def __enter__(self) -> "Processes":
        return self

    def __exit__(self, *error: object) -> None:
        if self._executor is not None:
            self._executor.shutdown(wait=False, cancel_futures=True)
        ours = set(multiprocessing.active_children()) - self._before
        for process in ours:
            process.terminate()
        for process in ours:
            process.join(_PATIENCE)
            process.kill()  # whatever keeps it from ending, such as a tool that measures it
            process.join()

    def executor(self) -> Executor:
        """The executor; after `broke` another one."""
        if self._executor is None:
            self._executor = self._made(self._jobs)
        return self._executor

    def broke(self) -> None:
        """The executor can do no more."""
        if self._executor is not None:
            self._executor.shutdown()
            self._executor = None

    def alone(self) -> Executor:
        """An executor with one process."""
        return self._made(1)

    def _made(self, jobs: int) -> ProcessPoolExecutor:
        return ProcessPoolExecutor(jobs, mp_context=self._context, initializer=_begin)


def cores() -> int:
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _context() -> BaseContext:
    """How processes are made: from a server that has imported what they need and has no threads, where the system can do that."""
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["replay.many.prepared"])
    with _deaf():  # what it starts inherits that: Ctrl-C is for this process alone
        forkserver.ensure_running()
    return context


@contextlib.contextmanager
def _deaf() -> Iterator[None]:
    """Leaves Ctrl-C to wait for a moment, where this is the thread that hears it."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    heard = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, heard)


def _begin() -> None:
    """What a process does first: it leaves Ctrl-C to who started it, and ends with that one."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, name="omadm-parent", daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)  # without it nobody reads what this process still makes
