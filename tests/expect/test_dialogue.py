import io

from hypothesis import given, settings
from hypothesis import strategies as st

from replay.capture.journal_reader import read
from replay.capture.references import REQUEST, RESPONSE
from replay.capture.sessions import assemble
from replay.expect.dialogue import Dialogue
from replay.expect.unseen import Unseen
from tests.rules.talk import GET, OPENED, Talk, alert, header, opening, results, status


def dialogue(talk: Talk) -> Dialogue:
    traffic = assemble(read(io.BytesIO(talk.story.text()), "x"))
    return Dialogue(traffic.sessions[0], Unseen(traffic))


def shape(talk: Talk) -> list[str]:
    """Each line as `d1` or `s1` (side and MsgID), `d?` where the message is not known, with `*` where it was sent again."""
    return [f"{line.speaker[0]}{line.msg_id or '?'}{'*' if line.repeated else ''}" for line in dialogue(talk).lines]


def test_a_whole_session():
    talk = Talk().open(GET).say([header(), status("1/9", "Get"), results("1/9")], [header(2)])
    assert shape(talk) == ["d1", "s1", "d2", "s2"]
    first, answer, second, _ = dialogue(talk).lines
    assert sorted(first.answers) == [(), (0,), (1,), (2,)]
    assert [each.command.name for each in second.carries] == ["Status", "Status", "Results"]
    assert [each.target is answer for each in second.carries] == [True, True, True]
    assert dialogue(talk).whole_until(second)


def test_places_where_something_may_have_been_said():
    talk = Talk().open()
    talk.story.exchange(talk.device(header()), b"<SyncML")
    talk.sent, talk.heard = 3, 3
    talk.say([header(3)], [header(4)])
    assert shape(talk) == ["d1", "s1", "d2", "s?", "d?", "s?", "d4", "s4"]
    assert [line.place for line in dialogue(talk).lines] == list(range(8))


def test_where_nothing_was_said_there_is_no_line():
    for ending in ({"response": b""}, {"response": None, "failure": "server-closed"}):
        talk = Talk()
        talk.story.exchange(talk.device(*opening()), ending.pop("response"), **ending)
        assert shape(talk) == ["d1"]


def test_what_may_have_been_said_in_part_is_not_known():
    for ending in ({"failure": "proxy-stopped"}, {"failure": "server-closed", "received": 12}, {"failure": "other"}):
        talk = Talk()
        talk.story.exchange(talk.device(*opening()), None, **ending)
        assert shape(talk) == ["d1", "s?"]


def test_the_last_copy_counts():
    talk = Talk()
    request = talk.device(*opening())
    talk.story.exchange(request, None, failure="timeout")
    talk.story.exchange(request, talk.server(*OPENED))
    assert shape(talk) == ["d1*", "d1", "s1"]
    assert [line.msg_id for line in dialogue(talk).judged] == ["1", "1"]
    assert len(dialogue(talk).lines[1].answers) == 4


def test_a_challenge_and_what_it_refuses():
    talk = Talk().say(opening(), [header(1, "407")]).say([header(), *opening()], [header(2, "212")])
    first, challenge, second, _ = dialogue(talk).lines
    assert (first.refused, challenge.challenges, second.refused) == (True, True, False)


def test_a_message_that_asks_for_more_closes_nothing():
    talk = Talk().say([alert("1222")], [header()])
    assert [line.closes for line in dialogue(talk).lines] == [False, True]


@given(st.permutations(range(4)), st.sets(st.integers(0, 3)))
@settings(deadline=None)
def test_strays_are_what_answers_nothing_or_too_much(order, wrong):
    """Whatever the order of four answers, as many are stray as were sent astray."""
    sent = [text.replace("<CmdRef>", "<CmdRef>9") if place in wrong else text for place, text in enumerate(OPENED)]
    talk = Talk().say(opening(), [sent[place] for place in order])
    answers = dialogue(talk).lines[1].carries
    assert [answer.stray for answer in answers] == [place in wrong for place in order]
    assert all((answer.target is None) == answer.stray for answer in answers)


def test_sides():
    talk = Talk().open()
    assert [line.side for line in dialogue(talk).lines] == [REQUEST, RESPONSE]
    assert [(line.speaker, line.peer) for line in dialogue(talk).lines] == [("device", "server"), ("server", "device")]
