"""What of a capture was not seen, and whose it may have been."""

import io

import pytest

from replay.capture.journal_reader import read
from replay.capture.sessions import Traffic, assemble
from replay.expect.unseen import Unseen
from tests.rules.talk import OPENED, Talk, header, opening
from tests.story import Story

UNREAD = b"<SyncML xmlns='SYNCML:SYNCML1.2'><"


def traffic(story: Story) -> Traffic:
    return assemble(read(io.BytesIO(story.text()), "x"))


def between_first_and_last(story: Story) -> int | None:
    seen = traffic(story)
    turns = seen.sessions[-1].turns
    return Unseen(seen).between(turns[0], turns[-1])


def around(client: str) -> Story:
    """A session of two messages, with a request that cannot be read between them; another device is known at 10.0.0.9."""
    story = Story()
    story.device, story.client = "OTHER", "10.0.0.9:50000"
    story.ordinary("7")
    story.device, story.client = Story().device, Story().client
    talk = Talk("1", story).say(opening(), OPENED)
    story.client = client
    story.exchange(UNREAD, b"")
    story.client = Story().client
    return talk.say([header()], [header(2)]).story


def test_a_request_that_may_be_the_devices_may_be_a_message():
    assert between_first_and_last(around("10.0.0.5:50001")) == 1
    assert between_first_and_last(around("10.0.0.77:50001")) == 1  # nobody is known there


def test_one_from_another_device_is_none():
    assert between_first_and_last(around("10.0.0.9:50001")) == 0


def test_unread_requests_are_the_hosts_and_the_devices():
    seen = traffic(around("10.0.0.5:50001"))
    unseen = Unseen(seen)
    by_device = {each.device: [turn.number for turn in unseen.requests(each)] for each in seen.enrolments}
    assert by_device == {"OTHER": [], Story().device: [3]}


def test_where_nobody_watched_any_number_may_have_gone():
    talk = Talk().say(opening(), OPENED)
    talk.story.wait(60)
    assert between_first_and_last(talk.say([header()], [header(2)]).story) is None


def test_a_line_that_is_cut_may_have_been_anything():
    talk = Talk().say(opening(), OPENED)
    talk.story.lines.append("{broken")
    assert between_first_and_last(talk.say([header()], [header(2)]).story) is None


@pytest.mark.parametrize("url", [None, "/mdm"])
def test_a_request_to_an_unknown_host_may_be_a_message_of_any_session(url):
    talk = Talk().say(opening(), OPENED)
    talk.story.exchange(UNREAD, b"", url=url)
    assert between_first_and_last(talk.say([header()], [header(2)]).story) == 1
    seen = traffic(talk.story)
    assert [turn.number for turn in Unseen(seen).requests(seen.enrolments[0])] == [2]


def test_one_to_another_host_may_not():
    talk = Talk().say(opening(), OPENED)
    talk.story.exchange(UNREAD, b"", url="https://other.example.test/mdm")
    assert between_first_and_last(talk.say([header()], [header(2)]).story) == 0


def test_what_was_sent_before_and_after_is_not_between():
    talk = Talk()
    talk.story.exchange(UNREAD, b"")
    talk.say(opening(), OPENED).say([header()], [header(2)])
    talk.story.exchange(UNREAD, b"")
    assert between_first_and_last(talk.story) == 0


def test_a_line_that_is_cut_outside_of_the_two_is_none():
    talk = Talk()
    talk.story.lines.append("{broken")
    talk.say(opening(), OPENED).say([header()], [header(2)]).story.lines.append("{broken")
    assert between_first_and_last(talk.story) == 0
