"""Where a live server departs from the recorded one by a challenge, a redirect or a RespURI."""

import pytest

from replay.compare.replayed import Outcome, Replay
from replay.lab import messages
from replay.report.replay_shapes import replay_shape
from replay.syncml import credentials
from replay.syncml.credentials import Secret
from replay.syncml.model import Status
from replay.syncml.read import read
from tests.play.live import outcomes
from tests.play.playing import LIVE, SECRET, SWV, bodies, challenge, good, is_alert, ok, played, recorded
from tests.story import Story


@pytest.mark.parametrize("kind", ["md5", "basic"])
def test_a_challenge_that_was_not_recorded_is_answered_and_told(kind):
    def server(request):
        return challenge(request, kind) if request.number == 1 else good(request)

    player, result = played(recorded(), server)
    first, again, after, _ = bodies(player)
    assert (first.header.msg_id, again.header.msg_id, after.header.msg_id) == ("1", "2", "3")
    assert first.header.session_id == again.header.session_id
    assert again.commands == first.commands
    assert credentials.verify(again.header.cred, SECRET, b"fresh") is True
    assert again.header.source.name == ("user1" if kind == "md5" else None)
    assert [each.cmd_ref for each in after.commands if isinstance(each, Status)] == ["0", "40"]
    assert not result.equal
    assert (result.sent, result.added) == (3, 1)
    assert [each.outcome for each in result.answers] == [Outcome.DIFFERS, Outcome.SAME, Outcome.SAME, Outcome.SAME]


def test_without_a_secret_a_challenge_ends_the_session():
    player, result = played(
        recorded(), lambda request: ok(request) if is_alert(request) else challenge(request), secret=None
    )
    assert len(player.played.exchanges) == 2
    assert "wants credentials" in result.left_out[0].why


def test_a_wrong_secret_is_tried_a_few_times_and_no_more():
    player, result = played(recorded(), challenge)
    assert len(player.played.exchanges) == 8  # two sessions, four times each
    assert not result.equal


def digest(nonce: bytes = b"old") -> str:
    data = credentials.md5(SECRET, nonce)
    kinds = '<Format xmlns="syncml:metinf">b64</Format><Type xmlns="syncml:metinf">syncml:auth-md5</Type>'
    return f"<Cred><Meta>{kinds}</Meta><Data>{data}</Data></Cred>"


def with_digest(body: bytes) -> bytes:
    return body.replace(b"</Source></SyncHdr>", f"<LocName>user1</LocName></Source>{digest()}</SyncHdr>".encode())


def test_the_challenge_for_a_nonce_that_nobody_can_know_is_no_difference():
    story = Story()
    request = with_digest(story.package_one("1"))
    story.exchange(request, story.answer(request, header_code="212"))

    def server(live):
        right = credentials.verify(read(live.body).header.cred, SECRET, b"fresh")
        return ok(live, header_code="212") if right else challenge(live)

    player, result = played(story, server)
    assert len(player.played.exchanges) == 2
    assert result.equal
    assert result.count(Outcome.NOT_COMPARED) == 1
    assert bodies(player)[1].header.source.name == "user1"


def test_another_user_takes_the_place_of_the_recorded_one():
    story = Story()
    request = with_digest(story.package_one("1"))
    story.exchange(request, story.answer(request, header_code="212"))
    player, _ = played(
        story, lambda live: ok(live, header_code="212"), secret=Secret("other", "x"), users={"user1": "other"}
    )
    head = bodies(player)[0].header
    assert head.source.name == "other"
    assert credentials.verify(head.cred, Secret("other", "x"), b"") is True


def recorded_challenge() -> Story:
    story = Story()
    first = story.package_one("1")
    story.exchange(first, story.answer(first, header_code="407"))
    again = with_digest(story.package_one("1", number=2))
    story.exchange(again, story.answer(again, messages.get(9, SWV), header_code="212"))
    story.go_on(
        "1",
        3,
        messages.status(2, "2", "9", "Get", "200"),
        messages.results(3, "2", "9", SWV, "10.0"),
        server_number="2",
    )
    return story


def test_a_recorded_challenge_that_does_not_come_is_told_and_the_rest_is_compared():
    def server(request):
        return ok(request, messages.get(40, SWV), header_code="212") if request.number == 1 else ok(request)

    player, result = played(recorded_challenge(), server)
    assert [each.header.msg_id for each in bodies(player)] == ["1", "2"]
    assert [each.cmd_ref for each in bodies(player)[1].commands if isinstance(each, Status)] == ["0", "40"]
    assert outcomes(result) == {1: Outcome.DIFFERS, 2: Outcome.SAME, 3: Outcome.SAME}
    assert not result.unknown
    assert not result.equal


