import hashlib

import pytest

from replay.capture.exchange import Exchange, Failure, Response
from replay.capture.references import REQUEST, RESPONSE
from replay.capture.turns import read_turn
from replay.normal.sides import end_of, headers_of, problem_of, unread
from tests.story import Story

COUNTING = (
    "content-type", "mdm-genericalert", "user-agent", "useragentorigin", "authorization", "devicetoken", "ms-signature",
    "x-syncml-hmac", "ms-cv", "client-request-id",
)  # fmt: skip


def test_headers_that_count_stand_in_their_order():
    every = tuple((name.title(), f"{name}: 1") for name in ("host", *reversed(COUNTING), "retry-after", "date"))
    assert headers_of(every, REQUEST) == tuple((name, f"{name}: 1") for name in COUNTING)
    names = "content-type", "x-syncml-hmac", "retry-after"
    assert headers_of(every, RESPONSE) == tuple((name, f"{name}: 1") for name in names)
    assert headers_of((), REQUEST) == ()


def test_of_several_headers_of_one_name_the_first_counts():
    assert headers_of((("User-Agent", "a"), ("USER-AGENT", "b")), REQUEST) == (("user-agent", "a"),)


def exchange(body: bytes | None, answer: bytes | None, kind: str = "application/vnd.syncml.dm+xml") -> Exchange:
    response = None if answer is None else Response(200, 1.0, body=answer, headers=(("Content-Type", kind),))
    return Exchange(1, "1", 0.0, method="POST", headers=(("Content-Type", kind),), body=body, response=response)


def told(body: bytes) -> str:
    digest = hashlib.sha256(body).hexdigest()[:16]
    return f"a message that cannot be read ({len(body)} bytes, SHA-256 {digest}…)"


def test_why_a_side_has_no_message():
    whole = Story().package_one("1")
    for body, answer, problems in (
        (whole, whole, (None, None)),
        (whole, None, (None, None)),
        (b"<SyncML", whole, (told(b"<SyncML"), None)),
        (whole, b"<SyncML>", (None, told(b"<SyncML>"))),
        (b"", b"", (told(b""), None)),
        (whole, b"\x30\x80\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02", (None, "an envelope that is not read")),
    ):
        turn = read_turn(exchange(body, answer))
        assert (problem_of(turn, REQUEST), problem_of(turn, RESPONSE)) == problems


def test_an_unreadable_body_is_told_by_its_length_and_digest():
    assert unread(b"x") == told(b"x")
    assert unread(None) == unread(b"") == told(b"")


@pytest.mark.parametrize("answered", [False, True])
@pytest.mark.parametrize("url", [None, "https://mdm.example.test/m"])
@pytest.mark.parametrize("cause", [None, "timeout"])
def test_how_an_exchange_ended(answered, url, cause):
    made = exchange(b"x", b"y" if answered else None)
    made.url, made.failure = url, Failure(cause, 1.0) if cause else None
    expected = f"ended: {cause}" if cause else None if answered or url is None else "no answer"
    assert end_of(made) == expected
