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
from tests.processes import program, recording

_DEVICES = 200
_ROUNDS = 3
#: The server, or the proxy before it: its URL, and whom to trust.
Server = tuple[str, ssl.SSLContext | None]


def rows(folder: Path) -> list[dict[str, object]]:
    """Through the recording proxy with TLS, and straight to the server, where the proxy does not hold everybody up."""
    traffic = assemble(read(str(ROOT / "captures" / "user.jsonl")))
    with program(sys.executable, "-m", "replay", "lab", "server") as server:
        url = server.wait_for("http://")
        with recording(folder, url, name="replay.jsonl") as proxy:
            through, sent = _measured(traffic, (proxy.url, proxy.tls), "recorded")
            proxy.program.end()
        _check_journal(proxy.journal, sent)
        straight, _ = _measured(traffic, (url, None), "straight")
    return [through, straight]


def _measured(traffic: Traffic, server: Server, how: str) -> tuple[dict[str, object], list[Exchange]]:
    """The row, and every exchange of the replay."""
    ours: list[float] = []
    bare: list[float] = []
    sent: list[Exchange] = []
    for turn in range(_ROUNDS + 1):  # the first one warms up
        units = _units(traffic, server[0], turn)
        begin = time.perf_counter()
        played = play(units, Line(server[1], 120.0), None)
        seconds = time.perf_counter() - begin
        _check(traffic, units, played)
        mine = [exchange for each in played for exchange in each.exchanges]
        sent += mine
        again, answered = _timed_bare(played, server[1])
        if answered != len(mine):
            raise RuntimeError(f"{answered} of {len(mine)} answers came")
        if turn:
            ours.append(len(mine) / seconds)
            bare.append(answered / again)
    ratios = sorted(mine / theirs for mine, theirs in zip(ours, bare, strict=True))
    row: dict[str, object] = {
        "row": f"{_DEVICES} devices replayed, {how}, {statistics.median(ours):.0f}/s",
        "against": f"http.client, same bytes, {statistics.median(bare):.0f}/s",
        "ratio": round(statistics.median(ratios), 2),
        "between": (round(ratios[0], 2), round(ratios[-1], 2)),
        "aim": None,
        "better": "more",
        "s": statistics.median(len(sent) / (_ROUNDS + 1) / rate for rate in ours),
        "rate": statistics.median(ours),
        "bare_rate": statistics.median(bare),
        "exchanges": len(sent),
        "lost_or_wrong": 0,
    }
    return row, sent


def _units(traffic: Traffic, url: str, turn: int) -> list[Unit]:
    (script,) = scripts(traffic)
    names = [f"{turn:02X}{number:030X}" for number in range(_DEVICES)]
    addresses = Addresses(url, script.addresses)
    return [Unit(script, Settings(addresses, names={script.device or "": name}), name) for name in names]


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


def _timed_bare(played: list[Played], tls: ssl.SSLContext | None) -> tuple[float, int]:
    """Seconds, and how many answers came."""
    begin = time.perf_counter()
    with ThreadPoolExecutor(max_workers=len(played)) as pool:
        answered = sum(pool.map(lambda each: _bare(each.exchanges, tls), played))
    return time.perf_counter() - begin, answered


def _bare(exchanges: Sequence[Exchange], tls: ssl.SSLContext | None) -> int:
    """One device's requests once more, over as many connections."""
    lines: dict[str | None, http.client.HTTPConnection] = {}
    answered = 0
    for each in exchanges:
        parts = urlsplit(each.url or "")
        line = lines.get(each.conn)
        if line is None:
            line = lines[each.conn] = (
                http.client.HTTPSConnection(parts.hostname or "", parts.port, timeout=120.0, context=tls)
                if tls is not None
                else http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=120.0)
            )
        line.request("POST", f"{parts.path}?{parts.query}", each.body, dict(each.headers))
        answer = line.getresponse()
        answer.read()
        answered += answer.status == 200
    for line in lines.values():
        line.close()
    return answered
