"""What is a change, where, and what is none."""

import pytest

from replay.capture.exchange import Capture
from replay.capture.readers import read as read_any
from replay.capture.sessions import assemble
from replay.compare.compare import compare
from replay.lab import messages
from replay.normal.form import Profile
from tests.compare.stories import GUIDS, changes, diff, edited, replace, session, told, traffic
from tests.story import Story, server, user


def values(comparison):
    return [(each.expected, each.actual) for each in comparison.changes]


# -- commands ---------------------------------------------------------------------------------------------------------


def test_a_changed_type_is_one_change():
    story = user()
    found = diff(story, edited(story, "mdm.unenrollment.userrequest", "mdm.refresh"))
    assert changes(found) == [("changed", "value", "SyncBody/Alert[3]/Item/Meta/Type")]


def test_a_status_code_is_a_change_of_its_class():
    story = user()
    found = diff(story, edited(story, "<Cmd>Replace</Cmd><Data>200", "<Cmd>Replace</Cmd><Data>500", 1))
    assert changes(found) == [("changed", "status", "SyncBody/Status[4]/Data")]
    assert values(found) == [("200", "500")]


def test_a_reference_to_another_command():
    story = user()
    found = diff(story, edited(story, "<CmdRef>3</CmdRef><Cmd>Alert</Cmd>", "<CmdRef>2</CmdRef><Cmd>Alert</Cmd>", 1))
    assert changes(found) == [("changed", "reference", "SyncBody/Status[3]/CmdRef")]
    assert values(found) == [("{message 1, Alert[2]}", "{message 1, Alert[1]}")]


def test_a_reference_to_nothing():
    story = user()
    found = diff(story, edited(story, "<CmdRef>3</CmdRef><Cmd>Alert</Cmd>", "<CmdRef>99</CmdRef><Cmd>Alert</Cmd>", 1))
    assert changes(found) == [("changed", "reference", "SyncBody/Status[3]/CmdRef")]
    assert values(found) == [("{message 1, Alert[2]}", "{nothing that was sent}")]


def test_a_missing_command_is_missing_once_though_its_status_dangles():
    story = session(Story(), "1", messages.get(9, "./A"), messages.get(10, "./B"))
    story.go_on("1", 2, messages.status(2, "1", "9", "Get", "200"), messages.status(3, "1", "10", "Get", "404"))
    found = diff(story, edited(story, messages.get(9, "./A"), ""))
    assert changes(found) == [("removed", "sequence", "SyncBody/Get[1]")]
    assert values(found)[0][1] is None
    assert "./A" in values(found)[0][0]


def test_a_real_answer_without_the_command_lacks_its_status_too():
    one = session(Story(), "1", messages.get(9, "./A"), messages.get(10, "./B"))
    one.go_on("1", 2, messages.status(2, "1", "9", "Get", "200"), messages.status(3, "1", "10", "Get", "200"))
    other = session(Story(), "1", messages.get(9, "./B"))
    other.go_on("1", 2, messages.status(2, "1", "9", "Get", "200"))
    assert changes(diff(one, other)) == [
        ("removed", "sequence", "SyncBody/Get[1]"),
        ("removed", "sequence", "SyncBody/Status[2]"),
    ]


def test_a_command_of_another_name_is_one_missing_and_one_more():
    one = session(Story(), "1", messages.get(9, "./A"))
    other = session(Story(), "1", replace(9, "./A", "x"))
    assert changes(diff(one, other)) == [
        ("removed", "sequence", "SyncBody/Get"),
        ("added", "sequence", "SyncBody/Replace"),
    ]


def test_commands_within_a_group():
    inner = replace(10, "./A", "1") + replace(11, "./B", "2")
    one = session(Story(), "1", f"<Atomic><CmdID>9</CmdID>{inner}</Atomic>")
    assert changes(diff(one, edited(one, replace(11, "./B", "2"), replace(11, "./B", "3")))) == [
        ("changed", "value", "SyncBody/Atomic/Replace[2]/Item/Data")
    ]
    assert changes(diff(one, edited(one, replace(10, "./A", "1"), ""))) == [
        ("removed", "sequence", "SyncBody/Atomic/Replace[1]")
    ]
    turned = replace(11, "./B", "2") + replace(10, "./A", "1")
    assert [told(each)[0] for each in diff(one, edited(one, inner, turned)).changes] == ["moved"]


