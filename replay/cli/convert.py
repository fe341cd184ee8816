"""`omadm convert`: from any readable format to any writable one."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

from replay.capture.exchange import Capture, CaptureError
from replay.capture.readers import read
from replay.capture.writers import FORMATS, JOURNAL, check_place, format_of, write
from replay.cli.exits import say, stop
from replay.cli.options import say_troubles
from replay.cli.progress import progress, reading

_F = TypeVar("_F", bound=Callable[..., Any])


def from_one_to_another(function: _F) -> _F:
    """IN, OUT, `--to` and `--force`: a capture that is read and written again."""
    function = click.option("--force", is_flag=True, help="Replace OUT where it is there already.")(function)
    what = "The format to write, whatever the ending of OUT says."
    function = click.option("--to", "form", type=click.Choice(FORMATS), help=what)(function)
    return click.argument("source", metavar="IN")(click.argument("out", metavar="OUT")(function))


def carry_over(
    source: str, out: str, form: str | None, *, force: bool, change: Callable[[Capture], Capture] | None = None
) -> None:
    """Reads IN, changes it where something is to be changed, writes OUT, and says what is wrong with the one and lost in the
    other. Ends the command where one of them cannot be done."""
    try:
        to = form or format_of(out)
        check_place(out, to, force=force)
        with reading(source) as shown:
            read_capture = read(source, shown.reading)
            if change is not None:
                shown.stage(f"changing {source}")
            capture = read_capture if change is None else change(read_capture)
        with progress(f"writing {out}", active=out != "-"):
            losses = write(capture, out, to, force=force)
    except CaptureError as error:
        stop(str(error))
    if capture.redacted and to != JOURNAL:
        losses.append("that it is redacted: no credential in it can be verified")
    say_troubles(read_capture)
    say([f"{out}: lost: {loss}" for loss in losses])


@click.command("convert")
@from_one_to_another
def command(source: str, out: str, form: str | None, force: bool) -> None:
    """Write the capture IN in another format to OUT, and say what that format does not carry.

    OUT's ending tells the format: .jsonl or .jsonl.zst (journal), .mitm, .flow or .flows (mitmproxy flow file), .har, or none (a
    folder of messages). IN may be - for stdin, OUT - for stdout with --to.

    Exit codes: 0 written, 2 IN cannot be read, OUT cannot be written or is there already, or a usage error.
    """
    carry_over(source, out, form, force=force)
