"""What is a change, where, and what is none."""

import pytest

from replay.capture.exchange import Capture
from replay.capture.readers import read as read_any
from replay.capture.sessions import assemble
from replay.compare.compare import compare, compare_views
from replay.compare.views import view
from replay.lab import messages
from replay.normal.form import Profile
from tests.compare.stories import changes, diff, edited, traffic, values
from tests.story import DEVICE, Story, user


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
    assert compare_views(view(traffic(one)), view(traffic(other))).equal
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


@pytest.mark.parametrize("name", ["<LocURI></LocURI>", ""])
def test_a_device_without_a_name_is_not_one_with_a_name(name):
    nameless = edited(user(), f"<LocURI>{DEVICE}</LocURI>", name)
    assert not diff(user(), nameless).equal
    assert not diff(nameless, user()).equal
