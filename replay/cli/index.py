"""`omadm index`: what is found in many captures, put into a catalogue."""

import contextlib
from collections.abc import Iterator

import click
from msgspec import structs

from replay.capture.access import cannot_be_written
from replay.catalogue.rows import rows_of
from replay.catalogue.store import Catalogue, CatalogueError, fingerprint, key_of
from replay.cli.exits import ERROR, say, stop
from replay.cli.judging import accept_option, enrolment_option, expect_option, ignore_option, quiet_option
from replay.cli.many import Where, interruptible, parts_of, places_of, where_options
from replay.cli.options import lenient_option
from replay.cli.progress import Shown, reading
from replay.expect.accept import Accepted
from replay.expect.case import Options
from replay.expect.enrolments import EnrolmentKind
from replay.expect.judge import Scope
from replay.expect.scenarios.model import Scenario
from replay.many.judged import Part, Place, Task, elsewhere
from replay.report.safe import visible

#: The catalogue where none is named.
DEFAULT = "catalogue.sqlite"
#: After so many captures what was put in is kept for good.
_KEPT_EVERY = 100


@click.command("index")
@click.argument("captures", nargs=-1, required=True, metavar="DIR...")
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    default=DEFAULT,
    show_default=True,
    help="The catalogue, made or brought up to date.",
)
@expect_option
@quiet_option
@enrolment_option
@ignore_option
@accept_option
@lenient_option
@where_options
def command(
    captures: tuple[str, ...],
    output: str,
    expect: Scenario | None,
    quiet: float | None,
    enrolment: str | None,
    ignore: tuple[str, ...],
    accept: Accepted | None,
    lenient: bool,
    jobs: int,
    dask: str | None,
) -> None:
    """Judge the captures in folders, and put what is found into a catalogue, which omadm find asks.

    A capture that is in the catalogue already is judged again only where its content, the options or the version of omadm have
    changed. Captures that are gone from DIR are removed. DIR may be a capture, or a URL (s3://bucket/folder).

    Exit codes: 0 done, whatever the verdicts are; 2 a capture or folder that cannot be opened, or a usage error.
    """
    if "-" in captures:
        raise click.UsageError(
            "what comes from stdin has no name under which it could be found again; name files or folders"
        )
    kind = EnrolmentKind(enrolment) if enrolment else None
    options = Options(quiet=quiet, expect=expect, enrolment=kind)
    scope = Scope(ignore=frozenset(ignore), lenient=lenient, accepted=accept)
    task = Task(options=options, scope=scope, make=rows_of, only_changed=True)
    roots = [elsewhere(path) for path in captures]
    with _errors(output), reading(*captures) as shown:
        found, skipped = places_of(roots)
        places = list({place.path: place for place in found}.values())  # one folder may lie in another
        with Catalogue(output) as catalogue:
            parts = _indexed(task, places, Where(jobs, dask), catalogue, shown)
            unseen = [part.path for part in parts if part.gone]
            removed = catalogue.remove_missing(roots, [place.path for place in places], unseen)
            counts = catalogue.counts()
    # nobody takes the catalogue for a capture
    say([line for line in skipped if not line.startswith(f"{elsewhere(output)}: ")])
    say([error for part in parts for error in part.unread])
    say([f"{path}: is gone, and was removed" for path in removed])
    unchanged = sum(part.unchanged for part in parts)
    verdicts = ", ".join(f"{count} {verdict}" for verdict, count in counts.items()) or "empty"
    judged = len(parts) - unchanged - len(unseen)
    click.echo(f"{visible(output)}: {judged} judged, {unchanged} unchanged, {len(removed)} removed; now {verdicts}")
    raise SystemExit(ERROR if unseen else 0)


def _indexed(task: Task, places: list[Place], where: Where, catalogue: Catalogue, shown: Shown) -> list[Part]:
    """Judges what is new or has changed, and puts it in as it comes. What is left of the parts has no rows any more."""
    judged_with = fingerprint(task.options, task.scope)
    known = catalogue.known(judged_with)
    wanted = [structs.replace(place, known=known.get(key_of(place.path), "")) for place in places]
    parts: list[Part] = []
    with interruptible(parts, wanted, "these are in the catalogue"):
        for part in parts_of(task, wanted, where, shown):
            if not part.unchanged and not part.gone:
                catalogue.put(part.path, part.digest, judged_with, part.piece)
            part.piece = None
            parts.append(part)
            if len(parts) % _KEPT_EVERY == 0:
                catalogue.keep()
    return parts


@contextlib.contextmanager
def _errors(output: str) -> Iterator[None]:
    try:
        yield
    except CatalogueError as error:
        stop(str(error))
    except OSError as error:
        stop(cannot_be_written(output, error))
