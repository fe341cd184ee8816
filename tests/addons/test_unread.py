"""What is no exchange in real proxies: connections and requests that do not come whole."""

import ssl

import pytest

from replay.capture.readers import read
from replay.expect.case import Options
from replay.expect.judge import judge
from replay.lab.device import LabDevice
from replay.lab.server import LabServer
from tests.addons.test_record import until
from tests.addons.worlds import BODY, DM, port_of, unread, written
from tests.processes import recording
from tests.upstream import Device


@pytest.mark.slow
@pytest.mark.mitmproxy
@pytest.mark.parametrize("before", [False, True], ids=["first", "after-an-exchange"])
@pytest.mark.parametrize(
    ("sent", "cause", "words"),
    [
        (b"\x16 garbage {0}\r\n\r\n", "other", "a request whose head cannot be read"),
        (b"POST /half{0}", "other", "{1} bytes that are no whole request"),
        (b"POST /half-body HTTP/1.1\r\nHost: x\r\nContent-Length: 1{0}\r\n\r\nabc", "client-closed", "expected 1{0})"),
    ],
    ids=["garbage", "half-head", "half-body"],
)
def test_a_request_that_does_not_come_whole(world, before, sent, cause, words):
    mark = "11" if before else "2"
    sent = sent.replace(b"{0}", mark.encode())
    with Device(world.port) as device:
        if before:
            device.post("/mdm/before", BODY, DM)
            assert device.get().status == 200
        device.send(sent)
        if b"garbage" in sent:
            assert device.get().status == 400
    line = unread(world.journal, words.format(mark, len(sent)))
    assert line["cause"] == cause
    assert (line["connect"]["client"], line["connect"]["host"]) != (None, None)


@pytest.mark.slow
@pytest.mark.mitmproxy
def test_a_connection_without_a_byte_is_on_file(world):
    with Device(world.port) as device:
        client = "{}:{}".format(*device.sock.getsockname())
        until(
            lambda: any(line["type"] == "connect" and line["client"] == client for line in written(world.journal)),
            "it is on file while it is open",
        )
    until(
        lambda: any(
            line["type"] == "disconnect" and line["conn"] == connect["conn"]
            for connect in written(world.journal)
            if connect["type"] == "connect" and connect["client"] == client
            for line in written(world.journal)
        ),
        "and when it has ended",
    )


@pytest.mark.slow
@pytest.mark.mitmproxy
def test_a_client_hello_that_does_not_come_whole(world):
    with Device(world.port) as device:
        device.send(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03")
    assert unread(world.journal, "11 bytes that are no whole ClientHello")["connect"]["sni"] is None


@pytest.mark.slow
@pytest.mark.mitmproxy
def test_a_device_that_does_not_trust_the_proxy(world):
    with pytest.raises(ssl.SSLCertVerificationError):
        Device(world.port, tls=ssl.create_default_context())
    assert unread(world.journal, "TLS with the device failed")["cause"] == "tls-failed"


@pytest.mark.slow
@pytest.mark.mitmproxy
def test_what_was_not_read_makes_silence_unprovable(tmp_path):
    """A later request on a connection that was read before, and one of which nothing was read."""
    with LabServer() as server, recording(tmp_path, server.url) as proxy:
        with Device(port_of(proxy)) as device:
            device.post("/", b"", method=b"GET")
            device.get()
            LabDevice(proxy.url, tls=proxy.tls).run("user")
            device.send(b"POST /half")
        with Device(port_of(proxy)):
            pass
        unread(proxy.journal, "no whole request")
        assert proxy.program.end() == 0
    judged = judge(read(str(proxy.journal)), Options(quiet=0))
    (finding,) = [finding for finding in judged.findings if finding.rule == "CAP007"]
    assert "10 bytes that are no whole request" in finding.message
    assert "2 such in all" in finding.message
    assert judged.verdict.word == "inconclusive"
