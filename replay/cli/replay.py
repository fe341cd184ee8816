"""`omadm replay`: the device's side of a capture played against a live server, its answers compared with the recorded ones."""

import random
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NoReturn
from urllib.parse import urlsplit

import click
from msgspec import Struct

from replay.capture.access import cannot_be_read, cannot_be_written
from replay.capture.certificates import identity_of_pem
from replay.capture.exchange import CaptureError, Identity, header
from replay.capture.readers import read
from replay.capture.sessions import Traffic, assemble
from replay.capture.turns import host_of, names_server
from replay.cli.exits import FAIL, PASS, stop
from replay.cli.options import answer_timeout_option, say_troubles, verbosity_options, write_result
from replay.cli.tls import device_tls
from replay.compare.replayed import Outcome, Replay
from replay.play.body import in_form
from replay.play.device import Played
from replay.play.outcome import Outcomes
from replay.play.proofs import proves_itself
from replay.play.reach import Reach
from replay.play.renew import Addresses, device_like
from replay.play.requests import Settings
from replay.play.run import Line, LiveJournal, Unit, play
from replay.play.script import Script, Step, outside, scripts
from replay.report.as_json import as_json
from replay.report.replay_shapes import replay_shape
from replay.report.replay_text import replay_text
from replay.syncml.credentials import BASIC, Secret
from replay.syncml.errors import UnreadableMessageError
from replay.version import __version__

PASSWORD = "OMADM_PASSWORD"  # noqa: S105 - the name of a variable


class _Given(Struct, frozen=True):
    """How devices are to be played, as the options say."""

    url: str
    form: str | None
    unknown: str | None
    secret: Secret | None
    count: int
    device_id: str | None
    reach: Reach


@click.command("replay")
@click.argument("capture")
@click.option("--to", "url", required=True, metavar="URL", help="The server, or the proxy before it. The recorded path and query "
              "are kept unless URL has a path other than /.")  # fmt: skip
@click.option("--session", type=int, metavar="N", help="Play this session alone, by its number in `omadm show`.")
@click.option("--device", metavar="ID", help="Play this device of the capture alone.")
@click.option("--device-id", metavar="ID", help="The device's new id; as recorded where it is not given.")
@click.option("--count", type=click.IntRange(1, 1000), default=1, show_default=True, metavar="N", help="Play N devices at a time, "
              "each with an id of its own.")  # fmt: skip
@click.option("--timing", is_flag=True, help="Keep the recorded pace; else each message goes out as soon as it can.")
@answer_timeout_option
@click.option("--user", metavar="NAME", help="The user whose credentials are made anew, with the live server's nonce.")
@click.option("--password", metavar="PASSWORD", envvar=PASSWORD, help="Its password. Others on this machine can see it: the "
              f"variable {PASSWORD} keeps it out of sight; where it is missing you are asked. It is never written.")  # fmt: skip
@click.option("--cert", metavar="FILE", help="The device's certificate and key, in PEM.")
@click.option("--ca", metavar="FILE", help="The certificate authority to trust, in PEM.")
@click.option("--xml", "form", flag_value="xml", help="Send XML, whatever was recorded.")
@click.option("--wbxml", "form", flag_value="wbxml", help="Send WBXML, whatever was recorded.")
@click.option("--unknown", type=click.Choice(["404", "405", "stop"]), default="404", show_default=True, help="What a command of "
              "the live server gets that nothing was recorded for: a Status, or the end of the replay.")  # fmt: skip
@click.option("--yes-this-server", "named", multiple=True, metavar="URL", help="A server that is neither on this machine nor in a "
              "private network, and that you mean nevertheless; repeatable.")  # fmt: skip
