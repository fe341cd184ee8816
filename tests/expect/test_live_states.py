"""What a live look says of sessions and episodes while more comes, and when an episode is decided."""

import io

import pytest

from replay.capture.journal_reader import read
from replay.capture.sessions import Traffic, assemble
from replay.capture.turns import host_of
from replay.expect.case import Options
from replay.expect.judge import Scope
from replay.expect.live import PENDING, LiveJudge, Look, _of_devices
from replay.lab import messages
from tests.rules.test_cap004 import ENVELOPE
from tests.story import DEVICE, MONO0, Story, server, user


class Follower:
    """A judge that is fed a story as it grows."""

    def __init__(self, story: Story, scope: Scope | None = None) -> None:
        self.story, self.fed = story, 0
        self.judge = LiveJudge("story.jsonl", Options(), scope or Scope())

    def look(self, later: float = 0.0) -> Look:
        """What is seen so many seconds after the story's last line."""
        text = self.story.text()
        self.judge.feed(text[self.fed :])
        self.fed = len(text)
        found = self.judge.look(MONO0 + self.story.now + later)
        assert found is not None
        return found


def answer(story: Story, number: int, body: bytes, status: int = 200) -> None:
    """The answer to an exchange, later than usual."""
    headers = [["Content-Type", messages.CONTENT_TYPE]]
    body_of = {"text": body.decode()}
    story.line(
        "response",
        id=str(number),
        status=status,
        reason="",
        http="HTTP/1.1",
        headers=headers,
        body=body_of,
        by="server",
    )


def test_only_whole_lines_count():
    judge = LiveJudge("story.jsonl", Options(), Scope())
    text = user().text()
    assert [judge.feed(text[:20]), judge.feed(text[20:40]), judge.feed(text[40:]), judge.feed(b"{")] == [
        False,
        False,
        True,
        False,
    ]
    look = judge.look(MONO0 + 40)
    assert (look.exchanges, len(look.sessions)) == (2, 2)
    assert not judge._reader.capture.troubles


def test_sessions_and_phases_as_they_stand():
    look = Follower(server()).look()
    first, second, third = look.sessions
    assert (first.key, first.session_id, first.device, first.roles, first.exchanges) == (
        1,
        "1",
        DEVICE,
        ("ordinary",),
        1,
    )
    assert (second.roles, third.roles, third.key) == (("exec",), ("alert",), 3)
    assert third.server.startswith("https://mdm.example.test/")
    assert first.at is not None
    (episode,) = look.episodes
    assert [episode.trigger.exchange, episode.alert.exchange, episode.reply.status] == [2, 3, "observed"]


def test_what_cannot_be_read_is_counted_and_what_is_no_message_is_not():
    story = user()
    story.exchange(b"<SyncML", b"")
    story.exchange(ENVELOPE, b"")
    form = [["Content-Type", "text/plain"]]
    story.exchange(b"a=1", b"", headers=form, response_headers=form)
    look = Follower(story).look()
    assert (look.unread, look.exchanges) == (2, 5)


def test_an_answer_that_comes_between_two_looks_is_read():
    story = Story().ordinary("1").watch(5)
    request = story.package_one("2", alert=messages.unenrol_alert())
    story.exchange(request, None)
    follower = Follower(story)
    assert [each.answered for each in follower.look().episodes] == [None]
    answer(story, 2, story.answer(request))
    (episode,) = follower.look().episodes
    assert (episode.answered, episode.reply.status) == ("200", "observed")


def test_an_answer_that_comes_after_it_was_decided_is_judged():
    story = Story().ordinary("1").watch(5)
    request = story.package_one("2", alert=messages.unenrol_alert())
    story.exchange(request, None)
    follower = Follower(story)
    story.watch(70)
    (before,) = follower.look().episodes
    assert (before.decided, before.failed) == (True, ())
    answer(story, 2, story.answer(request).replace(b"SYNCML:SYNCML1.2", b"SYNCML:SYNCML9.9"))
    assert [each.state for each in follower.look().episodes] == [PENDING]  # the window begins anew
    (after,) = follower.look(61).episodes
    assert (after.state, after.failed) == ("fail", ("MSG002",))


def test_an_episode_that_was_decided_may_be_open_again():
    story = Story().ordinary("1").watch(5).alert("2", data="2")
    follower = Follower(story)
    assert [each.decided for each in follower.look().episodes] == [True]
    again = story.to_server("2", 2, [messages.status(1, "1", "0", "SyncHdr", "200")])
    story.exchange(again, None)
    assert [(each.decided, each.state) for each in follower.look().episodes] == [(False, PENDING)]
    answer(story, 3, story.answer(again))
    assert [each.decided for each in follower.look().episodes] == [True]


@pytest.mark.parametrize(("failure", "decided"), [("server-closed", True), (None, False)])
def test_a_failed_unjoin_is_decided_when_its_session_has_ended(failure, decided):
    story = Story().ordinary("1").watch(5).alert("2", data="2", response=None, failure=failure)
    (episode,) = Follower(story).look().episodes
    assert (episode.decided, episode.answered) == (decided, None)
    assert not Follower(Story().ordinary("1").watch(5).alert("2", data="2", response=None)).look(90).episodes[0].decided


@pytest.mark.parametrize(("later", "decided"), [(59.9, False), (60.0, True)])
def test_the_quiet_time_decides(later, decided):
    story = Story().wait(1.0).alert("3", takes=0.0)  # whole seconds, so that the sum is exact
    assert Follower(story).look(later).episodes[0].decided is decided


