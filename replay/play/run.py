"""Devices played against a live server: threads, connections, clocks, and the journal of what came of it."""

import itertools
import ssl
import threading
import time
from collections.abc import Callable
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from typing import Any, Final, TypeVar

from msgspec import Struct, structs

from replay.capture.exchange import Exchange, Failure, Identity, Moment, Response
from replay.capture.journal import DEFAULT_INTERVAL, JournalWriter
from replay.capture.journal_lines import failure_members, request_members, response_members
from replay.play.device import DevicePlayer, Played, Request
from replay.play.proofs import hidden
from replay.play.requests import Settings
from replay.play.script import Script
from replay.play.transport import Connection
from replay.syncml.credentials import Secret

_S = TypeVar("_S", Exchange, Response)
#: Devices that are played at the same time; more wait for their turn.
MOST_AT_ONCE: Final = 1000


class Unit(Struct, frozen=True):
    """One device to be played: its part, how it is played, and the name under which it is spoken of (its live id)."""

    script: Script
    settings: Settings
    name: str


class Line(Struct, frozen=True):
    """What all devices have in common: TLS, seconds to wait for an answer, whether the recorded pace is kept, and the certificate
    that is shown to the server."""

    tls: ssl.SSLContext | None
    timeout: float
    timing: bool = False
    shown: Identity | None = None


def play(
    units: list[Unit], line: Line, journal: "LiveJournal | None", done: Callable[[], None] = lambda: None
) -> list[Played]:
    """Plays every device, all of them at once, and gives what was played of each, in their order. `done` is called after each
    exchange, by whatever thread."""
    stop = threading.Event()
    order = itertools.count(1)
    devices = [_Device(number, unit, line, journal, stop, order, done) for number, unit in enumerate(units, 1)]

    with ThreadPoolExecutor(max_workers=min(len(units), MOST_AT_ONCE) or 1) as pool:
        runs = [pool.submit(device.run) for device in devices]
        try:
            wait(runs, return_when=FIRST_EXCEPTION)
            return [each.result() for each in runs if each.done()]
        except BaseException:
            stop.set()  # Ctrl-C, or a fault of ours: nobody waits for an answer any more
            for run, device in zip(runs, devices, strict=True):
                run.cancel()
                device.abandon()
            raise


class LiveJournal:
    """The journal of the live exchanges: the lines that the recorder writes, and says that it is watching until it is closed. Of a
    password nothing gets into it."""

    def __init__(self, path: str, *, tool: str, secret: Secret | None) -> None:
        self._secret = secret
        # with a secret basic credentials are blanked, and the journal says that something was
        self._journal = JournalWriter(path, tool=tool, mode="replay", redact=_as_given if secret else None)
        self._ended = threading.Event()
        self._failed: OSError | None = None
        self._watcher = threading.Thread(target=self._watch, name="omadm-replay-journal", daemon=True)
        self._watcher.start()

    def write(self, type_: str, **members: Any) -> None:
        """Writes a line. Raises OSError where that cannot be done."""
        if self._failed is not None:
            raise self._failed
        self._journal.write(type_, **members)

    def request(self, exchange: Exchange) -> None:
        """The line of a request, before it goes out."""
        self.write("request", **request_members(self._hidden(exchange)))

    def ended(self, exchange: Exchange) -> None:
        """The lines of what became of a request."""
        response, failure = exchange.response, exchange.failure
        if response is not None:
            self.write("response", **response_members(exchange, self._hidden(response)))
        if failure is not None:
            self.write("failure", **failure_members(exchange, failure))

    def close(self) -> None:
        """Ends the journal. Raises OSError where its last lines cannot be written."""
        self._ended.set()
        self._watcher.join()
        self._journal.close("the replay is over")

    def _hidden(self, said: _S) -> _S:
        """A request or response without the password."""
        headers = tuple((name, self._without(value)) for name, value in said.headers)
        return structs.replace(said, headers=headers, body=said.body and hidden(said.body, self._secret))

    def _without(self, value: str) -> str:
        return hidden(value.encode("utf-8", "surrogateescape"), self._secret).decode("utf-8", "surrogateescape")

    def _watch(self) -> None:
        while not self._ended.wait(DEFAULT_INTERVAL):
            try:
                self._journal.write("watching")
            except OSError as error:
                self._failed = error
                return


def _as_given(_type: str, members: dict[str, Any]) -> dict[str, Any]:
    return members


