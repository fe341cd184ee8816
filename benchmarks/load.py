"""A load for a proxy that is cheap enough to share the machine with it: devices and their server, which send bytes that were
made beforehand and look at no more of what comes than where it ends."""

import asyncio
import re
import ssl
import time
from collections.abc import Awaitable, Callable
from typing import NamedTuple

from replay.lab import messages
from replay.syncml.read import read

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_URL = "https://mdm.example.test/ManagementServer/MDM.svc"
_NODES = (
    "./DevDetail/Ext/Microsoft/DeviceName",
    "./Vendor/MSFT/Policy/Config/DeviceLock/DevicePasswordEnabled",
    "./Vendor/MSFT/WindowsUpdate/InstalledUpdates",
    "./Device/Vendor/MSFT/EnterpriseDesktopAppManagement/MSI/%7BA1B2%7D/Status",
)
#: Sizes of the devices' messages in bytes, about.
_SIZES = (2_000, 3_000, 4_000, 6_000, 8_000)


class Exchange(NamedTuple):
    """One exchange as both sides send it: whole HTTP messages."""

    request: bytes
    response: bytes


def exchanges() -> list[Exchange]:
    """Exchanges with messages of 2 to 8 kB, each in XML and in WBXML. The request's path names its place in the list."""
    made: list[Exchange] = []
    for size in _SIZES:
        for wbxml in (False, True):
            request, response = _messages(size, wbxml)
            kind = messages.WBXML_TYPE if wbxml else messages.CONTENT_TYPE
            head = (
                f"POST /ManagementServer/MDM.svc/{len(made)}?mode=Maintenance&Platform=WoA HTTP/1.1\r\n"
                "Host: mdm.example.test\r\nUser-Agent: MSFT OMA DM Client/1.2.0.1\r\n"
                f"Accept: {messages.CONTENT_TYPE}, {messages.WBXML_TYPE}, application/octet-stream\r\nAccept-Charset: utf-8\r\n"
                "client-request-id: 6f1f0e5c-6a0c-4b0e-9a52-0d1a6b1f1a00\r\nCache-Control: no-cache\r\n"
            )
            made.append(
                Exchange(_http(head, kind, request), _http("HTTP/1.1 200 OK\r\nServer: lab\r\n", kind, response))
            )
    return made


def _messages(size: int, wbxml: bool) -> tuple[bytes, bytes]:
    """A device's message of about that size, as bytes go over the wire, and the server's answer, about as large."""
    count = 0
    request = response = b""
    while len(request) < size:
        count += 1
        info = messages.DeviceInfo("D" * 32)
        commands = [messages.results(number + 9, "1", str(number + 2), _NODES[number % 4], f"value {number}; " * 12)
                    for number in range(count)]  # fmt: skip
        asked = messages.message(messages.Sender("5", _URL, info.device_id), 2, messages.package_one(info) + commands)
        owed = messages.answers(read(asked))
        gets = [messages.get(number + 9, _NODES[number % 4]) for number in range(3 * count)]
        answer = messages.message(messages.Sender("5", info.device_id, _URL), 2, owed + gets)
        request, response = (messages.to_wbxml(asked), messages.to_wbxml(answer)) if wbxml else (asked, answer)
    return request, response


def _http(head: str, content_type: str, body: bytes) -> bytes:
    return f"{head}Content-Type: {content_type}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


class _Whole(asyncio.Protocol):
    """A side of a connection: calls `arrived` with every whole HTTP message that came."""

    def __init__(self) -> None:
        self.transport: asyncio.Transport
        self._have = b""
        self._length = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self._have += data
        if not self._length:
            end = self._have.find(b"\r\n\r\n")
            if end < 0:
                return
            found = _LENGTH.search(self._have, 0, end)
            self._length = end + 4 + int(found.group(1) if found else 0)
        if len(self._have) >= self._length:
            whole, self._have = self._have[: self._length], self._have[self._length :]
            self._length = 0
            self.arrived(whole)

    def arrived(self, whole: bytes) -> None:
        raise NotImplementedError


class _Server(_Whole):
    """Answers each request with the response that was made for it."""

    def __init__(self, made: list[Exchange]) -> None:
        super().__init__()
        self._made = made

    def arrived(self, whole: bytes) -> None:
        path = whole[: whole.index(b"?")]
        self.transport.write(self._made[int(path[path.rindex(b"/") + 1 :])].response)


class _Device(_Whole):
    """Sends the next request as soon as the answer to the last one is there, as often as it is told to."""

    def __init__(self, made: list[Exchange], first: int) -> None:
        super().__init__()
        self._made, self._next = made, first
        self._left = 0
        self._sent = 0.0
        self._took: list[float] = []
        self._done: asyncio.Future[list[float]] = asyncio.get_running_loop().create_future()

    def work(self, count: int) -> "asyncio.Future[list[float]]":
        """Sends so many requests; the seconds that each took."""
        self._left, self._took = count, []
        self._done = asyncio.get_running_loop().create_future()
        self._send()
        return self._done

    def _send(self) -> None:
        self._sent = time.perf_counter()
        self.transport.write(self._made[self._next % len(self._made)].request)

    def arrived(self, whole: bytes) -> None:
        self._took.append(time.perf_counter() - self._sent)
        if len(whole) < len(self._made[self._next % len(self._made)].response):
            self._done.set_exception(RuntimeError(f"another answer than the server's: {whole[:100]!r}"))
            return
        self._next += 1
        self._left -= 1
        if self._left:
            self._send()
        else:
            self._done.set_result(self._took)

    def connection_lost(self, error: Exception | None) -> None:
        if self._left:
            self._done.set_exception(error or ConnectionError("the proxy closed the connection"))


class Slice(NamedTuple):
    """A short time under load: the seconds that all of it took, and those that each exchange took."""

    seconds: float
    took: list[float]


async def serve(made: list[Exchange], tls: ssl.SSLContext | None) -> tuple[asyncio.Server, int]:
    """The server, and its port."""
    server = await asyncio.get_running_loop().create_server(lambda: _Server(made), "127.0.0.1", 0, ssl=tls, backlog=256)
    return server, server.sockets[0].getsockname()[1]


async def connect(
    made: list[Exchange], port: int, tls: ssl.SSLContext | None, count: int
) -> Callable[[int], Awaitable[Slice]]:
    """So many devices, connected; what is given back lets each of them send so many requests."""
    loop = asyncio.get_running_loop()
    devices = [
        (await loop.create_connection(lambda first=first: _Device(made, first), "127.0.0.1", port, ssl=tls))[1]
        for first in range(count)
    ]

    async def work(each: int) -> Slice:
        begin = time.perf_counter()
        took = await asyncio.gather(*(device.work(each) for device in devices))
        return Slice(time.perf_counter() - begin, [seconds for one in took for seconds in one])

    return work
