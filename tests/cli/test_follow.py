"""The thread that judges a recording while it is made."""

from types import SimpleNamespace

import pytest

from replay.cli import follow
from replay.expect.case import Options
from replay.expect.judge import Scope
from tests.story import MONO0, Story


@pytest.fixture
def followed(monkeypatch, tmp_path, capsys):
    """Follows a story that is there already, long after its end, until it is stopped; gives how often something was decided, what
    went wrong, and what was shown."""

    def run(story: Story, piece: int) -> tuple[int, list[str], list[str]]:
        monkeypatch.setattr(follow, "_PIECE", piece)
        monkeypatch.setattr(follow, "time", SimpleNamespace(monotonic=lambda: MONO0 + 10_000))
        decided, failed = [], []
        follower = follow.Follower(
            story.save(tmp_path / "story.jsonl"),
            0,
            options=Options(quiet=60.0),
            scope=Scope(),
            quiet=False,
            decided=lambda: decided.append(1),
            failed=failed.append,
        )
        follower._stop.set()
        follower._run()
        return len(decided), failed, capsys.readouterr().out.splitlines()

    return run


@pytest.mark.parametrize("piece", [500, 4_000, 1 << 20])
def test_what_is_read_in_pieces_is_not_taken_for_silence_before_the_rest_is_read(followed, piece):
    story = Story(device="A").ordinary("1").watch(5).alert("2")
    for number in range(10):
        story.device = f"B{number}"
        story.watch(1).ordinary("1")
    story.device = "A"
    decided, failed, lines = followed(story.watch(1).ordinary("3"), piece)
    assert decided
    assert not failed
    assert [line for line in lines if line.endswith("fail")]
    assert not [line for line in lines if line.endswith("pass")]


def test_pieces_say_what_the_whole_says(followed):
    story = Story()
    for number in range(6):
        story.device = f"D{number}"
        story.ordinary("1").watch(2).alert("2", data="7" if number % 2 else "1").watch(70)
    for piece in (700, 1 << 20):
        words = [line.rsplit(", ", 1)[1] for line in followed(story, piece)[2]]
        assert sorted(word for word in words if word in ("pass", "fail")) == ["fail"] * 3 + ["pass"] * 3


def test_a_recording_is_judged_though_nobody_reads_on(followed, monkeypatch):
    gone = []

    def broken(line: str) -> None:
        raise BrokenPipeError

    monkeypatch.setattr(follow.click, "echo", broken)
    monkeypatch.setattr(follow, "nobody_reads", lambda: gone.append(1))
    decided, failed, _ = followed(Story().ordinary("1").watch(5).alert("2").watch(70), 1 << 20)
    assert (decided, failed, gone) == (1, [], [1])
