"""`omadm diff`: what differs between two captures, or between a capture and the expected sequence."""

import gc
import shutil
import sys
from typing import Final

import click
from msgspec import Struct

from replay.capture.collecting import settle
from replay.capture.exchange import CaptureError
from replay.capture.readers import read
from replay.capture.sessions import Traffic, assemble
from replay.cli.exits import FAIL, PASS, stop
from replay.cli.noise_option import noise_option
from replay.cli.options import lenient_option, output_option, say_troubles, scenario, verbosity_options, write_result
from replay.cli.progress import Shown, reading
from replay.compare.baselines import against_all
from replay.compare.changes import Comparison
from replay.compare.compare import Noise, compare
from replay.compare.ignore import Pattern
from replay.compare.noise import Without, without_noise
from replay.normal.form import Profile
from replay.normal.noise import NoiseProfile
from replay.report.as_json import as_json
from replay.report.diff_shapes import diff_shape
from replay.report.diff_text import diff_text

_SCENARIO: Final = "scenario:"
#: Exchanges of a capture from which on it takes time to look through what is left of it.
_LARGE: Final = 1_000


@click.command("diff")
@click.argument("captures", nargs=-1, required=True, metavar="EXPECTED ACTUAL")
@click.option(
    "--baseline",
    "baselines",
    metavar="CAPTURE",
    multiple=True,
    help="Another capture of how it should be; repeatable. Only what differs from all of them, and from EXPECTED if given, is "
    "reported.",
)
@click.option(
    "--ignore",
    type=Pattern,
    metavar="PATTERN",
    multiple=True,
    help="Leave changes out whose path fits, such as 'SyncBody/Results*' or 'HTTP/user-agent'; * stands for anything, ? for one "
    "character. They are counted. Repeatable.",
)
@noise_option("What a signed line explains is no change and counted as ignored; what drifts outside of it is a change.")
@click.option(
    "--timing", is_flag=True, help="Compare gaps in time too: more than 1 s and half as long again is a change."
)
@click.option(
    "--other-machines", is_flag=True, help="Mask what names the machine (DevInfo Man, Mod and Lang, the OS build)."
)
@click.option("--format", "form", type=click.Choice(["text", "json", "html"]), default="text", show_default=True)
@lenient_option
@output_option
@verbosity_options
def command(
    captures: tuple[str, ...],
    baselines: tuple[str, ...],
    ignore: tuple[Pattern, ...],
    noise: NoiseProfile | None,
    timing: bool,
    other_machines: bool,
    form: str,
    lenient: bool,
    output: str | None,
    brief: bool,
    verbose: bool,
) -> None:
    """Show what differs between two captures, session by session and message by message, once all that is volatile is gone.

    EXPECTED is a capture, or scenario:NAME (user, server, unjoin-failed) or scenario:FILE for an expected sequence. With
    --baseline it may be left out.

    What does not count is what omadm normalize leaves out. One command more or less is one change, whatever is renumbered after it.

    Exit codes: 0 no difference, 1 differences, 2 a capture that cannot be read or a usage error.
    """
    *given, path = captures
    if len(given) > 1 or not (given or baselines):
        raise click.UsageError("expected EXPECTED and ACTUAL, or --baseline CAPTURE and one capture")
    told = given[0] if given else ""
    if any(each.startswith(_SCENARIO) for each in (path, *baselines)):
        raise click.UsageError("a scenario stands on the left, as EXPECTED; ACTUAL and --baseline are captures")
    if told.startswith(_SCENARIO) and baselines:
        raise click.UsageError("a scenario is no recording, so it goes with no --baseline")
    if told.startswith(_SCENARIO) and noise is not None:
        raise click.UsageError(
            "a noise profile is about values, of which a scenario has none, so it goes with no scenario"
        )
    settle()
    with reading(*(each for each in (*captures, *baselines) if not each.startswith(_SCENARIO))) as shown:
        asked = _Asked(Profile(other_machines=other_machines), timing, _left_out(ignore), noise, lenient, shown)
        actual = asked.capture(path)
        if told.startswith(_SCENARIO):
            result = _Result(told, asked.with_scenario(told.removeprefix(_SCENARIO), actual), ())
        else:
            result = asked.with_captures((*given, *baselines), actual)
        shown.stage("writing the result")
        text = _written(result, path, form, -1 if brief else int(verbose), output)
    write_result(text, output, private=True)
    if len(actual.turns) > _LARGE:
        gc.freeze()  # all that is left is thrown away as a whole: nothing need be looked through for it
    raise SystemExit(PASS if result.comparison.equal else FAIL)