def test_the_mac_is_made_over_the_very_bytes():
    story = Story()
    request = story.package_one("1")
    headers = [["Content-Type", messages.CONTENT_TYPE], ["x-syncml-hmac", 'algorithm=MD5, username="user1", mac=old']]
    story.exchange(request, story.answer(request), headers=headers)
    player, _ = played(story, ok)
    (live,) = player.played.exchanges
    value = credentials.parse_hmac_header(dict(live.headers)["x-syncml-hmac"])
    assert credentials.verify_mac(value, SECRET, b"", live.body) is True


@pytest.mark.parametrize("status", [302, 307, 308])
def test_a_redirect_is_followed(status):
    elsewhere = "http://127.0.0.2:9/there?x=1"

    def server(request):
        if request.number == 1:
            return status, (("Location", elsewhere),), b""
        return good(request)

    player, result = played(recorded(), server)
    urls = [each.url for each in player.played.exchanges]
    assert urls[1] == elsewhere
    assert urls[2] == (elsewhere if status == 308 else urls[0])
    assert urls[3] == urls[0]
    assert player.played.exchanges[0].body == player.played.exchanges[1].body
    assert not result.equal
    shape = replay_shape(Replay("run.jsonl", LIVE, [result], [], []))
    assert (shape.messages.recorded, shape.messages.sent, shape.messages.added) == (3, 3, 1)
    assert (shape.answers.recorded, shape.answers.same, shape.answers.different) == (3, 3, 1)


def test_the_device_is_sent_nowhere_that_it_may_not_go():
    def server(request):
        return 302, (("Location", "https://mdm.example.com/"),), b""

    player, result = played(recorded(), server, may_call=lambda url: url.startswith(LIVE))
    assert all(each.url.startswith(LIVE) for each in player.played.exchanges)
    assert any("https://mdm.example.com/" in note for note in result.notes)
    assert not result.equal


def test_resp_uri_is_followed_from_the_next_message_on():
    def server(request):
        status, headers, body = good(request)
        if request.number == 1:
            body = body.replace(
                b"</Source></SyncHdr>", b"</Source><RespURI>http://127.0.0.1:8000/next?s=1</RespURI></SyncHdr>"
            )
        return status, headers, body

    player, result = played(recorded(), server)
    urls = [each.url for each in player.played.exchanges]
    assert urls[1] == "http://127.0.0.1:8000/next?s=1"
    assert urls[2] == urls[0]
    assert outcomes(result)[1] is Outcome.DIFFERS


def test_a_recorded_resp_uri_is_not_followed():
    story = Story()
    request = story.package_one("1")
    answer = story.answer(request, messages.get(9, SWV))
    answer = answer.replace(
        b"</Source></SyncHdr>", b"</Source><RespURI>https://mdm.example.test/next?s=1</RespURI></SyncHdr>"
    )
    story.exchange(request, answer)
    story.url = "https://mdm.example.test/next?s=1"
    story.go_on("1", 2, messages.status(2, "1", "9", "Get", "404"))
    player, _ = played(story, good)
    assert {each.url for each in player.played.exchanges} == {
        f"{LIVE}/ManagementServer/MDM.svc?mode=Maintenance&Platform=WoA"
    }


def test_http_basic_credentials_are_sent_when_they_are_asked_for():
    def server(request):
        if dict(request.headers).get("Authorization") is None:
            return 401, (("WWW-Authenticate", 'Basic realm="x"'),), b""
        return good(request)

    player, _ = played(recorded(), server)
    with_them = [each for each in player.played.exchanges if "Authorization" in dict(each.headers)]
    assert {dict(each.headers)["Authorization"] for each in with_them} == {f"Basic {credentials.basic(SECRET)}"}
    assert player.played.exchanges[0].body == player.played.exchanges[1].body


@pytest.mark.parametrize(
    "place", ["http://[x", "http://127.0.0.1:99999/", "http://127.0.0.1:x/", "http://127.0.0.1:0/"]
)
def test_nobody_is_sent_to_what_is_no_url(place):
    def redirects(request):
        return (302, (("Location", place),), b"") if request.number == 1 else good(request)

    def tells(request):
        body = ok(request)[2]
        return 200, (), body.replace(b"</Source></SyncHdr>", f"</Source><RespURI>{place}</RespURI></SyncHdr>".encode())

    player, result = played(recorded(), redirects)
    assert result.notes == [f"the live server redirects the device to {place}, which is no URL: not followed"]
    assert "sends the device elsewhere" in result.left_out[0].why
    assert not result.equal
    player, result = played(Story().ordinary("1").ordinary("2"), tells)
    assert [each.url for each in player.played.exchanges] == [
        f"{LIVE}/ManagementServer/MDM.svc?mode=Maintenance&Platform=WoA"
    ] * 2
    assert set(result.notes) == {
        f"the live server sends (RespURI) the device to {place}, which is no URL: not followed"
    }