def test_what_only_a_closed_episode_tells_is_said_once_it_is_decided():
    story = Story().exec("1").watch(5).ordinary("2")
    (episode,) = Follower(story).look().episodes
    assert (episode.state, episode.failed) == ("fail", ("UNE001",))
    (episode,) = Follower(Story().exec("1").watch(5)).look().episodes
    assert (episode.state, episode.failed) == ("pending", ())
    warned = Story().ordinary("1").watch(5)
    request = warned.package_one("2", alert=messages.unenrol_alert())
    warned.exchange(request, warned.answer(request, messages.get(9, "./A")))
    assert Follower(warned).look().episodes[0].failed == ()  # UNE018 is a warning


def test_a_document_is_read_as_one():
    story = Story().ordinary("1").watch(5)
    request = story.package_one("2", alert=messages.unenrol_alert())
    story.exchange(request.replace(b'="SYNCML:SYNCML1.2"', b"=&quot;SYNCML:SYNCML1.2&quot;", 1), b"")
    assert Follower(story).look().unread == 1
    look = Follower(story, Scope(lenient=True)).look()
    assert (look.unread, len(look.episodes)) == (0, 1)


def test_several_episodes_have_each_their_own_state():
    story = Story().ordinary("1").watch(5).alert("2", data="2").watch(5).exec("3").wait(1)
    follower = Follower(story)
    assert [each.decided for each in follower.look().episodes] == [True, False]
    story.alert("4")
    assert [(each.scenario, each.decided) for each in follower.look(5).episodes] == [
        ("unjoin-failed", True),
        ("server", False),
    ]
    assert [each.state for each in follower.look(61).episodes] == ["fail", "pass"]


# -- what is left out -----------------------------------------------------------------------------------------------------


def traffic(story: Story) -> Traffic:
    return assemble(read(io.BytesIO(story.text()), "x"))


def with_another() -> Story:
    """Two devices, one of them with a certificate; a request that cannot be read and a message that does not say whose it is."""
    story = user()
    story.device, story.client, story.url = "OTHER", "10.0.0.9:1", "https://other.example.test/mdm"
    request = story.package_one("7")
    story.exchange(request, story.answer(request), client_cert={"subject": "o", "sha256": "ab"})
    story.exchange(b"<SyncML", story.answer(request))
    story.exchange(None, story.answer(request))
    story.device = ""
    return story.ordinary("8")


def test_what_others_did_is_left_out_and_what_must_be_known_of_them_is_not():
    found = _of_devices(traffic(with_another()), {DEVICE})
    assert [turn.number for turn in found.turns] == [each.number for each in found.capture.exchanges] == [1, 2, 4, 5, 6]
    beyond = found.capture.beyond
    assert beyond.addresses == {"10.0.0.5": {DEVICE}, "10.0.0.9": {"OTHER"}}
    assert beyond.certificates == {"ab": {"OTHER"}}
    assert {host for host, _ in beyond.answered} == {host_of(Story().url), "https://other.example.test:443"}
    assert beyond.opened == {(1, f"c{number}") for number in range(1, 7)}


def test_what_was_not_answered_by_the_server_answers_for_nobody():
    story = user()
    story.device, story.url = "OTHER", "https://other.example.test/mdm"
    story.exchange(story.package_one("7"), b"", by="proxy")
    story.exchange(story.package_one("7"), None, failure="timeout")
    assert {host for host, _ in _of_devices(traffic(story), {DEVICE}).capture.beyond.answered} == {host_of(Story().url)}


def test_all_of_it_counts_where_something_is_a_devices_only_as_long_as_there_is_no_other():
    pushed, enrolled = with_another(), with_another()
    pushed.line("note", text="", name="push")
    soap = [["Content-Type", "application/soap+xml"]]
    enrolled.exchange(b"<x/>", b"", url="https://mdm.example.test/EnrollmentServer/Enrollment.svc", headers=soap)
    for story in (pushed, enrolled):
        seen = traffic(story)
        assert _of_devices(seen, {DEVICE}) is seen
    noted = with_another()
    noted.line("note", text="push", name="other")
    assert len(_of_devices(traffic(noted), {DEVICE}).turns) == 5


@pytest.mark.parametrize("alerted", [True, False])
def test_what_an_open_episode_needs_is_kept_until_it_is_decided(monkeypatch, alerted):
    monkeypatch.setattr("replay.expect.live._KEEP", 2)
    story = Story().ordinary("1").watch(5)
    story = story.alert("2") if alerted else story.exec("2")
    for number in range(8):
        story.device = f"OTHER-{number}"
        story.ordinary("9")
    follower = Follower(story)
    follower.look()
    kept = follower.judge._reader.capture.exchanges
    assert [each.number for each in kept] == list(range(1, 11))  # not yet twice what is needed
    assert [each.decided for each in follower.look(61).episodes] == [True]
    assert [each.number for each in follower.judge._reader.capture.exchanges] == [9, 10]
    assert follower.look(62).episodes == ()


def test_what_is_from_before_an_open_episode_is_forgotten(monkeypatch):
    monkeypatch.setattr("replay.expect.live._KEEP", 1)
    story = Story()
    for number in range(8):
        story.ordinary(str(number))
    follower = Follower(story.exec("9").wait(1).alert("10"))
    follower.look()
    assert [each.number for each in follower.judge._reader.capture.exchanges] == [9, 10]
    assert sorted(follower.judge._turns) == [9, 10]
