"""`omadm lab suite`: a device under test, and one disturbance after the other of the answer to its alert."""

import contextlib
import os
import shlex
import signal
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import click
from msgspec import Struct

from replay.capture.episodes import find_episodes
from replay.capture.exchange import CaptureError
from replay.capture.journal_reader import read as read_journal
from replay.capture.readers import read
from replay.capture.sessions import Traffic, assemble
from replay.cli.exits import ERROR, OF_VERDICT, stop
from replay.cli.options import address, scenario, seconds, write_result
from replay.expect.case import Options
from replay.expect.finding import Party
from replay.expect.judge import Scope, judge
from replay.expect.scenarios import SERVER, USER
from replay.expect.schedule import QUIET
from replay.expect.suite import DELAY, Row, Trial, row_of, trials, verdict_of
from replay.lab.device import VARIANTS, DeviceError, LabDevice
from replay.report.as_json import as_json
from replay.report.suite_text import suite_shape, suite_text

#: How long the lab's device waits for an answer, in seconds, before all times are scaled; shorter than the delay.
_PATIENCE: Final = 30.0
_ENDS: Final = 30.0
_TICK: Final = 0.1
#: Seconds that the recorder watches longer than it has to.
_MARGIN: Final = 1.0
_LISTENING: Final = "listening on "
_NAMES: Final = tuple(each.name for each in trials())


class _Part(Struct, frozen=True):
    """What the capture has to offer: who begins its unenrolment (a scenario), and how many sessions come before the Exec."""

    scenario: str
    before: int


class _Run(Struct, frozen=True):
    """How the trials are run; `quiet` is the quiet time in seconds, with the scale in it."""

    capture: str
    listen: str
    folder: Path
    scale: float
    quiet: float
    timeout: float
    settings: tuple[str, ...]
    lab_device: str | None
    device_command: str | None
    expect: str
    before: int

    @property
    def by_user(self) -> bool:
        """Whether it is up to the user to begin."""
        return scenario(self.expect).kind == USER


@click.command("suite")
@click.option("--server-capture", "capture", required=True, metavar="CAPTURE", help="The recording whose server is "
              "played.")  # fmt: skip
@click.option("--listen", type=address, default="127.0.0.1:0", metavar="HOST:PORT", help="Where the device calls its server; with "
              "port 0 another one in each trial.  [default: 127.0.0.1:0]")  # fmt: skip
@click.option("--lab-device", type=click.Choice(list(VARIANTS)), metavar="VARIANT", help="Test the lab's device, in this "
              "variant.")  # fmt: skip
@click.option("--device-command", metavar="COMMAND", help="Run this in each trial, so that the device unenrols; {url} and {fault} "
              "in it are replaced.")  # fmt: skip
@click.option("--only", type=click.Choice(_NAMES), multiple=True, metavar="NAME", help="Run this trial alone; repeatable.  One of "
              f"{', '.join(_NAMES)}.")  # fmt: skip
@click.option("--scale", type=click.FloatRange(0.001, 10), default=1.0, show_default=True, metavar="FACTOR", help="Multiply the "
              f"delay ({DELAY:g} s) and the quiet time by this.")  # fmt: skip
@click.option("--quiet", type=seconds, default=QUIET, show_default=True, metavar="SECONDS", help="The quiet time, before it is "
              "scaled.")  # fmt: skip
@click.option("--timeout", type=seconds, default=600.0, show_default=True, metavar="SECONDS", help="How long each trial waits for "
              "the device to unenrol.")  # fmt: skip
@click.option("--expect", metavar="NAME|FILE", help="The scenario that the device has to go through.  [default: server where the "
              "capture has an Exec Unenroll, else user]")  # fmt: skip
@click.option("--set", "settings", multiple=True, metavar="OPTION=VALUE", help="One of mitmproxy's own options, such as "
              "confdir=DIR; repeatable.")  # fmt: skip
