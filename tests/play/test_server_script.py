"""What a recorded server did, session by session."""

import pytest

from replay.lab import messages
from replay.play.pointing import command_key
from replay.play.server_script import End, end_of, server_parts
from replay.syncml.read import read
from tests.play.caller import traffic_of
from tests.rules.talk import GET, Talk, header, results, status
from tests.story import DEVICE, Story, user

CHAL = '<Chal><Meta><Type xmlns="syncml:metinf">syncml:auth-basic</Type><Format xmlns="syncml:metinf">b64</Format></Meta></Chal>'


def steps(story: Story):
    (part,) = server_parts(traffic_of(story))
    return part.sessions[0].steps


@pytest.mark.parametrize(
    ("response", "more", "end"),
    [
        (b"x", {}, End.ANSWER),
        (b"", {}, End.ANSWER),
        (None, {"failure": "server-closed"}, End.CLOSE),
        (None, {"failure": "other"}, End.CLOSE),
        (None, {"failure": "server-reset"}, End.RESET),
        (None, {"failure": "client-closed"}, End.HANG),
        (None, {"failure": "timeout"}, End.HANG),
        (None, {"failure": "proxy-stopped"}, End.HANG),
        (b"x", {"failure": "truncated"}, End.CUT),
        (b"x", {"failure": "client-closed"}, End.ANSWER),
        (b"x", {"failure": "server-closed", "by": "proxy", "status": 502}, End.CLOSE),
        (b"x", {"failure": "server-reset", "by": "proxy", "status": 502}, End.RESET),
        (b"x", {"failure": "truncated", "by": "proxy"}, End.CUT),
        (None, {}, End.UNKNOWN),
    ],
)
def test_how_an_exchange_ended_for_the_device(response, more, end):
    story = Story()
    story.exchange(story.package_one("1"), response, **more)
    (exchange,) = traffic_of(story).capture.exchanges
    assert end_of(exchange) is end


def test_sessions_are_told_by_their_role():
    (part,) = server_parts(traffic_of(user()))
    assert (part.device, [session.alert for session in part.sessions]) == (DEVICE, [False, True])
    assert not any(session.proves for session in part.sessions)


def test_what_never_reached_the_server_is_no_step():
    story = Story()
    story.exchange(story.package_one("1"), None, failure="connect-failed")
    story.ordinary("1")
    (part,) = server_parts(traffic_of(story))
    assert [step.number for session in part.sessions for step in session.steps] == [2]
    alone = Story()
    alone.exchange(alone.package_one("1"), None, failure="tls-failed")
    assert server_parts(traffic_of(alone)) == []


def test_a_challenge_and_what_answers_it():
    story = Story()
    request = story.package_one("1")
    challenge = story.to_device("1", 1, [header(1, "407", CHAL).replace("{id}", "1")])
    story.exchange(request, challenge)
    cred = f"<Cred>{CHAL.removeprefix('<Chal>').removesuffix('</Chal>')}<Data>dTpw</Data></Cred></SyncHdr>"
    again = story.package_one("1", number=2).replace(b"</SyncHdr>", cred.encode())
    story.exchange(again, story.answer(again, header_code="212"))
    one, two = steps(story)
    assert (one.challenge, one.proves, two.challenge, two.proves) == (True, False, False, True)
    (part,) = server_parts(traffic_of(story))
    assert part.sessions[0].proves


def test_a_redirect_is_no_challenge():
    story = Story()
    request = story.package_one("1")
    story.exchange(request, b"", status=307, response_headers=[["Location", "https://other.example.test/x"]])
    story.exchange(request, story.answer(request))
    assert [step.challenge for step in steps(story)] == [False, False]
    (part,) = server_parts(traffic_of(story))
    assert "https://other.example.test/x" in part.addresses


@pytest.mark.parametrize(("failure", "again"), [("server-closed", True), ("connect-failed", False)])
def test_a_retransmission_is_one_only_where_the_server_had_seen_the_first(failure, again):
    story = Story()
    request = story.package_one("1")
    story.exchange(request, None, failure=failure)
    story.wait(5).exchange(request, story.answer(request))
    assert steps(story)[-1].sent_again is again


def test_a_package_that_goes_on():
    talk = Talk()
    first = talk.device("<Alert><CmdID>2</CmdID><Data>1201</Data></Alert>", final=False)
    more = "<Alert><CmdID>{id}</CmdID><Data>1222</Data></Alert>"
    talk.story.exchange(first, talk.server(header(), status("1/2", "Alert"), more, final=False))
    talk.say([header(), status("1/3", "Alert")], [header(2)])
    assert [step.goes_on for step in steps(talk.story)] == [True, False]


def test_the_codes_of_a_kind_of_command_are_remembered():
    story = Story().ordinary("1")
    alert = messages.unenrol_alert()
    request = story.package_one("2", alert=alert)
    story.exchange(request, story.answer(request, code="406"))
    (part,) = server_parts(traffic_of(story))
    command = next(each for each in read(request).commands if each.name == "Alert" and each.code == "1226")
    assert part.codes[command_key(command)] == "406"
    assert part.codes[command_key(read(request).commands[-1])] == "200", "the first one counts"


def test_one_device_of_several():
    story = Story().ordinary("1")
    story.device = "OTHER"
    story.ordinary("2")
    traffic = traffic_of(story)
    assert [part.device for part in server_parts(traffic)] == [DEVICE, "OTHER"]
    assert [part.device for part in server_parts(traffic, device="OTHER")] == ["OTHER"]
    assert server_parts(traffic, device="nobody") == []


def test_what_answers_the_devices_commands():
    story = Talk().open(GET).say([header(), status("1/9", "Get"), results("1/9")], [header(2)]).story
    first = steps(story)[0]
    assert [(each.name, each.place, each.exchange, each.to) for each in first.answers] == [
        ("Status", (number,), 1, () if not number else (number - 1,)) for number in range(4)
    ]
