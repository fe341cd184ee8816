import pytest

from replay.lab import messages
from tests.rules.talk import GET, OPENED, SWV, Talk, header, opening, results, status
from tests.story import rules_of


def test_passes_where_the_names_are_right():
    assert Talk().open(GET).say([header(), status("1/9", "Get"), results("1/9")], [header(2)]).nothing()


@pytest.mark.parametrize("name", ["Replace", "get", "SyncHdr", ""])
def test_fails_with_another_name(name):
    finding = Talk().open(GET).say([header(), status("1/9", name), results("1/9")], [header(2)]).only("STA003")
    assert (finding.severity, finding.party, finding.exchange) == ("error", "device", 2)
    assert finding.path == "SyncBody/Status[2]/Cmd"
    assert "for CmdRef 9 of message 1, which is Get" in finding.message


def test_fails_without_a_name():
    nameless = status("1/9", "Get").replace("<Cmd>Get</Cmd>", "")
    assert "has no Cmd" in Talk().open(GET).say([header(), nameless], [header(2)]).only("STA003").message


def test_fails_for_synchdr():
    finding = Talk().say(opening(), [status("1/0", "Alert"), *OPENED[1:]]).only("STA003")
    assert (finding.party, "which is SyncHdr" in finding.message) == ("server", True)


def test_results_need_no_name_and_must_not_have_another():
    right = results("1/9").replace("<Cmd>Get</Cmd>", "")
    assert Talk().open(GET).say([header(), status("1/9", "Get"), right], [header(2)]).nothing()
    wrong = results("1/9", name="Exec")
    finding = Talk().open(GET).say([header(), status("1/9", "Get"), wrong], [header(2)]).only("STA003")
    assert finding.path == "SyncBody/Results/Cmd"


def test_a_reference_to_the_wrong_command_is_one_finding():
    meant_for_replace = status("1/3", "Replace")
    finding = Talk().say(opening(), [*OPENED[:3], meant_for_replace]).only("STA003")
    assert "which is Alert" in finding.message


def test_a_reference_to_a_status_is_one_finding():
    talk = Talk().open(GET).say([header(), status("1/2", "Get")], [header(2)])
    assert "which is Status" in talk.only("STA003").message


def test_of_two_commands_with_one_cmdid_the_name_decides():
    two = [GET, messages.unenrol_exec(9, "P").replace("DMClient/Provider/P/Unenroll", "RemoteLock/Lock")]
    talk = Talk().open(*two).say([header(), status("1/9", "Get"), status("1/9", "Exec")], [header(2)])
    assert rules_of(talk.judge()) == ["MSG009"]


def test_a_command_with_cmdid_0_can_be_answered():
    talk = Talk().open(messages.get(0, SWV)).say([header(), status("1/0", "Get")], [header(2)])
    assert rules_of(talk.judge()) == ["MSG008"]


def test_one_message_gives_one_finding():
    wrong = [header(), status("1/2", "Replace"), status("1/3", "Replace"), status("1/4", "Replace")]
    finding = Talk().say(opening(), wrong).only("STA003")
    assert "CmdRef 2" in finding.message
    assert "CmdRef 3" in finding.message


def test_a_session_in_which_something_else_is_wrong_hides_no_other():
    first = Talk().say(opening(), OPENED[:2])
    talk = Talk("2", first.story).say(opening(), [header(), status("1/2", "Get"), *OPENED[2:]])
    assert rules_of(talk.judge()) == ["STA001", "STA003"]
