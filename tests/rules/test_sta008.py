import pytest

from replay.lab import messages
from tests.rules.talk import GET, OPENED, SWV, Talk, header, opening, replace, results, status
from tests.story import Story, rules_of


def test_passes_where_the_get_was_answered_by_200():
    assert Talk().open(GET).say([header(), status("1/9", "Get"), results("1/9")], [header(2)]).nothing()


@pytest.mark.parametrize("code", ["202", "404", "405", "418", "500"])
def test_fails_with_another_status(code):
    finding = Talk().open(GET).say([header(), status("1/9", "Get", code), results("1/9")], [header(2)]).only("STA008")
    assert (finding.severity, finding.party, finding.exchange) == ("error", "device", 2)
    assert finding.path == "SyncBody/Results"
    assert f"Get (CmdID 9) of message 1, which was answered by Status {code}" in finding.message


def test_fails_for_another_command():
    answers = [header(), status("1/8", "Replace"), results("1/8").replace("<Cmd>Get</Cmd>", "")]
    finding = Talk().open(replace(8)).say(answers, [header(2)]).only("STA008")
    assert "Replace (CmdID 8) of message 1, no Get" in finding.message


def test_results_may_come_in_a_later_message_than_the_status():
    talk = Talk()
    talk.story.exchange(talk.device(*opening()), talk.server(*OPENED, GET))
    first = talk.device(header(), status("1/9", "Get"), final=False)
    talk.story.exchange(first, talk.server(header(2), "<Alert><CmdID>5</CmdID><Data>1222</Data></Alert>", final=False))
    talk.say([header(2), status("2/5", "Alert"), results("1/9")], [header(3)])
    assert talk.nothing()


def test_of_several_items_one_is_enough():
    answers = [
        status("1/9", "Get", code, f"<TargetRef>{ref}</TargetRef>") for code, ref in (("404", "a"), ("200", "b"))
    ]
    assert Talk().open(GET).say([header(), *answers, results("1/9")], [header(2)]).nothing()


def test_a_get_without_any_status_is_sta001():
    Talk().open(GET).say([header(), results("1/9")], [header(2)]).only("STA001")


def test_a_get_with_no_resp_has_results_all_the_same():
    quiet = GET.replace("</CmdID>", "</CmdID><NoResp/>")
    assert Talk().open(quiet).say([header(), results("1/9")], [header(2)]).of("STA008") == []


def test_results_of_nothing_are_sta002():
    Talk().open(GET).say([header(), status("1/9", "Get"), results("1/77")], [header(2)]).only("STA002")


def test_a_code_that_is_not_defined_is_sta006():
    Talk().open(GET).say([header(), status("1/9", "Get", "0"), results("1/9")], [header(2)]).only("STA006")


def test_results_for_the_exec_unenroll_are_une009():
    results_for_exec = messages.results(2, "1", "9", "./x", "y")
    assert rules_of(Story().exec("1").go_on("1", 2, results_for_exec).alert("2").watch(70).judge()) == ["UNE009"]


def test_of_two_commands_with_one_cmdid_the_get_is_meant():
    talk = Talk().open(replace(9), messages.get(9, SWV))
    talk.say([header(), status("1/9", "Replace"), status("1/9", "Get"), results("1/9")], [header(2)])
    assert rules_of(talk.judge()) == ["MSG009"]


def test_fails_in_a_session_after_one_without_results():
    talk = Talk("2", Talk().open(GET).say([header()], [header(2)]).story).open(GET)
    assert len(talk.say([header(), status("1/9", "Get", "404"), results("1/9")], [header(2)]).of("STA008")) == 1


def test_results_of_the_server_are_msg011():
    answer = [*OPENED[:3], results("1/2").replace("<Cmd>Get</Cmd>", ""), OPENED[3]]
    assert rules_of(Talk().say(opening(), answer).judge()) == ["MSG011"]


def test_results_of_another_name_are_sta003():
    answers = [header(), status("1/8", "Replace"), results("1/8")]
    assert rules_of(Talk().open(replace(8)).say(answers, [header(2)]).judge()) == ["STA003"]


def test_one_message_gives_one_finding():
    talk = Talk().open(GET, messages.get(10, "./DevInfo/Lang"))
    failed = [part for ref in ("1/9", "1/10") for part in (status(ref, "Get", "404"), results(ref))]
    finding = talk.say([header(), *failed], [header(2)]).only("STA008")
    assert "Get (CmdID 9)" in finding.message
    assert "Get (CmdID 10)" in finding.message
