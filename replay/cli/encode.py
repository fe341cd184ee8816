"""`omadm encode`: one message from XML to WBXML."""

import sys

import click

from replay.cli.exits import stop
from replay.cli.options import read_bytes, write_bytes
from replay.syncml import wbxml
from replay.syncml.errors import UnreadableMessageError
from replay.syncml.read import looks_like_wbxml

_VERSIONS = {"1.1": 0x01, "1.2": 0x02, "1.3": 0x03}


@click.command("encode")
@click.argument("file", default="-", metavar="[FILE]")
@click.option("-o", "--output", metavar="FILE", help="Write the WBXML to FILE, not to stdout.")
@click.option(
    "--wbxml-version",
    type=click.Choice(list(_VERSIONS)),
    default="1.2",
    show_default=True,
    help="The version of WBXML that the message says it is.",
)
def command(file: str, output: str | None, wbxml_version: str) -> None:
    """Turn one message from XML into WBXML. Without FILE, or with -, it is read from stdin."""
    if output is None and sys.stdout.isatty():
        stop("WBXML is binary, and stdout is a terminal: give -o FILE, or redirect the output")
    body = read_bytes(file)
    try:
        encoded = wbxml.encode(wbxml.from_xml(body, version=_VERSIONS[wbxml_version]))
    except UnreadableMessageError as error:
        there = "; it is WBXML already: `omadm decode` makes XML of it" if looks_like_wbxml(body) else ""
        stop(f"{file}: {error}{there}")
    write_bytes(encoded, output)
