"""A live server that does something else than the recorded one: what the played device does then, and what is said of it."""

import base64
import io

import pytest

from replay.capture.journal_reader import read as read_journal
from replay.capture.sessions import assemble
from replay.compare.replayed import Outcome
from replay.lab import messages
from replay.lab.messages import Sender
from replay.play.device import DevicePlayer
from replay.play.renew import Addresses
from replay.play.requests import Settings
from replay.play.script import scripts
from replay.syncml import credentials
from replay.syncml.credentials import Secret
from replay.syncml.model import Results, Status
from replay.syncml.read import read
from tests.play.live import converse, outcome, outcomes
from tests.story import Story

LIVE = "http://127.0.0.1:8000"
SWV, OTHER = "./DevDetail/SwV", "./DevDetail/Ext/Microsoft/OSPlatform"
SECRET = Secret("user1", "p:w")


def answered(session: str, number: int, *commands: str) -> list[str]:
    return [messages.status(1, str(number), "0", "SyncHdr", "200"), *commands]


def recorded(*, alert: bool = True) -> Story:
    """A session in which a Get is answered, then the alert."""
    story = Story()
    story.get_session("1")
    commands = [messages.status(2, "1", "9", "Get", "200"), messages.results(3, "1", "9", SWV, "10.0")]
    story.go_on("1", 2, *commands)
    if alert:
        story.alert("2")
    return story


def traffic_of(story: Story):
    return assemble(read_journal(io.BytesIO(story.text()), "story.jsonl"))


def played(story: Story, server, **more):
    """The player and the result of a story's device."""
    traffic = traffic_of(story)
    (script,) = scripts(traffic)
    chosen = Settings(Addresses(LIVE + more.pop("path", ""), script.addresses), **{"secret": SECRET, **more})
    player = DevicePlayer(script, chosen)
    converse(player, server)
    return player, outcome(traffic, script, player.played, chosen.addresses._path)


def reply(request, *commands: str, code: str = "200", header_code: str = "200", number: int | None = None) -> bytes:
    """What a good server answers, with commands of its own."""
    received = read(request.body)
    head = received.header
    sender = Sender(head.session_id, head.source.uri, head.target.uri)
    owed = messages.answers(received, code=code, header_code=header_code)
    return messages.message(sender, number or int(head.msg_id), [*owed, *commands])


def ok(request, *commands: str, **more):
    return 200, (("Content-Type", messages.CONTENT_TYPE),), reply(request, *commands, **more)


def is_alert(request) -> bool:
    return request.step.alert


def good(request):
    """The server of `recorded`, with a CmdID of its own."""
    return ok(request, messages.get(40, SWV)) if request.step.number == 1 else ok(request)


def challenge(request, kind: str = "md5", nonce: bytes = b"fresh"):
    received = read(request.body)
    meta = f'<Meta><Format xmlns="syncml:metinf">b64</Format><Type xmlns="syncml:metinf">syncml:auth-{kind}</Type>'
    meta += f'<NextNonce xmlns="syncml:metinf">{base64.b64encode(nonce).decode()}</NextNonce></Meta>'
    status = messages.status(1, received.header.msg_id, "0", "SyncHdr", "407")
    status = status.replace("</Cmd>", f"</Cmd><Chal>{meta}</Chal>")
    sender = Sender(received.header.session_id, received.header.source.uri, received.header.target.uri)
    return (
        200,
        (("Content-Type", messages.CONTENT_TYPE),),
        messages.message(sender, int(received.header.msg_id), [status]),
    )


def bodies(player) -> list:
    return [read(each.body) for each in player.played.exchanges]


def test_a_good_server_is_equal():
    player, result = played(recorded(), good)
    assert result.equal
    assert (result.recorded, result.sent, result.added) == (3, 3, 0)
    status = bodies(player)[1].commands[1]
    assert (status.cmd_ref, status.cmd) == ("40", "Get")


# -- commands that nothing was recorded for ------------------------------------------------------------------------------