def test_a_command_that_went_into_a_group_has_moved():
    story = server()
    exec_ = messages.unenrol_exec(9, "MS DM Server")
    found = diff(story, edited(story, exec_, f"<Atomic><CmdID>8</CmdID>{exec_}</Atomic>"))
    assert sorted(changes(found)) == [
        ("added", "sequence", "SyncBody/Atomic"),
        ("moved", "structure", "SyncBody/Exec"),
    ]
    moved = next(each for each in found.changes if each.kind == "moved")
    assert moved.actual_path == "SyncBody/Atomic/Exec"


def test_another_group_is_another_command():
    inner = replace(10, "./A", "1")
    one = session(Story(), "1", f"<Atomic><CmdID>9</CmdID>{inner}</Atomic>")
    found = diff(one, edited(one, "Atomic", "Sequence"))
    assert changes(found) == [
        ("removed", "sequence", "SyncBody/Atomic"),
        ("added", "sequence", "SyncBody/Sequence"),
    ]


def test_items_are_known_by_their_uri():
    story = Story().ordinary("1")
    man = "<Item><Source><LocURI>./DevInfo/Man</LocURI></Source><Data>omadm-replay</Data></Item>"
    mod = "<Item><Source><LocURI>./DevInfo/Mod</LocURI></Source><Data>Lab device</Data></Item>"
    assert changes(diff(story, edited(story, man, ""))) == [("removed", "structure", "SyncBody/Replace/Item[2]")]
    assert changes(diff(story, edited(story, man + mod, mod + man))) in (
        [("moved", "sequence", "SyncBody/Replace/Item[2]")],
        [("moved", "sequence", "SyncBody/Replace/Item[3]")],
    )
    other = mod.replace("Lab device", "Other")
    assert changes(diff(story, edited(story, man + mod, other))) == [
        ("removed", "structure", "SyncBody/Replace/Item[2]"),
        ("changed", "value", "SyncBody/Replace/Item[3]/Data"),
    ]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("SYNCML:SYNCML1.2", "SYNCML:SYNCML1.1", ("changed", "structure", "@xmlns")),
        ('Type xmlns="syncml:metinf">com.m', 'Type xmlns="syncml:metinfo">com.m', "SyncBody/Alert[2]/Item/Meta/Type/@xmlns"),
        ("<Final/>", "", ("removed", "structure", "SyncBody/Final")),
        ("<VerProto>DM/1.2</VerProto>", "", ("removed", "structure", "SyncHdr/VerProto")),
        ("<MsgID>1</MsgID>", "<MsgID/>", ("added", "reference", "SyncHdr/MsgID")),
        ("<CmdID>3</CmdID>", "", ("added", "reference", "SyncBody/Alert[2]/CmdID")),
        (">com.microsoft/MDM", "> com.microsoft/MDM", ("changed", "value", "SyncBody/Alert[2]/Item/Meta/Type")),
        ("<Data>user</Data>", '<Data x="1">user</Data>', ("added", "value", "SyncBody/Alert[2]/Item/Data/@x")),
        ("<Data>user</Data>", "<Data><a>user</a></Data>", None),
        ("<SyncBody>", '<SyncBody><New xmlns="urn:x"/>', ("added", "structure", "SyncBody/New")),
    ],
)  # fmt: skip
def test_everything_else_that_counts(old, new, expected):
    story = Story().ordinary("1").ordinary("2")
    found = diff(story, edited(story, old, new, 1))
    assert not found.equal
    if isinstance(expected, tuple):
        assert expected in changes(found)
    elif expected:
        assert expected in [each.path for each in found.changes]


def test_final_that_is_not_last_has_moved():
    story = Story().ordinary("1")
    alert = "<Alert><CmdID>2</CmdID><Data>1201</Data></Alert>"
    text = edited(story, f"<SyncBody>{alert}", f"<SyncBody><Final/>{alert}")
    text = text.replace(b"</Replace><Final/>", b"</Replace>")
    assert changes(diff(story, text)) == [("moved", "sequence", "SyncBody/Final")]


# -- aliases ----------------------------------------------------------------------------------------------------------


def ids(*values: str) -> Story:
    """Sessions in each of which the server writes one value."""
    story = Story()
    for number, value in enumerate(values, 1):
        session(story, str(number), replace(9, "./Vendor/MSFT/Id", value), messages.get(10, f"./N{number}"))
    return story


