"""`--secret` and `--secret-file`: what devices prove themselves with, so that their digests and MACs can be verified (AUT003).

What stands on a command line can be seen by everybody on the machine, so secrets come from a file or the environment as
well. They are never written anywhere, in no message either.
"""

import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Final, TypeVar

import click

from replay.capture.access import cannot_be_read
from replay.many.judged import Part
from replay.syncml.credentials import Secret

_F = TypeVar("_F", bound=Callable[..., Any])
#: Secrets, one a line, as in a file.
ENVIRONMENT: Final = "OMADM_SECRETS"


def secret_options(function: _F) -> _F:
    """`--secret` and `--secret-file`, whose values `known` puts together."""
    function = click.option(
        "--secret-file",
        "secret_files",
        type=_secret_file,
        metavar="FILE",
        multiple=True,
        help="A file of USER:PASSWORD, one a line; lines that begin with # are left out.",
    )(function)
    return click.option(
        "--secret",
        "secrets",
        type=_secret,
        metavar="USER:PASSWORD",
        multiple=True,
        help="Verify the digests and MACs of a device with this; repeatable. Others on this machine can see it: "
        f"--secret-file and the variable {ENVIRONMENT} (one a line) keep it out of sight.",
    )(function)


def known(secrets: Iterable[Secret], files: Iterable[tuple[Secret, ...]]) -> tuple[Secret, ...]:
    """The secrets from options, files and the environment, each once."""
    found = [*secrets, *(secret for file in files for secret in file)]
    found += _lines(os.environ.get(ENVIRONMENT, ""), ENVIRONMENT)
    return tuple(dict.fromkeys(found))


def not_verified(secrets: Iterable[Secret], parts: Iterable[Part]) -> list[str]:
    """What is to be said of secrets that verified nothing: redacted captures, and users whom no message names."""
    said = []
    named: set[str | None] = set()
    for each in parts:
        named |= each.users
        if each.redacted:
            said.append(f"{each.path}: is redacted: its credentials cannot be verified")
    users = [secret.user for secret in secrets]
    if None not in named:
        said += [
            f"no MD5 digest or MAC names the user {user!r} (LocName of Source, x-syncml-hmac): its secret verified nothing"
            for user in dict.fromkeys(users)
            if user not in named
        ]
    return said if users else []


def _secret(value: str) -> Secret:
    """A secret as an option's value. The value itself is not shown, right or wrong."""
    user, colon, password = value.partition(":")
    if not colon or not user:
        raise click.BadParameter("expected USER:PASSWORD")
    return Secret(user, password)


def _secret_file(value: str) -> tuple[Secret, ...]:
    """The secrets of a file as an option's value."""
    try:
        text = Path(value).read_text(encoding="utf-8-sig")
    except OSError as error:
        raise click.BadParameter(cannot_be_read(value, error)) from None
    except UnicodeDecodeError:
        raise click.BadParameter(f"{value}: is no text in UTF-8; save it as UTF-8") from None
    return _lines(text, value)


def _lines(text: str, source: str) -> tuple[Secret, ...]:
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip() and not line.startswith("#"):
            try:
                found.append(_secret(line))
            except click.BadParameter as error:
                raise click.BadParameter(f"{source}, line {number}: {error.message}") from None
    return tuple(found)
