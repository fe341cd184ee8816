"""What the recorder costs: one load, in short turns, through mitmproxy with it and without it, all running side by side.

The recorder also makes mitmproxy's events cheaper (`replay.capture.dispatch`). A third proxy has that alone, so that the rows say
what the recorder itself takes, too.
"""

import asyncio
import contextlib
import random
import ssl
import statistics
import sys
from collections.abc import Awaitable, Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

import trustme

from benchmarks import load
from tests.conftest import ROOT
from tests.processes import Proxy, program

_ROUNDS = 40
#: Devices, and exchanges of each in one turn: many at once for the throughput, one alone for the latency.
_MANY, _ALONE = (16, 4), (1, 32)
_QUICK_EVENTS = """
from mitmproxy import ctx
from replay.capture.dispatch import Dispatch

def load(_):
    Dispatch(ctx.master.addons).start()
"""
Work = Callable[[int], Awaitable[load.Slice]]
Slices = Sequence[load.Slice]
Ratio = Callable[[Slices, Slices], float]


def rows(folder: Path) -> list[dict[str, object]]:
    """Throughput and latency, over plain HTTP and over TLS on both sides."""
    return [row for secure in (False, True) for row in asyncio.run(_measured(folder, secure))]


async def _measured(folder: Path, secure: bool) -> list[dict[str, object]]:
    authority, tls = trustme.CA(), None
    authority.cert_pem.write_to_path(folder / "servers.pem")
    if secure:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("127.0.0.1").configure_cert(tls)
    (folder / "quick.py").write_text(_QUICK_EVENTS)
    made = load.exchanges()
    server, port = await load.serve(made, tls)
    upstream = f"{'https' if secure else 'http'}://127.0.0.1:{port}"
    recorder = ("-s", str(ROOT / "addons" / "record.py"), "--set", f"omadm_journal={folder / 'recorder.jsonl'}")
    variants = (recorder, (), ("-s", str(folder / "quick.py")))
    with contextlib.ExitStack() as stack:
        proxies = [stack.enter_context(_mitmdump(folder, upstream, *more)) for more in variants]
        many = await _turns([await _devices(made, proxy, secure, _MANY[0]) for proxy in proxies], _MANY[1])
        alone = await _turns([await _devices(made, proxy, secure, _ALONE[0]) for proxy in proxies], _ALONE[1])
    server.close()
    over = "TLS" if secure else "HTTP"
    return [
        _row(f"exchanges a second with the recorder, {over}", many[:2], _throughput, _each, aim=0.97, better="more"),
        _row(f"the same, {over}", many[::2], _throughput, _each, against="mitmproxy with quick events", better="more"),
        _latency(f"median latency with the recorder, {over}", alone[:2], 0.5),
        _latency(f"99th percentile of it, {over}", alone[:2], 0.99),
    ]


@contextlib.contextmanager
def _mitmdump(folder: Path, upstream: str, *more: str) -> Iterator[Proxy]:
    """A proxy that says nothing of what goes through it."""
    command = [str(Path(sys.executable).parent / "mitmdump"), "--listen-host", "127.0.0.1", "-p", "0"]
    command += ["--mode", f"reverse:{upstream}", "--set", f"confdir={folder / 'conf'}", "--set", "flow_detail=0"]
    command += ["--set", "connection_strategy=lazy"]
    command += ["--set", f"ssl_verify_upstream_trusted_ca={folder / 'servers.pem'}"]
    with program(*command, *more, cwd=folder) as running:
        yield Proxy(running, folder / "recorder.jsonl", folder / "conf", "listening at ")


async def _devices(made: list[load.Exchange], proxy: Proxy, secure: bool, count: int) -> Work:
    return await load.connect(made, int(proxy.url.rstrip("/").rsplit(":", 1)[1]), proxy.tls if secure else None, count)


async def _turns(works: Sequence[Work], each: int) -> list[list[load.Slice]]:
    """The slices of each, taken in turns; the order is turned round every time, so that no drift favours anybody."""
    for work in works:
        await work(each * 4)  # to warm up
    found: list[list[load.Slice]] = [[] for _ in works]
    for turn in range(_ROUNDS):
        for place in range(len(works))[:: -1 if turn % 2 else 1]:
            found[place].append(await works[place](each))
    return found


def _throughput(ours: Slices, theirs: Slices) -> float:
    """How many times as many exchanges a second: each turn by itself, and of these the median."""
    return statistics.median(their.seconds / own.seconds for own, their in zip(ours, theirs, strict=True))


def _each(slices: Slices) -> float:
    """Seconds for each exchange, where many devices work at once."""
    return statistics.median(each.seconds / len(each.took) for each in slices)


def _latency(what: str, measured: Sequence[Slices], part: float) -> dict[str, object]:
    """A row on how much longer it takes until that part of all exchanges is done."""
    within = partial(_within, part=part)
    return _row(what, measured, lambda ours, theirs: within(ours) / within(theirs), within)


def _within(slices: Slices, part: float) -> float:
    """Seconds within which that part of all exchanges was done."""
    took = sorted(seconds for each in slices for seconds in each.took)
    return took[min(int(len(took) * part), len(took) - 1)]


def _row(
    what: str, measured: Sequence[Slices], ratio: Ratio, seconds: Callable[[Slices], float], **more: object
) -> dict[str, object]:
    """A row with the interval in which the ratio lies in 95 of 100 cases, as turns drawn again and again tell it."""
    ours, theirs = measured
    draw = random.Random(1)
    again = [draw.choices(range(_ROUNDS), k=_ROUNDS) for _ in range(400)]
    drawn = sorted(ratio([ours[turn] for turn in turns], [theirs[turn] for turn in turns]) for turns in again)
    own, their = seconds(ours), seconds(theirs)
    return {
        "row": what,
        "against": "mitmproxy without it",
        "ratio": round(ratio(ours, theirs), 2),
        "between": [round(drawn[10], 2), round(drawn[-11], 2)],
        "aim": None,
        "s": own,
        "added_s": round(own - their, 6),
        **more,
    }
