import pytest

from replay.lab import messages
from tests.rules.talk import GET, OPENED, SWV, Talk, header, opening, replace, results, status
from tests.story import Story, rules_of


def answered(*commands: str) -> Talk:
    """A session in which the device answers a Get (CmdID 9 of message 1) with these."""
    return Talk().open(GET).say([header(), *commands], [header(2)])


def test_passes_where_every_reference_leads_somewhere():
    assert answered(status("1/9", "Get"), results("1/9")).nothing()


def test_results_without_msgref_refer_to_message_1():
    assert answered(status("1/9", "Get"), results("1/9").replace("<MsgRef>1</MsgRef>", "")).nothing()


def test_fails_where_the_message_has_no_such_command():
    finding = answered(status("1/8", "Get")).only("STA002")
    assert (finding.severity, finding.party, finding.exchange, finding.side) == ("error", "device", 2, "request")
    assert finding.path == "SyncBody/Status[2]"
    assert "CmdRef 8, and the server's message 1 has no command with that CmdID" in finding.message


def test_fails_where_there_is_no_such_message():
    finding = answered(status("7/9", "Get")).only("STA002")
    assert "MsgRef 7, and the server had sent no message with that MsgID" in finding.message


@pytest.mark.parametrize("ref", ["1/8", "1/0"])
def test_fails_for_results(ref):
    finding = answered(status("1/9", "Get"), results(ref)).only("STA002")
    assert finding.path == "SyncBody/Results"


def test_fails_on_the_server():
    swapped = [header(), status("1/2", "Alert"), status("1/33", "Alert"), status("1/4", "Replace")]
    finding = Talk().say(opening(), swapped).only("STA002")
    assert (finding.party, finding.side) == ("server", "response")


def test_a_message_to_come_is_none():
    talk = Talk().open(GET).say([header(), status("2/9", "Get")], [header(2), GET])
    assert [finding.exchange for finding in talk.of("STA002")] == [2]


def test_fails_without_a_msgref():
    finding = answered(status("1/9", "Get").replace("<MsgRef>1</MsgRef>", "")).only("STA002")
    assert "has no MsgRef" in finding.message


def test_fails_without_a_cmdref():
    finding = answered(status("1/9", "Get").replace("<CmdRef>9</CmdRef>", "<CmdRef/>")).only("STA002")
    assert "has no CmdRef" in finding.message


def test_fails_for_results_without_a_msgref():
    finding = answered(status("1/9", "Get"), results("1/8").replace("<MsgRef>1</MsgRef>", "")).only("STA002")
    assert "CmdRef 8, and the server's message 1 has no command with that CmdID" in finding.message


def test_fails_where_the_device_had_sent_no_such_message():
    finding = Talk().say(opening(), [*OPENED, status("7/2", "Alert")]).only("STA002")
    assert "MsgRef 7, and the device had sent no message with that MsgID" in finding.message


def test_an_unknown_message_is_not_the_one_that_no_msgref_names():
    talk = Talk()
    talk.story.exchange(talk.device(*opening()), b"<SyncML")
    talk.heard += 1
    talk.say([header().replace("<MsgRef>1</MsgRef>", "")], [header(2)])
    assert "has no MsgRef" in talk.of("STA002")[0].message


def test_a_message_without_a_msgid_may_be_named_by_none():
    """One cause: the MsgID that is missing (MSG004)."""
    talk = Talk()
    talk.story.exchange(talk.device(*opening()), talk.server(*OPENED, GET).replace(b"<MsgID>1</MsgID>", b""))
    talk.heard = 0
    none = [each.replace("<MsgRef>1</MsgRef>", "") for each in (header(), status("1/9", "Get"), results("1/9"))]
    assert "STA002" not in rules_of(talk.say(none, [header(2)]).judge())


def test_one_message_gives_one_finding_that_names_all():
    lost = [status(f"1/{number}", "Alert") for number in (12, 13)]
    finding = Talk().say(opening(), [header(), *lost, status("1/4", "Replace")]).only("STA002")
    assert "CmdRef 12" in finding.message
    assert "CmdRef 13" in finding.message
    many = [status(f"1/{number}", "Alert") for number in range(20, 30)]
    assert "and 5 more" in Talk().say(opening(), [*OPENED, *many]).of("STA002")[0].message


def test_windows_answers_a_command_without_a_cmdid_with_an_empty_cmdref():
    get = GET.replace("<CmdID>9</CmdID>", "")
    for ref in ("<CmdRef></CmdRef>", "<CmdRef/>", ""):
        answer = status("1/9", "Get", "400").replace("<CmdRef>9</CmdRef>", ref)
        assert rules_of(Talk().open(get).say([header(), answer], [header(2)]).judge()) == ["MSG008"]


