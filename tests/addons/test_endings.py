"""Every way for an exchange to end, in real proxies: what the device sees of it, and what the journal says."""

import socket
import threading

import mitmproxy.version
import pytest

from replay.capture.readers import read
from tests.addons.worlds import BODY, DM, RESET_NOW, SCRIPTS, ask, ended, port_of, unread, world_of
from tests.processes import mitmdump, recording
from tests.upstream import Device, Upstream


@pytest.fixture(scope="module")
def dump(tmp_path_factory):
    """mitmdump with the script before a server."""
    yield from world_of(tmp_path_factory.mktemp("dump"), mitmdump)


@pytest.fixture(scope="module")
def keeping(tmp_path_factory):
    """`omadm record --keep-502` before a server."""
    yield from world_of(tmp_path_factory.mktemp("keeping"), recording, "--keep-502")


ENDINGS = [
    ("close", "closed", "server-closed", None, None),
    ("reset", "reset", "server-reset", None, None),
    ("cut-body", "closed", "truncated", (200, "abc"), 3),
    ("cut-chunks", "closed", "truncated", (200, "abcdexyz"), 8),
    ("cut-head", "closed", "truncated", None, 36),
    ("no-http", "closed", "other", None, None),
    ("wrong-chunks", "closed", "other", (200, "abcde"), None),
]


@pytest.mark.slow
@pytest.mark.mitmproxy
@pytest.mark.parametrize("where", ["world", "world-tls", "dump"])
@pytest.mark.parametrize(
    ("name", "device", "cause", "response", "received"), ENDINGS, ids=[each[0] for each in ENDINGS]
)
def test_an_answer_that_does_not_come_whole(request, where, name, device, cause, response, received):
    world, over_tls = request.getfixturevalue(where.partition("-")[0]), where.endswith("tls")
    got = ask(world.port, f"{name}~{where}", world.tls if over_tls else None)
    assert got.ended == device or (over_tls and device == "reset")  # Python's TLS shows a reset as a close
    assert (got.head, got.rest) == (b"", b""), "the proxy answers nothing of its own, and nothing as if it were whole"
    end = ended(world.journal, f"{name}~{where}")
    assert (end.failure["cause"], end.failure["received"]) == (cause, received)
    assert end.failure["conn"] == end.request["conn"]
    kept = end.response and (end.response["status"], end.response["body"]["text"])
    assert kept == response
    assert response is None or end.response["by"] == "server"


@pytest.mark.slow
@pytest.mark.mitmproxy
@pytest.mark.parametrize("name", ["close", "reset", "cut-body", "cut-head"])
def test_a_502_that_is_kept_is_the_proxys(keeping, name):
    got = ask(keeping.port, name)
    assert got.status == 502
    end = ended(keeping.journal, name)
    if (
        name == "cut-body"
    ):  # the one response that the journal has is the server's; what the device got is in the failure
        assert (end.response["status"], end.response["by"]) == (200, "server")
        assert "the proxy answered with 502 instead" in end.failure["detail"]
    else:
        assert (end.response["status"], end.response["by"]) == (502, "proxy")
    causes = {"close": "server-closed", "reset": "server-reset"}
    assert end.failure["cause"] == causes.get(name, "truncated")


@pytest.mark.slow
@pytest.mark.mitmproxy
def test_an_empty_answer_is_an_answer(world):
    got = ask(world.port, "empty")
    assert (got.status, got.body, got.ended) == (200, b"", "")
    end = ended(world.journal, "empty")
    assert (end.response["status"], end.response["body"], end.response["by"]) == (200, {"text": ""}, "server")
    assert end.failure is None


@pytest.mark.slow
@pytest.mark.mitmproxy
def test_a_malformed_answer_goes_through(world):
    got = ask(world.port, "malformed-head")
    assert (got.status, got.body) == (200, b"ok")
    assert (b"Not A Token", b"x") in got.fields
    assert ended(world.journal, "malformed-head").response["by"] == "server"


