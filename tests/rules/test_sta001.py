import pytest

from replay.lab import messages
from tests.rules.talk import GET, OPENED, SWV, Talk, alert, group, header, opening, replace, results, status
from tests.story import Story, rules_of, user

NEXT = "1222"


def test_passes_where_everything_is_answered():
    assert Talk().open(GET).say([header(), status("1/9", "Get"), results("1/9")], [header(2)]).nothing()
    assert user().watch(70).judge().findings == []


def test_fails_where_the_server_leaves_an_alert_out():
    finding = Talk().say(opening(), [header(), status("1/3", "Alert"), status("1/4", "Replace")]).only("STA001")
    assert (finding.severity, finding.party, finding.exchange, finding.side) == ("error", "server", 1, "request")
    assert finding.path == "SyncBody/Alert[1]"
    assert "Alert (CmdID 2)" in finding.message


def test_fails_where_the_server_leaves_synchdr_out():
    finding = Talk().say(opening(), OPENED[1:]).only("STA001")
    assert (finding.party, finding.path) == ("server", "SyncHdr")


def test_warns_of_the_replace_of_devinfo():
    finding = Talk().say(opening(), OPENED[:3]).only("STA001")
    assert (finding.severity, finding.party) == ("warning", "server")


def test_one_message_gives_one_finding_that_names_everything():
    finding = Talk().say(opening(), [header()]).only("STA001")
    assert finding.severity == "error"
    assert "Alert (CmdID 2), Alert (CmdID 3) and Replace (CmdID 4)" in finding.message


@pytest.mark.parametrize(
    ("said", "missing"),
    [
        ([header()], "Get (CmdID 9)"),
        ([status("1/9", "Get"), results("1/9")], "SyncHdr"),
        ([header(), status("1/9", "Get", "404", "<TargetRef>x</TargetRef>")], None),
    ],
)
def test_fails_where_the_device_leaves_something_out(said, missing):
    talk = Talk().open(GET).say(said, [header(2)])
    if missing is None:
        assert talk.nothing()
        return
    finding = talk.only("STA001")
    assert (finding.severity, finding.party, finding.exchange, finding.side) == ("error", "device", 1, "response")
    assert f"no Status for {missing} of the server's message 1" in finding.message


@pytest.mark.parametrize(
    ("code", "owed"), [("200", True), ("507", True), ("517", False), ("406", False), ("500", False), ("215", False)]
)
def test_commands_inside_a_group(code, owed):
    atomic = group("Atomic", 7, replace(8), replace(9))
    talk = Talk().open(atomic).say([header(), status("1/7", "Atomic", code), status("1/8", "Replace")], [header(2)])
    assert ["Replace (CmdID 9)" in finding.message for finding in talk.of("STA001")] == ([True] if owed else [])


def test_a_group_without_any_answer_is_one_finding():
    talk = Talk().open(group("Sequence", 7, replace(8), replace(9)))
    talk.say([header(), alert(NEXT, "5")], [header(2), status("2/5", "Alert")])
    assert talk.of("STA001") == []  # more may come
    talk.say([header(2)], [header(3)])
    finding = talk.of("STA001")[0]
    assert "Sequence (CmdID 7), Replace (CmdID 8) and Replace (CmdID 9)" in finding.message


@pytest.mark.parametrize("command", [replace(9, inside="<NoResp/>"), group("Atomic", 9, "<NoResp/>", replace(8))])
def test_no_resp_needs_no_answer(command):
    assert Talk().open(command, replace(10)).say([header(), status("1/10", "Replace")], [header(2)]).of("STA001") == []


def test_no_resp_in_the_header_spares_the_whole_message():
    talk = Talk()
    request = talk.device(*opening()).replace(b"</Source></SyncHdr>", b"</Source><NoResp/></SyncHdr>")
    talk.story.exchange(request, talk.server(GET))
    assert talk.of("STA001") == []


def test_nobody_owes_a_status_for_the_exec_unenroll():
    talk = Talk().open(GET, messages.unenrol_exec(10, "P")).say([header(), status("1/9", "Get")], [header(2)])
    assert talk.of("STA001") == []
    silent = Talk().open(GET, messages.unenrol_exec(10, "P")).say([header()], [header(2)])
    assert silent.of("STA001") == []  # UNE008: the device aborts its sessions, and owes nothing that was in the message


@pytest.mark.parametrize("code", ["401", "407", "404", "513"])
def test_a_message_that_was_refused_is_owed_no_more_than_that(code):
    talk = Talk().say(opening(), [header(1, code)])
    assert talk.of("STA001") == []


def test_package_one_again_after_a_challenge_needs_no_status():
    cred = '<Cred><Meta><Type xmlns="syncml:metinf">syncml:auth-basic</Type></Meta><Data>YTpi</Data></Cred>'
    for first in ([], [header()]):
        talk = Talk().say(opening(), [header(1, "407")])
        talk.say([*first, *opening()], [s.replace(">1</MsgRef>", ">2</MsgRef>") for s in OPENED], cred=cred)
        assert talk.of("STA001") == []


@pytest.mark.parametrize(
    "ending",
    [
        {"server": None, "failure": "server-closed"},
        {"server": b""},
        {"server": b"busy", "status": 500},
        {"server": b"<SyncML"},
        {"server": b"<html/>", "by": "proxy"},
    ],
)
def test_who_says_nothing_owes_nothing(ending):
    talk = Talk()
    talk.story.exchange(talk.device(*opening()), ending.pop("server"), **ending)
    assert talk.of("STA001") == []


