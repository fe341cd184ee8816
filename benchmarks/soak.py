"""A soak: two hundred lab devices at a time through the recorder, some of them and some servers misbehaving, for as many exchanges
as asked. What must hold is no figure: that nothing is lost and every device is judged as planned is checked, and the run ends where
it is not so. The row is the recorder's memory at the end against what it had when a fifth was done."""

import random
import ssl
import sys
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

from msgspec import Struct

from replay.capture.readers import read
from replay.expect.case import Options
from replay.expect.finding import Party, Severity
from replay.expect.judge import judge
from replay.lab.device import LabDevice
from replay.lab.server import LabServer
from replay.syncml.model import device_of
from replay.syncml.read import read as read_message
from tests.processes import program, recording

_DEVICES = 200
_EXCHANGES = 100_000
_QUIET = 1.0
#: Seconds for which a device waits: for an answer to its alert that never comes, and for one that a busy machine owes it.
_SHORT, _LONG = 15.0, 120.0
#: What a device does, by its variant: the rules that it breaks, in a scenario where it can.
_MISTAKES = {"good": set(), "alert-repeated": {"UNE007"}, "not-silent": {"UNE011"}, "data-2": {"UNE010"}}
#: What its server does with the alert: nothing that may keep a device from leaving, nor be counted against it.
_DISTURBANCES = ("good", "good", "good", "close", "error-500", "refuse", "commands-in-reply", "no-reply")


class Plan(Struct, frozen=True):
    """One device: its id, which says what its server does, what it does itself, and how it writes."""

    device: str
    scenario: str
    variant: str
    wbxml: bool


class Soaked(Struct):
    """What came of a soak: how many exchanges, in how many seconds, and the recorder's memory in kB at each tenth."""

    exchanges: int
    seconds: float
    memory: list[int]


class _Server(LabServer):
    """A lab server whose variant is another for each device: the last digits of its id say which."""

    def __init__(self) -> None:
        self._own = threading.local()
        super().__init__(unenroll="MS DM Server")

    @property
    def variant(self) -> str:  # type: ignore[override]
        """What it does with the alert of the device that this thread is answering."""
        return getattr(self._own, "variant", "good")

    @variant.setter
    def variant(self, _: str) -> None:
        """Nothing: devices say it."""

    def _commands(self, received: Any, device: str, has_alert: bool) -> list[str]:
        self.unenroll = "MS DM Server" if device.startswith("5") else None
        return super()._commands(received, device, has_alert)

    def answer(self, body: bytes) -> tuple[int, bytes] | None:
        device = device_of(read_message(body)) or "0"
        self._own.variant = _disturbance(device)
        return super().answer(body)


def _disturbance(device: str) -> str:
    """What a device's server does with its alert."""
    return _DISTURBANCES[int(device[-2:], 16) % len(_DISTURBANCES)]


def plans(number: int, seed: int) -> list[Plan]:
    """So many devices, drawn at random; those whose id begins with 5 are sent away by their server."""
    draw = random.Random(seed)
    found = []
    for place in range(number):
        scenario = draw.choice(["user", "server", "ordinary"])
        first = "5" if scenario == "server" else "A"
        variant = "good" if scenario == "ordinary" else draw.choice(["good", "good", *_MISTAKES])
        device = f"{first}{place:08X}{draw.getrandbits(88):023X}"
        found.append(Plan(device, scenario, variant, draw.random() < 0.3))
    return found


def soak(folder: Path, exchanges: int, *, devices: int = _DEVICES, seed: int = 1) -> Soaked:
    """Runs devices until there are so many exchanges. Raises RuntimeError where one is lost, or a device judged otherwise than it
    behaved."""
    ran: list[tuple[Plan, int]] = []
    memory: list[int] = []
    with program(sys.executable, "-m", "benchmarks.soak") as server:
        url = server.wait_for("http://")
        begin = time.perf_counter()
        with (
            recording(folder, url, "--quiet", str(_QUIET), name="soak.jsonl") as proxy,
            ThreadPoolExecutor(devices) as pool,
        ):
            seeds = iter(range(seed * 1_000, 2_000_000))
            while (sent := sum(count for _, count in ran)) < exchanges:
                batch = plans(min(devices * 5, (exchanges - sent) // 3 + 1), next(seeds))
                ran += pool.map(partial(_run, proxy.url, proxy.tls), batch)
                memory.append(_resident(proxy.program.process.pid))
            seconds = time.perf_counter() - begin
            time.sleep(_QUIET + 0.5)  # the silence that is recorded
            if proxy.program.end() != 0:
                raise RuntimeError("the recorder did not end well:\n" + "\n".join(proxy.program.said[-20:]))
    _check(proxy.journal, ran)
    return Soaked(sum(count for _, count in ran), seconds, memory)


def _run(url: str, tls: ssl.SSLContext, plan: Plan) -> tuple[Plan, int]:
    """Runs one device; gives with it how many messages it sent."""
    device = LabDevice(
        url,
        device_id=plan.device,
        tls=tls,
        timeout=_LONG,
        alert_timeout=_SHORT if _disturbance(plan.device) == "no-reply" else None,
        variant=plan.variant,
        wbxml=plan.wbxml,
    )
    return plan, device.run(plan.scenario).sent


def _resident(pid: int) -> int:
    """The memory of a process in kB."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1])


def _check(journal: Path, ran: list[tuple[Plan, int]]) -> None:
    """Every message that was sent is in the journal, and every device is judged as it behaved."""
    judged = judge(read(str(journal)), Options(quiet=_QUIET))
    if judged.errors or judged.traffic is None or judged.traffic.capture.troubles:
        raise RuntimeError(f"the journal is not whole: {judged.errors or judged.traffic}")
    seen = Counter(turn.device for turn in judged.traffic.turns)
    lost = {plan.device: (count, seen[plan.device]) for plan, count in ran if seen[plan.device] != count}
    if lost:
        raise RuntimeError(f"sent and recorded differ for {len(lost)} devices: {dict(list(lost.items())[:5])}")
    broken: dict[str | None, set[str]] = {}
    for episode in judged.episodes:
        found = (judged.findings[place] for place in episode.findings)
        rules = {each.rule for each in found if each.party is Party.DEVICE and each.severity is not Severity.INFO}
        broken.setdefault(episode.episode.enrolment.device, set()).update(rules)
    for plan, _ in ran:
        expected = None if plan.scenario == "ordinary" else _MISTAKES[plan.variant]
        if broken.get(plan.device) != expected:
            raise RuntimeError(f"{plan}: expected {expected}, found {broken.get(plan.device)}")


def rows(folder: Path, exchanges: int = _EXCHANGES) -> list[dict[str, object]]:
    """The row: the recorder's memory at the end against a fifth of the way."""
    found = soak(folder, exchanges)
    ratio = found.memory[-1] / found.memory[len(found.memory) // 5]
    what = f"recorder's memory after {found.exchanges:,} exchanges"
    return [{"row": what, "against": "after a fifth of them", "ratio": round(ratio, 2), "aim": 1.2, "s": found.seconds}]


def main() -> None:
    """The server, until it is interrupted."""
    with _Server() as server:
        print(server.url, flush=True)
        server.stopping.wait()


if __name__ == "__main__":
    main()