def test_aliases_belong_together_by_their_places_and_not_by_their_numbers():
    one = ids(GUIDS[0], GUIDS[1], GUIDS[0])
    other = session(Story(), "77", replace(9, "./Vendor/MSFT/New", GUIDS[2]))
    for number, value in enumerate((GUIDS[1], GUIDS[0], GUIDS[1]), 1):
        session(other, str(number), replace(9, "./Vendor/MSFT/Id", value), messages.get(10, f"./N{number}"))
    assert changes(diff(one, other)) == [("added", "sequence", "session")]


def test_an_equality_that_holds_on_one_side_only_is_one_change():
    one, other = ids(GUIDS[0], GUIDS[0], GUIDS[0], GUIDS[0]), ids(GUIDS[0], GUIDS[1], GUIDS[0], GUIDS[0])
    found = diff(one, other)
    assert changes(found) == [("changed", "value", "SyncBody/Replace/Item/Data")]
    assert values(found)[0][0] != values(found)[0][1]
    assert changes(diff(ids(GUIDS[0], *[GUIDS[1]] * 3), ids(*[GUIDS[1]] * 4))) == [
        ("changed", "value", "SyncBody/Replace/Item/Data")
    ]


def test_a_device_id_that_is_not_the_devices():
    story = Story().ordinary("1").ordinary("2")
    text = edited(story, f"<Data>{story.device}</Data>", "<Data>SOMEBODY</Data>", 1)
    found = diff(Story(device="OTHER").ordinary("1").ordinary("2"), text)
    assert changes(found) == [("changed", "value", "SyncBody/Replace/Item[1]/Data")]


def test_an_alias_beside_a_text():
    found = diff(ids(GUIDS[0]), ids("no id"))
    assert changes(found) == [("changed", "value", "SyncBody/Replace/Item/Data")]
    assert values(found) == [("{guid 1}", "no id")]


def test_a_text_that_looks_like_an_alias_is_none():
    assert changes(diff(ids(GUIDS[0]), ids("{guid 1}"))) == [("changed", "value", "SyncBody/Replace/Item/Data")]
    assert changes(diff(ids("{guid 1}"), ids("{guid 2}"))) == [("changed", "value", "SyncBody/Replace/Item/Data")]


def test_correlation_ids_count_their_steps_and_not_their_base():
    def told_by(base: str, *steps: int, request_id: str = "R") -> Story:
        story = Story()
        kind = ["Content-Type", story.content_type]
        for number, step in enumerate(steps, 1):
            request = story.package_one(str(number))
            headers = [kind, ["MS-CV", f"{base}.0.{step}"], ["client-request-id", request_id]]
            story.exchange(request, story.answer(request), headers=headers)
        return story

    assert diff(told_by("abc", 1, 2, 3), told_by("xyz", 1, 2, 3, request_id="S")).equal
    assert changes(diff(told_by("abc", 1, 2, 3), told_by("abc", 1, 2, 4))) == [("changed", "http", "HTTP/ms-cv")]
    # one message more, and all that come after it count on from there
    assert changes(diff(told_by("abc", 1, 2, 3), told_by("abc", 1, 2, 3, 4))) == [("added", "sequence", "session")]


# -- messages ---------------------------------------------------------------------------------------------------------


def test_a_missing_response_is_one_missing_message():
    one, other = user(), Story().ordinary("1").watch(30).alert("2", response=None, failure="server-closed")
    found = diff(one, other)
    assert changes(found) == [("removed", "sequence", "SyncML")]
    assert values(found)[0][0].startswith("response (HTTP 200): Status 200 for SyncHdr")


def test_how_an_exchange_ended_counts_where_neither_was_answered():
    def ended(cause: str | None) -> Story:
        return Story().alert("2", response=None, failure=cause)

    assert diff(ended("timeout"), ended("timeout")).equal
    found = diff(ended("timeout"), ended("server-closed"))
    assert changes(found) == [("changed", "http", "HTTP/end")]
    assert changes(diff(ended(None), ended("timeout"))) == [("changed", "http", "HTTP/end")]