class _Device:
    """One device's thread: asks its player what is due, sends it, and hands in what came."""

    def __init__(
        self,
        number: int,
        unit: Unit,
        line: Line,
        journal: LiveJournal | None,
        stop: threading.Event,
        order: "itertools.count[int]",
        done: Callable[[], None],
    ) -> None:
        self.number, self.unit, self.line, self.journal = number, unit, line, journal
        self.player = DevicePlayer(unit.script, unit.settings)
        self._stop, self._order, self._done = stop, order, done
        self._connections: dict[int, Connection] = {}
        self._made = itertools.count(1)
        self._began: float | None = None
        self._pending: list[_Background] = []

    def run(self) -> Played:
        """Plays the device to its end."""
        try:
            while not self._stop.is_set():
                request = self.player.next()
                if request is None and not self._pending:
                    break
                if request is None:
                    self._pending[0].join()
                else:
                    self._play(request)
                self._collect()
        finally:
            for each in self._pending:
                each.join()
            for connection in self._connections.values():
                connection.close()
        return self.player.played

    def abandon(self) -> None:
        """Ends what the device is waiting for."""
        for connection in list(self._connections.values()):
            connection.abandon()

    def _play(self, request: Request) -> None:
        self._wait_for(request.due)
        if not request.goes_on:
            self.player.take(request, self.exchange(request, lambda: None))
            return
        background = _Background(self, request)
        self._pending.append(background)
        background.start()
        background.on_its_way.wait()

    def _collect(self) -> None:
        """Hands in what has come in the background."""
        for each in [one for one in self._pending if not one.is_alive()]:
            self._pending.remove(each)
            self.player.take(each.request, each.result())

    def _wait_for(self, due: float | None) -> None:
        """Waits until a request is due at the recorded pace."""
        now = time.monotonic()
        if self._began is None:
            self._began = now - (due or 0.0)
        if self.line.timing and due is not None:
            self._stop.wait(min(max(0.0, self._began + due - now), threading.TIMEOUT_MAX))

    def exchange(self, request: Request, sent: Callable[[], None]) -> Exchange:
        """Sends a request and waits for what becomes of it."""
        connection = self._connections.get(request.line)
        if connection is None:
            connection = Connection(self.line.tls, self.line.timeout, lambda client: self._connected(client, request))
            self._connections[request.line] = connection
        end = connection.open(request.url)
        shown = self.line.shown if request.url.startswith("https:") else None
        exchange = Exchange(
            request.number,
            f"{self.number}.{request.number}",
            next(self._order),
            conn=connection.name or None,
            client=connection.client,
            method=request.method,
            url=request.url,
            http="HTTP/1.1",
            headers=request.headers,
            body=request.body,
            client_cert=shown,
            server_saw=shown,
            at=_now(),
        )
        if self.journal is not None:
            self.journal.request(exchange)
        answer = None
        if end is None:
            answer, end = connection.send(request.method, request.url, request.headers, request.body, sent)
        if answer is not None:
            exchange.response = Response(
                answer.status, next(self._order), answer.reason, answer.http, answer.headers, answer.body, at=_now()
            )
        if end is not None:
            exchange.failure = Failure(end.cause, next(self._order), end.detail, end.received, _now())
        if self.journal is not None:
            self.journal.ended(exchange)
        self._done()
        return exchange

    def _connected(self, client: str, request: Request) -> str:
        """Names a new connection, in the journal too."""
        name = f"{self.number}-{next(self._made)}"
        if self.journal is not None:
            host = request.url.partition("://")[2].split("/", 1)[0]
            self.journal.write("connect", conn=name, client=client, sni=None, host=host)
        return name


class _Background(threading.Thread):
    """An exchange that the device does not wait for."""

    def __init__(self, device: _Device, request: Request) -> None:
        super().__init__(name=f"omadm-replay-{request.number}", daemon=True)
        self.request = request
        self.on_its_way = threading.Event()
        self._device = device
        self._result: Exchange | None = None
        self._error: BaseException | None = None

    def run(self) -> None:
        """Sends it."""
        try:
            self._result = self._device.exchange(self.request, self.on_its_way.set)
        except BaseException as error:  # noqa: BLE001 - raised again where the result is asked for
            self._error = error
        finally:
            self.on_its_way.set()

    def result(self) -> Exchange:
        """What became of it. Raises what went wrong in the thread."""
        if self._result is None:
            raise self._error or RuntimeError("the exchange has not ended")
        return self._result


def _now() -> Moment:
    return Moment(time.time(), time.monotonic())
