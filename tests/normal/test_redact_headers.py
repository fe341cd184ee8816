"""Of a header that carries a secret nothing is left but its form."""

import io
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from replay.capture.journal_reader import read
from replay.normal.redact import Redactor
from tests.story import Story

SECRET = "c2VjcmV0dG9rZW4xMjM0"


def redacted(name: str, value: str) -> str:
    story = Story()
    story.exchange(story.package_one("1"), b"", headers=[["Content-Type", story.content_type], [name, value]])
    headers = Redactor().capture(read(io.BytesIO(story.text()), "x")).exchanges[0].headers
    return dict(headers)[name]


@pytest.mark.parametrize("padding", ["", "=", "=="])
@pytest.mark.parametrize(
    ("name", "before"),
    [
        ("Authorization", "Bearer "),
        ("Authorization", ""),
        ("Proxy-Authorization", "Negotiate "),
        ("WWW-Authenticate", "Negotiate "),
        ("X-Auth-Token", ""),
        ("DeviceToken", ""),
        ("x-syncml-hmac", ""),
        ("Authentication-Info", ""),
        ("Cookie", ""),
        ("Cookie", "a=b1; "),
        ("Cookie", "_ga="),
        ("Cookie", "__Host-id="),
        ("Cookie", "1.x="),
        ("Set-Cookie", "id="),
    ],
)
def test_a_secret_goes_however_it_is_padded_and_named(name, before, padding):
    made = redacted(name, f"{before}{SECRET}{padding}")
    assert SECRET[:8] not in made
    assert len(made) == len(f"{before}{SECRET}{padding}")
    assert made.startswith(before.partition("b1")[0])


def test_what_is_no_secret_stays():
    made = redacted(
        "Set-Cookie", f"id={SECRET}; Expires=Wed, 21 Oct 2026 07:28:00 GMT; Path=/; Secure; HttpOnly; SameSite=Lax"
    )
    assert made.startswith("id=")
    assert made.endswith("; Expires=Wed, 21 Oct 2026 07:28:00 GMT; Path=/; Secure; HttpOnly; SameSite=Lax")
    made = redacted("WWW-Authenticate", f'Digest realm="corp.example", qop="auth", algorithm=MD5, nonce="{SECRET}"')
    assert made.startswith('Digest realm="')
    assert '", qop="auth", algorithm=MD5, nonce="' in made


@given(st.lists(st.sampled_from([SECRET, " ", ",", ";", '"', "a", "a=", "-", "\t"]), max_size=8).map("".join))
@settings(deadline=None, max_examples=50)
def test_nothing_is_left_in_whatever_it_stands(value):
    for name in ("Cookie", "x-syncml-hmac"):
        if value.strip() and not re.search(SECRET + r"[^\s,;\"]*\s*=", value):  # else it is the name of a parameter
            assert SECRET not in redacted(name, value)
