"""Nothing that the server had received, and nothing that a device was answered, is missing from the journal of a recorder that is
killed at any moment.

Every round starts `omadm record` before a server, lets many devices send requests that end in every way, and kills the recorder at
a random moment; the next one appends to the same journal. OMADM_KILL_ROUNDS says how many rounds there are (50 are 10,000
exchanges), OMADM_KILL_SEED repeats a run.
"""

import itertools
import json
import os
import random
import signal
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from replay.capture.readers import read
from replay.lab import messages
from tests.processes import PATIENCE, Proxy, recording
from tests.upstream import Call, Device, Upstream

pytestmark = [pytest.mark.slow, pytest.mark.mitmproxy]
ROUNDS = int(os.environ.get("OMADM_KILL_ROUNDS", "4"))
SEED = int(os.environ.get("OMADM_KILL_SEED") or random.SystemRandom().randrange(10**9))
EXCHANGES = 200
DEVICES = 24
#: How an exchange is meant to end, how often, and the causes that the journal may give for it where it has ended.
ENDINGS = {
    "answered": (10, {None}),
    "closed": (2, {"server-closed"}),
    "reset": (2, {"server-reset"}),
    "truncated": (2, {"truncated"}),
    "hung": (2, {"client-closed", "connect-failed"}),  # where the device gave up before the server was reached
    "left": (1, {"client-closed", "connect-failed", None}),
}
NAME = "0" * 12


