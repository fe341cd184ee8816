import pytest

from replay.lab import messages
from tests.rules.talk import GET, OPENED, SWV, Talk, header, opening, results, status
from tests.story import rules_of

CRED = '<Cred><Meta><Type xmlns="syncml:metinf">syncml:auth-basic</Type></Meta><Data>YTpi</Data></Cred>'


def test_passes_with_one_answer_each():
    assert Talk().open(GET).say([header(), status("1/9", "Get"), results("1/9")], [header(2)]).nothing()


def test_fails_with_two():
    finding = Talk().say(opening(), [*OPENED, status("1/2", "Alert", "202")]).only("STA005")
    assert (finding.severity, finding.party, finding.exchange) == ("error", "server", 1)
    assert finding.path == "SyncBody/Status[5]"
    assert "answers Alert (CmdID 2) of message 1 again" in finding.message


def test_fails_with_a_second_one_in_a_later_message():
    talk = Talk().open(GET).say([header(), status("1/9", "Get")], [header(2), status("1/2", "Alert")])
    assert talk.only("STA005").exchange == 2


def test_fails_for_synchdr():
    assert "SyncHdr" in Talk().say(opening(), [*OPENED, header()]).only("STA005").message


def test_one_that_was_meant_for_another_command_is_one_finding():
    finding = (
        Talk().say(opening(), [header(), status("1/2", "Alert"), status("1/2", "Alert"), OPENED[3]]).only("STA005")
    )
    assert "again" in finding.message


@pytest.mark.parametrize("ref", ["TargetRef", "SourceRef"])
def test_items_with_different_outcomes_have_a_status_each(ref):
    two = [status("1/9", "Get", code, f"<{ref}>{item}</{ref}>") for code, item in (("200", "./a"), ("404", "./b"))]
    assert Talk().open(GET).say([header(), *two], [header(2)]).nothing()
    again = [*two, status("1/9", "Get", "200", f"<{ref}>./a</{ref}>")]
    finding = Talk().open(GET).say([header(), *again], [header(2)]).only("STA005")
    assert "for ./a" in finding.message


def test_in_progress_is_followed_by_another():
    talk = Talk().open(GET).say([header(), status("1/9", "Get", "101")], [header(2), messages.get(10, SWV)])
    assert talk.say([header(2), status("1/9", "Get"), status("2/10", "Get")], [header(3)]).nothing()


def test_a_message_that_is_sent_again_counts_once():
    talk = Talk().open(GET)
    request = talk.device(header(), status("1/9", "Get"))
    talk.story.exchange(request, None, failure="timeout")
    talk.story.exchange(request, talk.server(header(2)))
    assert talk.of("STA005") == []


def test_the_server_answers_again_what_was_sent_again():
    talk = Talk()
    request = talk.device(*opening())
    answer = talk.server(*OPENED)
    talk.story.exchange(request, answer)
    talk.story.exchange(request, answer)
    assert talk.of("STA005") == []


def test_a_message_that_was_challenged_is_sent_again_with_its_answers():
    talk = Talk().open(GET)
    talk.say([header(), status("1/9", "Get")], [header(2, "407")])
    talk.say([header(2), status("1/9", "Get")], [header(3)], cred=CRED)
    assert talk.of("STA005") == []


def test_two_commands_with_one_cmdid_have_two_answers():
    two = [messages.get(9, SWV), messages.get(9, "./DevInfo/Lang")]
    answers = [status("1/9", "Get"), status("1/9", "Get")]
    assert rules_of(Talk().open(*two).say([header(), *answers], [header(2)]).judge()) == ["MSG009"]
    more = Talk().open(*two).say([header(), *answers, status("1/9", "Get")], [header(2)])
    assert rules_of(more.judge()) == ["MSG009", "STA005"]


def test_one_message_gives_one_finding():
    finding = Talk().say(opening(), [*OPENED, *OPENED[1:]]).only("STA005")
    assert "Alert (CmdID 2)" in finding.message
    assert "Replace (CmdID 4)" in finding.message


def test_one_that_is_too_many_counts_though_a_later_command_was_answered_well():
    talk = Talk().say(opening(), [*OPENED, status("1/2", "Alert"), GET])
    talk.say([header(), status("1/9", "Get", "101")], [header(2), messages.get(10, SWV)])
    assert talk.say([header(2), status("1/9", "Get"), status("2/10", "Get")], [header(3)]).only("STA005").exchange == 1


def test_a_session_in_which_something_else_is_wrong_hides_no_other():
    first = Talk().say(opening(), OPENED[:2])
    talk = Talk("2", first.story).say(opening(), [*OPENED, OPENED[1]])
    assert rules_of(talk.judge()) == ["STA001", "STA005"]
