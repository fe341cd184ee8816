import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from replay.capture.journal_reader import read
from replay.capture.sessions import assemble
from replay.expect.dialogue import Dialogue
from replay.expect.owed import debts
from replay.expect.unseen import Unseen
from tests.rules.talk import GET, OPENED, Talk, alert, group, header, opening, replace, results, status


def owed(talk: Talk) -> list[tuple[str, list[str | None], str]]:
    """Each debt: whose message, the CmdIDs (None for SyncHdr), and by which message it was due."""
    traffic = assemble(read(io.BytesIO(talk.story.text()), "x"))
    dialogue = Dialogue(traffic.sessions[0], Unseen(traffic))
    return [
        (
            f"{debt.line.speaker} {debt.line.msg_id}",
            [command.cmd_id if command else None for _, command in debt.commands],
            f"{debt.due.speaker} {debt.due.msg_id}",
        )
        for debt in debts(dialogue)
    ]


@given(st.sets(st.integers(0, 3)))
@settings(deadline=None)
def test_what_is_left_out_is_owed_and_nothing_else(left_out):
    talk = Talk().say(opening(), [text for place, text in enumerate(OPENED) if place not in left_out])
    ids = [[None, "2", "3", "4"][place] for place in sorted(left_out)]
    assert owed(talk) == ([("device 1", ids, "server 1")] if ids else [])


def test_a_stray_answer_explains_one_that_is_missing():
    talk = Talk().say(opening(), [header(), status("1/2", "Alert"), status("1/33", "Alert"), status("1/4", "Replace")])
    assert owed(talk) == []
    talk = Talk().say(opening(), [header(), status("1/33", "Alert"), status("1/4", "Replace")])
    assert owed(talk) == [("device 1", ["3"], "server 1")]


def test_a_stray_answer_before_the_message_explains_nothing():
    talk = (
        Talk()
        .open(replace(8))
        .say([header(), status("1/8", "Replace"), status("1/77", "Replace")], [header(2), replace(9)])
    )
    assert owed(talk.say([header(2)], [header(3)])) == [("server 2", ["9"], "device 3")]


@given(st.integers(1, 4), st.booleans())
@settings(deadline=None)
def test_a_package_in_several_messages_is_answered_at_its_end(messages, answered):
    """However many messages the server's package has, the device owes its answers with its Final, and SyncHdr at once."""
    talk = Talk()
    request, owing = talk.device(*opening()), list(OPENED)
    for number in range(1, messages + 1):
        last = number == messages
        talk.story.exchange(request, talk.server(*owing, replace(50 + number), final=last))
        late = [status(f"{each}/{50 + each}", "Replace") for each in range(1, number + 1)] if last and answered else []
        more = [] if last else ["<Alert><CmdID>5</CmdID><Data>1222</Data></Alert>"]
        request = talk.device(header(number), *late, *more, final=last)
        owing = [header(number + 1), *([] if last else [status(f"{number + 1}/5", "Alert")])]
    talk.story.exchange(request, talk.server(*owing))
    end = f"device {messages + 1}"
    assert owed(talk) == (
        [] if answered else [(f"server {each}", [str(50 + each)], end) for each in range(1, messages + 1)]
    )


def in_parts(device: list[str], server: list[str]) -> Talk:
    """Package 1 and its answer, each the first of several messages."""
    talk = Talk()
    talk.story.exchange(talk.device(*device, final=False), talk.server(*server, final=False))
    return talk


def test_synchdr_and_the_request_for_more_are_due_at_once():
    talk = in_parts([*opening(), alert("1222", "5")], [header()])
    assert owed(talk) == [("device 1", ["5"], "server 1")]
    talk = in_parts([*opening(), alert("1222", "5")], [status("1/5", "Alert")])
    assert owed(talk) == [("device 1", [None], "server 1")]


def test_a_debt_is_due_when_the_last_of_it_is():
    talk = in_parts([opening()[0], alert("1222", "5")], [header()])
    talk.say([header(), *opening()[1:]], [header(2), status("2/3", "Alert"), status("2/4", "Replace")])
    assert owed(talk) == [("device 1", ["2", "5"], "server 2")]
    talk = in_parts([*opening(), alert("1222", "5")], []).say([header()], [header(2)])
    assert owed(talk) == [("device 1", [None, "2", "3", "4", "5"], "server 2")]


def test_a_message_that_challenges_is_owed_nothing():
    """In the middle of a session the device says again what it said, to the message before."""
    said = [header(), status("1/9", "Get"), results("1/9")]
    talk = Talk().open(GET).say(said, [header(2, "407")])
    assert owed(talk.say(said, [header(3, "212")])) == []


def test_a_message_without_a_msgid_is_owed_nothing():
    talk = Talk()
    request = talk.device(*opening())
    talk.story.exchange(request, talk.server(*OPENED, GET).replace(b"<MsgID>1</MsgID>", b""))
    talk.heard = 0
    assert owed(talk.say([alert("1224", "5")], [header(2), status("2/5", "Alert")])) == []


