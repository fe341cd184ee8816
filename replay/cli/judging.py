"""Options that say how captures are judged, for the commands that judge many."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TypeVar

import click

from replay.cli.options import quiet_time, rule_id, scenario
from replay.expect.accept import Accepted, read_accepted
from replay.expect.enrolments import EnrolmentKind
from replay.expect.schedule import QUIET
from replay.expect.toml_lines import TomlError
from replay.report.safe import visible

_F = TypeVar("_F", bound=Callable[..., Any])


def _accepted(value: str) -> Accepted:
    """A file of accepted findings, as an option's value."""
    try:
        return read_accepted(value, datetime.now(UTC))
    except TomlError as error:
        raise click.BadParameter("\n".join(map(visible, error.mistakes))) from None


def expect_option(function: _F) -> _F:
    """`--expect`: the scenario."""
    what = "The scenario that the capture must hold: user, server, unjoin-failed, or a scenario file."
    return click.option("--expect", type=scenario, metavar="NAME|FILE", help=what)(function)


def quiet_option(function: _F) -> _F:
    """`--quiet`: the quiet time."""
    what = "Seconds of silence after the alert that count as gone; auto takes the device's own schedule."
    return click.option("--quiet", type=quiet_time, metavar="SECONDS", default=QUIET, show_default=True, help=what)(
        function
    )


def enrolment_option(function: _F) -> _F:
    """`--enrolment`: how the device was enrolled."""
    kinds = click.Choice([kind.value for kind in EnrolmentKind])
    what = "How the device was enrolled: says what was to be expected of it, and what to look at."
    return click.option("--enrolment", type=kinds, help=what)(function)


def ignore_option(function: _F) -> _F:
    """`--ignore`: rules that are left out."""
    what = "Leave a rule out; repeatable."
    return click.option("--ignore", type=rule_id, metavar="RULE", multiple=True, help=what)(function)


def accept_option(function: _F) -> _F:
    """`--accept`: findings that are known."""
    what = "Findings that are known: a TOML file with rule, device or server, reason, and until when. They change no verdict."
    return click.option("--accept", type=_accepted, metavar="FILE", help=what)(function)
