"""mitmproxy with the recorder, in this process: what `omadm record` and `omadm serve` have in common."""

import asyncio
import importlib.util
import logging
import signal
import socket
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click
from msgspec import Struct

from replay.cli.addons import folder
from replay.cli.exits import ERROR, exit_code, stop
from replay.cli.fence import Fence
from replay.cli.follow import Follower
from replay.cli.options import address, quiet_time, scenario, seconds, write_result
from replay.expect.case import Options
from replay.expect.judge import Judgement, Scope
from replay.expect.schedule import QUIET
from replay.report.safe import visible, visible_lines

_F = TypeVar("_F", bound=Callable[..., Any])
_STOPPING = (signal.SIGINT, signal.SIGTERM)

_RECORDING = (
    click.option("--listen", type=address, metavar="HOST:PORT", default="0.0.0.0:8080", help="Where devices connect; port 0 "
                 "takes a free one.  [default: 0.0.0.0:8080]"),
    click.option("-o", "--output", metavar="FILE", help="The journal; one that is there is appended to.  "
                 "[default: captures/<time>.jsonl]"),
    click.option("--redact", is_flag=True, help="Write stable pseudonyms instead of secrets and identities."),
    click.option("--fault", "faults", multiple=True, metavar="SPEC", help="Disturb the server's answers: KIND[=VALUE][@WHERE], "
                 "such as drop-reply@alert; repeatable."),
    click.option("--interval", default="5", metavar="SECONDS", help="How often the journal says that the recorder is watching.  "
                 "[default: 5]"),
    click.option("--set", "settings", multiple=True, metavar="OPTION=VALUE", help="One of mitmproxy's own options, such as "
                 "ssl_insecure=true or confdir=DIR; repeatable."),
    click.option("--ui", type=click.Choice(["dump", "web"]), default="dump", help="`web` runs mitmweb: its page shows the traffic, "
                 "SyncML and WBXML readable.  [default: dump]"),
)  # fmt: skip
_JUDGING = (
    click.option("--until-verdict", is_flag=True, help="End when an unenrolment is decided (of the scenario of --expect, where "
                 "that is given), print the report, and exit with its verdict."),
    click.option("--timeout", type=seconds, metavar="SECONDS", help="End after SECONDS."),
    click.option("--expect", type=scenario, metavar="NAME|FILE", help="The scenario that is waited for and judged by."),
    click.option("--quiet", type=quiet_time, metavar="SECONDS", default=QUIET, show_default=True, help="Seconds of silence after "
                 "the alert that count as gone; auto takes the device's own schedule."),
    click.option("--device", metavar="ID", help="Wait for this device alone, and judge it alone."),
    click.option("-q", "--brief", is_flag=True, help="Do not show sessions and unenrolments as they come."),
)  # fmt: skip


def proxy_options(function: _F) -> _F:
    """The options of every command that runs the proxy: where it listens, what it records, how that is judged meanwhile."""
    for option in reversed((*_RECORDING, *_JUDGING)):
        function = option(function)
    return function


class Judging(Struct, frozen=True):
    """How a recording is judged while it goes on, and when it ends by itself."""

    options: Options
    scope: Scope
    until_verdict: bool
    timeout: float | None
    brief: bool


class Setup(Struct, frozen=True):
    """How mitmproxy is to be run: its modes and options, the surface, and our addons besides the recorder, in their order."""

    modes: Sequence[str]
    chosen: dict[str, Any]
    settings: Sequence[str]
    ui: str
    judging: Judging
    addons: Sequence[Any] = ()


def setup(modes: Sequence[str], given: dict[str, Any], chosen: dict[str, Any], addons: Sequence[Any] = ()) -> Setup:
    """The set-up that the options of `proxy_options` describe (`given`), with mitmproxy's options `chosen` besides."""
    host, port = given["listen"]
    chosen = {
        "listen_host": host,
        "listen_port": port,
        "omadm_journal": given["output"] or "",
        "omadm_interval": given["interval"],
        "omadm_redact": given["redact"],
        **chosen,
    }
    if given["faults"]:
        chosen["omadm_fault"] = list(given["faults"])
    judging = Judging(
        Options(quiet=given["quiet"], expect=given["expect"]),
        Scope(device=given["device"]),
        given["until_verdict"],
        given["timeout"],
        given["brief"],
    )
    return Setup(modes, chosen, given["settings"], given["ui"], judging, addons)


async def run(how: Setup) -> int:
    """Runs the proxy until it is stopped, or the verdict is there; gives the exit code."""
    _log_to_stderr()
    recorder, judging = addon("record.py"), how.judging
    master = _master(how, recorder)
    loop = asyncio.get_running_loop()
    for number in _STOPPING:  # not by the loop: what it takes away ends the process for a moment before it is ignored
        signal.signal(number, lambda *_: loop.call_soon_threadsafe(master.shutdown))
    if judging.timeout is not None:
        loop.call_later(judging.timeout, master.shutdown)
    path, begin = recorder.path, recorder.journal.begin
    follower = _follower(recorder, master, loop, judging)
    try:
        await master.run()
    except SystemExit:  # mitmproxy's own way out where it could not start; what went wrong was logged
        recorder.failures.append("the proxy could not start")
    except OSError as error:  # mitmweb's own way
        recorder.failures.append(f"the proxy could not start: {error.strerror or error}")
    finally:
        for number in (
            _STOPPING
        ):  # one more changes nothing any more, nor the exit code, and takes no time from what is left to do
            signal.signal(number, signal.SIG_IGN)
        if recorder.journal is not None:
            recorder.done()
        follower.stop()
    click.echo(
        f"{recorder.recorded} OMA DM exchanges recorded into {path}, {recorder.passed_by} others passed by", err=True
    )
    for failure in recorder.failures:
        click.echo(f"omadm: the recording failed: {visible(failure)}", err=True)
    if recorder.failures:
        return ERROR
    return _verdict(path, begin, judging) if judging.until_verdict else 0


