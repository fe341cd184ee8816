"""What the proxy makes and alters by itself is its own in the journal."""

import pytest

from tests.addons.worlds import BODY, DM, as_text, ended, kept_body, port_of
from tests.processes import mitmdump, recording
from tests.upstream import Device, Upstream

pytestmark = [pytest.mark.slow, pytest.mark.mitmproxy]


ALTERS = """
from mitmproxy import http

class Alters:
    def requestheaders(self, flow):
        if "streamed" in flow.request.path:
            flow.request.stream = True

    def request(self, flow):
        if "made-here" in flow.request.path:
            flow.response = http.Response.make(200, b"made here", {"Content-Type": "application/vnd.syncml.dm+xml"})

    def responseheaders(self, flow):
        if "streamed" in flow.request.path:
            flow.response.stream = True

    def response(self, flow):
        if "altered" in flow.request.path:
            flow.response.content = b"altered"
        if "same" in flow.request.path:
            flow.response.headers["X-Seen"] = "yes"

addons = [Alters()]
"""


def test_what_the_proxy_makes_and_alters_is_its_own(tmp_path):
    """As a script the recorder is loaded before mitmproxy's own addons and other scripts, and comes after them all."""
    (tmp_path / "alters.py").write_text(ALTERS)
    more = ["-s", str(tmp_path / "alters.py"), "--modify-body", "/~s & ~u modified/ok/modified"]
    more += ["--map-remote", "|/mapped|/mdm/went-there", "--modify-headers", "/~q/X-Added/by the proxy"]
    with Upstream() as server, mitmdump(tmp_path, server.url, *more) as proxy:
        got = {}
        for name in ("plain", "made-here", "altered", "modified", "same", "streamed", "mapped"):
            with Device(port_of(proxy)) as device:
                device.post(f"/{name}" if name == "mapped" else f"/mdm/{name}", BODY, DM)
                got[name] = device.get().body
        lines = {name: ended(proxy.journal, name) for name in got if name != "mapped"}
        lines["mapped"] = ended(proxy.journal, "went-there")
        calls = {call.name: call for call in server.calls}
        assert proxy.program.end() == 0
    assert got == {
        "plain": b"ok", "made-here": b"made here", "altered": b"altered", "modified": b"modified", "same": b"ok",
        "streamed": b"ok", "mapped": b"ok",
    }  # fmt: skip
    assert {name: kept_body(line.response) for name, line in lines.items()} == got
    assert {name for name, line in lines.items() if line.response["by"] == "proxy"} == {
        "made-here",
        "altered",
        "modified",
    }
    assert set(calls) == {"plain", "altered", "modified", "same", "streamed", "went-there"}
    for name in ("plain", "streamed"):
        assert lines[name].request["headers"] == as_text(calls[name].fields)
        assert ["X-Added", "by the proxy"] in lines[name].request["headers"]
        assert kept_body(lines[name].request) == calls[name].body == BODY


@pytest.mark.parametrize("option", ["stream_large_bodies", "body_size_limit"])
def test_options_that_would_leave_bodies_out_are_refused(tmp_path, option):
    words = f"{option} has to be unset: bodies would be missing"
    with pytest.raises(AssertionError, match=words), recording(tmp_path, "http://x.test", "--set", f"{option}=1k"):
        pytest.fail("it must not start")
    assert not (tmp_path / "run.jsonl").exists()