@pytest.mark.parametrize(("outer", "inner"), [("500", "500"), ("200", "500"), ("500", "200")])
def test_what_is_inside_of_a_refused_group_is_owed_nothing_however_deep(outer, inner):
    nested = group("Sequence", 6, group("Sequence", 7, group("Atomic", 8, replace(9))))
    answers = [status("1/6", "Sequence"), status("1/7", "Sequence", outer), status("1/8", "Atomic", inner)]
    assert owed(Talk().open(nested).say([header(), *answers], [header(2)])) == []


@pytest.mark.parametrize(
    ("code", "tried"),
    [
        *((str(code), True) for code in (*range(200, 208), 216, 507, 516)),
        *((str(code), False) for code in (101, 199, 208, 215, 217, 304, 400, 404, 406, 500, 506, 508, 515, 517)),
    ],
)
def test_after_which_codes_of_a_group_each_command_in_it_has_its_own(code, tried):
    talk = Talk().open(group("Atomic", 8, replace(9))).say([header(), status("1/8", "Atomic", code)], [header(2)])
    assert owed(talk) == ([("server 1", ["9"], "device 2")] if tried else [])


@pytest.mark.parametrize(
    ("command", "rest"),
    [
        (replace(9).replace("Replace>", "Exec>"), ["9", "10"]),
        ("<Exec><CmdID>9</CmdID><Item><Data>x</Data></Item></Exec>", ["9", "10"]),
        (replace(9, "./Vendor/MSFT/DMClient/Unenroll"), ["9", "10"]),
        (replace(9, "./Vendor/MSFT/DMClient/Unenroll").replace("Replace>", "Exec>"), []),
        (replace(9).replace("<CmdID>9</CmdID>", ""), ["10"]),
    ],
)
def test_no_other_exec_ends_what_is_owed(command, rest):
    talk = Talk().open(command, replace(10)).say([header()], [header(2)])
    assert owed(talk) == ([("server 1", rest, "device 2")] if rest else [])


def test_a_message_that_the_server_closed_on_is_owed_nothing():
    talk = Talk().say(opening(), None, failure="server-closed")
    assert (
        owed(talk.say(opening(), [header(2), *[each.replace(">1</MsgRef>", ">2</MsgRef>") for each in OPENED[1:]]]))
        == []
    )


def test_a_message_of_the_server_that_is_not_answered_at_all():
    assert owed(Talk().open(GET).say([alert("1224", "5")], [header(2)])) == [
        ("server 1", [None, "9"], "device 2"),
        ("device 2", ["5"], "server 2"),
    ]


def test_who_answers_a_part_has_got_the_message():
    talk = Talk().say(opening(), [*OPENED, GET], failure="client-closed")
    assert owed(talk.say([header()], [header(2)])) == [("server 1", ["9"], "device 2")]


def test_a_copy_that_was_not_answered_excuses_nothing():
    talk = Talk().open()
    request = talk.device(header(), alert("1224", "5"))
    for _ in range(2):
        talk.story.exchange(request, talk.server(header(2), status("2/5", "Alert"), replace(8)))
    assert owed(talk.say([header(3)], [header(3)])) == [("server 3", ["8"], "device 3")]


def test_what_the_first_copy_got_need_not_be_known():
    talk = in_parts(opening(), [*OPENED, replace(8)])
    request = talk.device(header(), alert("1222", "5"), final=False)
    talk.story.exchange(request, None, failure="other")
    talk.story.exchange(request, talk.server(header(2), status("2/5", "Alert")))
    assert owed(talk.say([header(2)], [header(3)])) == [("server 1", ["8"], "device 3")]


def test_the_package_ended_with_the_last_message_of_the_one_who_owes():
    """Between, the device said something that nobody answered."""
    talk = Talk()
    talk.story.exchange(talk.device(*opening()), talk.server(header(), final=False))
    talk.story.exchange(talk.device(header(), alert("1224", "5"), final=False), None, failure="server-closed")
    talk.say([alert("1224", "6")], [header(3), status("3/6", "Alert")])
    assert owed(talk) == [("device 1", ["2", "3", "4"], "server 1")]


def test_what_the_proxy_says_answers_nothing_and_leaves_nothing_out():
    assert owed(Talk().say(opening(), [header()], by="proxy")) == []
    talk = Talk().say(opening(), [header()], by="proxy").say([header(), alert("1224", "5")], [header(2)])
    assert owed(talk) == [("device 2", ["5"], "server 2")]


def test_package_one_as_it_was_answers_no_synchdr():
    """What challenged it had a wrong MsgRef. Where it answers anything, or is no package 1, SyncHdr is due."""
    answers = [each.replace(">1</MsgRef>", ">2</MsgRef>") for each in OPENED]
    for code in ("1201", "1200"):
        said = [each.replace("1201", code) for each in opening()]
        talk = Talk().say(said, [header(9, "407")]).say(said, answers)
        assert owed(talk) == [("device 1", ["2", "3", "4"], "server 1")]
    talk = Talk().open(GET).say([*opening(), status("1/9", "Get")], answers)
    assert owed(talk) == [("server 1", [None], "device 2")]
    assert owed(Talk().say(opening(), [alert("1201")])) == [("device 1", [None, "2", "3", "4"], "server 1")]


