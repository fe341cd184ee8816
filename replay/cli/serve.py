"""`omadm serve`: the server's side of a capture played to whatever devices come, through mitmproxy with the recorder."""

import asyncio
import sys
from typing import Any, Final

import click

from replay.cli.exits import stop
from replay.cli.proxy import addon, proxy_options, run, setup
from replay.play.server import Secrets
from replay.syncml.credentials import Secret

PASSWORD: Final = "OMADM_PASSWORD"  # noqa: S105 - the name of a variable
SERVER_PASSWORD: Final = "OMADM_SERVER_PASSWORD"  # noqa: S105 - likewise
#: mitmproxy has no mode of a server; its reverse mode has to name one, which is never called, and cannot be: names in
#: `.invalid` have no address (RFC 6761).
_AS_SERVER: Final = "reverse:http://omadm-serve.invalid"


@click.command("serve")
@click.argument("capture")
@click.option("--mode", "modes", multiple=True, default=("server",), metavar="MODE", help="`server`: devices call this address as "
              "their server, with TLS or without. Or one of mitmproxy's modes, such as regular (as a proxy, for any server's "
              "name); repeatable.  [default: server]")  # fmt: skip
@click.option("--part", metavar="ID", help="Play the server of this device of the capture to every device that comes.")
@click.option(
    "--user", metavar="NAME", help="The user whose credentials devices have to show; else whatever they show is taken."
)
@click.option("--password", metavar="PASSWORD", envvar=PASSWORD, help="Its password. Others on this machine can see it: the "
              f"variable {PASSWORD} keeps it out of sight; where it is missing you are asked. It is never written.")  # fmt: skip
@click.option("--server-user", metavar="NAME", help="The name with which the server proves itself to devices; else its recorded "
              "credentials are sent.")  # fmt: skip
@click.option("--server-password", metavar="PASSWORD", envvar=SERVER_PASSWORD, help="Its password, or the variable "
              f"{SERVER_PASSWORD}.")  # fmt: skip
@proxy_options
def command(
    capture: str,
    modes: tuple[str, ...],
    part: str | None,
    user: str | None,
    password: str | None,
    server_user: str | None,
    server_password: str | None,
    **given: Any,
) -> None:
    """Play the server of CAPTURE to the devices that come, until SIGINT or SIGTERM.

    What a device is answered depends on how far its own session has come, not on the bytes that it sends; each has a state of
    its own. What nothing was recorded for gets the plain answer that every message is owed, and a note in the journal. No server
    is ever called. Prints `listening on HOST:PORT` to stderr when it is ready; over TLS, devices have to trust mitmproxy's CA.

    Everything is recorded and judged as by `omadm record`: the journal is about the device.

    Exit codes: 0 when it was stopped, 2 when it failed; with --until-verdict those of `omadm check`, however it ended.
    """
    player = addon("serve.py")
    player.secrets = Secrets(
        device=_secret(user, password, PASSWORD), server=_secret(server_user, server_password, SERVER_PASSWORD)
    )
    chosen = {"omadm_serve": capture, "omadm_serve_device": part or ""}
    names = [_AS_SERVER if mode == "server" else mode for mode in modes]
    code = asyncio.run(run(setup(names, given, chosen, [player])))
    if player.player is not None:
        click.echo(player.player.summary(), err=True)
    raise SystemExit(code)


def _secret(user: str | None, password: str | None, variable: str) -> Secret | None:
    """A name with its password; asks for it where it was not given and somebody is there."""
    if user is None:
        return None
    if password is None:
        if not sys.stdin.isatty():
            stop(f"the user {user!r} needs a password, in the variable {variable}")
        password = str(click.prompt(f"Password of {user}", hide_input=True, err=True))
    return Secret(user, password)
