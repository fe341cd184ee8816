"""What a capture proves about the silence, in its status and in words."""

import io

import pytest

from replay.capture.journal_reader import read
from replay.expect.judge import judge
from replay.expect.silence import Silence
from replay.lab import messages
from tests.rules.test_une011 import OTHER, enrol
from tests.story import Story, rules_of, user

UNREAD = b"<SyncML xmlns='SYNCML:SYNCML1.2'><"
NEW_DEVICE = b'<ContextItem Name="DeviceID"><Value>SOMEBODY-ELSE</Value></ContextItem>'


def silence(story: Story, **options: object) -> Silence:
    return story.judge(**options).episodes[0].case.silence


def broken_by(story: Story) -> list[str | None]:
    return [session.session_id for session in silence(story).broken_by]


def two_devices(begin: Story) -> Story:
    """Another device of the same server behind the same address."""
    own, begin.device = begin.device, OTHER
    begin.ordinary("8")
    begin.device = own
    return begin


def test_long_enough_and_watched_it_is_observed():
    found = silence(user().watch(70))
    assert (found.status, found.short, found.detail) == (
        "observed",
        False,
        "nothing came for 70.0 s (quiet time 60 s); the recorder was watching until then",
    )


def test_where_the_enrolment_stays_there_is_none():
    assert silence(Story().ordinary("1").alert("2", "2").watch(70)) is None


def test_too_short_it_is_not():
    found = silence(user().watch(40))
    assert (found.status, found.short) == ("unobservable", True)


@pytest.mark.parametrize(
    ("story", "options", "words"),
    [
        (user().watch(70).close(), {}, "the recording was closed then"),
        (user().watch(70), {"until": 1_800_000_000.0 + 95}, "judged until then, as asked"),
        (
            enrol(user().watch(70), f"<Value>{Story().device}</Value>".encode()),
            {},
            "the device was enrolled again then",
        ),
    ],
)
def test_what_ended_it_is_said(story, options, words):
    assert silence(story, **options).detail.endswith(words)


def test_what_ended_it_is_said_of_formats_that_do_not_say_when_they_watched():
    capture = read(io.BytesIO(user().watch(70).text()), "story.jsonl")
    capture.ended_by = "last-traffic"
    (episode,) = judge(capture).episodes
    assert episode.case.silence.detail.endswith("the capture ends there")


def test_where_nobody_watched_it_proves_nothing():
    found = silence(user().watch(70).wait(100).watch(70))
    assert found.status == "unobservable"
    assert found.detail.startswith(
        "the recorder was not watching for 105.0 s of it; otherwise nothing came for 240.0 s"
    )


def test_a_request_that_could_not_be_read_may_have_broken_it():
    story = user().watch(30)
    number = story.exchange(UNREAD, b"")
    found = silence(story.watch(70))
    assert (found.status, found.unseen.count) == ("unobservable", 1)
    assert found.detail.startswith(
        f"exchange {number} could not be read and may have been the device's; otherwise nothing"
    )


@pytest.mark.parametrize("url", [None, "", "/ManagementServer/MDM.svc", Story().url])
@pytest.mark.parametrize("body", [None, UNREAD])
def test_so_may_one_of_which_not_even_the_address_is_known(url, body):
    story = user().watch(30)
    story.exchange(body, b"", url=url)
    judged = story.watch(70).judge()
    assert judged.episodes[0].case.silence.status == "unobservable"
    assert judged.verdict.word in ("inconclusive", "fail")


def test_one_to_another_server_may_not():
    story = user().watch(30)
    story.exchange(UNREAD, b"", url="https://other.example.test/mdm")
    assert silence(story.watch(70)).status == "observed"


def test_what_could_not_be_read_before_it_did_not_break_it():
    story = Story().ordinary("1").watch(30)
    story.exchange(UNREAD, b"")
    assert silence(story.watch(5).alert("2").watch(70)).unseen is None


def test_without_a_clock_it_is_not_observable():
    capture = read(io.BytesIO(user().watch(70).text()), "story.jsonl")
    capture.stretches = []
    (episode,) = judge(capture).episodes
    assert (episode.case.silence.status, episode.case.silence.detail) == ("unobservable", "the capture has no clock")


def test_sessions_between_exec_and_alert_do_not_break_it():
    assert broken_by(Story().exec("1").wait(1).ordinary("2").wait(1).alert("3").watch(70)) == []


