"""Texts from a capture in findings."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from replay.expect.finding import LONGEST, shortened
from replay.lab import messages
from replay.report.as_json import as_json
from replay.report.shapes import report
from replay.report.text import check_text
from tests.story import Story


@given(st.text("'\"\\ aé\n", max_size=600))
def test_nothing_long_is_left_and_nothing_short_is_touched(text):
    short = shortened(text)
    assert len(short) <= len(text) + 600
    assert max(map(len, short.split()), default=0) <= LONGEST + 2
    if len(text) <= LONGEST:
        assert short == text


def test_what_stands_around_a_long_text_stays():
    text = f"SessionID {'9' * 5000!r} is 5000 bytes long; the server's SessionID {'a b ' * 900!r} is long too"
    short = shortened(text)
    assert short.endswith("is long too")
    assert "…' is 5000 bytes long; the server's SessionID 'a b a b" in short
    assert len(short) < 600


def test_quotes_that_end_a_text_do_not_begin_another():
    text = "DevId is './x/', and Source 'y'; " + "expected the same; " * 40
    assert shortened(text) == text


@pytest.mark.parametrize("long", ["S" * 100_000, "a b " * 30_000])
def test_a_hostile_capture_does_not_fill_the_report(long):
    story = Story(device=f"D{long}")
    request = story.package_one(long)
    story.exchange(request, story.answer(request, messages.get(9, f"/{long}")))
    story.alert(f"2{long}", data=long).watch(3)
    judged = story.judge()
    assert {"MSG006", "MSG014", "UNE006"} <= {finding.rule for finding in judged.findings}
    assert max(len(finding.message) for finding in judged.findings) <= 4_000
    shaped = report([judged])
    assert max(map(len, check_text(shaped, detail=1).splitlines())) <= 4_400
    assert as_json(shaped)
