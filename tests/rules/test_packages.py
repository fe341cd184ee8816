"""Where a package without Final has ended, and where nobody knows (MSG010)."""

import pytest

from replay.lab import messages
from tests.rules.test_msg010 import ABORT, NEXT, SWV, found, statuses, unfinished
from tests.story import Story

UNREAD = b"<SyncML"


def opened(answer: bytes | None = None, *more: str, **exchange) -> Story:
    """Package 1 without Final, and what the server answers to it."""
    story = Story()
    request = unfinished(story.package_one("1"))
    story.exchange(request, story.answer(request, *more) if answer is None else answer, **exchange)
    return story


def test_the_device_ended_it():
    assert found(opened()) == [("device", "error", 1)]
    assert found(opened(b"")) == [("device", "error", 1)]


@pytest.mark.parametrize(
    ("answer", "more"),
    [
        (UNREAD, {}),
        (b"", {"by": "proxy"}),
        (b"", {"failure": "server-closed"}),
        (b"", {"status": 204}),
    ],
)
def test_what_the_server_said_is_not_known(answer, more):
    assert found(opened(answer, **more)) == []


def test_the_server_aborts():
    assert found(opened(None, ABORT)) == []


def test_the_server_asks_for_it_again():
    story = Story()
    request = unfinished(story.package_one("1"))
    challenged = story.answer(request, header_code="407", code="407")
    story.exchange(request, challenged)
    again = unfinished(story.package_one("1", number=2))
    story.exchange(again, story.to_device("1", 2, [NEXT]))
    assert found(story) == []


def test_what_the_device_said_next_is_not_known():
    story = opened(None, messages.get(9, SWV))
    story.exchange(UNREAD, None, failure="server-closed")
    third = story.to_server("1", 3, statuses("1", ("9", "Get")))
    story.exchange(third, story.answer(third))
    assert found(story) == []


def test_the_device_says_more_after_an_empty_answer():
    story = opened(b"")
    second = story.to_server("1", 2, ["<Alert><CmdID>5</CmdID><Data>1224</Data></Alert>"])
    story.exchange(second, story.answer(second))
    assert found(story) == []


def test_a_chunk_is_followed_by_more_whatever_the_server_says():
    story = Story()
    asked = story.package_one("1")
    story.exchange(asked, story.answer(asked, messages.get(9, SWV)))
    chunk = messages.results(3, "1", "9", SWV, "aaa").replace("</Data>", "</Data><MoreData/>")
    request = unfinished(story.to_server("1", 2, [*statuses("1", ("9", "Get")), chunk]))
    story.exchange(request, story.answer(request))
    assert found(story) == []


def test_a_message_of_something_else_is_not_read():
    story = Story()
    request = unfinished(story.package_one("1"))
    other = (b"SYNCML:SYNCML1.2", b"urn:x")
    story.exchange(request.replace(*other), story.answer(request))
    story.exchange(story.package_one("2"), unfinished(story.answer(request)).replace(*other))
    assert found(story) == []


# -- a message that nobody answered was the last of its package only where all was said in it ------------------------------------


def last_word(*commands: str, got: tuple[str, ...] = (messages.get(9, SWV), messages.get(10, SWV))) -> Story:
    """A second message of the device without Final, which the server ends the session after."""
    story = Story()
    asked = story.package_one("1")
    story.exchange(asked, story.answer(asked, *got))
    story.exchange(unfinished(story.to_server("1", 2, list(commands))), b"")
    return story


def test_a_last_word_that_answers_everything_ends_the_package():
    answers = statuses("1", ("9", "Get"), ("10", "Get"))
    assert found(last_word(*answers, messages.results(7, "1", "9", SWV, "1"))) == [("device", "error", 2)]


@pytest.mark.parametrize(
    "answers",
    [
        statuses("1", ("9", "Get")),
        [*statuses("1", ("9", "Get")), messages.results(7, "1", "10", SWV, "1")],
        [*statuses("1", ("9", "Get")), messages.status(7, "4", "10", "Get", "200")],
        messages.package_one(messages.DeviceInfo("D")),
    ],
)
def test_one_that_leaves_something_out_may_go_on(answers):
    assert found(last_word(*answers)) == []


def test_package_one_without_its_alert_may_go_on():
    story = Story()
    only_info = messages.package_one(messages.DeviceInfo(story.device))[-1:]
    story.exchange(unfinished(story.to_server("1", 1, only_info)), b"")
    assert found(story) == []


