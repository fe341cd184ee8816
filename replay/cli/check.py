"""`omadm check`: verdicts and findings."""

import difflib

import click

from replay.capture.exchange import CaptureError
from replay.capture.readers import read
from replay.cli.exits import FAIL_ON, exit_code
from replay.cli.options import lenient_option, output_option, seconds, time, verbosity_options, write_result
from replay.expect.case import QUIET, Options
from replay.expect.finding import Party
from replay.expect.judge import Judgement, Scope, judge, unreadable
from replay.expect.rules import registry
from replay.expect.scenarios import PHASES
from replay.report.as_json import as_json
from replay.report.shapes import report
from replay.report.text import check_text


def _rule(value: str) -> str:
    """The id of a rule, as an option's value."""
    rule = value.upper()
    if rule not in registry():
        near = difflib.get_close_matches(rule, registry(), n=3) or list(registry())
        raise click.BadParameter(f"there is no rule {value!r}; near it are {', '.join(near)}")
    return rule


@click.command("check")
@click.argument("captures", nargs=-1, required=True, metavar="CAPTURE...")
@click.option("--expect", type=click.Choice(list(PHASES)), help="The scenario that the capture must hold.")
@click.option(
    "--quiet",
    type=seconds,
    metavar="SECONDS",
    default=QUIET,
    show_default=True,
    help="Seconds of silence after the alert that count as gone.",
)
@click.option(
    "--until",
    type=time,
    metavar="TIME",
    help="Judge what came until TIME. A journal says itself how long it watched; of another format "
    "it is your word that the recorder watched until then.",
)
@click.option("--since", type=time, metavar="TIME", help="Judge what came from TIME on.")
@click.option("--device", metavar="ID", help="Judge this device alone.")
@click.option(
    "--party",
    "parties",
    type=click.Choice([p.value for p in Party]),
    multiple=True,
    help="Judge this party alone; repeatable.",
)
@click.option("--ignore", type=_rule, metavar="RULE", multiple=True, help="Leave a rule out; repeatable.")
@click.option(
    "--fail-on",
    type=click.Choice(list(FAIL_ON)),
    default="error",
    help="From which findings on the exit code is 1; `error` leaves inconclusive at 3.",
)
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
@lenient_option
@output_option
@verbosity_options
def command(
    captures: tuple[str, ...],
    expect: str | None,
    quiet: float,
    until: float | None,
    since: float | None,
    device: str | None,
    parties: tuple[str, ...],
    ignore: tuple[str, ...],
    fail_on: str,
    form: str,
    lenient: bool,
    output: str | None,
    brief: bool,
    verbose: bool,
) -> None:
    """Judge captures: verdicts on device, server and proxy, and findings with their place and source.

    CAPTURE is a journal, a mitmproxy flow file, a HAR, a stream of SyncMLViewer, a SyncML message, a folder of messages,
    or - for stdin.

    Exit codes: 0 pass, 1 fail, 2 a capture that cannot be read or a usage error, 3 inconclusive or nothing to judge.
    """
    options = Options(quiet=quiet, expect=expect, until=until)
    scope = Scope(
        since=since,
        device=device,
        parties=tuple(Party(p) for p in parties) or tuple(Party),
        ignore=frozenset(ignore),
        lenient=lenient,
    )
    judgements = [_judged(path, options, scope) for path in captures]
    shaped = report(judgements)
    text = as_json(shaped) if form == "json" else check_text(shaped, detail=-1 if brief else int(verbose))
    write_result(text, output)
    raise SystemExit(exit_code(judgements, fail_on))


def _judged(path: str, options: Options, scope: Scope) -> Judgement:
    try:
        return judge(read(path), options, scope)
    except CaptureError as error:
        from replay.report.safe import visible

        click.echo(f"omadm: {visible(str(error))}", err=True)
        return unreadable(path, str(error))
