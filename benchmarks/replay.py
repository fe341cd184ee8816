"""What a replay costs: two hundred devices at once through the recording proxy, beside bare http.client that sends the same bytes.

Both take turns in one run, each device on its own thread with a connection a session. That no exchange was lost or went wrong is no
figure: it is checked, against the proxy's own journal, and the run ends where it is not so.
"""

import http.client
import ssl
import statistics
import sys
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

from replay.capture.exchange import Exchange
from replay.capture.readers import read
from replay.capture.sessions import Traffic, assemble
from replay.play.device import Played
from replay.play.outcome import Outcomes
from replay.play.renew import Addresses
from replay.play.requests import Settings
from replay.play.run import Line, Unit, play
from replay.play.script import scripts
from tests.conftest import ROOT
from tests.processes import Proxy, program, recording

_DEVICES = 200
_ROUNDS = 5


def rows(folder: Path) -> list[dict[str, object]]:
    """The row of the replay."""
    traffic = assemble(read(str(ROOT / "captures" / "user.jsonl")))
    ours: list[float] = []
    bare: list[float] = []
    sent: list[Exchange] = []
    with program(sys.executable, "-m", "replay", "lab", "server") as server:
        url = server.wait_for("http://")
        with recording(folder, url, name="replay.jsonl") as proxy:
            for turn in range(_ROUNDS + 1):  # the first one warms up
                units = _units(traffic, proxy, turn)
                seconds, played = _timed_play(units, proxy)
                _check(traffic, units, played)
                mine = [exchange for each in played for exchange in each.exchanges]
                sent += mine
                again, answered = _timed_bare(played, proxy)
                if turn:
                    ours.append(len(mine) / seconds)
                    bare.append(answered / again)
            proxy.program.end()
    _check_journal(proxy.journal, sent)
    row = {
        "row": f"exchanges a second, {_DEVICES} devices replayed",
        "against": "bare http.client, the same bytes",
        "ratio": round(statistics.median(mine / theirs for mine, theirs in zip(ours, bare, strict=True)), 2),
        "aim": None,
        "better": "more",
        "s": statistics.median(ours),
        "bare_s": statistics.median(bare),
        "exchanges": len(sent),
        "lost_or_wrong": 0,
    }
    return [row]


def _units(traffic: Traffic, proxy: Proxy, turn: int) -> list[Unit]:
    (script,) = scripts(traffic)
    names = [f"{turn:02X}{number:030X}" for number in range(_DEVICES)]
    addresses = Addresses(proxy.url, script.addresses)
    return [Unit(script, Settings(addresses, names={script.device or "": name}), name) for name in names]


def _timed_play(units: list[Unit], proxy: Proxy) -> tuple[float, list[Played]]:
    begin = time.perf_counter()
    played = play(units, Line(proxy.tls, 120.0), None)
    return time.perf_counter() - begin, played


def _check(traffic: Traffic, units: list[Unit], played: list[Played]) -> None:
    """Every answer is the one that was recorded."""
    outcomes = Outcomes(traffic)
    for unit, each in zip(units, played, strict=True):
        result = outcomes.of(unit.name, unit.script, each)
        if not result.equal or result.sent != result.recorded:
            raise RuntimeError(f"{unit.name}: {result.answers}")


def _check_journal(journal: Path, sent: list[Exchange]) -> None:
    """Every exchange of the replay is in the proxy's journal with its own answer, once, and nothing in it is without one."""
    recorded = Counter(
        (each.body, each.response.body if each.response else None) for each in read(str(journal)).exchanges
    )
    for each in sent:
        key = (each.body, each.response.body if each.response else None)
        if recorded[key] != 2:  # once by the replay, once by http.client
            raise RuntimeError(f"recorded {recorded[key]} times, not twice: {key}")
    if sum(recorded.values()) != 2 * len(sent):
        raise RuntimeError(f"{sum(recorded.values())} exchanges recorded, {2 * len(sent)} sent")


def _timed_bare(played: list[Played], proxy: Proxy) -> tuple[float, int]:
    """Seconds, and how many answers came."""
    tls = proxy.tls
    begin = time.perf_counter()
    with ThreadPoolExecutor(max_workers=len(played)) as pool:
        answered = sum(pool.map(lambda each: _bare(each.exchanges, tls), played))
    return time.perf_counter() - begin, answered


def _bare(exchanges: Sequence[Exchange], tls: ssl.SSLContext) -> int:
    """One device's requests once more, over as many connections."""
    lines: dict[str | None, http.client.HTTPSConnection] = {}
    answered = 0
    for each in exchanges:
        parts = urlsplit(each.url or "")
        line = lines.get(each.conn)
        if line is None:
            line = lines[each.conn] = http.client.HTTPSConnection(
                parts.hostname or "", parts.port, timeout=120.0, context=tls
            )
        line.request("POST", f"{parts.path}?{parts.query}", each.body, dict(each.headers))
        answer = line.getresponse()
        answer.read()
        answered += answer.status == 200
    for line in lines.values():
        line.close()
    return answered
