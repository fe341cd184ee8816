"""What is open when the proxy is stopped."""

import signal
import threading

import pytest

from tests.addons.test_record import lines_of, until
from tests.addons.worlds import BODY, DM, SCRIPTS, port_of
from tests.processes import mitmdump, recording
from tests.upstream import Device, Upstream


@pytest.mark.slow
@pytest.mark.mitmproxy
@pytest.mark.parametrize("run", [recording, mitmdump])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_what_is_open_when_the_proxy_is_stopped(tmp_path, run, number):
    """With impatience: the signal is sent again and again until the process is gone."""
    with Upstream(SCRIPTS) as server, run(tmp_path, server.url) as proxy:
        port = port_of(proxy)
        with (
            Device(port) as hanging,
            Device(port) as begun,
            Device(port) as headless,
            Device(port),
            Device(port) as half,
        ):
            hanging.post("/mdm/hang", BODY, DM)
            half.post("/mdm/hang-after-head", BODY, DM)
            server.wait_for("hang")
            server.wait_for("hang-after-head")
            begun.send(b"POST /mdm/begun HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nabc")
            headless.send(b"POST /mdm/head")
            until(lambda: proxy.journal.read_bytes().count(b'"connect"') == 5, "all connections are on file")
            until(lambda: len(server.calls) == 2, "both requests have gone on")
            proxy.program.process.send_signal(number)
            again = threading.Event()
            while proxy.program.process.poll() is None:
                proxy.program.process.send_signal(number)
                again.wait(0.001)
            code = proxy.program.wait()
            for device in (hanging, half):
                got = device.get()
                assert (got.head, got.ended) == (b"", "closed") or got.ended == "reset"
    if run is recording:
        assert code == 0
    lines = lines_of(proxy.journal)
    assert [line["type"] for line in lines[-2:]] == ["watching", "close"]
    failures = [(bool(line["id"]), line["cause"], line["detail"]) for line in lines if line["type"] == "failure"]
    assert sorted(failures) == [
        (False, "proxy-stopped", "14 bytes that are no whole request"),
        (False, "proxy-stopped", "the proxy was stopped while a request came in"),
        (True, "proxy-stopped", "the proxy was stopped"),
        (True, "proxy-stopped", "the proxy was stopped"),
    ]
