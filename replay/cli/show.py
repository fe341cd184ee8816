"""`omadm show`: what a capture holds, as a tree."""

import click

from replay.capture.exchange import CaptureError
from replay.capture.readers import read
from replay.capture.sessions import assemble
from replay.cli.exits import stop
from replay.cli.options import lenient_option, output_option, write_result
from replay.cli.progress import reading
from replay.normal.form import normal_form
from replay.normal.text import normal_text
from replay.report.as_json import as_json
from replay.report.safe import visible_lines
from replay.report.tree import show_text, tree


@click.command("show")
@click.argument("capture", metavar="CAPTURE")
@click.option("--session", "only", type=click.IntRange(min=1), metavar="N", help="Show session N alone.")
@click.option("--raw", is_flag=True, help="Show the bodies, as they were on the wire after coding was undone.")
@click.option(
    "--normalized", is_flag=True, help="Show the normal form: aliases for identities, masks for what is volatile."
)
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
@lenient_option
@output_option
@click.option("-q", "--brief", is_flag=True, help="Say less: a line for each session.")
@click.option("-v", "--verbose", is_flag=True, help="Say more: headers, addresses, and Data in its whole length.")
def command(
    capture: str,
    only: int | None,
    raw: bool,
    normalized: bool,
    form: str,
    lenient: bool,
    output: str | None,
    brief: bool,
    verbose: bool,
) -> None:
    """Show a capture as a tree: enrolments, sessions, exchanges, and the commands of each message.

    CAPTURE is a journal, a mitmproxy flow file, a HAR, a stream of SyncMLViewer, a SyncML message, a folder of messages,
    or - for stdin.
    """
    try:
        with reading(capture) as shown:
            recorded = read(capture, shown.reading)
            shown.stage(f"reading the messages in {capture}")
            traffic = assemble(recorded, lenient=lenient)
    except CaptureError as error:
        stop(str(error))
    if only is not None and only > len(traffic.sessions):
        stop(f"{capture}: there is no session {only}; {_sessions(len(traffic.sessions))}")
    if raw and normalized:
        stop("--raw and --normalized are two views of the same bodies; choose one")
    if normalized:
        made = normal_form(traffic, only=only)
        write_result(as_json(made) if form == "json" else visible_lines(normal_text(made)) + "\n", output, private=True)
        return
    shaped = tree(traffic, only=only, raw=raw, whole=verbose)
    if form == "json":
        write_result(as_json(shaped), output, private=True)
    else:
        write_result(show_text(shaped, detail=-1 if brief else int(verbose)), output, prose=True, private=True)


def _sessions(count: int) -> str:
    """Which sessions there are to choose from."""
    if count == 0:
        return "the capture has none: leave --session out"
    return "the capture has the one, --session 1" if count == 1 else f"the capture has {count}, --session 1 to {count}"