# -- what comes next ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rest", [slice(0, 1), slice(2, 3)])
def test_the_device_brings_the_rest_of_package_one_by_itself(rest):
    """Its Alert or DevInfo, though the server had answered as if nothing were to come."""
    whole = messages.package_one(messages.DeviceInfo(Story().device))
    story = Story()
    first = unfinished(story.to_server("1", 1, [each for each in whole if each not in whole[rest]]))
    story.exchange(first, story.answer(first))
    second = story.to_server(
        "1", 2, [*statuses("1"), *(each.replace("<CmdID>2<", "<CmdID>8<") for each in whole[rest])]
    )
    story.exchange(second, story.answer(second))
    assert found(story) == []


@pytest.mark.parametrize(
    "said",
    [
        ["<Alert><CmdID>5</CmdID><Data>1224</Data></Alert>"],
        [messages.results(5, "1", "9", SWV, "1").replace("<MsgRef>1</MsgRef>", "")],
        [],
    ],
)
def test_what_answers_nothing_older_begins_a_package(said):
    story = opened(None, messages.get(9, SWV))
    second = story.to_server("1", 2, [*statuses("1", ("9", "Get")), *said])
    story.exchange(second, story.answer(second))
    assert found(story) == [("device", "error", 1)]


def test_a_servers_message_that_says_that_more_is_to_come_is_not_the_last():
    for more in (NEXT, messages.get(9, SWV).replace("</Item>", "<MoreData/></Item>")):
        story = Story()
        request = story.package_one("1")
        story.exchange(request, unfinished(story.answer(request, more)))
        second = story.to_server("1", 2, statuses("1"))
        story.exchange(second, story.answer(second))
        assert found(story) == []


def test_a_server_that_aborts_leaves_nothing_to_answer():
    story = Story()
    request = story.package_one("1")
    story.exchange(request, unfinished(story.answer(request, messages.get(9, SWV), ABORT)))
    assert found(story) == [("server", "error", 1)]


def test_the_same_again_shows_nothing():
    story = Story().get_session("1")
    request = story.to_server("1", 2, statuses("1", ("9", "Get")))
    for number in range(2):
        story.exchange(request, unfinished(story.answer(request, messages.get(9 + number, SWV))))
    assert len(story.judge().traffic.sessions) == 1
    assert found(story) == []


def test_a_challenge_that_nobody_answers_leaves_it_open():
    story = Story()
    request = unfinished(story.package_one("1"))
    story.exchange(request, story.answer(request, header_code="407", code="407"))
    assert found(story) == []


def test_so_does_one_of_http_after_which_the_device_hangs_up():
    story = Story().ordinary("1")
    request = unfinished(story.package_one("2", alert=messages.unenrol_alert()))
    story.exchange(request, b"", status=401, failure="client-closed")
    assert found(story) == []


@pytest.mark.parametrize("side", ["device", "server"])
def test_an_answer_to_what_was_not_read_shows_nothing(side):
    """It is known that the device said more, and not what."""
    story = Story()
    request = story.package_one("1")
    answer = story.answer(request, messages.get(9, SWV))
    story.exchange(*((unfinished(request), answer) if side == "device" else (request, unfinished(answer))))
    story.exchange(UNREAD, unfinished(story.to_device("1", 2, [messages.get(9, SWV)])))
    assert len(story.judge().traffic.sessions) == 1
    assert found(story) == []


def test_a_chunk_before_another_command_leaves_nothing_open():
    story = Story()
    asked = story.package_one("1")
    story.exchange(asked, story.answer(asked, messages.get(9, SWV)))
    chunk = messages.results(3, "1", "9", SWV, "aaa")
    both = [chunk.replace("</Data>", "</Data><MoreData/>"), chunk.replace("<CmdID>3<", "<CmdID>4<")]
    request = unfinished(story.to_server("1", 2, [*statuses("1", ("9", "Get")), *both]))
    story.exchange(request, story.answer(request))
    assert found(story) == [("device", "error", 2)]


@pytest.mark.parametrize(("last", "expected"), [("Results", []), ("Status", [("device", "error", 2)])])
def test_what_an_answer_without_msgref_goes_on_with(last, expected):
    """Results without it answer message 1, which is older (DMRP 6.6.12); what a Status answers then is not said."""
    story = Story()
    asked = story.package_one("1")
    story.exchange(asked, story.answer(asked, messages.get(9, SWV)))
    second = unfinished(story.to_server("1", 2, statuses("1", ("9", "Get"))))
    story.exchange(second, story.answer(second))
    late = messages.results(5, "1", "9", SWV, "1") if last == "Results" else messages.status(5, "1", "9", "Get", "200")
    third = story.to_server("1", 3, [*statuses("2"), late.replace("<MsgRef>1</MsgRef>", "")])
    story.exchange(third, story.answer(third))
    assert found(story) == expected
