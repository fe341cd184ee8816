"""Options and ways of writing that several commands share."""

import math
import os
import shutil
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import click
from click.shell_completion import CompletionItem

from replay.capture.access import cannot_be_read, cannot_be_written
from replay.cli.exits import nobody_reads, say, stop

if TYPE_CHECKING:
    from replay.capture.exchange import Capture
    from replay.expect.scenarios.model import Scenario

_F = TypeVar("_F", bound=Callable[..., Any])
_V = TypeVar("_V")
if TYPE_CHECKING:
    _ParamType = click.ParamType[Any]
else:
    _ParamType = click.ParamType  # before click 8.5 it took no argument


class Completed(_ParamType, Generic[_V]):
    """A function as the type of an option whose values the shell can complete: `names` gives them, each with a word about it."""

    def __init__(self, function: Callable[[Any], _V], names: Callable[[], Iterable[tuple[str, str]]]) -> None:
        self.name = function.__name__
        self._function, self._names = function, names

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> _V:
        """The value; the function says what is wrong with it."""
        return self._function(value)

    def __call__(self, value: Any, param: click.Parameter | None = None, ctx: click.Context | None = None) -> _V:  # type: ignore[override]
        """The value, for who calls the function itself."""
        return self._function(value)

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """The names that begin so, whatever their case."""
        word = incomplete.casefold()
        return [CompletionItem(name, help=help_) for name, help_ in self._names() if name.casefold().startswith(word)]


def completed(names: Callable[[], Iterable[tuple[str, str]]]) -> Callable[[Callable[[Any], _V]], Completed[_V]]:
    """Makes a function the type of an option, and of its values those that `names` gives known to the shell."""
    return lambda function: Completed(function, names)


def time(value: str) -> float:
    """A moment as an option's value: ISO 8601 (without an offset it is UTC), or seconds since 1970. In seconds since 1970."""
    day = len(value) == len("20261123") and value.isdigit()  # and no moment of the early seventies
    try:
        number = math.nan if day else float(value)
    except ValueError:
        number = math.nan
    if math.isfinite(number):
        return number
    try:
        at = datetime.fromisoformat(value)
    except ValueError:
        raise click.BadParameter(f"{value!r} is no time; write 2026-11-23T09:15:00Z, or seconds since 1970") from None
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()


def seconds(value: str | float) -> float:
    """A number of seconds as an option's value, not negative."""
    try:
        number = float(value)
    except ValueError:
        number = -1.0
    if not 0 <= number < float("inf"):
        raise click.BadParameter(f"{value!r} is no number of seconds, such as 60 or 2.5")
    return number


def patience(value: str | float) -> float:
    """How long to wait for something, as an option's value, in seconds: a socket that waits 0 s does not even connect."""
    number = seconds(value)
    if not 0 < number <= threading.TIMEOUT_MAX:
        raise click.BadParameter(f"{value!r} is no time to wait, such as 30 or 2.5")
    return number


def signed_seconds(value: str | float) -> float:
    """A number of seconds as an option's value, negative ones too."""
    try:
        number = float(value)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise click.BadParameter(f"{value!r} is no number of seconds, such as 2.5 or -3600")
    return number


@completed(lambda: [("auto", "the device's own schedule")])
def quiet_time(value: str | float) -> float | None:
    """The quiet time as an option's value: seconds, or `auto` (None) for the device's own schedule."""
    return None if value == "auto" else seconds(value)


def _scenarios() -> Iterator[tuple[str, str]]:
    from replay.expect.scenarios import SHIPPED, shipped

    yield from ((name, shipped(name).title) for name in SHIPPED)


@completed(_scenarios)
def scenario(value: "str | Scenario") -> "Scenario":
    """A scenario as an option's value: the name of one that ships, or a scenario file."""
    from replay.expect.scenarios import UnknownScenarioError, find_scenario
    from replay.expect.toml_lines import TomlError

    if not isinstance(value, str):
        return value
    try:
        return find_scenario(value)
    except UnknownScenarioError as error:
        raise click.BadParameter(str(error)) from None
    except TomlError as error:
        stop(str(error))


def address(value: str) -> tuple[str, int]:
    """An address to listen on as an option's value: HOST:PORT or [V6]:PORT. Port 0 takes a free one."""
    host, colon, port = value.rpartition(":")
    if not colon or not host or not port.isdigit() or int(port) > 65535:
        raise click.BadParameter(f"{value!r} is no address; write HOST:PORT, such as 127.0.0.1:8080")
    return host.strip("[]"), int(port)


def _rules() -> Iterator[tuple[str, str]]:
    from replay.expect.rules import registry

    yield from ((entry.rule.id, entry.rule.name) for entry in registry().values())


