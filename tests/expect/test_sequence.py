"""Which event a message is: what the table cannot tell from the message alone."""

import io
import re

import pytest

from replay.capture.journal_reader import read
from replay.expect.judge import judge
from replay.expect.machine import Event, State
from replay.expect.sequence import Run
from replay.lab import messages
from tests.rules.test_une002 import ALERT, challenged
from tests.story import Story, only, rules_of, server, user

UNJOIN_FAILED = messages.unenrol_alert("AADJ Unregister Failed", "chr")
GET_STATUS = messages.status(2, "1", "9", "Get", "200")
EXEC_STATUS = messages.status(2, "1", "9", "Exec", "200")


def run_of(story: Story) -> Run:
    (episode,) = story.judge().episodes
    return episode.case.run


def departures_of(story: Story) -> list[Event]:
    return [departure.event for departure in run_of(story).departures]


@pytest.mark.parametrize(
    "story", [user().watch(70), server().watch(70), challenged(Story().ordinary("1"), "2").watch(70)]
)
def test_what_is_accepted_is_no_departure(story):
    run = run_of(story)
    assert (run.state, run.departures, run.opened) == (State.ALERT_SENT, (), ())


def test_a_late_alert_that_the_enrolment_stays_leaves_it_there():
    story = Story().ordinary("1").go_on("1", 2, UNJOIN_FAILED.replace("{id}", "7")).watch(10).ordinary("3").watch(70)
    assert rules_of(story.judge(expect="unjoin-failed")) == ["UNE002"]
    assert run_of(story).state is State.STAYS
    gone = Story().ordinary("1").go_on("1", 2, ALERT).watch(10).ordinary("3").watch(70)
    assert rules_of(gone.judge()) == ["UNE002", "UNE011"]
    assert run_of(gone).state is State.NOT_SILENT


def test_a_session_whose_repeated_alert_reached_nobody_breaks_the_silence():
    judged = user().watch(20).alert("3", response=None, failure="connect-failed").watch(70).judge()
    assert only(judged, "UNE011").exchange == 3
    silence = next(phase for phase in judged.episodes[0].phases if phase.name == "silence")
    assert (silence.status, silence.exchange) == ("contradicted", 3)


def test_twice_in_one_message_is_a_repetition_though_the_message_was_asked_for():
    twice = "".join(messages.unenrol_alert().replace("{id}", number) for number in ("50", "51"))
    story = Story().ordinary("1")
    first = story.package_one("2", alert=messages.unenrol_alert())
    story.exchange(first, story.answer(first, code="407", header_code="407"))
    again = story.package_one("2", alert=twice, number=2)
    story.exchange(again, story.answer(again))
    assert departures_of(story.watch(70)) == [Event.ALERT_AGAIN]


def test_a_session_that_finishes_in_several_messages_is_one_departure():
    story = Story().get_session("1").exec("2").wait(1).go_on("1", 2, GET_STATUS).go_on("1", 3).alert("3").watch(70)
    assert departures_of(story) == [Event.FINISHES]


def test_a_new_session_that_answers_the_exec_is_a_new_session_all_the_same():
    story = server().watch(10)
    request = story.package_one("4").replace(b"<Final/>", EXEC_STATUS.encode() + b"<Final/>")
    story.exchange(request, story.answer(request))
    events = departures_of(story.watch(70))
    assert events == [Event.EXEC_ANSWERED, Event.OPENS]


ANSWERS_IN_ANOTHER_SESSION = {
    "the Exec": (messages.status(2, "1", "9", "Exec", "200"), True),
    "the Exec with Results": ("<Results><CmdID>2</CmdID><CmdRef>9</CmdRef><Cmd>Exec</Cmd></Results>", True),
    "something, without MsgRef": (EXEC_STATUS.replace("<MsgRef>1</MsgRef>", ""), False),
    "another command": (messages.status(2, "1", "8", "Exec", "200"), False),
    "another message": (messages.status(2, "2", "9", "Exec", "200"), False),
    "what is no Exec": (messages.status(2, "1", "9", "Get", "200"), False),
}


@pytest.mark.parametrize("answered", ANSWERS_IN_ANOTHER_SESSION)
def test_an_answer_in_another_session_is_one_to_the_exec_where_its_name_and_numbers_say_so(answered):
    command, is_answer = ANSWERS_IN_ANOTHER_SESSION[answered]
    story = server().watch(10)
    request = story.package_one("4").replace(b"<Final/>", command.encode() + b"<Final/>")
    story.exchange(request, story.answer(request))
    events = departures_of(story.watch(70))
    assert (Event.EXEC_ANSWERED in events) is is_answer