@pytest.mark.parametrize(
    ("sent", "rest"),
    [
        ([status("9/3", "Alert")], ["2", "4"]),  # the number tells best
        ([status("1/99", "Replace")], ["2", "3"]),
        ([status("1/99", "Replace").replace("<Cmd>Replace</Cmd>", "")], ["3", "4"]),
        ([status("9/4", "Alert"), status("1/99", "Alert")], ["3"]),
        ([status("1/99", "Get")], ["2", "3", "4"]),
    ],
)
def test_which_answer_a_stray_one_was_meant_to_be(sent, rest):
    assert owed(Talk().say(opening(), [header(), *sent])) == [("device 1", rest, "server 1")]


@pytest.mark.parametrize("stray", [status("9/0", "SyncHdr"), status("1/99", "SyncHdr"), status("9/0", "Alert")])
def test_a_stray_answer_to_synchdr(stray):
    assert owed(Talk().say(opening(), [stray, *OPENED[1:]])) == []


def test_results_that_went_astray_are_no_status():
    assert owed(Talk().open(GET).say([header(), results("1/99")], [header(2)])) == [("server 1", ["9"], "device 2")]


def test_what_was_due_before_something_that_is_not_known():
    talk = Talk().open(GET).say([header()], [header(2)])
    talk.story.exchange(talk.device(header(2)), b"<SyncML")
    assert owed(talk) == [("server 1", ["9"], "device 2")]


def test_nothing_is_owed_by_who_says_no_more_and_to_what_is_not_known():
    assert owed(Talk().say(opening(), None, failure="server-closed")) == []
    talk = Talk()
    talk.story.exchange(talk.device(*opening()), b"<SyncML")
    assert owed(talk.say([alert("1224", "5")], [header(2)])) == [("device 2", ["5"], "server 1")]


def test_after_an_exec_unenroll_the_server_owes_its_answers():
    talk = Talk().open(replace(9, "./Vendor/MSFT/DMClient/Unenroll").replace("Replace>", "Exec>"))
    assert owed(talk.say([alert("1224", "5")], [header(2)])) == [("device 2", ["5"], "server 2")]


def parts(*exchanges: tuple[list[str], bool, list[str] | None, bool]) -> Talk:
    """Exchanges: what the device says, whether with Final, and the same of the server."""
    talk = Talk()
    for asked, asked_final, answered, answered_final in exchanges:
        request = talk.device(*asked, final=asked_final)
        answer = None if answered is None else talk.server(*answered, final=answered_final)
        talk.story.exchange(request, answer, failure="server-closed" if answer is None else None)
    return talk


MORE, DONE = ([header(), alert(code, "5")] for code in ("1222", "1224"))
LATE = [header(2), status("2/5", "Alert")]
ALL = ["2", "3", "4"]


@pytest.mark.parametrize(
    ("talk", "debts"),
    [
        # a sender that never closes its package
        (parts((opening(), False, [header()], True)), [("device 1", ALL, "server 1")]),
        # one that closes it later than the peer
        (parts((opening(), False, [header()], True), (DONE, True, LATE, True)), [("device 1", ALL, "server 2")]),
        # a peer that never closes one
        (
            parts((opening(), True, [header()], False), (DONE, True, LATE, False)),
            [("device 1", ALL, "server 1")],
        ),
        # one that had closed it when the sender went on in several messages
        (
            parts(
                (opening(), True, [header()], True), (MORE, False, LATE, False), ([header(2)], True, [header(3)], True)
            ),
            [("device 1", ALL, "server 1")],
        ),
        # one that says nothing after the sender's end
        (parts((opening(), False, [header()], False), (DONE, True, None, False)), []),
    ],
)
def test_by_when_a_package_is_answered(talk, debts):
    assert owed(talk) == debts


def test_a_device_that_goes_on_after_an_empty_answer():
    talk = Talk()
    talk.story.exchange(talk.device(*opening()), b"")
    assert owed(talk.say([alert("1224", "5")], [header(2), status("2/5", "Alert")])) == []


def test_what_was_heard_before_a_repetition_excuses_the_last_copy_alone():
    talk = Talk().open()
    request = talk.device(header(), alert("1224", "5"))
    for _ in range(2):
        talk.story.exchange(request, talk.server(header(2), status("2/5", "Alert"), replace(8)))
    talk.say([header(2), status("2/8", "Replace")], [header(3), replace(9)])
    assert owed(talk) == []
    assert owed(talk.say([alert("1224", "5")], [header(4), status("4/5", "Alert")])) == [
        ("server 4", [None, "9"], "device 4")
    ]
