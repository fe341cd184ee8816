"""What came of a played device, exchange by exchange."""

import pytest

from replay.capture.exchange import Exchange, Failure, Response
from replay.capture.readers import read
from replay.capture.sessions import assemble
from replay.compare.replayed import Outcome
from replay.lab.messages import to_wbxml
from replay.play.device import DevicePlayer
from replay.play.outcome import Outcomes, _presence
from replay.play.renew import Addresses
from replay.play.requests import Settings
from replay.play.script import outside, scripts
from tests.play.caller import traffic_of
from tests.play.live import converse, outcomes
from tests.story import Story, user

LIVE = "http://127.0.0.1:8000"
ANSWER = Response(200, 1.0, body=b"")


def ended(cause: str | None, response: Response | None = None) -> Exchange:
    failure = None if cause is None else Failure(cause, 1.0)
    return Exchange(1, "1", 0.0, body=b"x", response=response, failure=failure)


@pytest.mark.parametrize(
    ("recorded", "live", "outcome"),
    [
        (ended(None, ANSWER), ended(None, ANSWER), Outcome.SAME),
        (ended(None, ANSWER), ended("timeout"), Outcome.MISSING),
        (ended(None, ANSWER), ended("connect-failed"), Outcome.MISSING),
        (ended("server-closed"), ended("server-closed"), Outcome.SILENT),
        (ended("server-closed"), ended("timeout"), Outcome.SILENT),
        (ended("server-closed"), ended("tls-failed"), Outcome.UNDELIVERED),
        (ended("server-closed"), ended(None, ANSWER), Outcome.NEW),
        (ended("client-closed"), ended(None, ANSWER), Outcome.NOT_COMPARED),
        (ended("proxy-stopped"), ended(None, ANSWER), Outcome.NOT_COMPARED),
        (ended(None), ended(None, ANSWER), Outcome.NOT_COMPARED),
        (ended(None, Response(502, 1.0, by="proxy")), ended(None, ANSWER), Outcome.NOT_COMPARED),
    ],
)
def test_whether_an_answer_came_where_there_was_one(recorded, live, outcome):
    assert _presence(recorded, live)[0] is outcome


def result(story: Story, answer, *, path: str = ""):
    traffic = traffic_of(story)
    (script,) = scripts(traffic)
    player = DevicePlayer(script, Settings(Addresses(LIVE + path, script.addresses)))
    converse(player, answer)
    return Outcomes(traffic, path or None).of("live", script, player.played)


def good(request, **more):
    body = Story(url=f"{LIVE}/ManagementServer/MDM.svc").answer(request.body, **more)
    return 200, (("Content-Type", "application/vnd.syncml.dm+xml"),), body


def test_equal_is_equal_and_everything_is_counted():
    found = result(user(), good)
    assert found.equal
    assert (found.recorded, found.sent, found.added) == (2, 2, 0)
    assert outcomes(found) == {1: Outcome.SAME, 2: Outcome.SAME}
    assert [each.role for each in found.answers] == ["ordinary", "alert"]


def test_another_code_differs_and_names_the_place():
    found = result(user(), lambda request: good(request, code="406" if request.number == 2 else "200"))
    assert not found.equal
    assert outcomes(found) == {1: Outcome.SAME, 2: Outcome.DIFFERS}
    assert {(each.expected, each.actual) for each in found.answers[1].changes} == {("200", "406")}


def test_another_status_of_http_differs():
    found = result(user(), lambda request: (500, (), b"") if request.number == 2 else good(request))
    assert outcomes(found) == {1: Outcome.SAME, 2: Outcome.DIFFERS}


def told(url: str) -> str:
    item = f"<Item><Target><LocURI>./X</LocURI></Target><Data>{url}</Data></Item>"
    return f"<Replace><CmdID>9</CmdID>{item}</Replace>"


@pytest.mark.parametrize(
    ("path", "url", "equal"),
    [
        ("", f"{LIVE}/ManagementServer/MDM.svc", True),
        ("", "https://mdm.example.test/ManagementServer/MDM.svc", True),
        ("", f"{LIVE}/third", False),
        ("", "https://another.test/ManagementServer/MDM.svc", False),
        ("", "http://[", False),
        ("/other", f"{LIVE}/other", True),
        ("/other", f"{LIVE}/third", False),
    ],
)
@pytest.mark.parametrize("wbxml", [False, True])
def test_the_servers_own_address_is_no_difference_wherever_it_stands(path, url, equal, wbxml):
    story = Story()
    request = story.package_one("1")
    story.exchange(request, story.answer(request, told("https://mdm.example.test/ManagementServer/MDM.svc")))

    def answer(request):
        body = Story(url=f"{LIVE}{path or '/ManagementServer/MDM.svc'}").answer(request.body, told(url))
        kind = "application/vnd.syncml.dm+wbxml" if wbxml else "application/vnd.syncml.dm+xml"
        return 200, (("Content-Type", kind),), to_wbxml(body) if wbxml else body

    found = result(story, answer, path=path)
    assert found.equal is equal, found.answers[0].changes


def test_a_capture_without_urls_knows_the_server_by_the_messages_target(tmp_path):
    story = Story()
    request = story.package_one("1")
    (tmp_path / "01_request.xml").write_bytes(request)
    (tmp_path / "01_response.xml").write_bytes(story.answer(request, told("https://mdm.example.test/x")))
    traffic = assemble(read(str(tmp_path)))
    (script,) = scripts(traffic)
    player = DevicePlayer(script, Settings(Addresses(LIVE, script.addresses)))
    there = Story(url=f"{LIVE}/ManagementServer/MDM.svc")
    converse(player, lambda request: (200, (), there.answer(request.body, told(f"{LIVE}/x"))))
    found = Outcomes(traffic).of("live", script, player.played)
    assert found.equal, found.answers[0].changes


def test_a_message_that_cannot_be_read_changes_nothing_for_the_others():
    story = user()
    story.exchange(story.to_server("2", 2, []).replace(b"</SyncBody>", b""), b"")
    traffic = traffic_of(story)
    (script,) = scripts(traffic)
    player = DevicePlayer(script, Settings(Addresses(LIVE, script.addresses)))
    converse(player, good)
    found = Outcomes(traffic).of("live", script, player.played)
    assert outcomes(found) == {1: Outcome.SAME, 2: Outcome.SAME}
    assert [each.exchange for each in outside(traffic)] == [3], "it belongs to no session, and so to no device"


def test_devices_of_one_recording_share_what_was_made_ready():
    traffic = traffic_of(user())
    (script,) = scripts(traffic)
    shared = Outcomes(traffic)
    for code, equal in (("200", True), ("406", False), ("200", True)):
        player = DevicePlayer(script, Settings(Addresses(LIVE, script.addresses)))
        converse(player, lambda request, code=code: good(request, code=code))
        assert shared.of("live", script, player.played).equal is equal