class _Result(Struct, frozen=True):
    """A comparison with what has that name; of several `baselines` it is the nearest, and others explain some changes. `noise` is
    what is to be said of a noise profile."""

    expected: str
    comparison: Comparison
    baselines: tuple[str, ...]
    explained: int = 0
    noise: tuple[str, ...] = ()

    @property
    def notes(self) -> tuple[str, ...]:
        """What is to be said beside the changes."""
        if not self.baselines:
            return self.noise
        what = "change" if self.explained == 1 else "changes"
        nearest = (
            f"the nearest of {len(self.baselines)} baselines; {self.explained} {what} not shown that others explain"
        )
        return (nearest, *self.noise)


class _Asked(Struct, frozen=True):
    """How to compare."""

    profile: Profile
    timing: bool
    ignored: Noise | None
    noise: NoiseProfile | None
    lenient: bool
    shown: Shown

    def capture(self, path: str) -> Traffic:
        """A capture, read; says what is damaged in it."""
        self.shown.stage(f"reading {path}")
        try:
            traffic = assemble(read(path, self.shown.reading), lenient=self.lenient)
        except CaptureError as error:
            stop(str(error))
        say_troubles(traffic.capture)
        return traffic

    def with_captures(self, paths: tuple[str, ...], actual: Traffic) -> _Result:
        """The comparison with one capture, or with several at once."""
        found = [self._with_capture(path, actual) for path in paths]
        if len(paths) == 1:
            return _Result(paths[0], found[0].comparison, (), noise=self._said(found[0]))
        against = against_all([each.comparison for each in found])
        said = self._said(found[against.nearest])
        return _Result(paths[against.nearest], against.comparison, paths, against.explained, said)

    def _with_capture(self, path: str, actual: Traffic) -> Without:
        expected = self.capture(path)
        if not expected.readable and not actual.readable:
            stop(f"{path}, {actual.capture.path}: no readable OMA DM message in either; there is nothing to compare")
        self.shown.stage(f"comparing with {path}")
        found = compare(expected, actual, profile=self.profile, timing=self.timing, noise=self.ignored)
        return Without(found, {}, {}) if self.noise is None else without_noise(found, self.noise)

    def _said(self, found: Without) -> tuple[str, ...]:
        return () if self.noise is None else tuple(found.notes(self.noise))

    def with_scenario(self, name: str, actual: Traffic) -> Comparison:
        """The comparison with an expected sequence."""
        from replay.report.diff_scenario import compare_scenario

        if not actual.readable:
            stop(f"{actual.capture.path}: no readable OMA DM message in it; there is nothing to compare")
        return compare_scenario(scenario(name), actual, noise=self.ignored)


def _left_out(ignore: tuple[Pattern, ...]) -> Noise | None:
    if not ignore:
        return None
    return lambda change: not any(pattern.fits(change) for pattern in ignore)


def _written(result: _Result, actual: str, form: str, detail: int, output: str | None) -> str:
    """The result in the form that was asked for; text is as wide as the terminal that it goes to, and whole anywhere else."""
    if form == "json":
        shape = diff_shape(
            result.comparison,
            result.expected,
            actual,
            baselines=result.baselines,
            explained=result.explained,
            notes=result.notes,
        )
        return as_json(shape)
    if form == "html":
        from replay.report.diff_html import diff_html

        return diff_html(result.comparison, result.expected, actual, notes=result.notes)
    width = shutil.get_terminal_size().columns if output in (None, "-") and sys.stdout.isatty() else None
    return diff_text(result.comparison, result.expected, actual, detail=detail, width=width, notes=result.notes)
