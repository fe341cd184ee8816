"""Every way for an exchange over HTTP/2 to end, in real proxies."""

import pytest

from tests.addons.worlds import BODY, CANCEL, H2_DM, INTERNAL_ERROR, ended, unread
from tests.upstream_http2 import H2Device


@pytest.mark.slow
@pytest.mark.mitmproxy
@pytest.mark.parametrize(
    ("name", "cause", "response"),
    [
        ("reset", "server-reset", None),
        ("cancel", "server-reset", None),
        ("calm", "server-reset", None),
        ("go-away", "server-closed", None),
        ("close", "server-closed", None),
        ("cut", "truncated", (200, "abc")),
        ("cut-close", "truncated", (200, "abc")),
    ],
)
def test_an_answer_over_http2_that_does_not_come_whole(two, name, cause, response):
    with H2Device(two.port, two.tls) as device:
        got = device.get(device.post(f"/mdm/{name}", BODY, H2_DM))
        assert (got.ended, got.fields, got.body) == ("reset", [], b"")
        assert device.get(device.post(f"/mdm/after-{name}", BODY, H2_DM)).body == b"ok", "the connection goes on"
    end = ended(two.journal, name)
    assert end.request["http"] == "HTTP/2.0"
    assert end.failure["cause"] == cause
    kept = end.response and (end.response["status"], end.response["body"]["text"])
    assert kept == response
    if response:
        assert (end.failure["received"], end.response["by"]) == (3, "server")


@pytest.mark.slow
@pytest.mark.mitmproxy
@pytest.mark.parametrize("how", ["cancel", "reset", "close"])
def test_a_device_that_gives_up_over_http2(two, how):
    """Whatever it says, it is the device: mitmproxy has the same words for both sides."""
    name = f"hang~{how}"
    with H2Device(two.port, two.tls) as device:
        number = device.post(f"/mdm/{name}", BODY, H2_DM)
        two.server.wait_for(name)
        if how != "close":
            device.reset(number, CANCEL if how == "cancel" else INTERNAL_ERROR)
            assert device.get(device.post(f"/mdm/after-{name}", BODY, H2_DM)).status == 200
    end = ended(two.journal, name)
    assert (end.response, end.failure["cause"]) == (None, "client-closed")


@pytest.mark.slow
@pytest.mark.mitmproxy
def test_a_request_over_http2_that_does_not_come_whole(two):
    with H2Device(two.port, two.tls) as device:
        number = device.post("/mdm/broken-request", BODY, H2_DM, end=False)
        device.reset(number)
        assert device.get(device.post("/mdm/after-broken", BODY, H2_DM)).status == 200
    assert unread(two.journal, "CANCEL")["cause"] == "client-closed"
    assert b"broken-request" not in two.journal.read_bytes()


@pytest.mark.slow
@pytest.mark.mitmproxy
def test_an_empty_answer_over_http2(two):
    with H2Device(two.port, two.tls) as device:
        got = device.get(device.post("/mdm/empty", BODY, H2_DM))
    assert (got.status, got.body, got.ended) == (200, b"", "end")
    assert ended(two.journal, "empty").failure is None


@pytest.mark.slow
@pytest.mark.mitmproxy
@pytest.mark.parametrize("name", ["close", "reset", "cut-body"])
def test_a_device_on_http2_before_a_server_on_http1(world, name):
    with H2Device(world.port, world.tls) as device:
        got = device.get(device.post(f"/mdm/{name}~2", BODY, H2_DM))
        assert (got.ended, got.fields) == ("reset", [])
        assert device.get(device.post(f"/mdm/after-{name}~2", BODY, H2_DM)).body == b"ok"
    causes = {"close": "server-closed", "reset": "server-reset", "cut-body": "truncated"}
    assert ended(world.journal, f"{name}~2").failure["cause"] == causes[name]
