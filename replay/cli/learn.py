"""`omadm learn`: a noise profile from captures of one scenario."""

import click

from replay.capture.exchange import CaptureError
from replay.capture.readers import read
from replay.capture.sessions import Traffic, assemble
from replay.cli.exits import stop
from replay.cli.options import lenient_option, output_option, say_troubles, write_result
from replay.cli.progress import Shown, reading
from replay.compare.learn import learn
from replay.normal.form import Profile
from replay.report.noise_text import profile_text
from replay.report.safe import visible


@click.command("learn")
@click.argument("captures", nargs=-1, required=True, metavar="CAPTURE CAPTURE...")
@click.option(
    "--constants", is_flag=True, help="Write a line for what was the same everywhere too: signed, it must not vary."
)
@click.option("--other-machines", is_flag=True, help="Mask what names the machine, as omadm diff does.")
@lenient_option
@output_option
def command(
    captures: tuple[str, ...], constants: bool, other_machines: bool, lenient: bool, output: str | None
) -> None:
    """Learn from captures of the same scenario what varies from one good run to the next, and how, and write a noise profile.

    The profile is TOML, to be read and signed off line by line; omadm diff and omadm check take it with --noise. What counts to the
    letter, such as alert codes, Status codes, the order of commands and the Data of an unenrolment, is never learned, only
    shown with a warning. Give the captures in the order in which they were made.

    Exit codes: 0 written, 2 a capture that cannot be read or has nothing in it, or a usage error.
    """
    if len(captures) < 2:
        raise click.UsageError("one capture shows nothing that varies; name two or more of the same scenario")
    with reading(*captures) as shown:
        read_captures = [_read(path, shown, lenient=lenient) for path in captures]
        shown.stage("comparing")
        learned = learn(read_captures, Profile(other_machines=other_machines))
    write_result(profile_text(learned, captures, constants=constants), output)
    if output not in (None, "-"):
        lines, warned = len(learned.lines), len(learned.warnings)
        also = f", {warned} that never can be noise (see the warnings at its end)" if warned else ""
        click.echo(
            f"omadm: {visible(output or '')}: {lines} {'place' if lines == 1 else 'places'} to look at{also}", err=True
        )


def _read(path: str, shown: Shown, *, lenient: bool) -> Traffic:
    shown.stage(f"reading {path}")
    try:
        traffic = assemble(read(path, shown.reading), lenient=lenient)
    except CaptureError as error:
        stop(str(error))
    say_troubles(traffic.capture)
    if not traffic.readable:
        stop(f"{path}: no readable OMA DM message in it; there is nothing to learn from")
    return traffic
