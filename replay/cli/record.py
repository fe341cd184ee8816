"""`omadm record`: mitmproxy with the recorder, in this process."""

import asyncio
from typing import Any

import click

from replay.cli.proxy import addon, proxy_options, run, setup


@click.command("record")
@click.option("--mode", "modes", multiple=True, default=("regular",), metavar="MODE", help="mitmproxy's mode, such as "
              "regular, reverse:https://HOST:PORT, transparent; repeatable.  [default: regular]")  # fmt: skip
@click.option("--keep-502", is_flag=True, help="Let the proxy answer 502 where the server closed without an answer; else the "
              "device sees the close itself.")  # fmt: skip
@click.option("--forward-client-cert", is_flag=True, help="Add the device's certificate to its requests as Client-Cert (RFC "
              "9440), for lab servers that trust this proxy.")  # fmt: skip
@proxy_options
def command(modes: tuple[str, ...], keep_502: bool, forward_client_cert: bool, **given: Any) -> None:
    """Record OMA DM traffic through mitmproxy into a journal, until SIGINT or SIGTERM.

    Prints `listening on HOST:PORT` to stderr when it is ready. Devices have to trust mitmproxy's CA; see the README.
    Sessions and unenrolments are shown as they come, on a terminal as a table.

    Exit codes: 0 when it was stopped, 2 when the recording failed; with --until-verdict those of `omadm check`, however it ended.
    """
    chosen = {"omadm_keep_502": keep_502, "omadm_forward_client_cert": forward_client_cert}
    raise SystemExit(asyncio.run(run(setup(modes, given, chosen, [addon("client_cert.py")]))))
