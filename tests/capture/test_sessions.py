import io

from replay.capture.journal_reader import read
from replay.capture.sessions import assemble
from replay.capture.turns import host_of, server_of
from tests.story import Story

OTHER = "FEDCBA9876543210FEDCBA9876543210"


def sessions(story: Story) -> list[list[int]]:
    traffic = assemble(read(io.BytesIO(story.text()), "x"))
    return [[turn.number for turn in session.turns] for session in traffic.sessions]


def test_a_session_goes_on_with_its_numbers():
    assert sessions(Story().get_session("1").go_on("1", 2).go_on("1", 3)) == [[1, 2, 3]]


def test_a_session_id_used_again_is_another_session():
    assert sessions(Story().get_session("1").go_on("1", 2).watch(5).get_session("1").go_on("1", 2)) == [[1, 2], [3, 4]]


def test_interleaved_sessions_are_told_apart():
    assert sessions(Story().get_session("1").get_session("2").go_on("1", 2).go_on("2", 2)) == [[1, 3], [2, 4]]


def test_two_devices_with_the_same_session_id():
    story = Story().get_session("1")
    story.device = OTHER
    story.get_session("1")
    story.device = Story().device
    assert sessions(story.go_on("1", 2)) == [[1, 3], [2]]


def test_a_retransmission_belongs_to_its_session():
    story = Story()
    request = story.package_one("1")
    story.exchange(request, None, failure="timeout")
    story.wait(50).exchange(request, None, failure="timeout")
    story.wait(50).exchange(request, story.answer(request))
    assert sessions(story) == [[1, 2, 3]]


def test_an_identical_message_that_comes_late_opens_another():
    story = Story()
    request = story.package_one("1")
    story.exchange(request, None, failure="timeout")
    story.wait(61).exchange(request, story.answer(request))
    assert sessions(story) == [[1], [2]]


def test_an_identical_message_after_an_answer_opens_another():
    story = Story()
    request = story.package_one("1")
    story.exchange(request, story.answer(request))
    story.exchange(request, story.answer(request))
    assert sessions(story) == [[1], [2]]


def test_another_message_one_opens_another():
    story = Story()
    story.exchange(story.package_one("1"), None, failure="timeout")
    story.exchange(story.package_one("1", alert="<Alert><CmdID>9</CmdID><Data>1224</Data></Alert>"), b"")
    assert sessions(story) == [[1], [2]]


def test_the_query_does_not_count():
    story = Story().get_session("1")
    story.url = story.url.split("?")[0] + "?mode=Machine&Platform=WoA"
    assert sessions(story.go_on("1", 2)) == [[1, 2]]


def test_a_redirect_starts_no_other_session():
    story = Story()
    request = story.package_one("1")
    story.exchange(request, b"", status=307, response_headers=[["Location", "https://two.example.test/mdm"]])
    story.url = "https://two.example.test/mdm"
    story.exchange(request, story.answer(request))
    traffic = assemble(read(io.BytesIO(story.go_on("1", 2).text()), "x"))
    assert [[turn.number for turn in s.turns] for s in traffic.sessions] == [[1, 2, 3]]
    assert [e.server for e in traffic.enrolments] == ["https://mdm.example.test/ManagementServer/MDM.svc"]


def test_a_resp_uri_starts_no_other_session():
    story = Story()
    request = story.package_one("1")
    answer = story.answer(request).replace(
        b"</SyncHdr>", b"<RespURI>https://two.example.test/mdm?s=1</RespURI></SyncHdr>"
    )
    story.exchange(request, answer)
    story.url = "https://two.example.test/mdm?s=1"
    assert sessions(story.go_on("1", 2)) == [[1, 2]]


def test_a_capture_that_begins_in_the_middle():
    traffic = assemble(read(io.BytesIO(Story().go_on("1", 2).go_on("1", 3).text()), "x"))
    assert [len(session.turns) for session in traffic.sessions] == [2]
    assert not traffic.sessions[0].from_start


def test_the_same_path_on_another_port_is_another_enrolment():
    story = Story().ordinary("1")
    story.url = story.url.replace("example.test", "example.test:444")
    traffic = assemble(read(io.BytesIO(story.ordinary("2").text()), "x"))
    assert len(traffic.enrolments) == 2


def test_roles():
    traffic = assemble(read(io.BytesIO(Story().ordinary("1").exec("2").alert("3").text()), "x"))
    assert [session.roles for session in traffic.sessions] == [["ordinary"], ["exec"], ["alert"]]


def test_servers_and_hosts():
    assert server_of("HTTPS://Mdm.Test:8443/A/b?c#d") == "https://mdm.test:8443/A/b"
    assert server_of("https://mdm.test:443/a") == server_of("https://mdm.test/a") == "https://mdm.test/a"
    assert server_of("http://[::1]:80/a") == "http://[::1]/a"
    assert host_of("https://mdm.test/A") == host_of("https://MDM.test:443/b?x=/") == "https://mdm.test:443"
    assert host_of("http://[::1]/a") == "http://[::1]:80"


def test_a_copy_sent_before_the_late_answer_is_a_retransmission():
    story = Story()
    request = story.package_one("1")
    story.exchange(request, None)
    story.wait(10).exchange(request, story.answer(request))
    story.line("response", id="1", status=200, reason="", http="", headers=[], body=None, by="server")
    assert sessions(story) == [[1, 2]]


def test_an_answer_is_read_though_its_request_cannot_be():
    story = Story()
    request = story.package_one("1")
    story.exchange(b"<SyncML", story.answer(request))
    assert sessions(story.go_on("1", 2)) == [[1, 2]]


def test_syncml_under_an_enrolment_path_is_syncml():
    story = Story()
    story.url = "https://mdm.example.test/EnrollmentServer/mdm"
    assert sessions(story.ordinary("1")) == [[1]]