def _master(how: Setup, recorder: Any) -> Any:
    """mitmproxy with our addons; ends the command where an option is wrong."""
    from mitmproxy import exceptions, options

    if how.ui == "web":
        from mitmproxy.tools.web.master import WebMaster

        master: Any = WebMaster(options.Options(), with_termlog=False)
        master.addons.add(addon("view.py"), Fence())
    else:
        from mitmproxy.tools.dump import DumpMaster

        master = DumpMaster(options.Options(), with_termlog=False, with_dumper=False)
    try:
        # the device's message is read before the server is called, so that it is recorded though nobody answers there; and what
        # is malformed goes on as it is, where mitmproxy would answer 400 or 502 by itself
        master.options.update(connection_strategy="lazy", validate_inbound_headers=False)
        master.options.update(request_client_cert=True)  # so that the journal has the device's certificate
        master.options.set(*how.settings, defer=True)
        if how.ui == "web" and master.options.web_port == 0:  # mitmweb would take a free one and not say which
            master.options.update(web_port=_free_port(master.options.web_host))
        if "omadm_fault" in how.chosen:  # before the recorder, so that it sees what was done
            master.addons.add(addon("disturb.py"))
        master.addons.add(*how.addons)
        # an option that is wrong is taken back, and the recorder told of what was there before it: no journal is for that
        recorder.held = True
        master.addons.add(recorder, _Announcer())
        master.options.update(mode=how.modes, **how.chosen)
        unknown = master.options.deferred
        if unknown:
            stop(f"--set: mitmproxy has no option {', '.join(sorted(unknown))}")
        recorder.held = False
        recorder.configure(set())
    except (exceptions.OptionsError, exceptions.AddonManagerError) as error:
        stop(str(error))
    return master


def _free_port(host: str) -> int:
    with socket.create_server((host, 0)) as server:
        return int(server.getsockname()[1])


def _follower(recorder: Any, master: Any, loop: asyncio.AbstractEventLoop, judging: Judging) -> Follower:
    """What shows and judges the recording while it goes on; its announcer starts it."""

    def decided() -> None:
        if judging.until_verdict:
            loop.call_soon_threadsafe(master.shutdown)

    def failed(why: str) -> None:
        click.echo(f"omadm: {visible(why)}", err=True)
        if judging.until_verdict:  # nobody is left to end it
            recorder.failures.append(why)
            loop.call_soon_threadsafe(master.shutdown)

    follower = Follower(
        recorder.path,
        recorder.journal.begin,
        options=judging.options,
        scope=judging.scope,
        quiet=judging.brief,
        decided=decided,
        failed=failed,
    )
    follower.start()
    return follower


def _verdict(path: Path, begin: int, judging: Judging) -> int:
    """Judges what was recorded, as `omadm check` does, and prints the report; what the file held before is left alone."""
    from replay.capture.journal_reader import read
    from replay.expect.judge import judge
    from replay.report.shapes import report
    from replay.report.text import check_text

    with path.open("rb") as file:
        file.seek(begin)
        judgement: Judgement = judge(read(file, str(path)), judging.options, judging.scope)
    write_result(check_text(report([judgement]), detail=-1 if judging.brief else 0), None)
    return exit_code([judgement])


def addon(file: str) -> Any:
    """The addon of one of the proxy scripts, loaded by its path as mitmproxy would. Where it cannot be loaded nothing runs."""
    path = folder() / file
    spec = importlib.util.spec_from_file_location(f"omadm_{path.stem}_addon", path)
    if spec is None or spec.loader is None:
        stop(f"{path}: the script is not there")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.addons[0]


class _Announcer:
    """Says where the proxy listens, once it does."""

    name = "omadm-announcer"

    def running(self) -> None:
        """The servers are up."""
        from mitmproxy import ctx

        server = ctx.master.addons.get("proxyserver")
        for host, port in dict.fromkeys(each[:2] for each in server.listen_addrs()):
            shown = f"[{host}]" if ":" in host else host
            click.echo(f"listening on {shown}:{port}", err=True)
        web = getattr(ctx.master, "web_url", None)  # of mitmproxy 12, with the token that the page asks for
        if web is None and hasattr(ctx.options, "web_port"):
            web = f"http://{ctx.options.web_host}:{ctx.options.web_port}/"
        if web is not None:
            click.echo(f"web interface at {web}", err=True)
        click.echo(f"recording into {ctx.master.addons.get('omadm-record').path}", err=True)


class _Visible(logging.Formatter):
    """Lines of the log without what traffic could do to a terminal: they quote it."""

    def format(self, record: logging.LogRecord) -> str:
        """The line, and what is said of an error below it."""
        return visible_lines(super().format(record))


def _log_to_stderr() -> None:
    """mitmproxy's warnings and errors go to stderr; results alone go to stdout."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setLevel(logging.WARNING)
    handler.setFormatter(_Visible("%(levelname)s: %(message)s"))
    root = logging.getLogger()
    root.setLevel(logging.INFO)
    root.addHandler(handler)
    for noisy in ("asyncio", "hpack", "quic", "tornado"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