@click.option(
    "-o", "--output", metavar="DIR", help="Where the journals go, one a trial.  [default: captures/suite-<time>]"
)
@click.option("--format", "style", type=click.Choice(["text", "json"]), default="text", show_default=True)
def command(
    capture: str,
    listen: tuple[str, int],
    lab_device: str | None,
    device_command: str | None,
    only: tuple[str, ...],
    scale: float,
    quiet: float,
    timeout: float,
    expect: str | None,
    settings: tuple[str, ...],
    output: str | None,
    style: str,
) -> None:
    """Disturb the answer to a device's alert in one way after the other, and judge what the device does.

    Each trial plays the server of CAPTURE anew (`omadm serve`), with one fault and a journal of its own. Without --lab-device and
    --device-command it says on stderr when the device has to be enrolled and disconnected. The table says of each whether the
    device unenrolled all the same, whether it tried again, and whether it stayed silent.

    Exit codes: those of `omadm check`, by the worst trial; what the server does wrong does not count.
    """
    if lab_device is not None and device_command is not None:
        raise click.UsageError("--lab-device and --device-command are two devices; name one")
    part = _part(capture)
    folder = Path(output) if output else Path("captures") / time.strftime("suite-%Y%m%d-%H%M%S")
    host = f"[{listen[0]}]" if ":" in listen[0] else listen[0]
    how = _Run(
        capture,
        f"{host}:{listen[1]}",
        folder,
        scale,
        quiet * scale,
        timeout,
        settings,
        lab_device,
        device_command,
        expect or part.scenario,
        part.before,
    )
    scenario(how.expect)  # a mistake in it is said now
    chosen = [each for each in trials(scale) if not only or each.name in only]
    _make_room(folder, chosen)
    rows = []
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # either way nothing is left behind
    try:
        for number, trial in enumerate(chosen, 1):
            click.echo(
                f"trial {number} of {len(chosen)}, {trial.name}: the answer to the alert {trial.words}", err=True
            )
            rows.append(_run(trial, how))
    except KeyboardInterrupt:
        stop(f"interrupted in the middle of trial {len(rows) + 1}: {folder} has the journals so far")
    if style == "json":
        write_result(as_json(suite_shape(rows, capture, scale, how.quiet)), None)
    else:
        write_result(suite_text(rows, how.quiet), None)
    raise SystemExit(OF_VERDICT[verdict_of(rows)])


def _part(capture: str) -> _Part:
    """What the capture is of; ends the command where it has no unenrolment."""
    try:
        traffic: Traffic = assemble(read(capture))
    except CaptureError as error:
        stop(str(error))
    episodes = find_episodes(traffic)
    if not episodes:
        stop(f"{capture}: has no unenrolment, so there is no alert whose answer could be disturbed")
    episode = episodes[0]
    mine = [session for session in traffic.sessions if session.device == episode.enrolment.device]
    places = [place for place, session in enumerate(mine) if "exec" in session.roles]
    return _Part(SERVER if episode.trigger is not None else USER, places[0] if places else 0)


