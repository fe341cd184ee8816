"""Text broken for a terminal: nothing gets lost, no word is broken, and a line goes on beneath its own beginning."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from replay.report.wrap import wrapped

ESCAPE = re.compile(r"\x1b\[[0-9;]*m")
TEXTS = st.lists(
    st.tuples(st.text(" ", max_size=12), st.lists(st.text("ab漢é\u0301.", min_size=1, max_size=30), max_size=12)).map(
        lambda line: line[0] + " ".join(line[1])
    ),
    max_size=4,
).map("\n".join)
WIDTHS = st.integers(20, 100)


@given(TEXTS, WIDTHS)
def test_no_word_is_lost_or_broken(text, width):
    assert wrapped(text, width).split() == text.split()


@given(TEXTS, WIDTHS)
def test_a_line_is_too_wide_only_for_a_word_that_is(text, width):
    for line in wrapped(text, width).split("\n"):
        assert cell_len(line) <= width or len(line.split()) == 1


@given(TEXTS, WIDTHS)
def test_what_fits_already_stays(text, width):
    fitting = "\n".join(line for line in text.split("\n") if cell_len(line) <= width)
    assert wrapped(fitting, width) == fitting


@given(TEXTS, st.integers(-5, 19))
def test_on_a_terminal_that_is_too_narrow_nothing_is_done(text, width):
    assert wrapped(text, width) == text


@pytest.mark.parametrize("text", ["", "\n", "\n\n", "short", "a\n\nb\n", "x" * 20])
def test_short_lines_and_empty_ones_stay(text):
    assert wrapped(text, 20) == text


def test_a_line_goes_on_to_the_right_of_where_it_began():
    assert wrapped("  one two three four five six", 20) == "  one two three four\n      five six"
    assert wrapped("one two three four five six", 20) == "one two three four\n    five six"


def test_lines_are_broken_each_by_itself():
    text = "one two three four five\nshort\n one two three four five"
    assert wrapped(text, 20) == "one two three four\n    five\nshort\n one two three four\n     five"


def test_spaces_within_a_line_stay_where_it_is_not_broken():
    assert wrapped("a   b   c   d   e   f   g", 20) == "a   b   c   d   e\n    f   g"


def test_what_stands_far_to_the_right_goes_on_at_half_of_the_width():
    """Otherwise there would be no room left for what goes on."""
    assert wrapped(" " * 18 + "ab cdefghij", 20) == " " * 18 + "ab\n" + " " * 10 + "cdefghij"


def test_a_word_that_is_too_wide_is_left_whole():
    path = "/captures/" + "x" * 40
    assert wrapped(f"see {path} there", 20) == f"see {path}\n    there"
    assert wrapped(f"read it in {path}", 20) == f"read it in\n    {path}"
    assert wrapped(path, 20) == path


@pytest.mark.parametrize("body", ["> | ", "< | ", "    | ", "  > | "])
def test_bodies_stay_as_they_were_on_the_wire(body):
    line = body + "<Data> " * 10
    assert wrapped(line, 20) == line


def test_a_bar_in_a_line_makes_no_body_of_it():
    assert wrapped("one two | three four five", 20) == "one two | three four\n    five"


def test_characters_are_as_wide_as_a_terminal_shows_them():
    assert wrapped("漢字漢字 漢字漢字 漢字", 20) == "漢字漢字 漢字漢字\n    漢字"
    assert wrapped("漢字漢字 漢字漢字 é", 20) == "漢字漢字 漢字漢字 é"


def test_colours_have_no_width():
    coloured = "\x1b[1;31mone\x1b[0m two three four"
    assert wrapped(coloured, 20) == coloured
    assert wrapped(f"{coloured} five", 20) == f"{coloured}\n    five"
    body = "\x1b[2m> | \x1b[0m" + "<Data> " * 10
    assert wrapped(body, 20) == body


@given(st.lists(st.tuples(st.booleans(), st.text("abc", min_size=1, max_size=9)), max_size=20), WIDTHS)
def test_coloured_lines_are_broken_where_plain_ones_are(words, width):
    coloured = " ".join(f"\x1b[31m{word}\x1b[0m" if colour else word for colour, word in words)
    assert ESCAPE.sub("", wrapped(coloured, width)) == wrapped(ESCAPE.sub("", coloured), width)