@completed(_rules)
def rule_id(value: str) -> str:
    """A rule as an option's value, by its id or its name: the id."""
    from replay.expect.rules import find_rule, unknown_rule

    found = find_rule(value)
    if found is None:
        raise click.BadParameter(unknown_rule(value))
    return found.rule.id


def _faults() -> Iterator[tuple[str, str]]:
    from replay.play import faults

    yield faults.DROP_REPLY, "nothing is answered, the connection is closed"
    yield faults.RESET, "nothing is answered, the connection is reset"
    yield f"{faults.DELAY}=", "seconds that the answer waits"
    yield f"{faults.STATUS}=", "HTTP status of the answer"
    yield faults.EMPTY, "HTTP 200 without a body"
    yield f"{faults.TRUNCATE}=", "bytes after which the answer breaks off"
    yield faults.MALFORMED, "the answer is no XML"
    yield faults.CHALLENGE, "Status 407 with a fresh nonce"
    yield faults.BUSY, "HTTP 503"


@completed(_faults)
def fault(value: str) -> str:
    """A fault as an option's value: KIND[=VALUE][@WHERE], as it was written."""
    from replay.play.faults import FaultError, parse

    try:
        parse(value)
    except FaultError as error:
        raise click.BadParameter(str(error)) from None
    return value


def answer_timeout_option(function: _F) -> _F:
    """`--timeout SECONDS`: how long a device that is played waits."""
    return click.option(
        "--timeout",
        type=patience,
        default=30.0,
        show_default=True,
        metavar="SECONDS",
        help="How long to wait for an answer.",
    )(function)


def say_troubles(capture: "Capture") -> None:
    """Says on stderr what is wrong with a capture that could be read all the same."""
    say([f"{capture.path}: {trouble.text}" for trouble in capture.troubles])


def output_option(function: _F) -> _F:
    """`-o FILE`: where the result goes."""
    return click.option("-o", "--output", metavar="FILE", help="Write the result to FILE, not to stdout.")(function)


def verbosity_options(function: _F) -> _F:
    """`-q` and `-v`: how much is said."""
    function = click.option("-q", "--brief", is_flag=True, help="Say less: the verdict, a line for each capture.")(
        function
    )
    return click.option("-v", "--verbose", is_flag=True, help="Say more.")(function)


def write_result(text: str | Iterable[str], output: str | None, *, prose: bool = False, private: bool = False) -> None:
    """Writes a result to stdout, or to a file; colours stay only on a terminal that wants them (NO_COLOR). `prose`, which people
    read, is made to fit that terminal; in a pipe and in a file a line stays a line. What is `private`, because it holds messages
    with their credentials, is written to a new file that its owner alone can read."""
    texts = (text,) if isinstance(text, str) else text
    if output is None or output == "-":
        if prose and isinstance(text, str) and sys.stdout.isatty():
            from replay.report.wrap import wrapped

            texts = (wrapped(text, shutil.get_terminal_size().columns),)
        no_colour = bool(os.environ.get("NO_COLOR"))
        if hasattr(sys.stdout, "reconfigure"):  # a terminal that cannot show a character must not end the report
            sys.stdout.reconfigure(errors="backslashreplace")
        try:
            for each in texts:
                click.echo(each, nl=False, color=False if no_colour else None)
        except BrokenPipeError:  # who reads has read enough; the exit code stays what it is
            nobody_reads()
        return
    try:
        with open(output, "w", encoding="utf-8", opener=_private if private else None) as file:
            file.writelines(click.unstyle(each) for each in texts)
    except OSError as error:
        stop(cannot_be_written(output, error))


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def lenient_option(function: _F) -> _F:
    """`--lenient`: messages as document samples have them."""
    what = "Repair what document samples get wrong (quotes in tags), and say what was repaired."
    return click.option("--lenient", is_flag=True, help=what)(function)


def read_bytes(file: str) -> bytes:
    """The bytes of a file, or of stdin for `-`; ends the command where there are none."""
    try:
        data = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    except OSError as error:
        stop(cannot_be_read(file, error))
    if not data:
        stop(f"{file}: is empty; name a file with one message, or pipe one in")
    return data


def write_bytes(data: bytes, output: str | None, *, printable: bool = False) -> None:
    """Writes bytes to a file or to stdout. Text for a terminal is made safe to print; in a pipe it stays as it is."""
    if output is not None and output != "-":
        try:
            Path(output).write_bytes(data)
        except OSError as error:
            stop(cannot_be_written(output, error))
        return
    if printable and sys.stdout.isatty():
        from replay.report.safe import visible_lines

        click.echo(visible_lines(data.decode("utf-8", "backslashreplace")))
        return
    click.echo(data, nl=False)
