"""`omadm decode`: one message from WBXML to XML."""

import click

from replay.cli.exits import stop
from replay.cli.options import read_bytes, write_bytes
from replay.syncml import wbxml
from replay.syncml.errors import UnreadableMessageError


@click.command("decode")
@click.argument("file", default="-", metavar="[FILE]")
@click.option("-o", "--output", metavar="FILE", help="Write the XML to FILE, not to stdout.")
def command(file: str, output: str | None) -> None:
    """Turn one message from WBXML into XML. Without FILE, or with -, it is read from stdin."""
    body = read_bytes(file)
    try:
        text = wbxml.to_xml(wbxml.decode(body))
    except UnreadableMessageError as error:
        xml = body.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<")
        stop(f"{file}: {error}" + ("; it is XML already: `omadm encode` makes WBXML of it" if xml else ""))
    write_bytes(text if text.endswith(b"\n") else text + b"\n", output, printable=True)
