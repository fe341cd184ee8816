"""mitmweb's page is not to be had through the proxy, whatever its address is called."""

import asyncio
import contextlib
import http.client
import socket
import sys
from types import SimpleNamespace

import pytest
from mitmproxy import ctx

from replay.cli import fence
from replay.cli.fence import Fence
from replay.lab.server import LabServer
from tests.processes import PATIENCE, program

pytestmark = pytest.mark.mitmproxy
PAGE = 8081


def asked(host: str, port: int = PAGE, page: str = "127.0.0.1") -> SimpleNamespace:
    """The server after a connection to it was asked for."""
    server = SimpleNamespace(address=(host, port), error=None)
    options = SimpleNamespace(web_port=PAGE, web_host=page)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ctx, "options", options, raising=False)
        asyncio.run(Fence().server_connect(SimpleNamespace(server=server)))
    return server


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "127.9.9.9", "localhost", "0.0.0.0", "::1", "::", "::ffff:127.0.0.1", "127.1", "2130706433"]
)
def test_no_name_of_this_machine_leads_to_the_page(host):
    assert "mitmweb's page" in asked(host).error


def test_a_name_that_means_this_machine_besides_another_does_not_either(monkeypatch):
    async def both(host: str) -> list[str]:
        return ["192.0.2.1", "127.0.0.1"]

    monkeypatch.setattr(fence, "_addresses", both)
    assert "mitmweb's page" in asked("mdm.example.test").error


def test_a_page_that_listens_elsewhere_is_kept_there():
    assert "mitmweb's page" in asked("192.0.2.1", page="192.0.2.1").error


def test_a_name_that_nobody_knows_may_be_known_a_moment_later():
    assert asked("\0").error == "nobody knows the address"


def test_other_servers_are_reached_and_a_name_is_held_to_what_it_meant(monkeypatch):
    assert asked("127.0.0.1", 8082).error is None
    assert asked("192.0.2.1").error is None

    async def one(host: str) -> list[str]:
        return ["192.0.2.7"]

    monkeypatch.setattr(fence, "_addresses", one)
    reached = asked("mdm.example.test")
    assert (reached.error, reached.address) == (None, ("192.0.2.7", PAGE))


@pytest.mark.slow
def test_a_device_gets_its_server_and_not_the_page(tmp_path):
    command = [sys.executable, "-m", "replay", "record", "--ui", "web", "--mode", "regular", "--listen", "127.0.0.1:0"]
    command += ["-o", str(tmp_path / "run.jsonl"), "--set", f"confdir={tmp_path / 'conf'}", "--set", "web_port=0"]
    with LabServer() as server, program(*command, "--set", "web_open_browser=false", cwd=tmp_path) as running:
        proxy = int(running.wait_for("listening on ").rsplit(":", 1)[1])
        page = running.wait_for("web interface at ").split("://")[1].split("/")[0]
        assert get(proxy, f"{server.url}/").status == 200
        with pytest.raises(http.client.RemoteDisconnected):
            get(proxy, f"http://{page}/flows")
        with socket.create_connection(("127.0.0.1", proxy), timeout=PATIENCE) as tunnel:
            tunnel.sendall(f"CONNECT {page} HTTP/1.1\r\n\r\nGET /flows HTTP/1.1\r\nHost: {page}\r\n\r\n".encode())
            answer = received(tunnel)
            assert b"200 OK" not in answer and b"intercepted" not in answer
        assert get(int(page.rsplit(":", 1)[1]), "/").status in (200, 403), "it is there"


def get(port: int, url: str) -> http.client.HTTPResponse:
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)) as connection:
        connection.request("GET", url)
        answer = connection.getresponse()
        answer.read()
        return answer


def received(connection: socket.socket) -> bytes:
    """All that comes until the other side closes."""
    return b"".join(iter(lambda: connection.recv(65536), b""))
