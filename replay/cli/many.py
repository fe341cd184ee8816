"""What commands that take many captures share: which captures their arguments stand for, and where these are judged."""

import contextlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, TypeVar

import click
from msgspec import Struct

from replay.capture.walk import walk
from replay.cli.exits import stop
from replay.cli.options import completed
from replay.cli.progress import Shown
from replay.many.judged import Part, Place, Task, elsewhere, judged

_F = TypeVar("_F", bound=Callable[..., Any])


@completed(lambda: [("auto", "one for each processor")])
def _jobs(value: str | int) -> int:
    """A number of processes as an option's value; `auto` and 0 are as many as there are processors."""
    if value == "auto":
        value = 0
    if isinstance(value, str) and not (value.isascii() and value.isdigit() and len(value) < 5):
        raise click.BadParameter(f"{value!r} is no number of processes, such as 4, or auto")
    if int(value) == 0:
        from replay.many.pools import cores

        return cores()
    return int(value)


class Where(Struct, frozen=True):
    """Where captures are judged: in so many processes, or by a cluster."""

    jobs: int = 1
    dask: str | None = None


def where_options(function: _F) -> _F:
    """`--jobs` and `--dask`."""
    function = click.option(
        "--dask",
        metavar="ADDRESS",
        help="Judge on a cluster: the address of a scheduler of dask.distributed, such as tcp://host:8786. The captures are on "
        "storage that its workers see under the same name, or at URLs (s3://bucket/folder).",
    )(function)
    return click.option(
        "--jobs",
        type=_jobs,
        metavar="N",
        default=1,
        show_default=True,
        help="Judge so many captures at a time, each in a process of its own; auto takes one for each processor.",
    )(function)


def places_of(paths: Iterable[str]) -> tuple[list[Place], list[str]]:
    """The captures that paths stand for, in order, and what was skipped in folders, in words."""
    found: list[Place] = []
    skipped = []
    for path in paths:
        for each in walk(path):
            if each.skipped:
                skipped.append(f"{each.path}: skipped: {each.skipped}")
            else:
                found.append(Place(len(found) + 1, each.path, each.path, each.trouble))
    return found, skipped


def parts_of(task: Task, places: Sequence[Place], where: Where, shown: Shown) -> Iterator[Part]:
    """Judges captures, and gives what is left of each, in order. Ends the command where the cluster cannot be used."""
    if where.dask is None and (where.jobs == 1 or len(places) < 2):
        yield from (judged(task, place, shown.reading, shown.stage) for place in places)
        return
    from replay.many.pools import Processes, in_order

    def done(number: int) -> None:
        shown.part(f"judging {len(places)} captures", number, len(places))

    with contextlib.ExitStack() as stack:
        if where.dask is None:
            yield from in_order(task, places, stack.enter_context(Processes(min(where.jobs, len(places)))), done)
            return
        from replay.many.cluster import Cluster, ClusterError

        shown.stage(f"waiting for {where.dask}")
        try:
            cluster = stack.enter_context(Cluster(where.dask))
        except ClusterError as error:
            stop(str(error))
        there = [Place(each.number, each.path, elsewhere(each.at), each.trouble) for each in places]
        yield from in_order(task, there, cluster, done)


@contextlib.contextmanager
def interruptible(ready: Sequence[object], places: Sequence[Place], what_then: str) -> Iterator[None]:
    """Ends the command cleanly at Ctrl-C, and says how far it had come and `what_then` of what was ready."""
    try:
        yield
    except KeyboardInterrupt:
        stop(f"interrupted: {len(ready)} of {len(places)} captures were judged; {what_then}")
