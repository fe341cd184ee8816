"""The live judgement: fed line by line, it says at each moment what `judge` would say of the whole, and what is still open."""

import contextlib
import random

import pytest

from replay.expect.case import Options
from replay.expect.judge import Scope
from replay.expect.live import _KEEP, PENDING, LiveJudge
from replay.lab import messages
from tests import timetable
from tests.conftest import ROOT
from tests.generated import World
from tests.mutations import MUTATIONS
from tests.mutations.change import CannotBeError
from tests.story import MONO0, Story, at_once, server, user


def live(story: Story, *, at: float, quiet: float = 60.0, **options):
    """The look at a story that was recorded up to now, `at` seconds after its start."""
    judge = LiveJudge("story.jsonl", Options(quiet=quiet, **options), Scope())
    judge.feed(story.text())
    return judge.look(MONO0 + at)


def test_an_episode_is_pending_until_the_quiet_time_is_over():
    story = server()
    early, late = live(story, at=story.now + 43), live(story, at=story.now + 61)
    (pending,), (decided,) = early.episodes, late.episodes
    assert (pending.state, pending.decided, pending.answered) == (PENDING, False, "200")
    assert pending.silent == pytest.approx(43)
    assert (decided.state, decided.decided) == ("pass", True)


def test_bytes_may_come_in_any_pieces():
    text = server().text()
    judge = LiveJudge("story.jsonl", Options(), Scope())
    for place in range(0, len(text), 97):
        judge.feed(text[place : place + 97])
    look = judge.look(MONO0 + 40)
    assert [session.roles for session in look.sessions] == [("ordinary",), ("exec",), ("alert",)]


def test_a_further_session_decides_at_once():
    story = user().watch(5).ordinary("3")
    (episode,) = live(story, at=story.now + 1).episodes
    assert (episode.state, episode.decided, episode.silent) == ("fail", True, None)


def test_what_is_wrong_already_is_said_while_it_is_pending():
    story = Story().ordinary("1").watch(5).alert("2", data="7")
    (episode,) = live(story, at=story.now + 3).episodes
    assert (episode.state, episode.failed) == (PENDING, ("UNE006",))


def test_an_alert_that_never_came_is_decided_by_the_quiet_time():
    story = Story().exec("1")
    assert not live(story, at=story.now + 59).episodes[0].decided
    (episode,) = live(story, at=story.now + 61).episodes
    assert (episode.state, episode.decided) == ("inconclusive", True)


def test_an_alert_without_an_answer_yet():
    story = Story().ordinary("1").watch(5)
    story.exchange(story.package_one("2", alert="<Alert/>"), None)
    assert live(story, at=story.now + 1).episodes == ()
    story = Story().ordinary("1").watch(5).alert("2", response=None)
    (episode,) = live(story, at=story.now + 1).episodes
    assert (episode.answered, episode.state) == (None, PENDING)


def test_a_failed_unjoin_is_decided_with_its_answer():
    story = Story().ordinary("1").watch(5).alert("2", data="2")
    (episode,) = live(story, at=story.now + 0.2).episodes
    assert (episode.scenario, episode.decided, episode.silent) == ("unjoin-failed", True, None)


def test_what_is_long_past_is_forgotten_but_not_what_is_pending():
    story = user()
    alert_at = story.now
    for number in range(2 * _KEEP + 50):
        story.device = f"OTHER-{number}"
        story.exchange(story.package_one("9"), b"")
        story.now = alert_at + number * 0.001
    judge = LiveJudge("story.jsonl", Options(), Scope())
    judge.feed(story.text())
    first = judge.look(MONO0 + story.now)
    assert len(judge._reader.capture.exchanges) == story.exchanges  # the alert session is among the first of them
    again = judge.look(MONO0 + alert_at + 61)
    assert first.exchanges == again.exchanges == story.exchanges
    assert [episode.decided for episode in again.episodes] == [True]
    assert len(judge._reader.capture.exchanges) == _KEEP
    assert len(judge._turns) == _KEEP
    assert not judge._decided, "nor is it remembered what was decided of it"
    assert f"{_KEEP} to {2 * _KEEP} exchanges" in (ROOT / "docs" / "limits.md").read_text("utf-8")


def test_a_look_can_be_given_up():
    judge = LiveJudge("story.jsonl", Options(), Scope())
    judge.feed(server().text())
    assert judge.look(MONO0 + 40, lambda: True) is None
    assert judge.look(MONO0 + 40) is not None


def test_every_rule_looks_at_an_episode_that_is_decided():
    story = Story().ordinary("1").watch(5)
    request = story.package_one("2", alert=messages.unenrol_alert())
    story.exchange(request.replace(b"<VerProto>DM/1.2", b"<VerProto>DM/1.1"), story.answer(request))
    assert live(story, at=story.now + 1).episodes[0].failed == ()
    (episode,) = live(story, at=story.now + 61).episodes
    assert (episode.state, episode.failed) == ("fail", ("MSG003",))


def test_an_episode_that_goes_on_after_it_was_decided_is_looked_at_again():
    story = Story().ordinary("1").get_session("2").watch(5).alert("3")
    judge = LiveJudge("story.jsonl", Options(), Scope())
    judge.feed(story.text())
    (episode,) = judge.look(MONO0 + story.now + 61).episodes
    assert (episode.state, episode.failed) == ("pass", ())
    known = len(story.text())
    story.watch(70).go_on("2", 2)  # a session that was open before the alert
    judge.feed(story.text()[known:])
    (episode,) = judge.look(MONO0 + story.now).episodes
    assert (episode.state, episode.failed) == ("fail", ("UNE008",))
    assert story.judge().episodes[0].verdict.word == "fail"


def looks_at(text: bytes, pieces: int = 4):
    """What is seen of a journal that comes in pieces."""
    judge = LiveJudge("story.jsonl", Options(quiet=60.0), Scope())
    size = len(text) // pieces + 1
    found = []
    for place in range(0, len(text), size):
        judge.feed(text[place : place + size])
        found.append(judge.look(float("-inf")))
    pending = [each for look in found for each in look.episodes if each.state == PENDING]
    assert not [each for each in pending if {"UNE001", "UNE014"}.intersection(each.failed)], "only its end tells"
    return [*found, judge.look(MONO0 + 1e6)]


def assert_others_make_no_difference(monkeypatch, text: bytes) -> None:
    """Every rule looks at an episode that was decided with what other devices did left out; that must say the same as with it."""
    found = looks_at(text)
    with monkeypatch.context() as patch:
        patch.setattr("replay.expect.live._of_devices", lambda traffic, devices: traffic)
        assert found == looks_at(text)


@pytest.mark.parametrize("rule", sorted(MUTATIONS))
def test_what_other_devices_did_makes_no_difference(rule, monkeypatch):
    draw = random.Random(rule)
    stories = [World(draw.randrange(10_000), "server", wbxml=False).story]
    for seed in (draw.randrange(10_000), draw.randrange(10_000)):
        with contextlib.suppress(CannotBeError):
            stories.append(MUTATIONS[rule](seed, False)[0])
    stories = [story for story in stories if all(isinstance(line, dict) for line in story.lines)]
    assert_others_make_no_difference(monkeypatch, at_once(*stories))


@pytest.mark.parametrize("path", timetable.captures(), ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_what_others_did_makes_no_difference_to_what_a_rule_says(path, monkeypatch):
    text = timetable.journal(timetable.parse(path.read_text()))
    assert_others_make_no_difference(monkeypatch, user().text() + text)
