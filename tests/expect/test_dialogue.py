import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from replay.capture.journal_reader import read
from replay.capture.references import REQUEST, RESPONSE
from replay.capture.sessions import assemble
from replay.expect.dialogue import Dialogue
from replay.expect.unseen import Unseen
from tests.rules.talk import GET, OPENED, Talk, alert, header, opening, replace, results, status


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
    ends = ("server-closed", "server-reset", "client-closed", "timeout", "connect-failed", "tls-failed")
    for ending in ({"response": b""}, *({"response": None, "failure": each} for each in ends)):
        talk = Talk()
        talk.story.exchange(talk.device(*opening()), ending.pop("response"), **ending)
        assert shape(talk) == ["d1"]


def test_what_may_have_been_said_in_part_is_not_known():
    for ending in (
        {"response": None, "failure": "proxy-stopped"},
        {"response": None, "failure": "server-closed", "received": 12},
        {"response": None, "failure": "other"},
        {"failure": "server-closed"},
        {"by": "proxy"},
        {"status": 300},
        {"status": 500},
    ):
        talk = Talk()
        talk.story.exchange(talk.device(*opening()), **ending)
        assert shape(talk) == ["d1", "s?"]


def test_an_unread_request_between_hides_nothing_where_the_device_has_its_answer():
    talk = Talk().open()
    talk.story.exchange(b"<SyncML")
    assert shape(talk.say([header()], [header(2)])) == ["d1", "s1", "d2", "s2"]


def test_it_may_be_the_answer_where_the_device_goes_on_without_one():
    talk = Talk().say(opening(), None, failure="timeout")
    talk.story.exchange(b"<SyncML")
    assert shape(talk.say([header()], [header(2)])) == ["d1", "d?", "s?", "d2", "s1"]
    talk = Talk()
    request = talk.device(*opening())
    talk.story.exchange(request, None, failure="timeout")
    talk.story.exchange(b"<SyncML")
    talk.story.exchange(request, talk.server(*OPENED))
    assert shape(talk) == ["d1*", "d1", "s1"]


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


def test_what_the_proxy_said_is_not_the_servers():
    talk = Talk().say(opening(), [header()], by="proxy").say([header(), alert("1224")], [header(2)])
    lines = dialogue(talk).lines
    assert [line.by_peer for line in lines] == [True, False, True, True]
    assert [line.msg_id for line in dialogue(talk).judged] == ["1", "2", "2"]
    assert [line.place for line in dialogue(talk).judged] == [0, 2, 3]


def test_a_message_that_was_refused_stays_so_whatever_is_said_of_it_besides():
    for codes in (("407", "200"), ("200", "407")):
        talk = Talk().say(opening(), [header(1, code) for code in codes])
        first, challenge = dialogue(talk).lines
        assert (first.refused, challenge.challenges) == (True, True)


def test_a_status_without_a_code_says_nothing_of_the_message():
    first, answer = dialogue(Talk().say(opening(), [header().replace("<Data>200</Data>", "")])).lines
    assert (first.refused, answer.challenges, len(first.answers[()])) == (False, False, 1)


def test_a_command_with_cmdid_0_is_told_from_synchdr_by_its_name():
    for name, meant in (("Replace", "Replace"), ("Get", "SyncHdr"), ("SyncHdr", "SyncHdr")):
        talk = Talk().open(replace(0)).say([header(), status("1/0", name)], [header(2)])
        answer = dialogue(talk).lines[2].carries[1]
        assert (answer.expected_name, answer.misnamed) == (meant, name == "Get")


def test_two_messages_without_a_msgid_are_not_the_same_again():
    talk = Talk().open(GET)
    for number in (2, 3):
        said = talk.device(header(), status("1/9", "Get")).replace(f"<MsgID>{number}</MsgID>".encode(), b"")
        talk.story.exchange(said, talk.server(alert("1100")))
    assert [(line.place, line.repeated) for line in dialogue(talk).judged] == [
        (place, False) for place in (0, 1, 4, 5, 8, 9)
    ]


def test_a_message_of_something_else_is_not_known():
    talk = Talk()
    talk.story.exchange(talk.device(*opening()), talk.server(*OPENED).replace(b"SYNCML:SYNCML1.2", b"urn:x"))
    assert [line.message is None for line in dialogue(talk).lines] == [False, True]


def test_numbers_that_are_none_do_not_follow():
    for number in ("x", "9" * 19, ""):
        talk = Talk().open()
        request = talk.device(header()).replace(b"<MsgID>2</MsgID>", f"<MsgID>{number}</MsgID>".encode())
        talk.story.exchange(request, talk.server(header(2)))
        talk.say([header(2)], [header(3)])
        assert [line.message is None for line in dialogue(talk).lines] == [False, False, True, True] * 2 + [False] * 2


ALERT_2 = status("1/2", "Alert")


@pytest.mark.parametrize(
    ("answers", "stray", "muddled"),
    [
        ([ALERT_2], "-", False),
        ([status("1/2", "Alert", "101"), ALERT_2], "--", False),
        ([status("1/2", "Alert", "101"), status("1/2", "Get")], "--", False),
        ([status("1/2", "Alert", "200", f"<TargetRef>{item}</TargetRef>") for item in "ab"], "--", False),
        ([ALERT_2, ALERT_2], "-x", True),
        ([ALERT_2, ALERT_2, ALERT_2], "-xx", True),
        ([status("1/2", "Get"), ALERT_2], "x-", True),
        ([status("1/2", "Get"), status("1/2", "Exec")], "-x", True),
        ([status("1/2", "Get"), status("1/2", "Exec"), status("1/2", "Add")], "-xx", True),
    ],
)
def test_which_of_several_answers_to_one_command_counts(answers, stray, muddled):
    first, answer = dialogue(Talk().say(opening(), [header(), *answers])).lines
    assert "".join("x" if each.stray else "-" for each in answer.carries[1:]) == stray
    assert first.muddled == (frozenset({(0,)}) if muddled else frozenset())
