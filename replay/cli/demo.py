"""`omadm demo`: lab device, recording proxy and lab server on loopback; unenrolments recorded, judged and drawn."""

import contextlib
import shlex
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import click
from msgspec import Struct

from replay.capture.access import cannot_be_written
from replay.capture.journal import looks_like_journal
from replay.capture.readers import read
from replay.cli.exits import FAIL, stop
from replay.cli.options import write_result
from replay.expect.case import Options
from replay.expect.finding import Verdict
from replay.expect.judge import Judgement, judge
from replay.lab.device import DeviceError, LabDevice
from replay.lab.server import LabServer
from replay.report.html.check import check_html
from replay.report.html.frame import is_ours
from replay.report.shapes import report
from replay.report.text import check_text

#: The report on all of them, as one page.
PAGE: Final = "report.html"
#: Seconds. A real run waits a minute at least, and says less the shorter it waits.
QUIET: Final = 3.0
_START: Final = 60.0
#: Bytes of a file by which it is known.
_BEGINNING: Final = 4096


class _Part(Struct, frozen=True):
    """One recording of the demo: its file, what the device does, and the verdict that this must get."""

    file: str
    title: str
    scenario: str
    variant: str
    verdict: Verdict


_PARTS: Final = (
    _Part("demo.jsonl", "the user disconnects", "user", "good", Verdict.PASS),
    _Part("demo-server.jsonl", "the server disconnects the device", "server", "good", Verdict.PASS),
    _Part("demo-not-silent.jsonl", "a device that goes on after its alert", "user", "not-silent", Verdict.FAIL),
)


class _Proxy:
    """`omadm record` as a process of its own, with a certificate authority made for this run."""

    def __init__(self, server: LabServer, journal: Path, confdir: Path) -> None:
        self.ca = confdir / "mitmproxy-ca-cert.pem"
        command = [
            *(sys.executable, "-m", "replay", "record", "--mode", f"reverse:{server.url}", "--listen", "127.0.0.1:0"),
            *("-o", str(journal), "--interval", "0.5", "--set", f"confdir={confdir}"),
        ]
        self._process = subprocess.Popen(  # noqa: S603 - our own command
            command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
        )
        self.url = ""

    def wait_until_ready(self) -> None:
        """Reads what the process says until it says where it listens."""
        stream = self._process.stderr
        said = []
        for line in stream or ():
            said.append(line)
            if line.startswith("listening on "):
                self.url = f"https://{line.removeprefix('listening on ').strip()}/"
                return
        stop("the recording proxy did not start:\n" + "".join(said).strip())

    def end(self) -> None:
        """Stops it, as a tester does, and waits until its journal is whole."""
        self._process.terminate()
        _, said = self._process.communicate(timeout=_START)
        if self._process.returncode != 0:
            stop(f"the recording failed:\n{said.strip()}")

    def kill(self) -> None:
        """Leaves nothing behind, however the demo ended."""
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        if self._process.stderr is not None:
            self._process.stderr.close()


@click.command("demo")
@click.option("-o", "--output", default="./omadm-demo", show_default=True, metavar="DIR", help="Where the captures go.")
def command(output: str) -> None:
    """Record and judge unenrolments on this machine: lab device, recording proxy and lab server, over TLS on loopback.

    Writes the captures, and a report with drawings for the browser. Ends with 0 when every verdict is the one that was planned,
    one of which is a failure.
    """
    folder = Path(output)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        stop(f"{output}: cannot be made a folder: {error.strerror or error}")
    try:
        _clear(folder)
    except OSError as error:
        stop(cannot_be_written(error.filename or folder, error))
    click.echo("device ── TLS ──▶ mitmproxy + recorder ── HTTP ──▶ server, three times over")
    for part in _PARTS:
        click.echo(f"  {part.file:<22} {part.title}")
    _record(folder)
    judgements = [judge(read(str(folder / part.file)), Options(quiet=QUIET)) for part in _PARTS]
    wrong = []
    for part, judgement in zip(_PARTS, judgements, strict=True):
        click.echo(f"\n── {part.title}\n" + check_text(report([judgement])), nl=False)
        wrong += _unplanned(part, judgement)
    page = folder / PAGE
    write_result(check_html(judgements, report(judgements)), str(page))
    demo = [shlex.quote(str(folder / name)) for name in (_PARTS[0].file, "mine.html")]
    click.echo(
        f"\nWritten: {', '.join(str(folder / name) for name in (*(part.file for part in _PARTS), PAGE))}\n"
        f"The quiet time is {QUIET:g} s here, so that you need not wait; a real test takes 60 s (the default) or more.\n"
        f"Look:  {_opener()} {shlex.quote(str(page))}\n"
        f"       or open {page.resolve().as_uri()} in a browser: drawings, findings, messages\n"
        f"Next:  omadm check --quiet {QUIET:g} {demo[0]}\n"
        f"       omadm check --quiet {QUIET:g} --format html -o {demo[1]} {demo[0]}\n"
        f"       omadm show {demo[0]}"
    )
    if wrong:
        click.echo("\n".join(f"omadm: {each}" for each in wrong), err=True)
        raise SystemExit(FAIL)


def _opener() -> str:
    """The command with which this system opens a file in the program that is meant for it."""
    return {"darwin": "open", "win32": "start"}.get(sys.platform, "xdg-open")


def _unplanned(part: _Part, judgement: Judgement) -> list[str]:
    if judgement.verdict is part.verdict and judgement.episodes:
        return []
    return [f"{part.file}: the verdict is {judgement.verdict.word}; {part.verdict.word} was planned"]


def _clear(folder: Path) -> None:
    """Removes what an earlier demo wrote; a file that is something else is left alone."""
    made: list[tuple[Path, Callable[[bytes], bool], str]] = [
        (folder / part.file, looks_like_journal, "no journal of a demo") for part in _PARTS
    ]
    made.append((folder / PAGE, is_ours, "no report of this tool"))
    there = [each for each in made if each[0].exists()]
    for path, ours, what in there:
        if not ours(path.read_bytes()[:_BEGINNING]):
            stop(f"{path}: is there already and is {what}; choose another folder with -o")
    for path, _, _ in there:
        path.unlink()


def _record(folder: Path) -> None:
    """The three recordings, side by side."""
    with contextlib.ExitStack() as stack:
        proxies = [stack.enter_context(_proxy(part, folder, stack)) for part in _PARTS]
        for proxy in proxies:
            proxy.wait_until_ready()
        click.echo("\nThe proxies are up; the devices run.")
        for part, proxy in zip(_PARTS, proxies, strict=True):
            tls = ssl.create_default_context(cafile=proxy.ca)
            try:
                LabDevice(proxy.url, tls=tls, variant=part.variant).run(part.scenario)
            except DeviceError as error:
                stop(f"the lab device failed: {error}")
        click.echo(f"Now the recorder watches for {QUIET:g} s, to see whether the devices stay silent.")
        time.sleep(QUIET + 0.5)  # the silence itself is what is recorded
        for proxy in proxies:
            proxy.end()


@contextlib.contextmanager
def _proxy(part: _Part, folder: Path, stack: contextlib.ExitStack) -> Iterator[_Proxy]:
    server = stack.enter_context(LabServer(unenroll="MS DM Server" if part.scenario == "server" else None))
    confdir = stack.enter_context(tempfile.TemporaryDirectory(prefix="omadm-demo-"))
    proxy = _Proxy(server, folder / part.file, Path(confdir))
    try:
        yield proxy
    finally:
        proxy.kill()