def test_without_an_alert_sessions_after_the_exec_do():
    assert broken_by(Story().exec("1").wait(1).ordinary("2").watch(30).ordinary("3").watch(70)) == ["2", "3"]


def test_the_alert_again_in_a_session_of_its_own_breaks_it():
    assert broken_by(user().watch(20).alert("3").watch(5).ordinary("4").watch(70)) == ["3", "4"]
    assert silence(user().watch(20).alert("3").watch(70)).status == "contradicted"


def test_what_goes_on_in_a_session_that_was_open_does_not():
    again = messages.unenrol_alert().replace("{id}", "7")
    assert broken_by(user().go_on("2", 2, again).watch(70)) == []
    twice = "".join(messages.unenrol_alert().replace("{id}", number) for number in ("50", "51"))
    assert broken_by(Story().ordinary("1").alert("2", text=twice).watch(70)) == []
    status = messages.status(2, "1", "9", "Get", "200")
    assert broken_by(Story().get_session("1").alert("2").wait(1).go_on("1", 2, status).watch(70)) == []


# -- enrolment requests whose device is not known


def test_sessions_after_one_prove_nothing():
    found = silence(enrol(two_devices(user()).watch(30)).ordinary("3").watch(70))
    assert (found.status, [session.session_id for session in found.broken_by]) == ("unobservable", ["3"])
    assert found.detail == "sessions went on, after an enrolment request (exchange 4) whose device is unknown"


def test_one_on_a_host_with_a_single_enrolment_was_this_devices_or_a_new_ones():
    story = user()
    own, url = story.device, story.url
    story.device, story.url = OTHER, "https://other.example.test/mdm"
    story.ordinary("8")
    story.device, story.url = own, url
    found = silence(enrol(story.watch(30)).ordinary("3").watch(70))
    assert (found.status, found.unattributed) == ("contradicted", None)


@pytest.mark.parametrize("when", ["before the alert", "after the session"])
def test_one_that_was_not_between_explains_nothing(when):
    story = two_devices(Story().ordinary("1"))
    if when == "before the alert":
        enrol(story.watch(30))
    story.alert("2").watch(20).ordinary("3").watch(20)
    if when == "after the session":
        enrol(story)
    found = silence(story.watch(70))
    assert (found.status, found.unattributed) == ("contradicted", None)


def test_one_without_sessions_after_it_leaves_the_silence():
    found = silence(enrol(two_devices(user()).watch(30)).watch(70))
    assert (found.status, found.unattributed) == ("observed", None)


# -- the device's schedule, and pushes


def test_the_longest_gap_is_stated_beside_a_quiet_time_that_was_given():
    story = Story().ordinary("1").watch(40).ordinary("2").watch(5).alert("3").watch(70)
    assert silence(story).detail.endswith("; the longest gap between the device's earlier sessions was 40.1 s")
    longer = Story().ordinary("1").watch(200).ordinary("2").watch(5).alert("3").watch(70)
    assert silence(longer).detail.endswith("was 200.1 s, so this proves less than its schedule would")
    assert silence(user().watch(70)).detail.endswith("was watching until then")  # there were not two sessions


def test_it_is_not_stated_where_it_is_the_quiet_time():
    story = Story().ordinary("1").watch(40).ordinary("2").watch(5).alert("3").watch(70)
    assert silence(story, quiet=None).detail.count("the longest gap") == 1


def test_a_push_after_the_session_that_broke_it_is_not_spoken_of():
    story = user().watch(20).ordinary("3").watch(5)
    story.line("note", text="push sent", name="push")
    judged = story.watch(70).judge()
    assert rules_of(judged) == ["UNE011"]
    assert judged.episodes[0].case.silence.detail == "session 3 began at exchange 3"


def test_an_answered_push_is_told_after_the_session():
    story = user().watch(20)
    story.line("note", text="push sent", name="push")
    found = silence(story.watch(3).ordinary("3").watch(70))
    assert found.detail == "session 3 began at exchange 3; the device answered the push of 08:00:50Z after 3.0 s"
    assert found.probe.answered_by is found.broken_by[0]


def test_a_push_that_was_not_answered_is_told_after_what_was_seen():
    story = user().watch(20)
    story.line("note", text="push sent", name="push")
    detail = silence(story.watch(50)).detail
    assert detail.startswith(
        "nothing came for 70.0 s (quiet time 60 s); the recorder was watching until then; the push of "
    )
    assert detail.endswith("was not answered for 50.0 s, which proves more than waiting")
