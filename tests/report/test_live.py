import io

import pytest
from rich.console import Console

from replay.expect.case import Options
from replay.expect.judge import Scope
from replay.expect.live import LiveJudge, Look
from replay.report.live import LiveLines, episode_line, live_table
from tests.story import MONO0, Story, server, user


def look(story: Story, after: float, quiet: float = 60.0):
    judge = LiveJudge("story.jsonl", Options(quiet=quiet), Scope())
    judge.feed(story.text())
    return judge.look(MONO0 + story.now + after)


def test_an_episode_reads_as_it_should():
    (episode,) = look(user(), 43).episodes
    assert episode_line(episode) == "alert sent 08:00:30Z, answered 200, silent for 43 of 60 s, pending"


@pytest.mark.parametrize(
    ("story", "after", "line"),
    [
        (server(), 61, "Exec sent 08:00:30Z, alert sent 08:00:31Z, answered 200, silent for 60 of 60 s, pass"),
        (Story().exec("1"), 4, "Exec sent 08:00:00Z, no alert yet, silent for 4 of 60 s, pending"),
        (Story().exec("1"), 64, "Exec sent 08:00:00Z, no alert came, silent for 60 of 60 s, inconclusive"),
        (
            user().watch(2).ordinary("3"),
            1,
            "alert sent 08:00:30Z, answered 200, the silence was broken, breaks UNE011, fail",
        ),
        (
            Story().ordinary("1").alert("2", data="2"),
            1,
            "alert sent 08:00:00Z, answered 200, the enrolment stays, no silence is due, breaks UNE010, fail",
        ),
        (
            Story().ordinary("1").alert("2", response=None, failure="server-closed"),
            1,
            "alert sent 08:00:00Z, no answer (server-closed), silent for 1 of 60 s, pending",
        ),
    ],
)
def test_every_state_has_its_words(story, after, line):
    (episode,) = look(story, after).episodes
    assert episode_line(episode) == line


def test_lines_say_only_what_is_new():
    lines, story = LiveLines(), server()
    said = list(lines.changes(look(story, 1)))
    assert len(said) == 4
    assert list(lines.changes(look(story, 2))) == []
    assert len(list(lines.changes(look(story, 16)))) == 1  # a quarter of the quiet time
    assert [line.rsplit(", ", 1)[1] for line in lines.changes(look(story, 61))] == ["pass"]


def test_lines_forget_what_is_in_no_look_any_more():
    lines, story = LiveLines(), server()
    seen = look(story, 20)
    assert list(lines.changes(seen))
    assert not list(lines.changes(seen))
    assert not list(lines.changes(Look((), (), seen.exchanges, 0)))
    assert list(lines.changes(seen))


def test_a_table_shows_the_newest_sessions_and_every_episode():
    story = Story()
    for number in range(20):
        story.ordinary(str(number + 1))
    out = io.StringIO()
    Console(file=out, width=120).print(live_table(look(story.alert("99"), 5), "run.jsonl"))
    text = out.getvalue()
    assert "21 exchanges into run.jsonl" in text
    assert "(9 more before)" in text
    assert "silent for 5 of 60 s" in text


def test_no_byte_of_a_capture_reaches_the_terminal_as_an_escape_sequence():
    story = Story(device="\u009b2J\u202e[red]X")
    out = io.StringIO()
    seen = look(story.ordinary("1").alert("2"), 1)
    Console(file=out, width=200).print(live_table(seen, "\x1b[2J.jsonl"))
    text = out.getvalue() + "".join(LiveLines().changes(seen))
    assert not set("\x1b\u009b\u202e") & set(text)
    assert "[red]" in text  # no markup of the table either
