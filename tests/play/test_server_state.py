"""What a played server remembers of its devices: sessions, retransmissions, and what is due again."""

import hashlib
import os

import pytest

from replay.lab import messages
from replay.play.answers import AnswerMaker, Call
from replay.play.proofs import Proofs
from replay.play.server_script import End, server_parts
from replay.play.server_state import Given, LiveSession, Peer, Reply
from replay.syncml.read import read
from tests.play.caller import traffic_of
from tests.rules.talk import GET, Talk, header, results, status
from tests.story import Story, user


def peer(story: Story) -> Peer:
    (part,) = server_parts(traffic_of(story))
    return Peer(part, AnswerMaker(part, Proofs(None), lambda: os.urandom(16)))


def digest(body: bytes) -> bytes:
    return hashlib.sha256(body).digest()


def asked(who: Peer, body: bytes, now: float = 0.0):
    return who.session(read(body), digest(body), now)


def answered(session: LiveSession, body: bytes, *, delivered: bool, now: float = 0.0) -> Reply:
    reply = Reply(200, delivered=delivered)
    session.last = (reply, session.at)
    session.at += 1
    session.keep(digest(body), Given(reply, now, read(body).header.msg_id == "1"))
    return reply


def test_sessions_are_met_by_role_and_order():
    who = peer(user().ordinary("9"))
    with_alert = Story().package_one("5", alert=messages.unenrol_alert())
    first, _ = asked(who, Story().package_one("4"))
    alert, _ = asked(who, with_alert)
    second, _ = asked(who, Story().package_one("6"))
    assert [each.recorded.session.number for each in (first, alert, second)] == [1, 2, 3]
    answered(second, Story().package_one("6"), delivered=True)
    beyond, _ = asked(who, Story().package_one("7"))
    assert (beyond.recorded, beyond.step, beyond.steps) == (None, None, ())
    assert beyond.why == "it is session 3 without the alert of this device, and the recording has 2"


def test_a_session_that_began_before_has_no_recorded_one():
    session, given = asked(
        peer(user()), Story().to_server("4", 2, ["<Alert><CmdID>1</CmdID><Data>1222</Data></Alert>"])
    )
    assert (session.recorded, given) == (None, None)
    assert "began before this server" in session.why


@pytest.mark.parametrize(("delivered", "later", "is_again"), [(False, 59, True), (False, 61, False), (True, 1, False)])
def test_a_package_1_once_more(delivered, later, is_again):
    """Byte-identical within 60 s of one that was not answered (contract)."""
    who, body = peer(user()), Story().package_one("1")
    session, _ = asked(who, body)
    reply = answered(session, body, delivered=delivered)
    same, given = asked(who, body, now=later)
    assert (given is not None and given.reply is reply, same is session) == (is_again, is_again)


def test_a_later_message_once_more_is_told_by_its_bytes():
    who, body = peer(user()), Story().package_one("1")
    session, _ = asked(who, body)
    answered(session, body, delivered=True)
    later = Story().to_server("1", 2, [messages.status(1, "1", "0", "SyncHdr", "200")])
    assert asked(who, later) == (session, None)
    answered(session, later, delivered=True)
    assert asked(who, later, now=500)[1] is not None


def test_what_http_asked_for_is_no_retransmission():
    who, body = peer(user()), Story().package_one("1")
    session, _ = asked(who, body)
    answered(session, body, delivered=True)
    session.again = True
    assert asked(who, body) == (session, None)


def test_what_the_device_did_not_get_is_due_again():
    who, body = peer(user().ordinary("9")), Story().package_one("1")
    session, _ = asked(who, body)
    answered(session, body, delivered=False)
    assert session.owes
    session.step_back()
    assert session.at == 0
    again, _ = asked(who, Story().package_one("2"))
    assert again.recorded is session.recorded, "a new session gets what the one before did not"
    answered(again, body, delivered=True)
    assert not again.owes
    following, _ = asked(who, Story().package_one("3"))
    assert following.recorded.session.number == 3


def test_a_recorded_end_without_an_answer_is_not_due_again():
    session = LiveSession(None)
    session.last = (Reply(200, end=End.CLOSE), 0)
    assert not session.owes


@pytest.mark.parametrize(("last", "following"), [("0", "1"), ("7", "8"), ("abc", "1")])
def test_the_number_of_a_message_that_was_not_recorded(last, following):
    assert LiveSession(None, message_id=last).next_id == following


def test_message_numbers_grow_as_recorded():
    story = Talk().open(GET).say([header(), status("1/9", "Get"), results("1/9")], [header(2)]).story
    session, _ = asked(peer(story), story.package_one("1"))
    assert session.id_of(session.steps[0]) == "1"
    session.message_id = "5"
    assert session.id_of(session.steps[1]) == "6"


def test_a_recorded_challenge_is_passed_over_where_credentials_are_shown():
    story = Story()
    request = story.package_one("1")
    story.exchange(request, story.to_device("1", 1, [header(1, "407").replace("{id}", "1")]))
    again = story.package_one("1", number=2)
    story.exchange(again, story.answer(again, header_code="212"))
    call = Call(read(request), story.url, ())
    session, _ = asked(peer(story), request)
    assert session.even_out(call, shown=False, verified=False) == ()
    (note,) = session.even_out(call, shown=True, verified=False)
    assert "challenge is left out" in note
    assert session.at == 1


def test_the_oldest_sessions_are_forgotten():
    who = peer(user())
    for number in range(60):
        asked(who, Story().package_one(str(number + 1)))
    assert len(who._sessions) == 50
    assert "1" not in who._sessions