def test_a_device_that_sends_nothing_more_owes_nothing():
    assert Talk().open(GET).of("STA001") == []


@pytest.mark.parametrize("abort", [["device"], ["server"]])
def test_after_an_abort_nothing_is_owed(abort):
    if abort == ["device"]:
        talk = Talk().open(GET).say([header(), alert("1223")], [header(2)])
    else:
        talk = Talk().say(opening(), [header(), alert("1223")])
    assert talk.of("STA001") == []


def test_a_message_that_cannot_be_read_may_have_held_it():
    talk = Talk().open(GET)
    talk.sent += 1
    talk.story.exchange(b"<SyncML", talk.server())
    talk.say([header(2)], [header(3)])
    assert talk.of("STA001") == []


def test_a_message_that_is_not_there_may_have_held_it():
    talk = Talk().open(GET)
    talk.sent, talk.heard = 2, 2  # message 2 was not recorded
    assert talk.say([header(2)], [header(3)]).of("STA001") == []


def several(*rest: list[str]) -> Talk:
    """A package of the device in several messages, each asked for with 1222."""
    talk = Talk()
    talk.story.exchange(talk.device(*opening()[:2], final=False), talk.server(header(), alert(NEXT, "5"), final=False))
    talk.say([header(), status("1/5", "Alert"), *opening()[2:]], [header(2), *rest])
    return talk


def test_answers_may_come_at_the_end_of_the_answering_package():
    assert several(*OPENED[1:3], status("2/4", "Replace")).nothing()


def test_fails_at_the_end_of_the_answering_package():
    finding = several(status("1/2", "Alert"), status("2/4", "Replace")).only("STA001")
    assert "Alert (CmdID 3)" in finding.message
    assert "message 2 in exchange 2" in finding.message


def test_a_device_that_asks_for_more_answers_later():
    talk = Talk()
    talk.story.exchange(talk.device(*opening()), talk.server(*OPENED, replace(8), final=False))
    talk.story.exchange(
        talk.device(header(), alert(NEXT, "5"), final=False), talk.server(header(2), status("2/5", "Alert"))
    )
    talk.say([header(2), status("1/8", "Replace")], [header(3)])
    assert talk.nothing()


def test_the_next_package_shows_that_one_without_final_had_ended():
    talk = Talk()
    talk.story.exchange(talk.device(*opening()), talk.server(*OPENED[:2], GET, final=False))
    talk.say([header(), status("1/9", "Get"), results("1/9")], [header(2)])
    assert ["Alert (CmdID 3)" in finding.message for finding in talk.of("STA001")] == [True]


def test_a_late_answer_is_one():
    talk = Talk().open(GET).say([header()], [header(2), replace(8)])
    assert talk.say([header(2), status("1/9", "Get"), status("2/8", "Replace")], [header(3)]).of("STA001") == []


def test_a_message_that_is_sent_again_is_judged_once():
    talk = Talk()
    request = talk.device(*opening())
    talk.story.exchange(request, None, failure="timeout")
    talk.story.exchange(request, talk.server(*OPENED[:2], OPENED[3]))
    assert len(talk.of("STA001")) == 1


def test_what_may_not_have_arrived_is_owed_nothing():
    talk = Talk()
    talk.story.exchange(talk.device(*opening()), talk.server(*OPENED, GET), failure="client-closed")
    assert talk.say([alert(NEXT, "5")], [header(2), status("2/5", "Alert")]).of("STA001") == []


def test_an_answer_to_what_was_heard_before_a_repetition_counts():
    talk = Talk().open()
    request = talk.device(header(), alert("1224", "5"))
    talk.story.exchange(request, talk.server(header(2), status("2/5", "Alert"), replace(8)))
    talk.story.exchange(request, talk.server(header(2), status("2/5", "Alert"), replace(8)))
    talk.say([header(2), status("2/8", "Replace")], [header(3)])
    assert talk.of("STA001") == []


def test_two_commands_with_one_cmdid_are_both_answered_by_one_status():
    two = [messages.get(9, SWV), messages.get(9, "./DevInfo/Lang")]
    talk = Talk().open(*two).say([header(), status("1/9", "Get")], [header(2)])
    assert talk.of("STA001") == []


def test_a_capture_from_the_middle_is_judged_by_what_it_shows():
    talk = Talk()
    talk.sent = talk.heard = 4
    talk.say([header(4), status("4/9", "Get")], [header(5), GET]).say([header(5)], [header(6)])
    assert rules_of(talk.judge()) == ["STA001"]


def test_the_answer_to_the_alert_is_judged_too():
    story = Story()
    request = story.package_one("2", alert=messages.unenrol_alert())
    answer = story.answer(request).replace(
        b"<Status><CmdID>4</CmdID><MsgRef>1</MsgRef><CmdRef>4</CmdRef><Cmd>Alert</Cmd><Data>200</Data></Status>", b""
    )
    judgement = story.ordinary("1").alert("2", response=answer).watch(70).judge()
    assert rules_of(judgement) == ["STA001"]
    assert judgement.episodes[0].findings == [0]


def test_another_command_on_devinfo_is_no_replace_of_it():
    item = "<Item><Source><LocURI>./DevInfo/Lang</LocURI></Source></Item>"
    talk = Talk().open().say([header(), f"<Alert><CmdID>5</CmdID><Data>1224</Data>{item}</Alert>"], [header(2)])
    assert talk.only("STA001").severity == "error"