@pytest.mark.slow
@pytest.mark.mitmproxy
def test_a_malformed_answer_that_mitmproxy_refuses_is_the_proxys(dump):
    """mitmdump's own setting stays as it is; it answers 502 whatever an addon does, and the journal says so."""
    assert ask(dump.port, "malformed-head").status == 502
    end = ended(dump.journal, "malformed-head")
    assert (end.response["status"], end.response["by"], end.failure["cause"]) == (502, "proxy", "other")
    assert "Not A Token" in end.failure["detail"]


@pytest.mark.slow
@pytest.mark.mitmproxy
def test_a_body_that_goes_on_until_the_close_is_whole_unless_the_connection_breaks(world):
    assert ask(world.port, "until-closed").body == b"until the end"
    assert ended(world.journal, "until-closed").failure is None
    threading.Timer(0.3, RESET_NOW.set).start()
    assert ask(world.port, "until-reset").body == b"until the end"
    end = ended(world.journal, "until-reset")
    assert (end.response["body"], end.failure["cause"], end.failure["received"]) == (
        {"text": "until the end"},
        "truncated",
        13,
    )


@pytest.mark.slow
@pytest.mark.mitmproxy
@pytest.mark.parametrize("how", ["close", "reset", "tls"])
@pytest.mark.parametrize("name", ["hang", "hang-after-head"])
def test_a_device_that_gives_up(world, name, how):
    name = f"{name}~{how}"
    with Device(world.port, tls=world.tls if how == "tls" else None) as device:
        device.post(f"/mdm/{name}", BODY, DM)
        world.server.wait_for(name)
        if how == "reset":
            device.reset()
    end = ended(world.journal, name)
    assert end.failure["cause"] == "client-closed"
    if name.startswith("hang~"):
        assert end.response is None


# -- mitmdump, which calls the server first -----------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.mitmproxy
def test_mitmdump_that_cannot_reach_the_server_hangs_up_before_it_reads(tmp_path):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        with mitmdump(tmp_path, f"http://127.0.0.1:{closed.getsockname()[1]}") as proxy:
            assert ask(port_of(proxy), "never-read").ended in ("closed", "reset")
            line = unread(proxy.journal, "Connect call failed")
            assert proxy.program.end() == 0
    assert (line["cause"], line["connect"]["host"]) == ("connect-failed", "127.0.0.1")
    assert read(str(proxy.journal)).exchanges == []


@pytest.mark.slow
@pytest.mark.mitmproxy
def test_a_connect_that_the_proxy_refuses(tmp_path):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        with mitmdump(tmp_path, None) as proxy:
            with Device(port_of(proxy)) as device:
                device.send(b"CONNECT 127.0.0.1:%d HTTP/1.1\r\nHost: x\r\n\r\n" % closed.getsockname()[1])
                assert device.get().status == 502
            assert unread(proxy.journal, "Connect call failed")["connect"]["host"] == "127.0.0.1"
            assert proxy.program.end() == 0


@pytest.mark.slow
@pytest.mark.mitmproxy
def test_a_proxy_that_gives_up_waiting(tmp_path):
    """mitmproxy closes a connection on which nothing came for ten minutes; here for a second."""
    if mitmproxy.version.VERSION.startswith("11."):
        (tmp_path / "patience.py").write_text("import mitmproxy.proxy.server as server\nserver.TCP_TIMEOUT = 1\n")
        more = ["-s", str(tmp_path / "patience.py")]
    else:
        more = ["--set", "tcp_timeout=1"]
    with Upstream(SCRIPTS) as server, mitmdump(tmp_path, server.url, *more) as proxy:
        assert ask(port_of(proxy), "hang").ended == "closed"
        end = ended(proxy.journal, "hang")
        assert proxy.program.end() == 0
    assert (end.response, end.failure["cause"]) == (None, "timeout")
    assert "the proxy closed" in end.failure["detail"]
