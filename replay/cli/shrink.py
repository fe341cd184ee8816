"""`omadm shrink`: the smallest capture that still breaks a rule, or still has a difference."""

import io
import tempfile
from collections.abc import Callable, Hashable
from pathlib import Path

import click

from replay.capture.exchange import Capture, CaptureError
from replay.capture.journal_reader import read as read_journal
from replay.capture.readers import read
from replay.capture.sessions import assemble
from replay.capture.writers import check_place, format_of, write, write_journal
from replay.cli.convert import from_one_to_another
from replay.cli.exits import say, stop
from replay.cli.options import lenient_option, quiet_time, rule_id, scenario
from replay.cli.progress import Shown, reading
from replay.cli.secret_options import known, secret_options
from replay.compare.changes import Change
from replay.compare.compare import compare_views
from replay.compare.ignore import Pattern
from replay.compare.views import view
from replay.expect.case import Options
from replay.expect.judge import Scope, judge
from replay.expect.rules import registry
from replay.expect.scenarios.model import Scenario
from replay.expect.schedule import QUIET
from replay.normal.noise import without_numbers
from replay.play.shrink import shrink
from replay.syncml.credentials import Secret

#: What is looked for in a capture: every finding or change that would do.
_Seen = Callable[[Capture], set[Hashable]]


@click.command("shrink")
@from_one_to_another
@click.option("--rule", type=rule_id, metavar="ID", help="Keep what breaks this rule, given by id or name.")
@click.option(
    "--differs-from", "expected", metavar="EXPECTED", help="Keep a difference of IN from this capture; --at says which."
)
@click.option(
    "--at", type=Pattern, metavar="PATTERN", help="The difference to keep, by its path as omadm diff shows it."
)
@click.option("--expect", type=scenario, metavar="NAME|FILE", help="The scenario that omadm check was given.")
@click.option(
    "--quiet",
    type=quiet_time,
    metavar="SECONDS",
    default=QUIET,
    show_default=True,
    help="The quiet time that omadm check was given.",
)
@secret_options
@lenient_option
def command(
    source: str,
    out: str,
    form: str | None,
    force: bool,
    rule: str | None,
    expected: str | None,
    at: Pattern | None,
    expect: Scenario | None,
    quiet: float | None,
    secrets: tuple[Secret, ...],
    secret_files: tuple[tuple[Secret, ...], ...],
    lenient: bool,
) -> None:
    """Write to OUT the smallest part of the capture IN that still breaks a rule (--rule), or still differs from another capture
    (--differs-from with --at).

    Sessions are left out, then exchanges, answers, commands and items, as long as a finding of the rule remains that has the same
    severity and is on the same party, or a change of the same kind, path and values. What is left of a message stays as it was.
    The same capture gives the same result; what is written is read and judged once more before it gets its name.

    Exit codes: 0 written, 2 IN cannot be read, does not break the rule or has no such difference, OUT cannot be written, or a usage
    error.
    """
    if (rule is None) == (expected is None) or (expected is None) != (at is None):
        raise click.UsageError("give --rule ID, or --differs-from EXPECTED and --at PATTERN")
    to = _format(out, form, force=force)
    with reading(source) as shown:
        capture = _read(source, shown)
        if expected is not None and at is not None:
            seen, what = _differing(_read(expected, shown), at, lenient=lenient), f"has a difference at {at.text}"
        else:
            options = Options(quiet=quiet, expect=expect, secrets=known(secrets, secret_files))
            seen, what = _breaking(rule or "", options, lenient=lenient), f"breaks {rule}"
        wanted = seen(capture)
        if not wanted:
            stop(f"{source}: nothing in it {what}; there is nothing to shrink it to")
        if not wanted & seen(_as_written(capture)):
            stop(f"{source}: what {what} is in the file itself and goes when it is written again; it cannot be shrunk")
        tried = 0

        def told(level: str, left: int, count: int) -> None:
            nonlocal tried
            tried = count
            shown.stage(f"shrinking {source}: {left} {level}, try {count}")

        small = shrink(capture, lambda each: bool(wanted & seen(_as_written(each))), told)
        shown.stage(f"writing {out}")
        losses = _written(small, out, to, force=force, still=lambda each: bool(wanted & seen(each)), what=what)
    say([f"{out}: lost: {loss}" for loss in losses])
    say([f"{out}: {_left(small, capture)}, {tried} {'try' if tried == 1 else 'tries'}; it still {what}"])


def _format(out: str, form: str | None, *, force: bool) -> str:
    """The format of what is written. Ends the command at once where it could not be written there in the end."""
    try:
        to = form or format_of(out)
        check_place(out, to, force=force)
    except CaptureError as error:
        stop(str(error))
    return to


def _read(path: str, shown: Shown) -> Capture:
    shown.stage(f"reading {path}")
    try:
        return read(path, shown.reading)
    except CaptureError as error:
        stop(str(error))


def _as_written(capture: Capture) -> Capture:
    """A capture as it is read from the journal that is written of it: what is tried is what others will read."""
    file = io.BytesIO()
    write_journal(capture, file)
    file.seek(0)
    return read_journal(file, capture.path)


def _breaking(rule: str, options: Options, *, lenient: bool) -> _Seen:
    """The findings of a rule, by what makes them the same: severity and party."""
    scope = Scope(lenient=lenient, ignore=frozenset(registry()) - {rule})

    def seen(capture: Capture) -> set[Hashable]:
        return {(each.severity, each.party) for each in judge(capture, options, scope).findings if each.rule == rule}

    return seen


def _differing(expected: Capture, at: Pattern, *, lenient: bool) -> _Seen:
    """The changes at a path, by what makes them the same: kind, class, path and values."""
    known_view = view(assemble(expected, lenient=lenient))

    def same(change: Change) -> Hashable:
        return change.kind, change.of, without_numbers(change.path), change.expected, change.actual

    def seen(capture: Capture) -> set[Hashable]:
        found = compare_views(known_view, view(assemble(capture, lenient=lenient)))
        return {same(change) for change in found.changes if at.fits(change)}

    return seen


def _written(
    capture: Capture, out: str, to: str, *, force: bool, still: Callable[[Capture], bool], what: str
) -> list[str]:
    """Writes a capture in its format, reads that again, and gives it its name only where it still does what it is for."""
    try:
        with tempfile.TemporaryDirectory(prefix="omadm-shrink-") as folder:
            name = Path(out).name if out != "-" else f"out.{to}"
            trial = str(Path(folder) / (name or "out"))
            write(capture, trial, to)
            if not still(read(trial)):
                stop(
                    f"{out}: as a {to} it no longer {what}, because that format does not carry enough; give --to journal"
                )
        return write(capture, out, to, force=force)
    except CaptureError as error:
        stop(str(error))


def _left(small: Capture, whole: Capture) -> str:
    count = len(whole.exchanges)
    return f"{len(small.exchanges)} of {count} exchange{'' if count == 1 else 's'} left"
