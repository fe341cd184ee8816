"""`--noise FILE`: a noise profile, for the commands that take one."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

from replay.expect.noise import read_noise
from replay.expect.toml_lines import TomlError
from replay.normal.noise import NoiseProfile
from replay.report.safe import visible

_F = TypeVar("_F", bound=Callable[..., Any])


def _profile(value: str) -> NoiseProfile:
    """A noise profile as an option's value."""
    try:
        return read_noise(value)
    except TomlError as error:
        raise click.BadParameter("\n".join(map(visible, error.mistakes))) from None


def noise_option(what: str) -> Callable[[_F], _F]:
    """The option, with what the command makes of it."""
    return click.option("--noise", type=_profile, metavar="FILE", help=f"A noise profile of omadm learn. {what}")
