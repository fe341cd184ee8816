import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from replay.capture.times import iso
from replay.report.safe import visible, visible_json, visible_lines


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain é 漢", "plain é 漢"),
        ("\x1b[31mred", "\\x1b[31mred"),
        ("\x9b31m", "\\x9b31m"),
        ("a\r\nb\x07", "a\\x0d\\x0ab\\x07"),
        ("\u202edrow", "\\u202edrow"),
        ("\udcff", "\\udcff"),
        ("\ufffe\uffff", "\\ufffe\\uffff"),
    ],
)
def test_control_characters_are_shown(text, shown):
    assert visible(text) == shown


@given(st.text())
def test_nothing_that_moves_a_cursor_is_left(text):
    assert all(ch.isprintable() or ch in " \u3000" or not _is_control(ch) for ch in visible(text))
    assert "\x1b" not in visible_lines(text)


def _is_control(ch: str) -> bool:
    import unicodedata

    return unicodedata.category(ch) in ("Cc", "Cs") or ch in "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_json_stays_the_same_value(text):
    encoded = visible_json(msgspec.json.encode(text).decode())
    assert json.loads(encoded) == text
    assert not any("\x7f" <= ch <= "\x9f" or ch < " " for ch in encoded)


def test_times():
    assert iso(1_800_000_000.25) == "2027-01-15T08:00:00.250Z"
    assert iso(1e300)