def test_who_made_the_answer_counts():
    request = Story().package_one("1")
    one, other = Story(), Story()
    one.exchange(request, b"busy", status=503)
    other.exchange(request, b"busy", status=503, by="proxy")
    assert changes(diff(one, other)) == [("changed", "http", "HTTP/by")]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ('"status": 200', '"status": 202', ("changed", "http", "HTTP/status")),
        ("application/vnd.syncml.dm+xml", "text/xml", ("changed", "http", "HTTP/content-type")),
        ("mode=Maintenance", "mode=Machine", ("changed", "http", "HTTP/url")),
        ('"method": "POST"', '"method": "PUT"', ("changed", "http", "HTTP/method")),
        (
            '["Content-Type",',
            '["MDM-GenericAlert", "<x>"], ["Content-Type",',
            ("added", "http", "HTTP/mdm-genericalert"),
        ),
    ],
)
def test_http(old, new, expected):
    story = Story().ordinary("1").ordinary("2")
    text = story.text().replace(old.encode(), new.encode(), 1)
    assert changes(diff(story, text)) == [expected]


@pytest.mark.parametrize("new", ["application/vnd.syncml.dm+xml; charset=utf-8", "Application/VND.syncml.dm+WBXML"])
def test_parameters_and_encoding_of_the_content_type_do_not_count(new):
    story = Story().ordinary("1")
    assert diff(story, story.text().replace(b"application/vnd.syncml.dm+xml", new.encode())).equal


def test_a_message_that_cannot_be_read():
    one, other = Story(), Story()
    request = one.package_one("1")
    one.exchange(request, one.answer(request))
    other.exchange(request, b"<SyncML")
    found = diff(one, other)
    assert changes(found) == [("changed", "structure", "SyncML")]
    assert "cannot be read" in values(found)[0][1]
    again = Story()
    again.exchange(request, b"<SyncMX")
    assert changes(diff(other, again)) == [("changed", "structure", "SyncML")]
    assert diff(other, other).equal


def test_an_empty_answer_instead_of_a_message():
    one, other = Story(), Story()
    request = one.package_one("1")
    one.exchange(request, one.answer(request))
    other.exchange(request, b"")
    assert changes(diff(one, other)) == [("removed", "sequence", "SyncML")]


def test_a_retransmission_is_a_message_more():
    one, other = Story(), Story()
    request = one.package_one("1")
    for story in (one, other):
        story.exchange(request, None, failure="timeout")
        story.wait(2)
    other.exchange(request, None, failure="timeout")
    other.wait(2)
    for story in (one, other):
        story.exchange(request, story.answer(request))
    assert changes(diff(one, other)) == [("added", "sequence", "SyncML")]
    assert changes(diff(other, one)) == [("removed", "sequence", "SyncML")]


def test_what_a_missing_message_leaves_behind_is_not_said_again():
    """The MsgIDs after it jump, the references to it dangle."""
    story = Story()
    session(story, "1", messages.get(9, "./A"))
    story.go_on("1", 2, messages.status(2, "1", "9", "Get", "200")).go_on("1", 3).go_on("1", 4)
    lines = [line for line in story.lines if line.get("id") != "2"]
    short = Story()
    short.lines = lines
    assert changes(diff(story, short)) == [("removed", "sequence", "SyncML"), ("removed", "sequence", "SyncML")]


def test_a_jump_of_msgids_without_a_missing_message_is_said():
    story = Story().get_session("1").go_on("1", 2)
    text = edited(story, "<MsgID>2</MsgID>", "<MsgID>5</MsgID>").replace(b"<MsgRef>2</MsgRef>", b"<MsgRef>5</MsgRef>")
    assert {("added", "reference", "SyncHdr/MsgID")} == set(changes(diff(story, text)))


def test_exchanges_in_another_order_have_moved():
    def told_in(order: str) -> Story:
        story = session(Story(), "1", messages.get(9, "./A"))
        for number, letter in enumerate(order, 2):
            story.go_on("1", number, messages.results(5, "1", "9", f"./{letter}", letter))
        return story

    found = diff(told_in("ABCDE"), told_in("BCDEA"))
    assert changes(found) == [("moved", "sequence", "SyncML")]
    assert values(found) == [("exchange 2", "exchange 6")]


# -- sessions ---------------------------------------------------------------------------------------------------------


