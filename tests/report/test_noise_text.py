"""A learned profile as a file: it reads back as what was learned, whatever stands in the captures."""

import tomllib

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from replay.compare.learn import Learned, LearnedLine, Warned, learn
from replay.expect.noise import read_noise
from replay.normal.noise import Line
from replay.normal.varying import Kind
from replay.report.noise_text import profile_text, quoted
from replay.report.safe import visible
from tests.compare.runs import KINDS, node, run
from tests.compare.stories import edited, traffic

NASTY = '\x1b[31m"\\\n\r\t#\x00\x7f\x85\u2028\u202e]]'


def written(tmp_path, text: str):
    path = tmp_path / "noise.toml"
    path.write_text(text, encoding="utf-8")
    return read_noise(str(path))


@pytest.mark.parametrize("constants", [False, True])
def test_it_reads_back(tmp_path, constants):
    learned = learn([traffic(run(n)) for n in (1, 2)])
    found = written(tmp_path, profile_text(learned, ["a", "b"], constants=constants))
    expected = learned.lines + (learned.constants if constants else [])
    assert [(each.path, each.about, each.side, each.kind, each.form) for each in found.lines] == [
        (each.line.path, each.line.about, each.line.side, each.line.kind, each.line.form) for each in expected
    ]
    assert found.unsigned == list(found.lines)


def test_a_person_can_sign_it(tmp_path):
    text = profile_text(learn([traffic(run(n)) for n in (1, 2)]), ["a", "b"])
    found = written(tmp_path, text.replace('signed = ""', 'signed = "T"').replace('reason = ""', 'reason = "r"'))
    assert len(found.lines) == len(KINDS)
    assert found.unsigned == []


def test_counts_and_examples_stand_beside_a_line():
    text = profile_text(learn([traffic(run(n)) for n in (1, 2)]), ["a", "b"])
    host = text[text.index(node("Host")) :]
    assert "captures = 2\nvalues = 6\ndistinct = 2\n" in host
    assert 'such as "HOST-1-x", "HOST-2-x"' in text
    assert "more places that can be noise have one value everywhere; --constants" in text


def test_what_never_is_noise_stands_in_a_comment():
    learned = learn([traffic(run(1)), traffic(edited(run(1), ">int<", ">chr<"))])
    text = profile_text(learned, ["a", "b"])
    assert tomllib.loads(text) == {}
    assert "# WARNING" in text
    assert (
        '#   SyncBody/Alert/Item/Meta/Format (value, com.microsoft:mdm.unenrollment.userrequest) changed once: "int" → "chr"'
        in text
    )


def test_nothing_in_a_capture_breaks_the_file(tmp_path):
    line = Line(path="SyncBody/Add/Item/Data", kind=Kind.TEXT, about=NASTY, side="request")
    learned = Learned(
        [LearnedLine(line, 1, 2, 2, (NASTY, "x" * 500))], [], [Warned("changed", "value", NASTY, NASTY, 2, NASTY, None)]
    )
    text = profile_text(learned, [NASTY])
    assert "\x1b" not in text
    assert len(max(text.splitlines(), key=len)) < 400
    assert written(tmp_path, text).lines[0].about == NASTY


@given(st.text())
@example("\u202e\u200b\x9b\ufeff")
def test_a_text_is_quoted_as_toml_has_it(text):
    assert tomllib.loads(f"x = {quoted(text)}")["x"] == text
    assert visible(quoted(text)) == quoted(text)


def test_half_a_character_does_no_harm():
    assert quoted("a\ud800") == '"a?"'
