"""The server's side played to devices that are others than the recorded one, message by message."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import structs

from replay.capture.readers import read
from replay.capture.references import resolve
from replay.capture.sessions import assemble
from replay.expect.case import Options
from replay.expect.finding import Party
from replay.expect.judge import Scope, judge_traffic
from replay.lab import messages
from replay.lab.messages import DeviceInfo, Sender
from replay.play.server import Request, ServerPlayer
from replay.play.server_script import End
from replay.syncml.read import read as read_message
from tests.conftest import ROOT
from tests.generated import SCENARIOS, World
from tests.play.caller import Caller, others, statuses, text_of, traffic_of
from tests.play.meeting import FORMS, HERE, Live, ok
from tests.rules.talk import GET, SWV, Talk, alert, header, opening, replace, results, status
from tests.story import DEVICE, Story, user
from tests.story import server as server_story


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("scenario", ["user", "server", "unjoin-failed"])
def test_golden_captures_come_back(scenario, form):
    traffic = assemble(read(str(ROOT / "captures" / f"{scenario}.jsonl")))
    caller = Caller(traffic).again(form)
    assert text_of(caller.served) == text_of(traffic)
    assert (caller.notes, caller.player.unused()) == ([], [])


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("wbxml", [False, True], ids=["recorded-xml", "recorded-wbxml"])
@pytest.mark.parametrize("scenario", SCENARIOS)
def test_made_up_sessions_come_back(scenario, wbxml, form):
    """Challenges, large objects, several packages, servers that are away: whatever `tests/generated.py` thinks of."""
    for seed in range(8):
        traffic = traffic_of(World(seed, scenario, wbxml=wbxml).story)
        caller = Caller(traffic).again(form)
        assert text_of(caller.served) == text_of(traffic), seed
        assert (caller.notes, caller.player.unused()) == ([], []), seed


def test_real_sessions_come_back(shared_data):
    paths = [shared_data / "session-windows10", *shared_data.glob("peers/client-*.mitm")]
    for path in paths:
        traffic = assemble(read(str(path)))
        caller = Caller(traffic).again()
        assert text_of(caller.served) == text_of(traffic), path
        assert caller.notes == []
    assert len(paths) == 3


# -- who is answered, and with which numbers ----------------------------------------------------------------------------


@pytest.mark.parametrize("wbxml", [False, True])
def test_everything_that_names_somebody_is_the_live_one(wbxml):
    caller = Caller(server_story())
    caller.ask(Live().package_one("40"), url=HERE)
    reply = caller.call(Live().package_one("41", wbxml=wbxml), url=HERE)
    assert reply.headers == (("Content-Type", messages.WBXML_TYPE if wbxml else messages.CONTENT_TYPE),)
    answer = read_message(reply.body)
    assert answer.form == ("wbxml" if wbxml else "xml")
    head = answer.header
    assert (head.session_id, head.msg_id, head.target.uri, head.source.uri) == ("41", "1", "LIVE", HERE)
    assert statuses(answer) == [
        ("1", "0", "SyncHdr", "200"),
        ("1", "20", "Alert", "200"),
        ("1", "21", "Alert", "200"),
        ("1", "22", "Replace", "200"),
    ]
    assert others(answer) == ["Exec"]


def test_the_devices_id_and_the_servers_address_are_renewed_wherever_they_stand():
    there = Story().url.split("?")[0]
    talk = Talk().open(
        f"<Replace><CmdID>9</CmdID><Item><Target><LocURI>./X</LocURI></Target><Data>{DEVICE}</Data></Item>"
        f"<Item><Target><LocURI>./Y</LocURI></Target><Data>{there}/next</Data></Item></Replace>"
    )
    answer = Caller(talk.story).ask(Live().package_one(), url=HERE)
    assert [item.data for item in answer.commands[-1].items] == [
        "LIVE",
        "https://10.9.8.7:4443/ManagementServer/MDM.svc/next",
    ]


def test_a_status_for_every_command_that_was_sent_and_for_no_other():
    talk = Talk().say(
        opening(),
        [header(), status("1/2", "Alert", "202"), status("1/3", "Alert"), status("1/4", "Replace", "405"), GET],
    )
    more = (
        "<Alert><CmdID>8</CmdID><Data>1224</Data><Item><Meta><Type xmlns='syncml:metinf'>x</Type></Meta></Item></Alert>"
    )
    first, _, last = opening()
    caller = Caller(talk.story)
    answer = caller.ask(Live().message("9", 1, [first, more, last]))
    assert statuses(answer) == [
        ("1", "0", "SyncHdr", "200"),
        ("1", "2", "Alert", "202"),
        ("1", "8", "Alert", "200"),
        ("1", "4", "Replace", "405"),
    ]
    assert others(answer) == ["Get"]
    assert len({each.cmd_id for each in answer.commands}) == 5
    assert all(reference.to is not None for session in caller.served.sessions for reference in resolve(session))


def test_a_status_that_the_recorded_server_did_not_give_is_not_given():
    talk = Talk().say(opening(), [header(), status("1/2", "Alert"), status("1/3", "Alert")])
    assert [each[2] for each in statuses(Caller(talk.story).ask(Live().package_one()))] == ["SyncHdr", "Alert", "Alert"]


def test_a_capture_without_the_devices_messages_is_played_all_the_same(tmp_path):
    (tmp_path / "01_response.xml").write_bytes(Talk().server(header(), status("1/2", "Alert", "406"), GET))
    answer = Caller(assemble(read(str(tmp_path)))).ask(Live().package_one())
    assert [each[1:] for each in statuses(answer)] == [
        ("0", "SyncHdr", "200"), ("20", "Alert", "200"), ("21", "Alert", "200"), ("22", "Replace", "200"),
    ]  # fmt: skip
    assert others(answer) == ["Get"]


# -- sessions by role and order -----------------------------------------------------------------------------------------


def test_the_exec_goes_out_in_its_package_and_no_status_is_awaited():
    talk = Talk()
    talk.open(GET)
    talk.say([header(), status("1/9", "Get"), results("1/9")], [header(2), messages.unenrol_exec(9, "P")])
    talk.story.wait(1).alert("2")
    caller = Caller(talk.story)
    live = Live()
    assert others(caller.ask(live.package_one("5"))) == ["Get"]
    results_ = messages.results(3, "1", "9", SWV, "10")
    answer = caller.ask(live.message("5", 2, [ok(), messages.status(2, "1", "9", "Get", "200"), results_]))
    assert others(answer) == ["Exec"]
    assert statuses(answer) == [("2", "0", "SyncHdr", "200")]
    answer = caller.ask(live.package_one("6", alert=True))
    assert [each[2] for each in statuses(answer)] == ["SyncHdr", "Alert", "Alert", "Alert", "Replace"]
    assert (caller.notes, caller.player.unused()) == ([], [])


def test_the_session_with_the_alert_is_met_by_its_role():
    """The recording: ordinary, with Get, with the Exec, the alert. The device: ordinary, then its user disconnects."""
    story = Story().ordinary("1").get_session("2").exec("3").alert("4", response=None, failure="server-closed")
    caller = Caller(story)
    assert others(caller.ask(Live().package_one("1"))) == []
    assert caller.call(Live().package_one("2", alert=True)).end is End.CLOSE
    assert others(caller.ask(Live().package_one("3"))) == ["Get"]
    assert others(caller.ask(Live().package_one("4"))) == ["Exec"]
    assert caller.notes == []


def test_what_is_beyond_the_recording_gets_a_plain_answer_and_a_note():
    caller = Caller(user())
    caller.ask(Live().package_one("1"))
    caller.ask(Live().package_one("2", alert=True))
    answer = caller.ask(Live().message("1", 2, [ok(), messages.get(2, SWV)]))
    assert statuses(answer) == [("2", "0", "SyncHdr", "200"), ("2", "2", "Get", "200")]
    assert (answer.header.msg_id, answer.header.session_id, answer.final, others(answer)) == ("2", "1", True, [])
    answer = caller.ask(Live().package_one("3", wbxml=True))
    assert (answer.form, len(statuses(answer)), answer.header.target.uri) == ("wbxml", 4, "LIVE")
    caller.ask(Live().package_one("4", alert=True))
    caller.ask(Live().message("5", 9, [ok()]))
    assert caller.notes == [
        "message 2 of session 1 is not in the recording: that session was over after exchange 1",
        "message 1 of session 3 is not in the recording: it is session 2 without the alert of this device, and the recording has 1",
        "message 1 of session 4 is not in the recording: it is session 2 with the alert of this device, and the recording has 1",
        "message 9 of session 5 is not in the recording: its session began before this server, or goes on under another SessionID",
    ]
    judged = judge_traffic(caller.served, Options(), Scope(parties=(Party.SERVER,)))
    assert [finding.rule for finding in judged.findings if finding.severity == "error"] == []


def test_the_status_of_an_alert_in_the_wrong_session_is_the_recorded_one():
    story = Story().ordinary("1")
    request = story.package_one("2", alert=messages.unenrol_alert())
    story.exchange(request, story.answer(request, code="202"))
    caller = Caller(story)
    caller.ask(Live().package_one("1"))
    answer = caller.ask(Live().message("1", 2, [ok(), messages.unenrol_alert().replace("{id}", "7")]))
    assert statuses(answer)[1] == ("2", "7", "Alert", "202")


def test_a_session_that_is_aborted_gets_its_status_and_nothing_more():
    talk = Talk().open(GET).say([header(), status("1/9", "Get")], [header(2), replace(9)])
    caller = Caller(talk.story)
    caller.ask(Live().package_one("1"))
    answer = caller.ask(Live().message("1", 2, [ok(), alert("1223", "3")]))
    assert statuses(answer) == [("2", "0", "SyncHdr", "200"), ("2", "3", "Alert", "200")]
    assert others(answer) == []
    assert "aborts" in caller.notes[0]


def test_several_devices_have_each_their_own_state():
    caller = Caller(Story().ordinary("1").get_session("2").exec("3").alert("4"))
    devices = [Live(f"D{number}") for number in range(5)]
    for session, expected in (("1", []), ("2", ["Get"]), ("3", ["Exec"])):
        for live in devices:
            answer = caller.ask(live.package_one(session))
            assert (others(answer), answer.header.target.uri) == (expected, live.device)
    assert caller.notes == []


def test_recorded_devices_are_met_by_id_and_else_by_turns():
    story = Story(device="ONE").get_session("1")
    story.device = "TWO"
    story.exec("1").alert("2")
    one, two = ["Get"], ["Exec"]
    caller = Caller(story)
    assert others(caller.ask(Live("TWO").package_one())) == two
    assert [others(caller.ask(Live(name).package_one())) for name in "ABCD"] == [one, one, two, one]
    caller = Caller(story)
    caller.ask(Live("A").package_one(alert=True))
    assert others(caller.ask(Live("A").package_one("2"))) == two, "who begins with the alert gets the part that has one"
    caller = Caller(story, device="TWO")
    assert [others(caller.ask(Live(name).package_one())) for name in ("ONE", "A")] == [two, two]


def chunk(number: int, ref: str, data: str, *, more: bool, size: int | None = None) -> str:
    told = f"<Meta><Size xmlns='syncml:metinf'>{size}</Size></Meta>" if size else ""
    item = (
        f"<Item><Source><LocURI>{SWV}</LocURI></Source>{told}<Data>{data}</Data>{'<MoreData/>' if more else ''}</Item>"
    )
    return f"<Results><CmdID>{number}</CmdID><MsgRef>1</MsgRef><CmdRef>{ref}</CmdRef><Cmd>Get</Cmd>{item}</Results>"


def test_a_large_object_that_was_recorded_whole():
    talk = (
        Talk()
        .open(GET)
        .say([header(), status("1/9", "Get"), results("1/9")], [header(2), messages.unenrol_exec(9, "P")])
    )
    caller = Caller(talk.story)
    live = Live()
    caller.ask(live.package_one("1"))
    first = [ok(), messages.status(2, "1", "9", "Get", "200"), chunk(3, "9", "ab", more=True, size=4)]
    answer = caller.ask(live.message("1", 2, first, final=False))
    assert statuses(answer) == [("2", "0", "SyncHdr", "200"), ("2", "3", "Results", "213")]
    assert ([each.code for each in answer.commands if each.name == "Alert"], answer.final) == (["1222"], False)
    last = [ok("2"), messages.status(2, "2", "3", "Alert", "200"), chunk(3, "9", "cd", more=False)]
    answer = caller.ask(live.message("1", 3, last))
    assert others(answer) == ["Exec"]
    assert statuses(answer) == [("3", "0", "SyncHdr", "200")]
    assert answer.header.msg_id == "3"


def test_a_large_object_that_was_recorded_in_parts():
    talk = Talk().open(GET)
    part = "<Results><CmdID>{id}</CmdID><MsgRef>1</MsgRef><CmdRef>9</CmdRef><Cmd>Get</Cmd><Item><Source><LocURI>" + SWV
    one = (
        part
        + "</LocURI></Source><Meta><Size xmlns='syncml:metinf'>2</Size></Meta><Data>a</Data><MoreData/></Item></Results>"
    )
    two = part + "</LocURI></Source><Data>b</Data></Item></Results>"
    request = talk.device(header(), status("1/9", "Get"), one, final=False)
    answer = talk.server(header(2), status("2/3", "Results", "213"), alert("1222"), final=False)
    talk.story.exchange(request, answer)
    talk.say([header(2), status("2/3", "Alert"), two], [header(3), messages.unenrol_exec(9, "P")])
    caller = Caller(talk.story)
    caller.ask(Live().package_one("1"))
    whole = [ok(), messages.status(2, "1", "9", "Get", "200"), chunk(3, "9", "ab", more=False)]
    answer = caller.ask(Live().message("1", 2, whole))
    assert others(answer) == ["Exec"]
    assert (statuses(answer), answer.final) == ([("2", "0", "SyncHdr", "200")], True)
    assert caller.notes == ["exchange 2: the device's package has fewer messages than when recorded"]
    same = Caller(talk.story).again()
    assert text_of(same.served) == text_of(same.traffic)


# -- where the device is sent -------------------------------------------------------------------------------------------


def test_a_device_is_never_sent_to_the_real_server():
    story = Story()
    request = story.package_one("1")
    body = story.answer(request).replace(
        b"</Source></SyncHdr>", b"</Source><RespURI>https://elsewhere.example/s?id=1</RespURI></SyncHdr>"
    )
    story.exchange(
        request, b"", status=307, response_headers=[["Location", "https://other.example/there"], ["Alt-Svc", "x"]]
    )
    story.exchange(request, body)
    caller = Caller(story)
    moved = caller.call(Live().package_one("1"), url=HERE)
    assert (moved.status, moved.headers) == (307, (("Location", "https://10.9.8.7:4443/there"),))
    answer = caller.ask(Live().package_one("1"), url="https://10.9.8.7:4443/there")
    assert answer.header.resp_uri == "https://10.9.8.7:4443/s?id=1"
    assert caller.notes == []


# -- what is no message -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "url", "kind", "status_", "words"),
    [
        (b"<SyncML xmlns='SYNCML:SYNCML1.2'><oops", HERE, messages.CONTENT_TYPE, 400, "cannot be read"),
        (b"", HERE, messages.CONTENT_TYPE, 400, "cannot be read"),
        (b"\x02\x9f\x53\x6a\x00", HERE, messages.WBXML_TYPE, 400, "cannot be read"),
        (b"hello", "https://10.9.8.7/", "text/plain", 404, "is no OMA DM"),
        (b"<x/>", "https://10.9.8.7/EnrollmentServer/Enrollment.svc", "application/soap+xml", 404, "enrolment request"),
        (b"0\x82\x01\x00", f"{HERE}?mode=Maintenance", "application/x-pkcs7-mime", 400, "envelope"),
    ],
)
def test_what_cannot_be_answered_is_refused(body, url, kind, status_, words):
    caller = Caller(user())
    reply = caller.call(body, url=url, headers=[("Content-Type", kind)])
    assert (reply.status, reply.by_server, reply.end) == (status_, False, End.ANSWER)
    assert words in caller.notes[0]
    assert words.encode() in reply.body


PLAYER = ServerPlayer(traffic_of(server_story()))
MESSAGE = Live().package_one("5", alert=True)


@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow])
@given(st.binary(max_size=60), st.integers(0, len(MESSAGE)), st.integers(0, 40), st.booleans())
def test_nothing_that_a_device_sends_breaks_the_player(data, place, length, wbxml):
    whole = messages.to_wbxml(MESSAGE) if wbxml else MESSAGE
    for body in (data, whole[:place] + data + whole[place + length :]):
        reply = PLAYER.answer(Request("POST", HERE, (("Content-Type", messages.CONTENT_TYPE),), body), 0.0)
        assert reply.status in (200, 400)


TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff"), max_size=12)


@settings(max_examples=100, suppress_health_check=[HealthCheck.too_slow])
@given(TEXT, TEXT, TEXT, TEXT, st.booleans())
def test_every_answer_points_at_what_was_sent(session, number, device, target, wbxml):
    """Whatever a device calls itself and its messages: the answer can be read, and goes to it."""
    body = messages.message(Sender(session, target, device), 1, messages.package_one(DeviceInfo(device or "D")))
    body = body.replace(b"<MsgID>1<", b"<MsgID>" + messages.escape(number).encode() + b"<")
    sent = read_message(messages.to_wbxml(body) if wbxml else body)
    answer = read_message(PLAYER.answer(Request("POST", HERE, (), sent.raw), 0.0).body)
    assert {each[0] or "" for each in statuses(answer)} == {sent.header.msg_id or ""}
    assert [each[1] for each in statuses(answer)] == ["0", "2", "3", "4"]
    assert (answer.header.session_id or "") == (sent.header.session_id or "")
    assert ((answer.header.target.uri if answer.header.target else "") or "") == (sent.header.source.uri or "")


def test_a_capture_without_a_session_has_nothing_to_be_played():
    story = Story()
    story.exchange(b"hello", b"there")
    player = ServerPlayer(traffic_of(story))
    assert (player.parts, player.recorded, player.unused()) == ([], 0, [])
    assert statuses(read_message(player.answer(Request("POST", HERE, (), MESSAGE), 0.0).body))


def test_a_header_cannot_bring_others_along():
    story = Story()
    forged = [["X-A", "a\r\nX-B: b"], ["X\nC", "c"], ["X-D", "d\0"], ["X-E", "größe"], ["Retry-After", "5"]]
    story.exchange(story.package_one("1"), b"no", status=503, response_headers=forged)
    reply = Caller(story).call(Live().package_one())
    assert reply.headers == (("X-E", "größe"), ("Retry-After", "5"))
    for reason, sent in (("Busy", "Busy"), ("Busy\r\nX: y", ""), ("Größe", "")):
        caller = Caller(story)
        (step,) = caller.player.parts[0].sessions[0].steps
        step.turn.exchange.response = structs.replace(step.turn.exchange.response, reason=reason)
        assert caller.call(Live().package_one()).reason == sent