def test_an_unknown_command_gets_its_status_in_its_place_and_is_told_with_the_nearest():
    def server(request):
        if request.step.number != 1:
            return ok(request)
        return ok(request, messages.get(31, OTHER), messages.get(30, SWV), messages.get(32, "./Vendor/MSFT/X"))

    player, result = played(recorded(), server, unknown="405")
    commands = bodies(player)[1].commands
    assert [(each.cmd_ref, each.code) for each in commands if isinstance(each, Status)] == [
        ("0", "200"), ("31", "405"), ("30", "200"), ("32", "405"),
    ]  # fmt: skip
    assert [each.name for each in commands] == ["Status", "Status", "Status", "Results", "Status"]
    assert len({each.cmd_id for each in commands}) == 5
    assert not result.equal
    assert [(each.command, each.status, each.nearest) for each in result.unknown] == [
        (f"Get {OTHER}", "405", f"Get {SWV}"),
        ("Get ./Vendor/MSFT/X", "405", f"Get {SWV}"),
    ]
    assert result.unknown[0].nearest_exchange == 1
    assert outcomes(result) == {1: Outcome.DIFFERS, 2: Outcome.SAME, 3: Outcome.SAME}


def test_stop_stops_there():
    def server(request):
        return ok(request, messages.get(31, OTHER)) if request.step.number == 1 else ok(request)

    player, result = played(recorded(), server, unknown=None)
    assert len(player.played.exchanges) == 1
    assert f"Get {OTHER}" in result.stopped
    assert not result.equal
    assert outcomes(result) == {1: Outcome.DIFFERS, 2: Outcome.MISSING, 3: Outcome.MISSING}


def test_commands_in_the_last_answer_get_a_message_of_their_own():
    def server(request):
        return (
            ok(request, messages.get(31, OTHER))
            if request.number == 2
            else good(request)
            if request.number == 1
            else ok(request)
        )

    player, result = played(recorded(alert=False), server)
    last = bodies(player)[2]
    assert (last.header.msg_id, last.final) == ("3", True)
    assert [(each.name, each.msg_ref, each.cmd_ref, each.code) for each in last.commands] == [
        ("Status", "2", "0", "200"), ("Status", "2", "31", "404"),
    ]  # fmt: skip
    assert (result.sent, result.added) == (2, 1)
    assert [each.status for each in result.unknown] == ["404"]
    assert not result.equal


def test_a_server_that_never_ends_is_left_after_some_time():
    def server(request):
        if request.number == 1:
            return good(request)
        return ok(request, messages.get(31, OTHER))

    player, result = played(recorded(alert=False), server)
    assert len(player.played.exchanges) == 22
    assert any("not answered" in note for note in result.notes)


def test_after_the_alert_nothing_is_answered_and_nothing_is_sent_again():
    def server(request):
        return ok(request, messages.get(31, OTHER)) if is_alert(request) else good(request)

    player, result = played(recorded(), server)
    assert len(player.played.exchanges) == 3
    assert [(each.status, each.why) for each in result.unknown] == [(None, "a device is silent after its alert")]


def test_an_exec_unenroll_that_was_not_recorded_gets_no_status():
    def server(request):
        return (
            ok(request, messages.get(40, SWV), messages.unenrol_exec(41, "P")) if request.number == 1 else ok(request)
        )

    player, result = played(recorded(), server)
    assert [each.cmd_ref for each in bodies(player)[1].commands if isinstance(each, Status)] == ["0", "40"]
    assert result.unknown[0].status is None
    assert not result.equal


def test_a_recorded_answer_without_its_command_is_not_sent():
    def server(request):
        return ok(request, messages.get(31, OTHER)) if request.number == 1 else ok(request)

    player, result = played(recorded(), server)
    assert not any(isinstance(each, Results) for each in bodies(player)[1].commands)
    assert [(each.exchange, each.answer, each.command) for each in result.unused] == [
        (2, "Status", f"Get {SWV}"), (2, "Results", f"Get {SWV}"),
    ]  # fmt: skip


def test_a_message_of_which_nothing_is_left_is_not_sent():
    player, result = played(recorded(), ok)
    assert [each.step.number for each in _requests(player)] == [1, 3]
    assert outcomes(result)[2] is Outcome.MISSING
    assert outcomes(result)[3] is Outcome.SAME


def _requests(player):
    numbers = {live: number for number, live in player.played.pairs.items()}
    steps = {step.number: step for step in player.script.steps}

    class _Request:
        def __init__(self, step):
            self.step = step

    return [_Request(steps[numbers[each.number]]) for each in player.played.exchanges]


