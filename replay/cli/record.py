"""`omadm record`: mitmproxy with the recorder, in this process."""

import asyncio
import importlib.util
import logging
import signal
import sys
from typing import Any

import click

from replay.cli.addons import folder
from replay.cli.exits import ERROR, stop
from replay.cli.options import address


@click.command("record")
@click.option("--mode", "modes", multiple=True, default=("regular",), metavar="MODE", help="mitmproxy's mode, such as "
              "regular, reverse:https://HOST:PORT, transparent; repeatable.  [default: regular]")  # fmt: skip
@click.option("--listen", type=address, metavar="HOST:PORT", default="0.0.0.0:8080", help="Where devices connect; port 0 "
              "takes a free one.  [default: 0.0.0.0:8080]")  # fmt: skip
@click.option("-o", "--output", metavar="FILE", help="The journal; one that is there is appended to.  "
              "[default: captures/<time>.jsonl]")  # fmt: skip
@click.option("--keep-502", is_flag=True, help="Let the proxy answer 502 where the server closed without an answer; else the "
              "device sees the close itself.")  # fmt: skip
@click.option("--fault", "faults", multiple=True, metavar="SPEC", help="Disturb the server's answers: KIND[=VALUE][@WHERE], "
              "such as drop-reply@alert; repeatable.")  # fmt: skip
@click.option("--interval", default="5", metavar="SECONDS", help="How often the journal says that the recorder is watching.  "
              "[default: 5]")  # fmt: skip
@click.option("--set", "settings", multiple=True, metavar="OPTION=VALUE", help="One of mitmproxy's own options, such as "
              "ssl_insecure=true or confdir=DIR; repeatable.")  # fmt: skip
def command(
    modes: tuple[str, ...],
    listen: tuple[str, int],
    output: str | None,
    keep_502: bool,
    faults: tuple[str, ...],
    interval: str,
    settings: tuple[str, ...],
) -> None:
    """Record OMA DM traffic through mitmproxy into a journal, until SIGINT or SIGTERM.

    Prints `listening on HOST:PORT` to stderr when it is ready. Devices have to trust mitmproxy's CA; see the README.

    Exit codes: 0 when it was stopped, 2 when the recording failed.
    """
    chosen = {
        "listen_host": listen[0],
        "listen_port": listen[1],
        "omadm_journal": "" if output is None else output,
        "omadm_interval": interval,
        "omadm_keep_502": keep_502,
    }
    if faults:
        chosen["omadm_fault"] = list(faults)
    raise SystemExit(asyncio.run(_record(list(modes), chosen, settings)))


async def _record(modes: list[str], chosen: dict[str, Any], settings: tuple[str, ...]) -> int:
    from mitmproxy import exceptions, options
    from mitmproxy.tools.dump import DumpMaster

    _log_to_stderr()
    recorder = _addon("record.py")
    master = DumpMaster(options.Options(), with_termlog=False, with_dumper=False)
    try:
        # the device's message is read before the server is called, so that it is recorded though nobody answers there
        master.options.update(connection_strategy="lazy")
        master.options.set(*settings, defer=True)
        if "omadm_fault" in chosen:  # before the recorder, so that it sees what was done
            master.addons.add(_addon("disturb.py"))
        master.addons.add(recorder, _Announcer())
        master.options.update(mode=modes, **chosen)
        unknown = master.options.deferred
        if unknown:
            stop(f"--set: mitmproxy has no option {', '.join(sorted(unknown))}")
    except (exceptions.OptionsError, exceptions.AddonManagerError) as error:
        stop(str(error))
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        try:
            loop.add_signal_handler(number, master.shutdown)
        except NotImplementedError:  # Windows
            signal.signal(number, lambda *_: loop.call_soon_threadsafe(master.shutdown))
    try:
        await master.run()
    except SystemExit:  # mitmproxy's own way out where it could not start; what went wrong was logged
        recorder.failures.append("the proxy could not start")
    finally:
        if recorder.journal is not None:
            recorder.done()
    click.echo(
        f"{recorder.recorded} OMA DM exchanges recorded into {recorder.path}, {recorder.passed_by} others passed by",
        err=True,
    )
    for failure in recorder.failures:
        click.echo(f"omadm: the recording failed: {failure}", err=True)
    return ERROR if recorder.failures else 0


def _addon(file: str) -> Any:
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
        for host, port, *_ in server.listen_addrs():
            shown = f"[{host}]" if ":" in host else host
            click.echo(f"listening on {shown}:{port}", err=True)
        click.echo(f"recording into {ctx.master.addons.get('omadm-record').path}", err=True)


def _log_to_stderr() -> None:
    """mitmproxy's warnings and errors go to stderr; results alone go to stdout."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setLevel(logging.WARNING)
    handler.setFormatter(logging.Formatter("%(levelname)s: %(message)s"))
    root = logging.getLogger()
    root.setLevel(logging.INFO)
    root.addHandler(handler)
    for noisy in ("asyncio", "hpack", "quic", "tornado"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
