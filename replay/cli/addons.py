"""`omadm addons`: where the mitmproxy scripts are."""

from pathlib import Path

import click

import replay


def folder() -> Path:
    """The folder of the proxy scripts: inside the installed package, or beside it in a checkout."""
    package = Path(replay.__file__).parent
    installed = package / "_addons"
    return installed if installed.is_dir() else package.parent / "addons"


@click.command("addons")
def command() -> None:
    """Print the folder of the mitmproxy scripts, for `mitmdump -s "$(omadm addons)/record.py"`."""
    click.echo(str(folder()))
