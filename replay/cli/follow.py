"""The live judgement beside a recording: a thread that reads the journal as it is written, shows what is known, and says when an
episode is decided."""

import contextlib
import gc
import sys
import threading
import time
import traceback
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import BinaryIO, Final

import click

from replay.cli.exits import nobody_reads
from replay.expect.case import Options
from replay.expect.judge import Scope
from replay.expect.live import LiveJudge, Look
from replay.report.live import LiveLines, live_table

_TICK: Final = 0.5
#: The judgement takes at most this part of the time, so that traffic does not wait for it.
_SHARE: Final = 0.05
#: The same while it lags behind.
_SHARE_BEHIND: Final = 0.2
#: Bytes of a journal to a look: what came meanwhile is looked at in pieces, so that no look needs much memory.
_PIECE: Final = 4 << 20


class Follower:
    """Follows a journal on a thread of its own. `decided` is called once an episode of the scenario that is waited for (any, where
    none is named) is decided; `failed` with what went wrong in here, after which nothing is shown any more."""

    def __init__(
        self,
        journal: Path,
        begin: int,
        *,
        options: Options,
        scope: Scope,
        quiet: bool,
        decided: Callable[[], None],
        failed: Callable[[str], None],
    ) -> None:
        self._path, self._begin = journal, begin
        self._judge = LiveJudge(str(journal), options, scope)
        self._expect = options.expect.kind if options.expect else None
        self._decided, self._failed = decided, failed
        self._show = _silent if quiet else (_Table(str(journal)) if sys.stdout.isatty() else _Lines())
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="omadm-live", daemon=True)

    def start(self) -> None:
        """Begins to follow."""
        gc.freeze()  # what the process has begun with stays: `_follow` need not look through it
        self._thread.start()

    def stop(self) -> None:
        """Shows what there is at the end, and stops. May be called without `start`."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        try:
            with self._path.open("rb") as file, contextlib.ExitStack() as stack:
                if isinstance(self._show, _Table):
                    stack.enter_context(self._show)
                file.seek(self._begin)
                self._follow(file)
        except Exception as error:  # noqa: BLE001 - the recording goes on, whatever happens to its judgement
            where = traceback.extract_tb(error.__traceback__)[-1]
            self._failed(
                f"the live judgement ended: {type(error).__name__}: {error} ({where.name}, line {where.lineno})"
            )

    def _follow(self, file: BinaryIO) -> None:
        """Looks again and again until a recording is stopped, and once more then, unless that would take long."""
        cost, asked_to_stop = 0.0, None
        waiting = behind = True
        while waiting or behind:
            waiting = not self._stop.is_set()
            began = time.monotonic()
            if not waiting:
                asked_to_stop = asked_to_stop or began
                if cost > _TICK or began - asked_to_stop > 2 * _TICK:
                    break
            piece = file.read(_PIECE)
            behind = len(piece) == _PIECE
            self._judge.feed(piece)
            # where there is more to read, nothing is known of the time after this piece
            look = self._judge.look(float("-inf") if behind else began, partial(self._kept_waiting, began))
            if look is None:
                break
            self._show(look)
            if any(each.decided and self._expect in (None, each.scenario) for each in look.episodes):
                self._decided()
            del look
            if piece:
                # sessions and judgements know each other: without this a recorder has those of many looks in memory
                gc.collect()
            cost = time.monotonic() - began
            if waiting:
                self._stop.wait(cost / _SHARE_BEHIND if behind else max(_TICK, cost / _SHARE))

    def _kept_waiting(self, began: float) -> bool:
        """Whether who stops a recording is kept waiting by a look that began then."""
        return self._stop.is_set() and time.monotonic() - began > 2 * _TICK


def _silent(look: Look) -> None:
    """Shows nothing."""


class _Lines:
    """Lines on stdout, each as soon as it is known."""

    def __init__(self) -> None:
        self._lines = LiveLines()

    def __call__(self, look: Look) -> None:
        try:
            for line in self._lines.changes(look):
                click.echo(line)
            sys.stdout.flush()
        except BrokenPipeError:  # the recording is judged all the same
            nobody_reads()


class _Table:
    """A table on the terminal that is drawn again in its place."""

    def __init__(self, journal: str) -> None:
        from rich.console import Console
        from rich.live import Live

        self._journal = journal
        self._live = Live(console=Console(), auto_refresh=False)

    def __enter__(self) -> "_Table":
        self._live.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self._live.__exit__(None, None, None)

    def __call__(self, look: Look) -> None:
        self._live.update(live_table(look, self._journal), refresh=True)
