import re

import click
import pytest
from rich.cells import cell_len

from replay.report.diff_text import diff_text
from tests.compare.stories import diff, edited, replace, session
from tests.story import Story, server, user


def shown(comparison, **more) -> str:
    return click.unstyle(diff_text(comparison, "a.jsonl", "b.jsonl", **more))


def test_the_whole_of_it():
    story = server()
    other = edited(server().ordinary("9"), "<Data>1</Data>", "<Data>2</Data>")
    assert shown(diff(story, other)) == (
        """\
DIFFERENT  a.jsonl → b.jsonl: 2 changes (1 changed, 1 added)

  2 sessions, 1 to 2: equal

  session 3, alert
    exchange 3, request
        4 alike: POST {server}/ManagementServer/MDM.svc?mode=Maintenance&Pla… … Alert 1224 com.microsoft/MDM/LoginStatus = user
      ~ Alert 1226 com.microsoft:mdm.unenrollment.userrequest = 1
          SyncBody/Alert[3]/Item/Data  value  1 → 2
        1 alike: Replace ./DevInfo/DevId = {D1}; ./DevInfo/Man = omadm-repla…
    exchange 3, response: equal

  + session 4 of ACTUAL: ordinary session of 1 exchange
"""
    )


def test_what_is_equal_is_said_in_one_line():
    assert shown(diff(user(), user())) == "EQUAL  a.jsonl → b.jsonl\n\n  2 sessions, 1 to 2: equal\n"
    assert shown(diff(user(), user()), detail=-1) == "EQUAL  a.jsonl → b.jsonl\n"


def test_everything_on_request():
    text = shown(diff(user(), edited(user(), "<Data>1</Data>", "<Data>2</Data>")), detail=1)
    assert "    exchange 1, request: equal\n" in text
    assert "        Alert 1201\n" in text
    assert "alike" not in text


def test_missing_messages_and_commands_with_their_paths():
    story = Story().get_session("1")
    other = Story().ordinary("1").alert("2")
    text = shown(diff(story, other))
    assert "      - Get ./DevDetail/SwV\n          SyncBody/Get  sequence\n" in text
    text = shown(diff(user(), Story().ordinary("1").watch(30).alert("2", response=None)))
    assert "    - exchange 2, response (HTTP 200): Status 200 for SyncHdr, Status 200 for Alert" in text


@pytest.mark.parametrize("width", [30, 60, 80, 132])
def test_no_line_is_wider_than_the_terminal(width):
    one = session(
        Story(), "1", replace(9, "./Vendor/MSFT/" + "x" * 200, "same " * 50 + "one 日本" * 10), replace(10, "./A", "1")
    )
    other = edited(one, "one 日本", "two 日本日本")
    text = shown(diff(one, other), width=width)
    assert max(cell_len(line) for line in text.splitlines()) <= width
    assert "one" in text
    assert "two" in text


def test_long_values_are_shown_from_where_they_differ():
    one = session(Story(), "1", replace(9, "./A", "x" * 500 + "LEFT"))
    text = shown(diff(one, edited(one, "LEFT", "RIGHT")), width=80)
    assert re.search(r"- …x+LEFT\n", text)
    assert re.search(r"\+ …x+RIGHT\n", text)
    assert "x" * 500 + "LEFT → " + "x" * 500 + "RIGHT" in shown(diff(one, edited(one, "LEFT", "RIGHT")))


def test_a_value_that_would_not_be_seen():
    story = user()
    text = shown(diff(story, edited(story, ">com.microsoft:mdm", "> com.microsoft:mdm")))
    assert ' → " com.microsoft:mdm.unenrollment.userrequest"' in text
    text = shown(diff(story, edited(story, "<Data>user</Data>", "<Data></Data>")))
    assert 'user → ""' in text


def test_no_byte_of_a_capture_moves_the_cursor():
    story = session(Story(), "1", replace(9, "./A", "plain"))
    text = story.text().replace(b"plain", b"\\u001b[2J\\u202e\\u0085\\u2028 &#13; x")
    text = text.replace(b"\\u001b", b"&#9;")
    raw = diff_text(diff(story, text), "a\x1b[2J", "b", detail=1)
    assert not re.search("[\x00-\x08\x0b-\x1a\x1c-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e]", raw)
    assert "\x1b[2J" not in raw


def test_formats_that_carry_less_are_named(tmp_path):
    comparison = diff(user(), user())
    comparison.apart = ("EXPECTED carries no HTTP",)
    assert shown(comparison, notes=("and this",)).splitlines()[1:3] == ["  EXPECTED carries no HTTP", "  and this"]


def test_what_is_in_no_session():
    one, other = Story().ordinary("1"), Story().ordinary("1")
    other.exchange(b"<SyncML><b", b"")
    text = shown(diff(one, other))
    assert re.search(r"\n  in no session\n    \+ exchange 2, POST .*: a message that cannot be read \(10 bytes", text)