@click.option(
    "-o",
    "--output",
    metavar="JOURNAL",
    help="Record what is sent and answered; a journal that is there is appended to.",
)
@click.option("--format", "style", type=click.Choice(["text", "json"]), default="text", show_default=True)
@verbosity_options
def command(
    capture: str,
    url: str,
    session: int | None,
    device: str | None,
    device_id: str | None,
    count: int,
    timing: bool,
    timeout: float,
    user: str | None,
    password: str | None,
    cert: str | None,
    ca: str | None,
    form: str | None,
    unknown: str,
    named: tuple[str, ...],
    output: str | None,
    style: str,
    brief: bool,
    verbose: bool,
) -> None:
    """Play the device's side of CAPTURE against a live server, and compare its answers with the recorded ones.

    Messages go out byte for byte as they were recorded, but for what must be new: SessionIDs, what a Status refers to,
    credentials, the server's address, and the device's id where that is asked for. The alert session needs no answer to go on.

    Exit codes: 0 when the live answers equal the recorded ones after normalisation, 1 when they differ or one is missing, 2 for a
    capture that cannot be read or a usage error.
    """
    reach = _reach(url, named)
    traffic = _traffic(capture)
    parts = _parts(traffic, capture, device, session)
    given = _Given(url, form, None if unknown == "stop" else unknown, _secret(user, password), count, device_id, reach)
    _check_form(parts, form)
    line = Line(device_tls(ca, cert) if urlsplit(url).scheme == "https" else None, timeout, timing, _shown(cert))
    units = [unit for part in parts for unit in _units(part, given, alone=len(parts) == 1)]
    journal = _journal(output, given.secret)
    try:
        played = _with_progress(units, lambda done: play(units, line, journal, done))
    except KeyboardInterrupt:
        stop("interrupted: not everything was played")
    finally:
        if journal is not None:
            _close(journal, output)
    path = urlsplit(url).path
    outcomes = Outcomes(traffic, path if path not in ("", "/") else None)
    devices = [outcomes.of(unit.name, unit.script, each) for unit, each in zip(units, played, strict=True)]
    left = outside(traffic) if device is None and session is None else []
    result = Replay(capture, url, devices, left, _notes(traffic, parts, given, timing=timing))
    if not any(each.count(Outcome.SAME, Outcome.DIFFERS, Outcome.MISSING) for each in devices):
        result.notes.append("nothing was compared: the recording has no answer of a server")
    shaped = replay_shape(result)
    detail = -1 if brief else int(verbose)
    write_result(as_json(shaped) if style == "json" else replay_text(shaped, detail=detail), None)
    raise SystemExit(PASS if result.equal else FAIL)


def _reach(url: str, named: tuple[str, ...]) -> Reach:
    """Whom the replay may call; ends the command where the server itself is not among them."""
    if not names_server(url):
        raise click.UsageError(f"--to {url}: is no URL of a server; expected one such as https://127.0.0.1:8443/")
    if "@" in urlsplit(url).netloc:
        raise click.UsageError("--to: no user and password in the URL; --user and --password are for that")
    reach = Reach(named)
    if not reach.may_call(url):
        raise click.UsageError(
            f"--to {url}: is neither this machine nor in a private network, or its name has no address. Recorded messages change "
            f"what a server knows of a device. If you mean it, say so: --yes-this-server {url}"
        )
    return reach


def _traffic(capture: str) -> Traffic:
    try:
        traffic = assemble(read(capture))
    except CaptureError as error:
        stop(str(error))
    say_troubles(traffic.capture)
    return traffic


def _parts(traffic: Traffic, capture: str, device: str | None, session: int | None) -> list[Script]:
    """The parts to be played; ends the command where there are none."""
    parts = [part for part in scripts(traffic, device=device, session=session) if part.steps]
    if not parts:
        _nothing_to_play(traffic, capture, device, session)
    return parts


def _nothing_to_play(traffic: Traffic, capture: str, device: str | None, session: int | None) -> NoReturn:
    """Ends the command, and says what there is."""
    if device is not None and device not in {each.device for each in traffic.sessions}:
        known = ", ".join(sorted({each.device or "without an id" for each in traffic.sessions}))
        stop(f"{capture}: has no device {device!r}; there are: {known or 'none'}")
    if session is not None:
        stop(f"{capture}: has no session {session} that can be played; it has {len(traffic.sessions)}")
    stop(f"{capture}: has no message of a device that could be played")


def _secret(user: str | None, password: str | None) -> Secret | None:
    if user is None:
        return None
    if password is None:
        if not sys.stdin.isatty():
            raise click.UsageError(f"--user needs a password: --password, or the variable {PASSWORD}")
        password = str(click.prompt(f"Password of {user}", hide_input=True, err=True))
    return Secret(user, password)