def test_a_session_that_does_not_begin_with_message_1():
    story = Story().ordinary("1").get_session("2")
    other = Story().ordinary("1")
    request = other.package_one("2", number=4)
    other.exchange(
        request, other.answer(request, messages.get(9, "./DevDetail/SwV")).replace(b"<MsgID>4<", b"<MsgID>1<")
    )
    found = diff(story, other)
    assert ("changed", "sequence", "SyncHdr/MsgID") in changes(found)


def test_sessions_are_paired_by_role_and_content():
    one = Story().ordinary("1").exec("2").alert("3")
    other = Story().ordinary("1").ordinary("2").get_session("3").exec("4").alert("5", "2")
    assert changes(diff(one, other)) == [
        ("added", "sequence", "session"),
        ("added", "sequence", "session"),
        ("changed", "value", "SyncBody/Alert[3]/Item/Data"),
    ]


def test_a_session_that_stands_elsewhere_has_moved():
    one = Story().get_session("1").ordinary("2").ordinary("3").alert("4")
    other = Story().ordinary("1").ordinary("2").get_session("3").alert("4")
    found = diff(one, other)
    assert changes(found) == [("moved", "sequence", "session")]
    assert values(found) == [("session 1", "session 3")]


def test_an_old_session_that_goes_on_after_the_alert():
    one, other = Story(), Story()
    one.get_session("1").go_on("1", 2).alert("2")
    other.get_session("1").alert("2").go_on("1", 2)
    assert changes(diff(one, other)) == [("moved", "sequence", "SyncML")]


def test_an_answer_that_came_after_a_later_request():
    def late(is_late: bool) -> Story:
        story = Story()
        request = story.package_one("1")
        answer = story.answer(request, messages.unenrol_exec(9, "P"))
        if not is_late:
            story.exchange(request, answer)
            return story.alert("2")
        story.exchange(request, None)
        story.alert("2")
        kind = [["Content-Type", messages.CONTENT_TYPE]]
        story.line("response", id="1", status=200, headers=kind, body={"text": answer.decode()}, by="server")
        return story

    found = diff(late(False), late(True))
    assert changes(found) == [("added", "sequence", "HTTP/order")]
    assert values(found) == [(None, "after the request of session 2")]
    assert diff(late(True), late(True)).equal


def test_devices_are_told_apart_by_what_they_do_where_they_are_called_otherwise():
    one, other = Story(device="A"), Story(device="X")
    one.ordinary("1")
    one.device = "B"
    one.get_session("1")
    other.get_session("1")
    other.device = "Y"
    other.ordinary("1")
    assert diff(one, other).equal


def test_names_that_were_exchanged_make_no_difference():
    one, other = Story(device="A"), Story(device="B")
    one.ordinary("1")
    one.device = "B"
    one.get_session("1").ordinary("2")
    other.ordinary("1")
    other.device = "A"
    other.get_session("1").ordinary("2")
    assert diff(one, other).equal


def test_a_device_that_is_missing():
    one = Story(device="A").ordinary("1").ordinary("2")
    one.device = "B"
    one.get_session("1")
    assert changes(diff(one, Story(device="A").ordinary("1").ordinary("2"))) == [("removed", "sequence", "session")]


def test_enrolments_of_one_device_have_an_order():
    def lives(first: str, second: str) -> Story:
        story = Story()
        for number, what in enumerate((first, second)):
            if number:
                enrol(story)
            story.get_session("1") if what == "get" else story.ordinary("1")
        return story

    assert not diff(lives("get", "ordinary"), lives("ordinary", "get")).equal


def enrol(story: Story) -> None:
    body = f'<ContextItem Name="DeviceID"><Value>{story.device}</Value></ContextItem>'.encode()
    url = "https://mdm.example.test/EnrollmentServer/DeviceEnrollmentWebService.svc"
    story.exchange(body, b"<ok/>", url=url, headers=[["Content-Type", "application/soap+xml"]], response_headers=[])


def test_an_enrolment_request_is_one_change_and_where_it_stands_counts():
    plain, early, late = Story().ordinary("1"), Story().ordinary("1"), Story().ordinary("1")
    enrol(early)
    for story in (plain, early, late):
        story.ordinary("2")
    enrol(late)
    for story in (plain, early, late):
        story.ordinary("3")
    assert changes(diff(plain, early)) == [("added", "sequence", "SyncML")]
    assert not diff(early, late).equal


# -- what is in no session, and formats that carry less -------------------------------------------------------------


