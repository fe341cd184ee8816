import io

import pytest

from replay.capture.journal_reader import read
from replay.expect.judge import judge
from tests.story import Story, only, rules_of, server, user


def test_passes_after_the_quiet_time():
    judged = user().watch(60).judge()
    assert judged.findings == []
    assert judged.episodes[0].case.window.seconds == pytest.approx(60)


def test_inconclusive_before_it():
    judged = user().watch(59).judge()
    finding = only(judged, "UNE014")
    assert (finding.severity, finding.party) == ("inconclusive", "proxy")
    assert judged.verdict.word == "inconclusive"


def test_the_quiet_time_is_the_callers():
    assert rules_of(user().watch(5).judge(quiet=4)) == []


def test_a_clock_that_jumps_does_not_make_a_window():
    story = user()
    story.lines[-1]["t"] += 3600
    story.now += 5
    story.lines.append({"type": "watching", "t": story.lines[-1]["t"] + 5, "mono": story.lines[-1]["mono"] + 5})
    only(story.judge(), "UNE014")


def test_says_nothing_where_the_silence_is_contradicted():
    assert rules_of(user().watch(5).ordinary("3").judge()) == ["UNE011"]


def test_until_ends_the_window():
    story = server().watch(70)
    assert rules_of(story.judge()) == []
    alert_ended = story.lines[-1]["t"] - 70
    judged = story.judge(until=alert_ended + 30)
    only(judged, "UNE014")
    assert judged.episodes[0].case.window.ended_by == "until"


def test_the_alert_that_is_never_answered_begins_its_window_when_it_is_sent():
    story = Story().ordinary("1").alert("2", response=None, takes=0)
    story.watch(70)
    story.line("failure", id="2", conn="c2", cause="proxy-stopped", detail="", received=None)
    judged = story.close().judge()
    assert rules_of(judged) == []
    assert judged.episodes[0].case.window.ended_by == "close"


def test_inconclusive_where_the_alert_has_no_time_though_other_lines_have():
    story = user().watch(70)
    for line in story.lines:
        if line["type"] in ("request", "response"):
            line["t"] = line["mono"] = None
    story.lines[0]["t"] = None  # nor has anything before it
    for line in story.lines[: len(story.lines) // 2]:
        line["t"] = None
    judged = story.judge()
    assert judged.episodes[0].case.window is None
    assert "has no time in the recording" in only(judged, "UNE014").message


def test_says_nothing_where_the_device_stays_or_went_on():
    assert rules_of(Story().exec("1").wait(1).alert("2", "2").watch(5).judge()) == ["UNE010"]
    assert rules_of(user().watch(5).ordinary("3").watch(5).judge()) == ["UNE011"]


def test_without_an_alert_it_counts_from_the_exec():
    (finding,) = [each for each in Story().exec("1").watch(5).judge().findings if each.rule == "UNE014"]
    assert (finding.exchange, finding.episode) == (1, 1)
    assert finding.message.startswith(
        "the recording shows 5.0 s after the Exec, less than the quiet time of 60 s: silence is"
    )


def test_says_nothing_without_a_clock():
    capture = read(io.BytesIO(user().watch(5).text()), "story.jsonl")
    capture.stretches = []
    assert rules_of(judge(capture)) == []
