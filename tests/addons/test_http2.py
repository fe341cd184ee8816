"""HTTP/2 through the recorder: what the server gets, what the device gets, and what the journal has of it."""

import pytest

from tests.addons.worlds import BIG, BINARY, CODINGS, H2_DM, TEXT, as_text, ended, kept_body
from tests.upstream import field_of
from tests.upstream_http2 import H2Device

pytestmark = [pytest.mark.slow, pytest.mark.mitmproxy]


def pseudo(fields) -> dict[bytes, bytes]:
    return {name: value for name, value in fields if name.startswith(b":")}


def ordinary(fields) -> list[tuple[bytes, bytes]]:
    return [(bytes(name), bytes(value)) for name, value in fields if not name.startswith(b":")]


def test_many_exchanges_at_once_over_http2(two):
    sent = [H2_DM, (b"x-one", b"1"), (b"x-one", b"2"), (b"x-empty", b""), (b"x-latin", b"caf\xe9")]
    cookies = [(b"cookie", b"a=1"), (b"cookie", b"b=2")]  # which h2 joins when it reads them (RFC 9113, 8.2.3)
    back = [(b"set-cookie", b"a"), (b"ms-cv", b"x.1"), (b"set-cookie", b"b"), (b"x-latin", b"caf\xe9"), H2_DM]
    two.server.scripts["at-once"] = lambda stream: stream.answer(stream.body[::-1], *back)
    bodies = [BINARY + b"%d" % number for number in range(20)]
    with H2Device(two.port, two.tls) as device:
        numbers = [device.post(f"/mdm/at-once~{number}", body, *sent, *cookies) for number, body in enumerate(bodies)]
        for number, (stream, body) in enumerate(zip(numbers, bodies, strict=True)):
            got = device.get(stream)
            assert (got.status, got.body, ordinary(got.fields)) == (200, body[::-1], back)
            (call,) = two.server.wait_for(f"at-once~{number}")
            lines = ended(two.journal, f"at-once~{number}")
            assert (call.body, kept_body(lines.request), kept_body(lines.response)) == (body, body, body[::-1])
            assert ordinary(call.fields) == [*sent, (b"cookie", b"a=1; b=2")]
            assert lines.request["headers"] == as_text([*sent, *cookies])
            assert lines.response["headers"] == as_text(back)
            assert (lines.request["http"], lines.response["http"]) == ("HTTP/2.0", "HTTP/2.0")
            assert pseudo(call.fields)[b":path"].decode() == f"/mdm/at-once~{number}"


@pytest.mark.parametrize("coding", CODINGS)
def test_content_codings_over_http2(two, coding):
    coded, says = CODINGS[coding](TEXT), (b"content-encoding", coding.encode())
    two.server.scripts[f"coded-{coding}"] = lambda stream: stream.answer(coded, H2_DM, says)
    with H2Device(two.port, two.tls) as device:
        assert device.get(device.post(f"/mdm/coded-{coding}", coded, H2_DM, says)).body == coded
    lines = ended(two.journal, f"coded-{coding}")
    assert (kept_body(lines.request), kept_body(lines.response)) == (TEXT, TEXT)


@pytest.mark.parametrize("length", [True, False], ids=["with-length", "without-length"])
def test_a_device_on_http2_before_a_server_on_http1(world, length):
    """HTTP/2 needs no length, HTTP/1 does."""
    name = f"two-to-one-{length}"
    fields = [
        H2_DM,
        (b"x-one", b"1"),
        (b"x-one", b"2"),
        *([(b"content-length", b"%d" % len(BINARY))] if length else []),
    ]
    with H2Device(world.port, world.tls) as device:
        assert device.get(device.post(f"/mdm/{name}", BINARY, *fields)).body == b"ok"
    (call,) = world.server.wait_for(name)
    assert call.body == BINARY
    assert field_of(call.fields, b"content-length") == b"%d" % len(BINARY)
    assert [value for name, value in call.fields if name.lower() == b"x-one"] == [b"1", b"2"]
    lines = ended(world.journal, name)
    assert (lines.request["http"], lines.response["http"]) == ("HTTP/2.0", "HTTP/1.1")
    assert kept_body(lines.request) == BINARY


def test_twelve_megabytes_both_ways_over_http2(two):
    two.server.scripts["big"] = lambda stream: stream.answer(BIG[::-1], H2_DM)
    with H2Device(two.port, two.tls) as device:
        got = device.get(device.post("/mdm/big", BIG, H2_DM))
    (call,) = two.server.wait_for("big")
    lines = ended(two.journal, "big")
    assert (call.body, got.body) == (BIG, BIG[::-1])
    assert (kept_body(lines.request), kept_body(lines.response)) == (BIG, BIG[::-1])