def bodies(size: int, wbxml: bool) -> tuple[bytes, bytes]:
    """A device's message of about that size and its answer, with the place for the name of an exchange as DeviceID."""
    info, server = messages.DeviceInfo(NAME), "https://mdm.example.test/"
    values = [messages.results(9 + n, "1", "2", f"./DevDetail/{n}", "value " * 50) for n in range(size // 400)]
    asked = messages.message(messages.Sender("1", server, NAME), 1, messages.package_one(info) + values)
    told = messages.message(
        messages.Sender("1", NAME, server), 1, [messages.status(1, "1", "0", "SyncHdr", "200"), *values]
    )
    return (messages.to_wbxml(asked), messages.to_wbxml(told)) if wbxml else (asked, told)


TEMPLATES = [bodies(size, wbxml) for size in (0, 2_000, 8_000, 60_000) for wbxml in (False, True)] + [
    bodies(900_000, False)
]
OFTEN = [8, 8, 8, 8, 8, 8, 2, 2, 1]


class Server(Upstream):
    """Knows each request that it received in full, and tells when there are so many."""

    def __init__(self, enough: int) -> None:
        super().__init__({name: getattr(self, name) for name in ENDINGS})
        self.enough, self.reached = enough, threading.Event()

    def took(self, call: Call) -> None:
        super().took(call)
        if len(self.calls) >= self.enough:
            self.reached.set()

    def answered(self, call: Call) -> None:
        kind = messages.CONTENT_TYPE if call.body.startswith(b"<") else messages.WBXML_TYPE
        call.answer(answer_to(call), (b"Content-Type", kind.encode()))

    left = answered

    def closed(self, call: Call) -> None:
        call.close()

    def reset(self, call: Call) -> None:
        call.reset()

    def truncated(self, call: Call) -> None:
        answer = answer_to(call)
        head = b"HTTP/1.1 200 OK\r\nContent-Type: application/vnd.syncml.dm+xml\r\n"
        call.send(b"%sContent-Length: %d\r\n\r\n%s" % (head, len(answer), answer[: len(answer) // 2]))
        call.close()

    def hung(self, call: Call) -> None:
        call.wait_closed()


def size_of(name: str) -> int:
    return int(name[-2:])


def id_of(name: str) -> bytes:
    return name.partition("~")[2].encode()


def answer_to(call: Call) -> bytes:
    return TEMPLATES[size_of(call.name)][1].replace(NAME.encode(), id_of(call.name))


@dataclass
class Round:
    """What the devices of a round do, and what they got. `stop` ends them."""

    number: int
    draw: random.Random
    got: dict[str, bytes] = field(default_factory=dict)
    errors: list[BaseException] = field(default_factory=list)
    stop: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self._count, self._lock = itertools.count(), threading.Lock()

    def next(self) -> tuple[str, random.Random]:
        """The name of the next exchange (how it ends, round, number, size), and its own chances."""
        with self._lock:
            ending = self.draw.choices(list(ENDINGS), [often for often, _ in ENDINGS.values()])[0]
            size = self.draw.choices(range(len(TEMPLATES)), OFTEN)[0]
            return f"{ending}~{self.number:04}{next(self._count):06}{size:02}", random.Random(self.draw.random())

    def devices(self, proxy: Proxy) -> list[threading.Thread]:
        port, tls = int(proxy.url.rstrip("/").rsplit(":", 1)[1]), proxy.tls
        made = [threading.Thread(target=self._device, args=(port, tls if n % 3 == 0 else None)) for n in range(DEVICES)]
        for thread in made:
            thread.start()
        return made

    def _device(self, port: int, tls) -> None:
        try:
            while not self.stop.is_set():
                try:
                    with Device(port, tls=tls) as device:
                        self._talk(device)
                except OSError as error:  # the proxy is gone, or ended the connection as the server did
                    if isinstance(error, ConnectionRefusedError):
                        return
        except BaseException as error:  # noqa: BLE001 - a device that fails must not pass for one that was cut off
            self.errors.append(error)

    def _talk(self, device: Device) -> None:
        """Sends requests on one connection for as long as it lasts."""
        while not self.stop.is_set():
            name, draw = self.next()
            body = TEMPLATES[size_of(name)][0].replace(NAME.encode(), id_of(name))
            kind = messages.CONTENT_TYPE if body.startswith(b"<") else messages.WBXML_TYPE
            device.sock.settimeout(
                draw.uniform(0.05, 1.0) if name.startswith("hung") and draw.random() < 0.7 else PATIENCE
            )
            device.post(f"/mdm/{name}?mode=Maintenance", body, (b"Content-Type", kind.encode()))
            if name.startswith("left"):
                return
            got = device.get()
            if got.ended:
                return
            self.got[name] = got.body


def run(folder: Path, number: int, enough: int, draw: random.Random, end) -> tuple[Server, Round]:
    """One round: the recorder is ended at a random moment after the server has received so many requests."""
    with Server(enough) as server, recording(folder, server.url) as proxy:
        this = Round(number, draw)
        threads = this.devices(proxy)
        assert server.reached.wait(PATIENCE), "the devices do not get through"
        time.sleep(draw.uniform(0, 0.05))  # the moment is to be any
        end(proxy)
        this.stop.set()
        for thread in threads:
            thread.join(PATIENCE)
            assert not thread.is_alive()
    assert server.errors == this.errors == []
    return server, this


def kill(proxy: Proxy) -> None:
    proxy.program.process.kill()
    assert proxy.program.process.wait(PATIENCE) == -signal.SIGKILL


def moments(rounds: int, draw: random.Random) -> list[int]:
    """After how many requests each round ends: any number, EXCHANGES at the mean of every two."""
    firsts = [draw.randint(1, 2 * EXCHANGES - 1) for _ in range((rounds + 1) // 2)]
    return [each for first in firsts for each in (first, 2 * EXCHANGES - first)][:rounds]


def nothing_is_missing(
    journal: Path, rounds: list[tuple[Server, Round]], stopped: frozenset[str] = frozenset()
) -> dict:
    """Compares a journal with what the servers and the devices know. Gives the figures."""
    capture = read(str(journal))
    on_file = {exchange.url.partition("?")[0].rsplit("/", 1)[-1]: exchange for exchange in capture.exchanges}
    assert len(on_file) == len(capture.exchanges)
    received = {call.name: call.body for server, _ in rounds for call in server.calls}
    assert received.keys() - on_file.keys() == set()
    assert [name for name, body in received.items() if on_file[name].body != body] == []
    got = {name: body for _, this in rounds for name, body in this.got.items()}
    answered = {name: exchange.response for name, exchange in on_file.items() if exchange.response is not None}
    assert got.keys() - answered.keys() == set()
    assert [name for name, body in got.items() if (answered[name].status, answered[name].body) != (200, body)] == []
    assert {response.by for response in answered.values()} <= {"server"}
    wrong = []
    for name, exchange in on_file.items():
        cause = exchange.failure.cause if exchange.failure else None
        open_at_the_end = exchange.failure is None and exchange.response is None
        if not open_at_the_end and cause not in ENDINGS[name.partition("~")[0]][1] | stopped:
            wrong.append((name, cause, exchange.failure and exchange.failure.detail))
    assert wrong == []
    return {"received": len(received), "answered": len(got), "on file": len(on_file),
            "open": sum(e.failure is None and e.response is None for e in on_file.values())}  # fmt: skip


def cut_lines(journal: Path) -> int:
    """How many lines were cut off. Each is the last of its recording: a recorder begins with a line of its own."""
    lines = journal.read_bytes().split(b"\n")
    whole = [is_whole(line) for line in lines]
    cut = [place for place, line in enumerate(lines) if not whole[place] and line]
    for place in cut:
        assert place == len(lines) - 1 or json.loads(lines[place + 1])["type"] == "open"
    return len(cut)


def is_whole(line: bytes) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except ValueError:
        return False


# a device whose TLS handshake the kill falls into: Python 3.12's ssl leaves that socket to the garbage collector
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_killed_recorder_has_lost_nothing(tmp_path):
    print(f"OMADM_KILL_SEED={SEED}")
    draw, rounds = random.Random(SEED), []
    for number, enough in enumerate(moments(ROUNDS, draw)):
        rounds.append(run(tmp_path, number, enough, random.Random(draw.random()), kill))
    journal = tmp_path / "run.jsonl"
    figures = nothing_is_missing(journal, rounds)
    figures["cut"] = cut_lines(journal)
    print(figures)
    capture = read(str(journal))
    assert len(capture.modes) == ROUNDS
    assert [trouble.kind for trouble in capture.troubles] == ["cut"] * figures["cut"]
    assert figures["received"] >= EXCHANGES * (ROUNDS // 2) * 2
    the_cut_is_known_for_what_it_is(journal, tmp_path / "cut.jsonl", draw)


def the_cut_is_known_for_what_it_is(journal: Path, other: Path, draw: random.Random) -> None:
    """A recording that ends at any byte is read up to the last whole line."""
    data = journal.read_bytes()
    data = data[data.rindex(b'{"type":"open"') :]
    for _ in range(20):
        end = draw.randint(data.index(b"\n") + 1, len(data))
        other.write_bytes(data[:end])
        capture = read(str(other))
        begin = data.rindex(b"\n", 0, end) + 1
        inside = begin != end and not is_whole(data[begin:end])  # all but the end of the line is a whole line
        lines = [json.loads(line) for line in data[: begin if inside else end].splitlines()]
        assert len(capture.exchanges) == sum(line["type"] == "request" for line in lines)
        assert [trouble.text.partition(" (")[0] for trouble in capture.troubles] == (
            [f"line {len(lines) + 1}: the capture ends in the middle of a line"] if inside else []
        )


def test_a_recorder_that_is_stopped_ends_everything_that_is_open(tmp_path):
    print(f"OMADM_KILL_SEED={SEED}")
    draw = random.Random(SEED)

    def stop(proxy: Proxy) -> None:
        assert proxy.program.end(signal.SIGTERM) == 0

    rounds = [run(tmp_path, 0, draw.randint(1, 2 * EXCHANGES), random.Random(draw.random()), stop)]
    figures = nothing_is_missing(tmp_path / "run.jsonl", rounds, frozenset({"proxy-stopped"}))
    print(figures)
    assert figures["open"] == cut_lines(tmp_path / "run.jsonl") == 0
    capture = read(str(tmp_path / "run.jsonl"))
    assert capture.troubles == []
    assert capture.ended_by == "close"
    assert "proxy-stopped" in {exchange.failure.cause for exchange in capture.exchanges if exchange.failure}
