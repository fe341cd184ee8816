"""Requests over real sockets: exact headers, and ends that are told apart."""

import contextlib
import gzip
import socket
import struct
import threading
import zlib

import pytest

from replay.play.transport import Connection

HEADERS = (("host", "h"), ("X-a", "1"), ("x-A", "2"), ("Content-Length", "2"))
OK = b"HTTP/1.1 200 Fine\r\nContent-Length: 2\r\nX-Y: z\r\n\r\nok"


class Peer:
    """A server that answers each connection with what a script of bytes and actions says, and keeps what came."""

    def __init__(self, *answers) -> None:
        self.came: list[bytes] = []
        self.closed = threading.Event()
        self._answers = list(answers)
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}/p?q"
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._socket.close()
        self._thread.join(10)

    def _serve(self) -> None:
        for answers in self._answers:
            with contextlib.suppress(OSError):
                connection, _ = self._socket.accept()
                with connection:
                    self._talk(connection, answers)
            self.closed.set()

    def _talk(self, connection, answers) -> None:
        for answer in answers:
            if answer == "plain":
                connection.sendall(OK)
                connection.recv(65536)
                return
            came = b""
            while not came.endswith(b"\r\n\r\nhi"):
                more = connection.recv(65536)
                if not more:
                    return
                came += more
            self.came.append(came)
            if answer == "reset":
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                return
            if answer == "hang":
                connection.recv(1)
                return
            connection.sendall(answer)


def connection(**more) -> Connection:
    names = iter(range(1, 9))
    return Connection(None, more.pop("timeout", 10.0), lambda client: f"c{next(names)}")


def send(line: Connection, url: str):
    end = line.open(url)
    if end is not None:
        return None, end
    return line.send("POST", url, HEADERS, b"hi", lambda: None)


def test_the_bytes_of_a_request_and_what_came_back():
    with Peer([OK, OK]) as peer:
        line = connection()
        answer, end = send(line, peer.url)
        assert (answer.status, answer.reason, answer.http, answer.body, end) == (200, "Fine", "HTTP/1.1", b"ok", None)
        assert answer.headers == (("Content-Length", "2"), ("X-Y", "z"))
        assert send(line, peer.url)[0].body == b"ok"
        line.close()
    assert peer.came == [b"POST /p?q HTTP/1.1\r\nhost: h\r\nX-a: 1\r\nx-A: 2\r\nContent-Length: 2\r\n\r\nhi"] * 2
    assert line.name == "c1"


@pytest.mark.parametrize(
    ("answer", "cause"),
    [(b"", "server-closed"), ("reset", "server-reset"), ("hang", "timeout"), (b"nonsense\r\n\r\n", "other")],
)
def test_ends_without_an_answer(answer, cause):
    with Peer([answer]) as peer:
        line = connection(timeout=0.3 if answer == "hang" else 10.0)
        got, end = send(line, peer.url)
    assert got is None
    assert end.cause == cause


def test_an_answer_that_breaks_off():
    with Peer([b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"]) as peer:
        got, end = send(connection(), peer.url)
    assert (got.status, got.body) == (200, b"half")
    assert (end.cause, end.received) == ("truncated", 4)


@pytest.mark.parametrize("head", [b"", b"Content-Length: 9\r\n", b"Transfer-Encoding: chunked\r\n"])
def test_an_answer_that_is_longer_than_any_is_given_up(monkeypatch, head):
    monkeypatch.setattr("replay.play.transport._MOST_ANSWER", 5)
    body = b"9\r\n123456789\r\n0\r\n\r\n" if b"chunked" in head else b"123456789"
    with Peer([b"HTTP/1.1 200 OK\r\n" + head + b"\r\n" + body]) as peer:
        answer, end = send(connection(), peer.url)
    assert (answer.status, answer.body) == (200, b"123456")
    assert (end.cause, end.received) == ("truncated", 6)


def test_nobody_there():
    got, end = send(connection(), "http://127.0.0.1:1/")
    assert got is None
    assert end.cause == "connect-failed"
    assert send(connection(), "http://no-such-host.invalid/")[1].cause == "connect-failed"


def test_tls_with_a_server_that_speaks_none():
    with Peer(["plain"]) as peer:
        got, end = send(connection(), peer.url.replace("http:", "https:"))
    assert got is None
    assert end.cause == "tls-failed"


def test_a_connection_that_the_server_closed_meanwhile_is_replaced_before_anything_is_sent():
    with Peer([OK], [OK]) as peer:
        line = connection()
        assert send(line, peer.url)[0].status == 200
        assert peer.closed.wait(10)
        assert send(line, peer.url)[0].status == 200
        line.close()
    assert line.name == "c2"
    assert len(peer.came) == 2


@pytest.mark.parametrize(
    ("coding", "packed"),
    [("gzip", gzip.compress(b"text")), ("deflate", zlib.compress(b"text")), ("br", b"text"), ("gzip", b"no gzip")],
    ids=["gzip", "deflate", "unknown", "broken"],
)
def test_codings_are_undone(coding, packed):
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: {coding}\r\nContent-Length: {len(packed)}\r\n\r\n".encode()
    with Peer([head + packed]) as peer:
        line = connection()
        answer, _ = send(line, peer.url)
        line.close()
    assert answer.body == (b"no gzip" if packed == b"no gzip" else b"text")
