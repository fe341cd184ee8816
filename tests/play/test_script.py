"""What of a recording is to be played: its steps, what each answers and when it was sent, and what is left out."""

import pytest

from replay.lab import messages
from replay.play.script import outside, scripts
from tests.play.caller import traffic_of
from tests.rules.talk import GET, SWV, Talk, header, results, status
from tests.story import DEVICE, Story

RUN = "<Exec><CmdID>9</CmdID><Correlator>ABC</Correlator><Item><Target><LocURI>./Vendor/MSFT/Run</LocURI></Target></Item></Exec>"
LATER = (
    "<Alert><CmdID>3</CmdID><Data>1226</Data><Correlator>ABC</Correlator><Item><Source><LocURI>./Vendor/MSFT/Run</LocURI></Source>"
    "<Data>200</Data></Item></Alert>"
)


def asynchronous() -> Story:
    """An Exec that is answered with 202, and in the next session by an Alert of its Correlator."""
    story = Talk("1").open(RUN).say([header(), status("1/9", "Exec", "202")], [header(2)]).story
    request = story.to_server("2", 1, [*messages.package_one(messages.DeviceInfo(DEVICE))[:-1], LATER])
    story.exchange(request, story.answer(request))
    return story


def steps(story: Story, **more):
    (script,) = scripts(traffic_of(story), **more)
    return script.steps


def test_what_each_answer_points_to():
    one, two = steps(Talk().open(GET).say([header(), status("1/9", "Get"), results("1/9")], [header(2)]).story)
    assert one.answers == ()
    assert [(each.name, each.place, each.exchange, each.to) for each in two.answers] == [
        ("Status", (0,), 1, ()), ("Status", (1,), 1, (4,)), ("Results", (2,), 1, (4,)),
    ]  # fmt: skip


def test_an_asynchronous_alert_answers_an_exec_of_an_earlier_session():
    *_, last = steps(asynchronous())
    assert [(each.name, each.exchange, each.to) for each in last.answers] == [("Alert", 1, (4,))]


def test_of_one_session_alone_it_answers_nothing_that_is_played():
    (step,) = steps(asynchronous(), session=2)
    assert step.answers == ()


def test_a_message_answers_nothing_that_came_after_it():
    """A Correlator that the server uses again in the answer to the message that names it."""
    story = Story()
    request = story.to_server("1", 1, [*messages.package_one(messages.DeviceInfo(DEVICE))[:-1], LATER])
    story.exchange(request, story.answer(request, RUN))
    (step,) = steps(story)
    assert step.answers == ()


def test_the_times_are_counted_from_the_first_message():
    story = Story().wait(100).ordinary("1").wait(9.9).alert("2")
    assert [step.at for step in steps(story)] == pytest.approx([0.0, 10.0])
    assert [step.alert for step in steps(story)] == [False, True]


@pytest.mark.parametrize(("end", "goes_on"), [("client-closed", False), (None, True), ("proxy-stopped", True)])
def test_whether_the_device_went_on_before_an_exchange_was_over(end, goes_on):
    story = Story().alert("1", response=None, failure=end).ordinary("2")
    assert [step.goes_on for step in steps(story)] == [goes_on, False]


def test_the_next_message_of_a_session_needs_the_answer():
    request = (story := Story()).package_one("1")
    story.exchange(request, None)  # nothing is known of its end
    story.go_on("1", 2)
    assert [step.goes_on for step in steps(story)] == [False, False]


def test_what_cannot_be_played_is_left_out():
    story = Story().ordinary("1")
    story.exchange(story.package_one("2"), None, failure="connect-failed")
    story.exchange(b"<SyncML>", b"")
    traffic = traffic_of(story)
    (script,) = scripts(traffic)
    assert [step.number for step in script.steps] == [1]
    assert [(each.exchange, each.why) for each in script.left_out] == [
        (2, "it never reached the server when it was recorded")
    ]
    assert [(each.exchange, each.counts) for each in outside(traffic)] == [(3, True)]


def test_a_script_for_each_device_and_for_one_alone():
    story = Story().ordinary("1")
    story.device = "OTHER"
    story.ordinary("2")
    traffic = traffic_of(story)
    assert [each.device for each in scripts(traffic)] == [DEVICE, "OTHER"]
    assert [[step.number for step in each.steps] for each in scripts(traffic, device="OTHER")] == [[2]]
    assert scripts(traffic, device="nobody") == []


def test_the_commands_of_the_server_are_known_by_their_exchanges():
    (script,) = scripts(traffic_of(Talk().open(GET).story))
    assert [(number, command.name, command.items[0].target.uri) for number, command in script.commands] == [
        (1, "Get", SWV)
    ]
