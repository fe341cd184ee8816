"""`omadm convert`: from any readable format to any writable one."""

import click

from replay.capture.exchange import CaptureError
from replay.capture.readers import read
from replay.capture.writers import FORMATS, format_of, write
from replay.cli.exits import stop
from replay.report.safe import visible

_MOST_SAID = 20


@click.command("convert")
@click.argument("source", metavar="IN")
@click.argument("out", metavar="OUT")
@click.option("--to", "form", type=click.Choice(FORMATS), help="The format to write, whatever the ending of OUT says.")
@click.option("--force", is_flag=True, help="Replace OUT where it is there already.")
def command(source: str, out: str, form: str | None, force: bool) -> None:
    """Write the capture IN in another format to OUT, and say what that format does not carry.

    OUT's ending tells the format: .jsonl or .jsonl.zst (journal), .mitm, .flow or .flows (mitmproxy flow file), .har, or none (a
    folder of messages). IN may be - for stdin, OUT - for stdout with --to.

    Exit codes: 0 written, 2 IN cannot be read, OUT cannot be written or is there already, or a usage error.
    """
    try:
        to = form or format_of(out)
        capture = read(source)
        losses = write(capture, out, to, force=force)
    except CaptureError as error:
        stop(str(error))
    _say([f"{source}: {trouble.text}" for trouble in capture.troubles])
    _say([f"{out}: lost: {loss}" for loss in losses])


def _say(what: list[str]) -> None:
    for text in what[:_MOST_SAID]:
        click.echo(f"omadm: {visible(text)}", err=True)
    if len(what) > _MOST_SAID:
        click.echo(f"omadm: and {len(what) - _MOST_SAID} more of these", err=True)
