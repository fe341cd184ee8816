import pytest

from replay.lab import messages
from tests.rules.talk import GET, OPENED, SWV, Talk, alert, group, header, opening, replace, results, status
from tests.story import rules_of


def test_passes_in_order():
    talk = Talk().open(GET, replace(10))
    assert talk.say([header(), status("1/9", "Get"), results("1/9"), status("1/10", "Replace")], [header(2)]).nothing()


def test_warns_where_two_change_places():
    finding = Talk().say(opening(), [OPENED[0], OPENED[2], OPENED[1], OPENED[3]]).only("STA004")
    assert (finding.severity, finding.party, finding.exchange) == ("warning", "server", 1)
    assert "the Status for Alert (CmdID 2) comes after the Status for Alert (CmdID 3)" in finding.message
    assert finding.path == "SyncBody/Status[3]"


def test_warns_where_synchdr_is_not_first():
    finding = Talk().say(opening(), [OPENED[1], OPENED[0], *OPENED[2:]]).only("STA004")
    assert "the Status for SyncHdr is not the first element of SyncBody" in finding.message


def test_warns_where_another_command_comes_before_it():
    talk = (
        Talk().open(GET).say([alert("1224", "5"), header(), status("1/9", "Get")], [header(2), status("2/5", "Alert")])
    )
    assert talk.only("STA004").party == "device"


@pytest.mark.parametrize(
    ("order", "right"), [("7 8 9 10", True), ("8 9 7 10", True), ("7 9 8 10", False), ("8 9 10 7", False)]
)
def test_a_group_stands_where_the_commands_inside_do(order, right):
    sent = [group("Atomic", 7, replace(8), replace(9)), replace(10)]
    names = {"7": "Atomic", "8": "Replace", "9": "Replace", "10": "Replace"}
    talk = Talk().open(*sent).say([header(), *(status(f"1/{ref}", names[ref]) for ref in order.split())], [header(2)])
    assert [finding.rule for finding in talk.of("STA004")] == ([] if right else ["STA004"])


def test_numbers_that_fall_are_in_order_where_the_commands_are():
    talk = Talk().open(messages.get(20, SWV), messages.get(9, "./DevInfo/Lang"))
    assert talk.say([header(), status("1/20", "Get"), status("1/9", "Get")], [header(2)]).nothing()


def test_several_items_of_one_command_are_in_order():
    two = [status("1/9", "Get", code, f"<TargetRef>{ref}</TargetRef>") for code, ref in (("200", "a"), ("404", "b"))]
    assert Talk().open(GET).say([header(), *two], [header(2)]).nothing()


def test_answers_to_two_messages_are_looked_at_message_by_message():
    talk = Talk()
    talk.story.exchange(
        talk.device(*opening()[:2], final=False), talk.server(header(), alert("1222", "5"), final=False)
    )
    talk.say(
        [header(), status("1/5", "Alert"), *opening()[2:]],
        [header(2), status("2/4", "Replace"), status("1/2", "Alert"), status("1/3", "Alert")],
    )
    assert talk.nothing()


@pytest.mark.parametrize(
    ("said", "rule"),
    [
        ([header(), status("1/3", "Alert"), status("1/9", "Alert"), status("1/4", "Replace")], "STA002"),
        ([header(), status("1/4", "Alert"), status("1/3", "Alert"), status("1/4", "Replace")], "STA003"),
        ([header(), status("1/3", "Alert"), status("1/3", "Alert"), status("1/4", "Replace")], "STA005"),
    ],
)
def test_what_is_wrong_in_another_way_is_not_out_of_order_besides(said, rule):
    Talk().say(opening(), said).only(rule)


def test_what_the_proxy_made_is_in_no_order():
    assert "STA004" in rules_of(Talk().say(opening(), OPENED[::-1]).judge())
    assert "STA004" not in rules_of(Talk().say(opening(), OPENED[::-1], by="proxy").judge())


def test_results_may_follow_all_the_status():
    two = [GET, messages.get(10, "./DevInfo/Lang")]
    answers = [status("1/9", "Get"), status("1/10", "Get"), results("1/9"), results("1/10")]
    assert Talk().open(*two).say([header(), *answers], [header(2)]).nothing()


def test_an_answer_that_is_wrong_in_another_way_is_in_no_order():
    for wrong, rule in ((status("1/2", "Get"), "STA003"), (status("1/77", "Alert"), "STA002")):
        sent = [header(), status("1/4", "Replace"), wrong, status("1/3", "Alert")]
        assert sorted(rules_of(Talk().say(opening(), sent).judge())) == [rule, "STA004"]
        sent = [header(), status("1/3", "Alert"), status("1/4", "Replace"), wrong]
        assert rules_of(Talk().say(opening(), sent).judge()) == [rule]
    sent = [header(), *OPENED[2:], *OPENED[1:3]]
    talk = Talk().say(opening(), sent)
    assert "STA005" in rules_of(talk.judge())
    assert all("Alert (CmdID 3) comes after" not in finding.message for finding in talk.of("STA004"))