# -- no answer -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("end", [None, (500, (), b"no")])
def test_the_alert_needs_no_answer_and_is_sent_once(end):
    story = recorded()
    story.wait(5).ordinary("3")

    def server(request):
        return end if is_alert(request) else good(request)

    player, result = played(story, server)
    assert len(player.played.exchanges) == 4
    assert outcomes(result)[3] is (Outcome.MISSING if end is None else Outcome.DIFFERS)
    assert outcomes(result)[4] is Outcome.SAME
    assert not result.equal


def test_an_answer_that_was_not_there_when_recorded():
    closed = Story().ordinary("1").alert("2", response=None, failure="server-closed")
    _, result = played(closed, ok)
    assert outcomes(result)[2] is Outcome.NEW
    assert not result.equal
    hung = Story().ordinary("1").alert("2", response=None, failure="client-closed")
    _, result = played(hung, ok)
    assert outcomes(result)[2] is Outcome.NOT_COMPARED
    assert result.equal


def test_neither_then_nor_now():
    closed = Story().ordinary("1").alert("2", response=None, failure="server-closed")
    _, result = played(closed, lambda request: None if is_alert(request) else ok(request))
    assert outcomes(result)[2] is Outcome.SILENT
    assert result.equal


def test_what_the_proxy_answered_is_nobody_s_to_equal():
    story = Story().ordinary("1").alert("2", response=b"", status=500, by="proxy")
    _, result = played(story, ok)
    assert outcomes(result) == {1: Outcome.SAME, 2: Outcome.NOT_COMPARED}


@pytest.mark.parametrize("answer", [None, (503, (), b""), (200, (), b""), (200, (), b"<not")])
def test_a_session_that_breaks_off_is_not_gone_on_with(answer):
    player, result = played(recorded(), lambda request: answer if request.number == 1 else ok(request))
    assert len(player.played.exchanges) == 2
    assert outcomes(result)[2] is Outcome.MISSING
    assert "broken off" in next(each.why for each in result.left_out)
    assert outcomes(result)[3] is Outcome.SAME


def test_a_message_that_never_reached_the_server_is_left_out():
    story = Story()
    request = story.package_one("1")
    story.exchange(request, None, failure="connect-failed")
    story.exchange(request, story.answer(request))
    player, result = played(story, ok)
    assert len(player.played.exchanges) == 1
    assert result.equal
    assert outcomes(result) == {1: Outcome.LEFT_OUT, 2: Outcome.SAME}


def test_a_retransmission_is_not_sent_where_the_first_is_answered():
    story = Story()
    request = story.package_one("1")
    story.exchange(request, None, failure="client-closed")
    story.wait(3).exchange(request, story.answer(request))
    player, result = played(story, ok)
    assert len(player.played.exchanges) == 1
    assert outcomes(result) == {1: Outcome.LEFT_OUT, 2: Outcome.SAME}
    assert result.equal
    player, result = played(story, lambda request: ok(request) if request.number == 2 else None)
    assert len(player.played.exchanges) == 2
    assert player.played.exchanges[0].body == player.played.exchanges[1].body
    assert result.equal


# -- challenges, redirects, RespURI ------------------------------------------------------------------------------------


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


# -- where it goes ----------------------------------------------------------------------------------------------------------


def test_the_recorded_path_and_query_are_kept_unless_a_path_is_given():
    player, _ = played(recorded(), good)
    assert player.played.exchanges[0].url == f"{LIVE}/ManagementServer/MDM.svc?mode=Maintenance&Platform=WoA"
    assert bodies(player)[0].header.target.uri == f"{LIVE}/ManagementServer/MDM.svc"
    player, result = played(recorded(), good, path="/other")
    assert player.played.exchanges[0].url == f"{LIVE}/other"
    assert bodies(player)[0].header.target.uri == f"{LIVE}/other"
    assert dict(player.played.exchanges[0].headers)["Host"] == "127.0.0.1:8000"
    assert result.equal


def test_a_status_with_another_code_is_a_change_at_its_place():
    def server(request):
        return ok(request, code="406") if is_alert(request) else good(request)

    _, result = played(recorded(), server)
    (answer,) = [each for each in result.answers if each.outcome is Outcome.DIFFERS]
    assert (answer.recorded, answer.role) == (3, "alert")
    assert {(each.expected, each.actual) for each in answer.changes} == {("200", "406")}
