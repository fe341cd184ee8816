"""Recorded ends without an answer, and what a device sends again, on the server's side."""

import pytest

from replay.lab import messages
from replay.play.server_script import End
from replay.syncml.read import read as read_message
from tests.play.caller import Caller, others, statuses
from tests.play.meeting import Live, ok
from tests.rules.talk import GET, Talk, header, opening, replace, status
from tests.story import Story


@pytest.mark.parametrize(
    ("recorded", "end", "status_"),
    [
        ({"response": None, "failure": "server-closed"}, End.CLOSE, 200),
        ({"response": None, "failure": "server-reset"}, End.RESET, 200),
        ({"response": None, "failure": "client-closed"}, End.HANG, 200),
        ({"response": None, "failure": "timeout"}, End.HANG, 200),
        ({"response": None, "failure": "proxy-stopped"}, End.HANG, 200),
        ({"response": b"<Sync", "failure": "truncated"}, End.CUT, 200),
        ({"response": None, "failure": "truncated"}, End.CUT, 200),
        ({"response": b"", "status": 502, "by": "proxy", "failure": "server-closed"}, End.CLOSE, 200),
        ({"response": b"", "status": 500, "by": "proxy"}, End.ANSWER, 500),
        ({"response": b"", "status": 500}, End.ANSWER, 500),
        ({"response": b"wait", "status": 503, "response_headers": [["Retry-After", "120"]]}, End.ANSWER, 503),
        ({"response": b""}, End.ANSWER, 200),
    ],
)
def test_the_alert_is_ended_as_it_was(recorded, end, status_):
    caller = Caller(Story().ordinary("1").alert("2", **recorded))
    caller.ask(Live().package_one("1"))
    body = Live().package_one("2", alert=True)
    reply = caller.call(body)
    assert (reply.end, reply.status) == (end, status_)
    if end is End.ANSWER:
        assert reply.body == recorded["response"]
        assert [each for each in reply.headers if each[0] == "Retry-After"] == [
            tuple(each) for each in recorded.get("response_headers", ()) if each[0] == "Retry-After"
        ]
    else:  # what a fault may do something with
        assert [each[2] for each in statuses(read_message(reply.body))] == [
            "SyncHdr",
            "Alert",
            "Alert",
            "Alert",
            "Replace",
        ]
    assert reply.keep == (len(recorded["response"] or b"") if end is End.CUT else None)
    assert caller.notes == []
    if end is not End.ANSWER:
        assert caller.call(body).end is end, "a retransmission"
        assert "sent again" in caller.notes[-1]


def test_an_end_that_is_not_known_is_no_end():
    caller = Caller(Story().alert("1", response=None))
    answer = caller.ask(Live().package_one("2", alert=True))
    assert len(statuses(answer)) == 5
    assert caller.notes == ["exchange 1: the recording does not say how message 1 of session 2 was answered"]


def test_an_answer_that_nobody_can_read_is_sent_as_it_was():
    caller = Caller(Story().alert("1", response=b"<SyncML xmlns='SYNCML:SYNCML1.2'><oops></SyncML>"))
    assert caller.call(Live().package_one("2", alert=True)).body.startswith(b"<SyncML xmlns='SYNCML:SYNCML1.2'><oops>")
    assert "cannot be read" in caller.notes[0]


def test_an_answer_that_wbxml_cannot_hold_gives_way_to_a_plain_one():
    talk = Talk().say(
        opening(),
        [header(), "<Get><CmdID>9</CmdID><Item><Target><LocURI>./X</LocURI></Target><Data a='b'>x</Data></Item></Get>"],
    )
    caller = Caller(talk.story)
    assert others(caller.ask(Live().package_one("1"))) == ["Get"]
    caller = Caller(talk.story)
    answer = caller.ask(Live().package_one("1", wbxml=True))
    assert (answer.form, others(answer), len(statuses(answer)), answer.header.msg_id) == ("wbxml", [], 4, "1")
    assert "cannot be sent to this device" in caller.notes[0]


# -- sent again ---------------------------------------------------------------------------------------------------------


def test_what_was_answered_is_a_new_session_and_what_was_not_a_retransmission():
    caller = Caller(Story().get_session("1").exec("2"))
    body = Live().package_one("1")
    first = caller.call(body, lost=True)
    assert caller.call(body, lost=True) is first
    assert "sent again" in caller.notes[-1]
    assert caller.call(body) is first
    assert others(caller.ask(body)) == ["Exec"], (
        "the first one was answered: this is the next session, of the same bytes"
    )


def test_later_messages_are_told_by_their_bytes():
    talk = Talk().open(GET).say([header(), status("1/9", "Get")], [header(2), replace(9)])
    caller = Caller(talk.story)
    caller.ask(Live().package_one("1"))
    body = Live().message("1", 2, [ok(), messages.status(2, "1", "9", "Get", "200")])
    assert caller.call(body) is caller.call(body)


def test_after_a_minute_it_is_a_session_of_its_own():
    caller = Caller(Story().get_session("1").alert("2", response=None, failure="server-closed"))
    body = Live().package_one("2", alert=True)
    assert caller.call(body).end is End.CLOSE
    caller.now += 61
    assert caller.call(body).end is End.ANSWER
    assert "session 2 with the alert" in caller.notes[-1]


def test_a_retransmission_that_was_recorded_gets_its_own_answer():
    story = Story()
    request = story.package_one("1")
    story.exchange(request, None, failure="server-closed")
    story.exchange(request, story.answer(request, GET))
    caller = Caller(story)
    body = Live().package_one("5")
    assert caller.call(body).end is End.CLOSE
    assert others(caller.ask(body)) == ["Get"]
    assert caller.notes == []


@pytest.mark.parametrize("go_on", [True, False], ids=["in-the-session", "in-a-new-one"])
def test_what_a_fault_kept_from_a_device_is_due_again(go_on):
    """A challenge in its place, say, or an error: the device never had the Exec."""
    caller = Caller(Story().exec("1").alert("2"))
    first = caller.call(Live().package_one("1"), lost=True)
    assert others(read_message(first.body)) == ["Exec"]
    body = Live().package_one("1", number=2) if go_on else Live().package_one("2")
    answer = caller.ask(body)
    assert others(answer) == ["Exec"]
    assert answer.header.msg_id == ("2" if go_on else "1")
    assert others(caller.ask(Live().package_one("9"))) == []