def test_several_commands_without_a_cmdid_are_told_by_their_names():
    commands = [each.replace(f"<CmdID>{number}</CmdID>", "") for number, each in ((9, GET), (8, replace(8)))]
    for ref in ("<CmdRef></CmdRef>", ""):
        answers = [status("1/9", name, "400").replace("<CmdRef>9</CmdRef>", ref) for name in ("Get", "Replace")]
        assert rules_of(Talk().open(*commands).say([header(), *answers], [header(2)]).judge()) == ["MSG008"]
    counted = [status("1/77", "Get"), status("1/78", "Replace")]  # a device may count what has no number
    assert rules_of(Talk().open(*commands).say([header(), *counted], [header(2)]).judge()) == ["MSG008"]
    another = status("1/9", "Add", "400").replace("<CmdRef>9</CmdRef>", "")
    assert rules_of(Talk().open(*commands).say([header(), another], [header(2)]).judge()) == ["MSG008", "STA003"]


def test_a_command_of_an_earlier_message_of_that_msgid_can_be_meant():
    talk = Talk().open(GET)
    talk.heard = 0
    talk.say([header(), status("1/9", "Get", "101")], [header(2), replace(10)])
    talk.say([header(), status("1/9", "Get"), status("1/10", "Replace")], [header(3)])
    assert "STA002" not in rules_of(talk.judge())


def test_a_capture_from_the_middle_does_not_know_what_was_before():
    talk = Talk()
    talk.sent = talk.heard = 4
    talk.say([header(4), status("4/9", "Get"), results("4/9")], [header(5), status("4/3", "Alert")])
    assert [finding.party for finding in talk.of("STA002")] == []
    talk.say([header(5), status("5/77", "Get")], [header(6)])  # the message is there, and the command is not in it
    assert [finding.exchange for finding in talk.of("STA002")] == [2]


@pytest.mark.parametrize("answer", [b"<SyncML", b"\x30\x82\x01\x00\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02"])
def test_a_message_that_cannot_be_read_may_be_the_one(answer):
    talk = Talk()
    talk.story.exchange(talk.device(*opening()), answer)
    assert talk.say([header(), status("1/9", "Get")], [header(2)]).of("STA002") == []


def test_a_message_that_is_not_there_may_be_the_one():
    talk = Talk().open()
    talk.sent, talk.heard = 2, 2
    assert talk.say([header(2), status("2/9", "Get")], [header(3)]).of("STA002") == []


def test_an_answer_that_never_came_is_known_to_be_none():
    talk = Talk()
    request = talk.device(*opening())
    talk.story.exchange(request, None, failure="connect-failed")
    talk.story.exchange(request, talk.server(*OPENED, GET))
    talk.say([header(), status("5/9", "Get")], [header(2)])
    assert [finding.exchange for finding in talk.of("STA002")] == [3]


def test_what_the_proxy_made_can_be_answered():
    talk = Talk()
    talk.story.exchange(talk.device(*opening()), talk.server(header(1, "407")), by="proxy")
    assert talk.say([header(), *opening()], [header(2)]).of("STA002") == []


def test_a_status_for_the_exec_of_another_session_is_une009():
    story = Story().exec("1").alert("2").go_on("2", 2, messages.status(2, "1", "9", "Exec", "200")).watch(70)
    assert rules_of(story.judge()) == ["UNE009"]


def test_a_message_without_a_msgid_makes_references_to_it_dangle_once():
    talk = Talk()
    request = talk.device(*opening())
    talk.story.exchange(request, talk.server(*OPENED, GET).replace(b"<MsgID>1</MsgID>", b""))
    talk.say([header(), status("1/9", "Get"), results("1/9")], [header(2)])
    assert talk.of("STA002") == []


def test_a_message_on_its_own_is_not_judged_by_what_is_not_there(tmp_path):
    from replay.capture.readers import read
    from replay.expect.judge import judge

    path = tmp_path / "message.xml"
    path.write_bytes(Story().to_server("1", 4, [messages.status(1, "3", "9", "Get", "200")]))
    assert [f.rule for f in judge(read(str(path))).findings] == []


def test_a_message_that_is_sent_again_is_reported_once():
    talk = Talk().open(GET)
    request = talk.device(header(), status("1/8", "Get"))
    talk.story.exchange(request, None, failure="timeout")
    talk.story.exchange(request, talk.server(header(2)))
    assert [finding.exchange for finding in talk.of("STA002")] == [3]


def test_the_server_counts_as_it_likes():
    talk = Talk()
    talk.heard = 6
    talk.open(messages.get(9, SWV)).say([header(7), status("7/9", "Get"), results("7/9")], [header(2)])
    assert talk.of("STA002") == []


def test_nothing_is_said_where_the_message_that_was_answered_could_not_be_read():
    """The first try did not reach the server; the second, in an envelope, did; the third message answers what came back."""
    talk = Talk()
    request = talk.device(*opening())
    talk.story.exchange(request, None, failure="connect-failed")
    envelope = b"\x30\x82\x01\x00\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02" + bytes(241)
    talk.story.exchange(envelope, talk.server(*OPENED, GET))
    talk.say([header(), status("1/9", "Get"), results("1/9")], [header(2)])
    assert talk.of("STA002") == []


def test_a_session_in_which_something_else_is_wrong_hides_no_other():
    first = Talk().say(opening(), OPENED[:2])
    talk = Talk("2", first.story).say(opening(), [*OPENED, status("1/77", "Alert")])
    assert rules_of(talk.judge()) == ["STA001", "STA002"]