def test_what_belongs_to_no_session_counts():
    one, other = Story().ordinary("1"), Story().ordinary("1")
    one.exchange(b"<SyncML><a", b"")
    other.exchange(b"<SyncML><b", b"")
    assert changes(diff(one, other)) == [("changed", "structure", "SyncML")]
    assert changes(diff(Story().ordinary("1"), other)) == [("added", "sequence", "SyncML")]
    cut = other.text()[:-40]
    assert ("added", "sequence", "capture") in changes(diff(other, cut))


def test_traffic_that_is_not_oma_dm_takes_no_part():
    story = Story().ordinary("1")
    other = Story().ordinary("1")
    other.exchange(
        None, b"<html/>", url="https://elsewhere/", headers=[], response_headers=[["Content-Type", "text/html"]]
    )
    assert diff(story, other).equal


def test_what_a_format_does_not_carry_is_no_difference(tmp_path):
    story = Story().get_session("1")
    story.exchange(story.to_server("1", 2, [messages.status(1, "1", "0", "SyncHdr", "200")]), b"")
    for number, line in enumerate(story.lines[1:]):
        side = "request" if line["type"] == "request" else "response"
        if line["body"].get("text"):
            (tmp_path / f"{number // 2:02}_{side}.xml").write_text(line["body"]["text"])
    folder = assemble(read_any(str(tmp_path)))
    found = compare(folder, traffic(story))
    assert changes(found) == []
    assert found.apart == ("EXPECTED carries no HTTP: URLs, headers and status were not compared",)
    assert compare(traffic(story), folder).apart[0].startswith("ACTUAL")


def test_what_names_the_machine_counts_unless_it_is_said_not_to():
    one, other = Story().ordinary("1"), Story().ordinary("1")
    text = edited(other, "Lab device", "Other model")
    assert changes(diff(one, text)) == [("changed", "value", "SyncBody/Replace/Item[3]/Data")]
    assert diff(one, text, profile=Profile(other_machines=True)).equal


def test_gaps_in_time_on_request_only():
    one, other = Story().ordinary("1"), Story().ordinary("1")
    one.watch(30).ordinary("2").watch(60).ordinary("3")
    other.watch(90).ordinary("2").watch(62).ordinary("3")
    assert diff(one, other).equal
    found = diff(one, other, timing=True)
    assert changes(found) == [("changed", "timing", "HTTP/gap")]
    assert values(found) == [("30.0 s", "90.0 s")]
    slow = Story()
    request = slow.package_one("1")
    slow.exchange(request, slow.answer(request), takes=9.0)
    assert changes(diff(Story().ordinary("1"), slow, timing=True)) == [("changed", "timing", "HTTP/duration")]


def test_a_message_more_changes_no_gap():
    one = Story().ordinary("1").watch(60).alert("3")
    other = Story().ordinary("1").watch(30).get_session("2").watch(30).alert("3")
    assert changes(diff(one, other, timing=True)) == [("added", "sequence", "session")]


def test_noise_is_asked_about_every_change():
    seen = []

    def noise(change):
        seen.append((change.side, change.role, change.path))
        return change.side != "request"

    found = diff(user(), Story().ordinary("1").watch(30).alert("2", "2", response=None), noise=noise)
    assert seen == [("request", "alert", "SyncBody/Alert[3]/Item/Data"), ("response", "alert", "SyncML")]
    assert (found.ignored, changes(found)) == (1, [("removed", "sequence", "SyncML")])


# -- the real ones ----------------------------------------------------------------------------------------------------


def test_the_xml_and_the_wbxml_half_of_the_real_peers_are_the_same(shared_data):
    for name in ("normal", "unenroll"):
        whole = read_any(str(shared_data / "peers" / f"client-{name}-xml-then-wbxml.mitm"))
        halves = [Capture(path="x", format="x", exchanges=part) for part in (whole.exchanges[:2], whole.exchanges[2:])]
        assert changes(compare(*(assemble(half) for half in halves))) == []


def test_the_real_peers_differ_by_the_alert_and_its_status(shared_data):
    paths = [str(shared_data / "peers" / f"client-{name}-xml-then-wbxml.mitm") for name in ("normal", "unenroll")]
    found = compare(*(assemble(read_any(path)) for path in paths))
    assert changes(found) == 2 * [
        ("added", "sequence", "SyncBody/Alert[1]"),
        ("added", "sequence", "SyncBody/Status[2]"),
    ]