def _check_form(parts: list[Script], form: str | None) -> None:
    """Ends the command where a message cannot be written in the form that was asked for, before anything is sent."""
    for message, number in ((step.turn.request, step.number) for part in parts for step in part.steps):
        try:
            if message is not None and form is not None:
                in_form(message.raw, form)
        except UnreadableMessageError as error:
            stop(f"exchange {number}: the device's message cannot be written in {str(form).upper()}: {error}")


def _shown(cert: str | None) -> Identity | None:
    """Whom the device's certificate names, for the journal."""
    try:
        return identity_of_pem(Path(cert).read_bytes()) if cert is not None else None
    except OSError as error:
        stop(cannot_be_read(str(cert), error))


def _units(part: Script, given: _Given, *, alone: bool) -> Iterator[Unit]:
    """The devices that one recorded device becomes, each with an id of its own where there are several."""
    rng = random.Random()  # noqa: S311 - names, no secrets
    for number in range(1, given.count + 1):
        name = given.device_id or part.device or ""
        if given.device_id is not None and not (alone and given.count == 1):
            name = (
                f"{given.device_id}-{number}" if alone else f"{given.device_id}-{part.steps[0].session.number}-{number}"
            )
        elif given.device_id is None and given.count > 1:
            name = device_like(name, rng)
        settings = Settings(
            Addresses(given.url, part.addresses),
            names={part.device: name} if part.device is not None else {},
            users=_users(part, given.secret),
            secret=given.secret,
            unknown=given.unknown,
            form=given.form,
            may_call=given.reach.may_call,
        )
        yield Unit(part, settings, name)


def _users(part: Script, secret: Secret | None) -> dict[str, str]:
    """The user's name in LocName, where recorded digests have it (DMS 5.3.2), and the new one."""
    if secret is None:
        return {}
    messages = [
        step.turn.request for step in part.steps if step.turn.request is not None and _proves(step) not in (None, BASIC)
    ]
    names = {message.header.source.name for message in messages if message.header.source is not None}
    return {name: secret.user for name in names if name}


def _proves(step: Step) -> str | None:
    message = step.turn.request
    return proves_itself(message, step.turn.exchange.headers) if message is not None else None


def _journal(output: str | None, secret: Secret | None) -> LiveJournal | None:
    if output is None:
        return None
    try:
        return LiveJournal(output, tool=f"omadm-replay {__version__}", secret=secret)
    except CaptureError as error:
        stop(str(error))
    except OSError as error:
        stop(cannot_be_written(output, error))


def _close(journal: LiveJournal, output: str | None) -> None:
    try:
        journal.close()
    except OSError as error:
        stop(cannot_be_written(str(output), error))


def _with_progress(units: list[Unit], run: Callable[[Callable[[], None]], list[Played]]) -> list[Played]:
    """Plays, with a bar on stderr where that is a terminal."""
    if not sys.stderr.isatty():
        return run(lambda: None)
    lock = threading.Lock()
    total = sum(len(unit.script.steps) for unit in units)
    with click.progressbar(length=total, label="exchanges", file=sys.stderr) as bar:

        def done() -> None:
            with lock:
                bar.update(1)

        return run(done)


def _notes(traffic: Traffic, parts: list[Script], given: _Given, *, timing: bool) -> list[str]:
    """What the user should know of this replay as a whole."""
    notes = []
    steps = [step for part in parts for step in part.steps]
    kinds = sorted({kind for step in steps if (kind := _proves(step)) is not None})
    if kinds and given.secret is None:
        notes.append(f"credentials ({', '.join(kinds)}) were sent as recorded: --user and its password make them anew")
    if traffic.capture.redacted:
        notes.append(f"{traffic.capture.path} is redacted: its pseudonyms were sent")
    if any(header(step.turn.exchange.headers, "ms-signature") is not None for step in steps):
        notes.append("MS-Signature was sent as recorded: only the device's own key can make it anew")
    if timing and any(step.at is None for step in steps):
        notes.append(f"{traffic.capture.path} has no times: --timing kept no pace")
    servers = {host_of(step.turn.exchange.url) for step in steps if step.turn.exchange.url}
    if len(servers) > 1:
        notes.append(f"the recording is of {len(servers)} servers; everything went to the one")
    return notes
