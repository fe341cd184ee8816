"""What words of mitmproxy and of sockets say of an end."""

import pytest

from replay.capture.endings import bytes_received, cause_of, ending


@pytest.mark.parametrize(
    ("words", "known", "cause"),
    [
        ("server closed connection", {"broke": ConnectionResetError(104, "reset")}, "server-reset"),
        ("server closed connection", {"broke": BrokenPipeError(32, "pipe")}, "server-reset"),
        ("server closed connection", {"broke": TimeoutError(110, "timed out")}, "timeout"),
        ("server closed connection", {"broke": OSError(113, "no route")}, "other"),
        ("server closed connection", {}, "server-closed"),
        ("peer closed connection", {"by_device": True}, "client-closed"),
        ("peer closed connection", {"by_device": False}, "server-closed"),
        ("stream reset by client (CANCEL)", {"by_device": False}, "server-reset"),
        ("stream reset by client (INTERNAL_ERROR)", {"by_device": True}, "client-closed"),
        ("stream reset by client (INTERNAL_ERROR)", {"by_device": False, "part": b"abc"}, "truncated"),
        ("stream closed by client (H3_REQUEST_CANCELLED)", {}, "client-closed"),
        ("stream closed by client (H3_REQUEST_CANCELLED)", {"by_device": False}, "server-reset"),
        ("stream closed by client (H3_INTERNAL_ERROR)", {"by_device": False}, "server-reset"),
        ("stream closed by client (H3_INTERNAL_ERROR)", {"by_device": True}, "client-closed"),
        ("stream closed by client (H3_INTERNAL_ERROR)", {"by_device": False, "part": b"abc"}, "truncated"),
        ("H3_NO_ERROR", {"by_device": False}, "server-closed"),
        ("H3_NO_ERROR", {"by_device": True}, "client-closed"),
        ("NO_ERROR", {"by_device": True}, "client-closed"),
        ("H3_INTERNAL_ERROR", {"by_device": False}, "server-closed"),
        ("unknown error (0x3fff)", {"by_device": False}, "server-closed"),
        ("HTTP/2 protocol error: x", {"by_device": False, "part": b"abc"}, "other"),
        ("Client disconnected.", {"by_device": True, "connected": False}, "connect-failed"),
        ("Client disconnected.", {}, "client-closed"),
        ("connection closed", {"connected": False}, "tls-failed"),
        ("[Errno 111] Connect call failed", {"connected": False, "by_device": False}, "connect-failed"),
        ("Certificate verify failed: self-signed", {"connected": False, "by_device": False}, "tls-failed"),
        ("HTTP/2 connection closed: <ConnectionTerminated additional_data:b'TLS timeout'>", {}, "server-closed"),
    ],
)
def test_what_is_known_beside_the_words(words, known, cause):
    assert ending(words, **{"connected": True, **known}).cause == cause


@pytest.mark.parametrize(
    "words",
    [
        "unexpected server response: b'HTTP/1.1 200 OK\\r\\nX: certificate timeout (received 5 bytes)'",
        "Cannot parse HTTP response: Bad HTTP response line: b'client closed certificate'",
        "Received invalid header name: b'certificate' from server, refusing to prevent request smuggling attacks.",
    ],
)
def test_what_a_server_sends_decides_no_cause(words):
    assert cause_of(words) in ("truncated", "other")
    assert bytes_received(words) == (
        len("HTTP/1.1 200 OK\r\nX: certificate timeout (received 5 bytes)") if "unexp" in words else None
    )


@pytest.mark.parametrize(
    "words",
    [f"received {'9' * 5000} bytes"]
    + [
        f"unexpected server response: {what}"
        for what in ("-" * 100_000 + "1", "1+" * 100_000 + "1", "b'a' b'b'", "b'\\x'", "b'\n'")
    ],
)
def test_words_of_a_stranger_say_nothing_and_do_no_harm(words):
    assert bytes_received(words) is None
