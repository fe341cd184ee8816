"""`omadm check`: verdicts and findings."""

import os
import sys
from functools import partial

import click

from replay.capture.evidence import EvidenceError, EvidenceFile
from replay.cli.exits import FAIL_ON, exit_code_of, say, stop
from replay.cli.judging import accept_option, enrolment_option, expect_option, ignore_option, quiet_option
from replay.cli.many import Where, interruptible, parts_of, places_of, where_options
from replay.cli.noise_option import noise_option
from replay.cli.options import (
    lenient_option,
    output_option,
    signed_seconds,
    time,
    verbosity_options,
    write_result,
)
from replay.cli.progress import reading
from replay.cli.secret_options import known, not_verified, secret_options
from replay.expect.accept import Accepted
from replay.expect.case import Options
from replay.expect.enrolments import EnrolmentKind
from replay.expect.evidence import Log, log_of
from replay.expect.finding import Party, Severity
from replay.expect.judge import Scope
from replay.expect.scenarios.model import Scenario
from replay.many.judged import Part, Task
from replay.normal.noise import NoiseProfile
from replay.report.forms import FORMS, FROM_SHAPES, drawing, piece, piece_of, whole
from replay.report.safe import visible
from replay.report.shapes import heading
from replay.syncml.credentials import Secret


def _evidence(value: str) -> EvidenceFile:
    """A file of evidence, as an option's value."""
    from replay.capture.evidence_readers import read_evidence

    try:
        return read_evidence(value)
    except EvidenceError as error:
        stop(str(error))


@click.command("check")
@click.argument("captures", nargs=-1, required=True, metavar="CAPTURE...")
@expect_option
@quiet_option
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
@enrolment_option
@click.option("--since", type=time, metavar="TIME", help="Judge what came from TIME on.")
@click.option("--device", metavar="ID", help="Judge this device alone.")
@click.option(
    "--party",
    "parties",
    type=click.Choice([p.value for p in Party]),
    multiple=True,
    help="Judge this party alone; repeatable.",
)
@ignore_option
@accept_option
@noise_option("Warnings about values that a signed line says vary so are accepted for its reason; errors never are.")
@secret_options
@click.option(
    "--fail-on",
    type=click.Choice(list(FAIL_ON)),
    default="error",
    help="From which findings on the exit code is 1; `error` leaves inconclusive at 3.",
)
@click.option("--format", "form", type=click.Choice(FORMS), default="text", show_default=True)
@where_options
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
    noise: NoiseProfile | None,
    secrets: tuple[Secret, ...],
    secret_files: tuple[tuple[Secret, ...], ...],
    fail_on: str,
    form: str,
    jobs: int,
    dask: str | None,
    lenient: bool,
    output: str | None,
    brief: bool,
    verbose: bool,
) -> None:
    """Judge captures: verdicts on device, server and proxy, and findings with their place and source.

    CAPTURE is a journal, a mitmproxy flow file, a HAR, a stream of SyncMLViewer, a SyncML message, a folder of messages,
    or - for stdin. Of any other folder, the captures in it and in the folders below it are judged.

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
        noise=noise,
    )
    detail = -1 if brief else int(verbose)
    task = Task(
        options=options,
        scope=scope,
        make=partial(piece, form=form, detail=detail, fail_on=fail_on),
        shaped=partial(piece_of, form=form, fail_on=fail_on) if form in FROM_SHAPES else None,
        draw=drawing(form),
        with_sessions=form == "json" or detail > 0,
        annotate=os.environ.get("GITHUB_ACTIONS") == "true",  # its runner reads both streams; the result stays as it is
    )
    parts: list[Part] = []
    places, skipped = places_of(captures)
    with interruptible(parts, places, "nothing is reported"), reading(*captures) as shown:
        parts.extend(parts_of(task, places, Where(jobs, dask), shown))
        left = _left(accept, parts, scope)
        used = any(part.evidence_used for part in parts)
        shown.stage("writing the report")
        head = heading([part.verdicts for part in parts], left, log, used=used)
        text = whole([part.piece for part in parts], head, form=form, detail=detail)
        if form == "text" and not isinstance(text, str) and sys.stdout.isatty():
            text = "".join(text)  # to be made to fit
    say(skipped)
    for part in parts:
        for error in part.unread:
            click.echo(f"omadm: {visible(error)}", err=True)
    write_result(text, output, prose=form == "text", private=form == "html")
    for part in parts:
        for line in part.annotations:
            click.echo(line, err=True)
    besides = left if left and form != "text" else []  # the text says so itself
    for line in (*besides, *(noise.notes() if noise is not None else ()), *not_verified(options.secrets, parts)):
        click.echo(f"omadm: {visible(line)}", err=True)
    severities = frozenset[Severity]().union(*(part.severities for part in parts))
    raise SystemExit(exit_code_of([part.verdict for part in parts], severities, fail_on))


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


def _left(accept: Accepted | None, parts: list[Part], scope: Scope) -> list[str] | None:
    """What is to be said of the file of accepted findings: an entry is used where any of the captures has its finding."""
    if accept is None:
        return None
    matched = frozenset(number for part in parts for number in part.matched)
    return accept.left(matched, ignored=scope.ignore, device=scope.device)
