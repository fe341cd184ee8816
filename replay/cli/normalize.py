"""`omadm normalize`: the normal form as text."""

import click

from replay.capture.exchange import CaptureError
from replay.capture.readers import read
from replay.capture.sessions import assemble
from replay.cli.exits import stop
from replay.cli.options import lenient_option, output_option, say_troubles, write_result
from replay.cli.progress import reading
from replay.normal.form import Profile, normal_form, normal_others
from replay.normal.text import normal_text
from replay.report.safe import visible_lines


@click.command("normalize")
@click.argument("capture", metavar="CAPTURE")
@click.option(
    "--other-machines", is_flag=True, help="Mask what names the machine too (DevInfo Man, Mod and Lang, the OS build)."
)
@click.option("--lengths", is_flag=True, help="Keep the lengths of masked values.")
@lenient_option
@output_option
def command(capture: str, other_machines: bool, lengths: bool, lenient: bool, output: str | None) -> None:
    """Print the normal form of a capture: stable text, the same for two captures that differ only in what is volatile.

    Devices, sessions, nonces, credentials, correlation ids, dates, and the server's address do not count; nor do
    the numbers of messages and commands, which are replaced by what they refer to. Everything else counts to the letter.
    """
    profile = Profile(other_machines=other_machines, lengths=lengths)
    try:
        with reading(capture) as shown:
            recorded = read(capture, shown.reading)
            shown.stage(f"normalising {capture}")
            traffic = assemble(recorded, lenient=lenient)
            text = normal_text(normal_form(traffic, profile), normal_others(traffic))
    except CaptureError as error:
        stop(str(error))
    say_troubles(recorded)
    write_result(visible_lines(text) + "\n", output)
