import io

from hypothesis import given, settings
from hypothesis import strategies as st

from replay.capture.journal_reader import read
from replay.capture.sessions import assemble
from replay.expect.dialogue import Dialogue
from replay.expect.owed import debts
from replay.expect.unseen import Unseen
from tests.rules.talk import OPENED, Talk, header, opening, replace, status


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
