"""`omadm check`: verdicts and findings."""

import os
from datetime import UTC, datetime

import click

from replay.capture.evidence import EvidenceError, EvidenceFile
from replay.capture.evidence_readers import read_evidence
from replay.capture.exchange import CaptureError
from replay.capture.readers import read
from replay.cli.exits import FAIL_ON, exit_code, stop
from replay.cli.options import (
    lenient_option,
    output_option,
    quiet_time,
    rule_id,
    scenario,
    signed_seconds,
    time,
    verbosity_options,
    write_result,
)
from replay.cli.progress import Shown, reading
from replay.cli.secret_options import known, not_verified, secret_options
from replay.expect.accept import Accepted, read_accepted
from replay.expect.case import Options
from replay.expect.enrolments import EnrolmentKind
from replay.expect.evidence import Log, log_of
from replay.expect.finding import Party
from replay.expect.judge import Judgement, Scope, judge, unreadable
from replay.expect.scenarios.model import Scenario
from replay.expect.schedule import QUIET
from replay.expect.toml_lines import TomlError
from replay.report.forms import FORMS, render
from replay.report.safe import visible
from replay.report.shapes import report
from replay.syncml.credentials import Secret


def _accepted(value: str) -> Accepted:
    """A file of accepted findings, as an option's value."""
    try:
        return read_accepted(value, datetime.now(UTC))
    except TomlError as error:
        raise click.BadParameter("\n".join(map(visible, error.mistakes))) from None


def _evidence(value: str) -> EvidenceFile:
    """A file of evidence, as an option's value."""
    try:
        return read_evidence(value)
    except EvidenceError as error:
        stop(str(error))


@click.command("check")
@click.argument("captures", nargs=-1, required=True, metavar="CAPTURE...")
@click.option(
    "--expect",
    type=scenario,
    metavar="NAME|FILE",
    help="The scenario that the capture must hold: user, server, unjoin-failed, or a scenario file.",
)
@click.option(
    "--quiet",
    type=quiet_time,
    metavar="SECONDS",
    default=QUIET,
    show_default=True,
    help="Seconds of silence after the alert that count as gone; auto takes the device's own schedule.",
)
@click.option(
    "--until",
    type=time,
    metavar="TIME",
    help="Judge what came until TIME. A journal says itself how long it watched; of another format "
    "it is your word that the recorder watched until then.",
)
@click.option(
    "--evidence",
    type=_evidence,
    metavar="FILE",
    multiple=True,
    help="What the device itself logged: a Windows event log (.evtx, or the XML of wevtutil or Event Viewer), or a JSON list of "
    "at, step, outcome and text. Repeatable for several logs of one device.",
)
@click.option(
    "--evidence-offset",
    type=signed_seconds,
    metavar="SECONDS",
    help="How far the device's clock is ahead of the recorder's (negative: behind). Without it that is estimated.",
)
@click.option(
    "--enrolment",
    type=click.Choice([kind.value for kind in EnrolmentKind]),
    help="How the device was enrolled: says what was to be expected of it, and what to look at.",
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
@click.option("--ignore", type=rule_id, metavar="RULE", multiple=True, help="Leave a rule out; repeatable.")
@click.option(
    "--accept",
    type=_accepted,
    metavar="FILE",
    help="Findings that are known: a TOML file with rule, device or server, reason, and until when. They change no verdict.",
)
@secret_options
@click.option(
    "--fail-on",
    type=click.Choice(list(FAIL_ON)),
    default="error",
    help="From which findings on the exit code is 1; `error` leaves inconclusive at 3.",
)
@click.option("--format", "form", type=click.Choice(FORMS), default="text", show_default=True)
@lenient_option
@output_option
@verbosity_options
def command(
    captures: tuple[str, ...],
    expect: Scenario | None,
    quiet: float | None,
    until: float | None,
    evidence: tuple[EvidenceFile, ...],
    evidence_offset: float | None,
    enrolment: str | None,
    since: float | None,
    device: str | None,
    parties: tuple[str, ...],
    ignore: tuple[str, ...],
    accept: Accepted | None,
    secrets: tuple[Secret, ...],
    secret_files: tuple[tuple[Secret, ...], ...],
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
    kind = EnrolmentKind(enrolment) if enrolment else None
    log = _log(evidence, evidence_offset)
    options = Options(
        quiet=quiet,
        expect=expect,
        until=until,
        enrolment=kind,
        evidence=log,
        evidence_offset=evidence_offset,
        secrets=known(secrets, secret_files),
    )
    scope = Scope(
        since=since,
        device=device,
        parties=tuple(Party(p) for p in parties) or tuple(Party),
        ignore=frozenset(ignore),
        lenient=lenient,
        accepted=accept,
    )
    with reading(*captures) as shown:
        judgements = [_judged(path, options, scope, shown) for path in captures]
        left = _left(accept, judgements, scope)
        shaped = report(judgements, left, log)
        shown.stage("writing the report")
        text = render(form, judgements, shaped, detail=-1 if brief else int(verbose), fail_on=fail_on)
    for each in judgements:
        if each.traffic is None:
            click.echo("".join(f"omadm: {visible(error)}" for error in each.errors), err=True)
    write_result(text, output, prose=form == "text")
    if os.environ.get("GITHUB_ACTIONS") == "true":  # its runner reads both streams; the result stays as it is
        from replay.report.annotations import annotations

        for line in annotations(judgements):
            click.echo(line, err=True)
    if left and form != "text":  # the text says so itself
        click.echo("\n".join(f"omadm: {visible(line)}" for line in left), err=True)
    for line in not_verified(options.secrets, [each.traffic for each in judgements if each.traffic]):
        click.echo(f"omadm: {visible(line)}", err=True)
    raise SystemExit(exit_code(judgements, fail_on))


def _log(files: tuple[EvidenceFile, ...], offset: float | None) -> Log | None:
    """The files of evidence as one log; ends the command where they are of several computers."""
    if not files:
        if offset is not None:
            raise click.UsageError("--evidence-offset says nothing without --evidence FILE")
        return None
    try:
        return log_of(files)
    except EvidenceError as error:
        stop(str(error))


def _judged(path: str, options: Options, scope: Scope, shown: Shown) -> Judgement:
    shown.stage(f"reading {path}")
    try:
        capture = read(path, shown.reading)
    except CaptureError as error:
        return unreadable(path, str(error))
    shown.stage(f"judging {path}, {len(capture.exchanges)} exchanges")
    return judge(capture, options, scope)


def _left(accept: Accepted | None, judgements: list[Judgement], scope: Scope) -> list[str] | None:
    """What is to be said of the file of accepted findings: an entry is used where any of the captures has its finding."""
    if accept is None:
        return None
    matched = frozenset(number for each in judgements for number in each.matched)
    return accept.left(matched, ignored=scope.ignore, device=scope.device)
