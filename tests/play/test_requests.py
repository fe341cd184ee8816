"""The requests of a played device: where they go, and with which headers."""

import pytest

from replay.capture.exchange import header
from replay.play.device import DevicePlayer
from replay.play.renew import Addresses
from replay.play.requests import Maker, SessionState, Settings
from replay.play.script import scripts
from replay.syncml.read import read
from tests.play.caller import traffic_of
from tests.play.live import converse
from tests.play.test_script import asynchronous
from tests.story import Story

LIVE = "http://127.0.0.1:8000"
AT_HOME = f"{LIVE}/ManagementServer/MDM.svc?mode=Maintenance&Platform=WoA"


def made(story: Story, number: int = 1, **more):
    """The request for one of a story's messages, before anything was heard."""
    (script,) = scripts(traffic_of(story))
    step = next(each for each in script.steps if each.number == number)
    state = SessionState(step.session, "4711", **more.pop("state", {}))
    return Maker(Settings(Addresses(LIVE, script.addresses), **more)).request(step, state)


def told(headers: list[list[str]], **more) -> dict[str, str]:
    story = Story()
    story.exchange(story.package_one("1"), b"", headers=headers)
    return dict(made(story, **more).headers)


def test_a_message_is_the_recorded_one_but_for_session_and_server():
    story = Story().ordinary("1")
    wanted = story.package_one("1").replace(b">1</SessionID>", b">4711</SessionID>")
    assert made(story).body == wanted.replace(b"https://mdm.example.test", LIVE.encode())


def test_headers_in_their_order_and_spelling():
    given = [
        ["HOST", "mdm.example.test"], ["x-A", "1"], ["Connection", "close"], ["content-length", "5"], ["X-a", "2"],
        ["Content-Type", "application/vnd.syncml.dm+xml; charset=utf-8"], ["Transfer-Encoding", "chunked"],
    ]  # fmt: skip
    story = Story()
    story.exchange(story.package_one("1"), b"", headers=given)
    request = made(story)
    assert request.headers == (
        ("HOST", "127.0.0.1:8000"), ("x-A", "1"), ("content-length", str(len(request.body))), ("X-a", "2"),
        ("Content-Type", "application/vnd.syncml.dm+xml; charset=utf-8"),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("recorded", "sent"),
    [
        ("application/vnd.syncml.dm+xml; charset=utf-8", "application/vnd.syncml.dm+wbxml; charset=utf-8"),
        ("Application/Vnd.Syncml.Dm+XML", "Application/Vnd.Syncml.Dm+wbxml"),
        ("text/plain", "text/plain"),
    ],
)
def test_the_content_type_names_the_encoding_that_is_sent(recorded, sent):
    assert told([["Content-Type", recorded]], form="wbxml")["Content-Type"] == sent


def test_only_codings_that_can_be_undone_are_accepted():
    assert told([["Accept-Encoding", "br, gzip;q=1, zstd"]])["Accept-Encoding"] == "gzip;q=1"
    assert told([["Accept-Encoding", "br"]])["Accept-Encoding"] == "identity"


def test_without_recorded_headers_those_that_are_needed_are_made():
    found = told([])
    assert list(found) == ["Host", "Content-Type", "Content-Length"]


@pytest.mark.parametrize(
    ("state", "to"),
    [
        ({}, AT_HOME),
        ({"url": "http://127.0.0.2/there"}, "http://127.0.0.2/there"),
        ({"url": "http://127.0.0.2/there", "once": "http://127.0.0.3/"}, "http://127.0.0.3/"),
        ({"url": "http://127.0.0.2/there", "places": {Story().url: "http://127.0.0.4/"}}, "http://127.0.0.4/"),
        ({"places": {"https://another.test/": "http://127.0.0.4/"}}, AT_HOME),
    ],
)  # fmt: skip
def test_where_a_request_goes(state, to):
    assert made(Story().ordinary("1"), state=state).url == to


@pytest.mark.parametrize("status", [302, 307, 308])
@pytest.mark.parametrize("stays", [True, False])
def test_a_device_stays_where_a_redirect_led_it_if_it_did_so_when_recorded(status, stays):
    """RFC 9110 has 302 and 307 hold for one message; what the recorded device did is what is played."""
    story, there = Story(), "https://other.example.test/omadm"
    request = story.package_one("1")
    story.exchange(request, b"", status=status, response_headers=[["Location", there]])
    here, story.url = story.url, there
    story.exchange(request, story.answer(request))
    story.url = there if stays else here
    story.go_on("1", 2)
    (script,) = scripts(traffic_of(story))
    player = DevicePlayer(script, Settings(Addresses(LIVE, {here})))
    live = "http://127.0.0.1:8001/elsewhere"

    def answer(request):
        if request.number == 1:
            return status, (("Location", live),), b""
        return 200, (("Content-Type", "application/vnd.syncml.dm+xml"),), story.answer(request.body)

    converse(player, answer)
    last = live if stays or status == 308 else AT_HOME
    assert [each.url for each in player.played.exchanges] == [AT_HOME, live, last]


@pytest.mark.parametrize("sends", [True, False])
def test_an_asynchronous_alert_names_the_live_correlator_and_needs_its_exec(sends):
    story = asynchronous()
    (script,) = scripts(traffic_of(story))
    player = DevicePlayer(script, Settings(Addresses(LIVE, script.addresses)))

    def answer(request):
        body = story.answer(request.body)
        if request.number == 1 and sends:
            recorded = request.step.turn.response.raw
            body = recorded.replace(b"<Correlator>ABC<", b"<Correlator>LIVE<")
        return 200, (("Content-Type", "application/vnd.syncml.dm+xml"),), body

    converse(player, answer)
    last = read(player.played.exchanges[-1].body)
    assert [each.correlator for each in last.commands if each.name == "Alert"][2:] == (["LIVE"] if sends else [])
    left = [("Alert", "Exec ./Vendor/MSFT/Run")]
    assert [(each.answer, each.command) for each in player.played.unused if each.answer == "Alert"] == (
        [] if sends else left
    )


def test_statuses_alone_are_a_whole_message():
    story = Story().ordinary("1")
    (script,) = scripts(traffic_of(story))
    player = DevicePlayer(script, Settings(Addresses(LIVE, script.addresses), unknown="405"))
    get = "<Get><CmdID>7</CmdID><Item><Target><LocURI>./X</LocURI></Target></Item></Get>"

    def answer(request):
        return 200, (), story.answer(request.body, *([get] if request.number == 1 else []))

    converse(player, answer)
    added = read(player.played.exchanges[-1].body)
    assert [(each.cmd, each.cmd_ref, each.code) for each in added.commands] == [
        ("SyncHdr", "0", "200"), ("Get", "7", "405"),
    ]  # fmt: skip
    assert (added.header.msg_id, added.final) == ("2", True)
    assert header(player.played.exchanges[-1].headers, "content-type") == "application/vnd.syncml.dm+xml"
