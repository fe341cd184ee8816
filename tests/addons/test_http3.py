"""HTTP/3 through the recorder, which is mitmproxy's to speak: what server and device get, what the journal has, and every end."""

from types import SimpleNamespace

import pytest
import trustme

from replay.capture.readers import read
from tests.addons.worlds import BINARY, BODY, H2_DM, as_text, ended, kept_body, port_of
from tests.processes import recording
from tests.upstream_http3 import H3Device, H3Upstream, Stream

pytestmark = [pytest.mark.slow, pytest.mark.mitmproxy]
# RFC 9114, 8.1
NO_ERROR, INTERNAL_ERROR, REQUEST_REJECTED, REQUEST_CANCELLED = 0x100, 0x102, 0x10B, 0x10C


def cut(stream: Stream, *fields: tuple[bytes, bytes]) -> None:
    stream.head(H2_DM, *fields)
    stream.data(b"abc", end=False)
    stream.reset(INTERNAL_ERROR)


SCRIPTS = {
    "empty": lambda stream: stream.answer(b"", H2_DM),
    "reset": lambda stream: stream.reset(INTERNAL_ERROR),
    "rejected": lambda stream: stream.reset(REQUEST_REJECTED),
    "close": lambda stream: stream.close(NO_ERROR),
    "close-with-error": lambda stream: stream.close(INTERNAL_ERROR),
    "close-unknown": lambda stream: stream.close(0x3FFF),
    "cut": cut,
    "cut-announced": lambda stream: cut(stream, (b"content-length", b"100")),
    "hang": lambda stream: None,
    "reversed": lambda stream: stream.answer(stream.body[::-1], H2_DM, (b"x-two", b"1"), (b"x-two", b"2")),
}


@pytest.fixture(scope="module", params=["https", "http3"])
def three(request, tmp_path_factory):
    """`omadm record` between a device and a server that both speak HTTP/3, in each of the modes that listen for it."""
    folder = tmp_path_factory.mktemp("three")
    authority = trustme.CA()
    authority.cert_pem.write_to_path(folder / "ca.pem")
    more = ("--set", f"ssl_verify_upstream_trusted_ca={folder / 'ca.pem'}")
    with (
        H3Upstream(SCRIPTS, authority, folder) as server,
        recording(folder, f"{request.param}://127.0.0.1:{server.port}", *more) as proxy,
    ):
        yield SimpleNamespace(server=server, journal=proxy.journal, port=port_of(proxy), ca=proxy.ca)
        assert proxy.program.end() == 0
    assert server.errors == []
    assert read(str(proxy.journal)).troubles == []


def test_both_sides_get_what_was_sent_and_the_journal_has_it(three):
    sent = [H2_DM, (b"x-one", b"1"), (b"x-one", b"2"), (b"x-empty", b"")]
    bodies = [BINARY * (number + 1) for number in range(10)]
    with H3Device(three.port, three.ca) as device:
        numbers = [device.post(f"/mdm/reversed~{at}", body, *sent) for at, body in enumerate(bodies)]
        for at, (number, body) in enumerate(zip(numbers, bodies, strict=True)):
            got = device.get(number)
            assert (got.ended, got.status, got.body) == ("end", 200, body[::-1])
            (call,) = three.server.wait_for(f"reversed~{at}")
            assert call.body == body
            assert [each for each in call.fields if not each[0].startswith(b":")] == sent
            lines = ended(three.journal, f"reversed~{at}")
            assert (lines.request["http"], lines.response["http"]) == ("HTTP/3", "HTTP/3")
            assert (kept_body(lines.request), kept_body(lines.response)) == (body, body[::-1])
            assert lines.request["headers"] == as_text(sent)
            assert (lines.response["by"], lines.failure) == ("server", None)


def test_an_empty_reply_is_one(three):
    with H3Device(three.port, three.ca) as device:
        assert device.get(device.post("/mdm/empty?mode=Machine", BODY, H2_DM)).body == b""
    lines = ended(three.journal, "empty")
    assert (lines.response["status"], kept_body(lines.response), lines.failure) == (200, b"", None)


@pytest.mark.parametrize(
    ("name", "cause", "response"),
    [
        ("reset", "server-reset", None),
        ("rejected", "server-reset", None),
        ("close", "server-closed", None),
        ("close-with-error", "server-closed", None),
        ("close-unknown", "server-closed", None),
        ("cut", "truncated", (200, "abc")),
        ("cut-announced", "truncated", (200, "abc")),
    ],
)
def test_an_answer_that_does_not_come_whole(three, name, cause, response):
    with H3Device(three.port, three.ca) as device:
        got = device.get(device.post(f"/mdm/{name}", BODY, H2_DM))
        assert got.ended == "reset"
        assert device.get(device.post(f"/mdm/empty~after-{name}", BODY, H2_DM)).status == 200, "the connection goes on"
    end = ended(three.journal, name)
    assert end.failure["cause"] == cause
    assert (end.response and (end.response["status"], end.response["body"]["text"])) == response


@pytest.mark.parametrize("how", ["cancel", "reset", "close"])
def test_a_device_that_gives_up(three, how):
    name = f"hang~{how}"
    with H3Device(three.port, three.ca) as device:
        number = device.post(f"/mdm/{name}", BODY, H2_DM)
        three.server.wait_for(name)
        if how != "close":
            device.reset(number, REQUEST_CANCELLED if how == "cancel" else INTERNAL_ERROR)
            assert device.get(device.post(f"/mdm/empty~{how}", BODY, H2_DM)).status == 200
    end = ended(three.journal, name)
    assert (end.response, end.failure["cause"]) == (None, "client-closed")