def _make_room(folder: Path, chosen: list[Trial]) -> None:
    """Makes the folder; ends the command where a journal of that name is there already."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        stop(f"{folder}: cannot be made a folder: {error.strerror or error}")
    for trial in chosen:
        if (path := folder / f"{trial.name}.jsonl").exists():
            stop(f"{path}: is there already; choose another folder with -o")


def _run(trial: Trial, how: _Run) -> Row:
    """One trial: the server is played, the device is set going, and the journal is judged when it is decided."""
    journal = how.folder / f"{trial.name}.jsonl"
    with _serving(trial, how, journal) as served, _device(trial, how, served.url) as device_over:
        failed = served.wait(device_over, trial.late + how.quiet + _MARGIN)
    options = Options(quiet=how.quiet, expect=scenario(how.expect))
    with journal.open("rb") as file:
        judgement = judge(read_journal(file, str(journal)), options, Scope(parties=(Party.DEVICE, Party.PROXY)))
    if failed and not judgement.errors:  # it is the server that failed, not a rule
        stop(f"the server could not be played to the end:\n{failed}")
    for error in judgement.errors:
        click.echo(f"omadm: {journal}: {error}", err=True)
    row = row_of(trial, judgement, str(journal))
    click.echo(f"  {row.verdict.word}", err=True)
    return row


class _Served:
    """`omadm serve` as a process of its own, until the unenrolment is decided or the time is over."""

    def __init__(self, command: list[str]) -> None:
        self._process = subprocess.Popen(  # noqa: S603 - our own command
            command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
        )
        self._said: list[str] = []
        self.url = self._address()
        self._reader = threading.Thread(target=self._read, name="omadm-suite-reader", daemon=True)
        self._reader.start()

    def _address(self) -> str:
        """The URL at which it listens, as soon as it says so; ends the command where it does not."""
        for line in self._process.stderr or ():
            self._said.append(line)
            if line.startswith(_LISTENING):
                break
        else:
            self.kill()
            stop("the server could not be played:\n" + "".join(self._said).strip())
        return f"https://{self._said[-1].removeprefix(_LISTENING).strip()}/"

    def _read(self) -> None:
        self._said += list(self._process.stderr or ())

    def wait(self, device_over: threading.Event, patience: float) -> str:
        """Waits for its end: the verdict, or `patience` seconds after the device has done all it does. Gives what it said where its
        exit code is that of an error."""
        until = None
        while self._process.poll() is None and (until is None or time.monotonic() < until):
            if until is None and device_over.wait(_TICK):
                until = time.monotonic() + patience
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(_TICK)
        self.kill()
        self._reader.join()
        return "".join(self._said).strip() if self._process.returncode == ERROR else ""

    def kill(self) -> None:
        """Leaves nothing behind."""
        if self._process.poll() is None:
            self._process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(_ENDS)
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()


@contextlib.contextmanager
def _serving(trial: Trial, how: _Run, journal: Path) -> Iterator[_Served]:
    patience = how.timeout + DELAY * how.scale + how.quiet
    command = [
        *(sys.executable, "-m", "replay", "serve", how.capture, "--listen", how.listen, "-o", str(journal)),
        *("--interval", f"{min(5.0, max(0.1, how.quiet / 10)):g}", "--quiet", f"{how.quiet:g}", "--brief"),
        *("--until-verdict", "--expect", how.expect, "--timeout", f"{patience:g}"),
        *(("--fault", trial.fault) if trial.fault else ()),
        *(word for setting in how.settings for word in ("--set", setting)),
    ]
    served = _Served(command)
    try:
        yield served
    finally:
        served.kill()


@contextlib.contextmanager
def _device(trial: Trial, how: _Run, url: str) -> Iterator[threading.Event]:
    """Sets the device under test going, or says what to do. The event is set when the device is known to be through."""
    over = threading.Event()
    if how.lab_device is not None:
        threading.Thread(target=_run_lab_device, args=(how, url, over), name="omadm-lab-device", daemon=True).start()
        yield over
    elif how.device_command is not None:
        words = shlex.split(how.device_command)
        words = [word.replace("{url}", url).replace("{fault}", trial.name) for word in words]
        try:
            process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=sys.stderr)  # noqa: S603 - the user's own
        except OSError as error:
            stop(f"--device-command: {words[0]}: {error.strerror or error}")
        try:
            yield over
        finally:
            process.terminate()
            process.wait()
    else:
        what = "disconnect it" if how.by_user else "let it synchronise, so that the server disconnects it"
        click.echo(f"  the server is at {url}: enrol the device there and {what}", err=True)
        yield over


def _run_lab_device(how: _Run, url: str, over: threading.Event) -> None:
    """The lab's device from its first session to its last. What fails after the alert is in the journal; before it, it is said."""
    try:
        tls = ssl.create_default_context(cafile=_confdir(how.settings) / "mitmproxy-ca-cert.pem")
        device = LabDevice(url, tls=tls, timeout=max(0.5, _PATIENCE * how.scale), variant=how.lab_device or "good")
        for _ in range(how.before):
            device.run("ordinary")
        device.run(USER if how.by_user else SERVER)
    except (DeviceError, OSError) as error:
        click.echo(f"  the lab's device: {error}", err=True)
    finally:
        over.set()


def _confdir(settings: tuple[str, ...]) -> Path:
    """Where mitmproxy keeps its certificate authority."""
    given = [setting.partition("=")[2] for setting in settings if setting.startswith("confdir=")]
    return Path(os.path.expanduser(given[-1] if given else "~/.mitmproxy"))  # noqa: PTH111