def test_the_session_of_the_exec_may_not_finish():
    story = Story().exec("1").wait(1).go_on("1", 2).alert("2").watch(70)
    assert departures_of(story) == [Event.GOES_ON]


@pytest.mark.parametrize(("code", "closes"), [("1223", True), ("1222", False), ("1201", False)])
def test_an_earlier_session_is_closed_by_1223_alone(code, closes):
    abort = f"<Alert><CmdID>3</CmdID><Data>{code}</Data></Alert>"
    story = Story().get_session("1").alert("2").go_on("1", 2, GET_STATUS, abort).watch(70)
    assert departures_of(story) == ([] if closes else [Event.GOES_ON])


def test_an_alert_that_was_asked_for_in_another_session_is_a_repetition():
    story = challenged(user().watch(20), "3", alert_first=False).watch(70)
    assert departures_of(story) == [Event.OPENS, Event.ALERT_AGAIN]


def test_what_comes_after_the_next_unenrolment_began_is_not_of_this_one():
    judged = user().watch(10).exec("3").wait(1).alert("4").watch(10).ordinary("5").watch(70).judge()
    opened = [[session.session_id for session in each.case.run.opened] for each in judged.episodes]
    assert opened == [["3"], ["5"]]


def test_without_a_clock_another_session_may_have_finished_in_time():
    story = Story().get_session("1").exec("2").wait(60).go_on("1", 2, GET_STATUS).alert("3")
    capture = read(io.BytesIO(story.text()), "story.jsonl")
    for exchange in capture.exchanges:
        exchange.at = None
    (episode,) = judge(capture).episodes
    assert [departure.event for departure in episode.case.run.departures] == [Event.FINISHES]


def cut(whole: Story, begin: int) -> Story:
    """A recording that begins with a later exchange."""
    story = Story()
    story.lines += [line for line in whole.lines if isinstance(line, dict) and int(line.get("id", 0)) >= begin]
    story.now, story.exchanges = whole.now, whole.exchanges
    return story


@pytest.mark.parametrize("opening", ["1200", "1201"])
@pytest.mark.parametrize("header", [False, True], ids=["Cred", "HMAC"])
def test_a_recording_may_begin_with_the_re_send(opening, header):
    story = challenged(Story().ordinary("1"), "2")
    for line in story.lines:
        if isinstance(line, dict) and line["type"] == "request" and line["id"] == "3":
            text = line["body"]["text"].replace("<Data>1201</Data>", f"<Data>{opening}</Data>")
            if header:
                text = re.sub("<Cred>.*</Cred>", "", text)
                line["headers"].append(["x-syncml-hmac", 'algorithm=MD5, username="u", mac=eA=='])
            line["body"]["text"] = text
    assert departures_of(cut(story, 3).watch(70)) == []


def without(text: str, part: str) -> str:
    assert part in text
    return text.replace(part, "")


@pytest.mark.parametrize("part", ["the credential", "the opening alert"])
def test_what_is_no_re_send_is_late_where_a_recording_begins(part):
    story = challenged(Story().ordinary("1"), "2")
    for line in story.lines:
        if isinstance(line, dict) and line["type"] == "request" and line["id"] == "3":
            text = line["body"]["text"]
            found = re.search(
                "<Cred>.*</Cred>" if part == "the credential" else "<Alert>(?:(?!</Alert>).)*1201.*?</Alert>", text
            )
            line["body"]["text"] = without(text, found[0])
    assert departures_of(cut(story, 3).watch(70)) == [Event.ALERT_LATE]


def test_credentials_make_no_package_one_of_a_message_that_follows_another():
    story = challenged(Story().ordinary("1"), "2", alert_first=False)
    for line in story.lines:  # the first message was accepted
        if isinstance(line, dict) and line["type"] == "response" and line["id"] == "2":
            line["body"]["text"] = line["body"]["text"].replace("<Data>407</Data>", "<Data>200</Data>")
    assert departures_of(story.watch(70)) == [Event.ALERT_LATE]


def test_a_server_that_answered_nothing_sent_no_commands():
    story = Story()
    story.exchange(story.package_one("1"), b"")
    assert departures_of(story.go_on("1", 2, ALERT).watch(70)) == [Event.ALERT_LATE]
