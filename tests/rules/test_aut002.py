import io

import pytest

from replay.capture.journal_reader import read
from replay.expect.case import Options
from replay.expect.judge import judge
from replay.lab import messages
from tests.rules.talk import GET, OPENED, Talk, alert, header, opening, status
from tests.story import Story, rules_of

CRED = '<Cred><Meta><Type xmlns="syncml:metinf">syncml:auth-basic</Type></Meta><Data>YTpi</Data></Cred>'
CHAL = '<Chal><Meta><Type xmlns="syncml:metinf">syncml:auth-basic</Type></Meta></Chal>'
AGAIN = [text.replace("<MsgRef>1<", "<MsgRef>2<") for text in OPENED]


def challenged(code: str = "407", unenrolment: str | None = None, chal: str = CHAL, **more) -> Talk:
    return Talk().say(opening(unenrolment), [header(1, code, chal)], **more)


@pytest.mark.parametrize("code", ["401", "407"])
def test_passes_where_credentials_follow(code):
    assert challenged(code).say([header(), *opening()], AGAIN, cred=CRED).nothing()


def test_a_mac_in_the_header_of_http_is_a_credential():
    mac = [["Content-Type", messages.CONTENT_TYPE], ["x-syncml-hmac", 'username="u", mac=AAAA']]
    assert challenged().say([header(), *opening()], AGAIN, headers=mac).nothing()


def test_warns_where_the_device_goes_on_without():
    finding = challenged().say([header(), *opening()], AGAIN).only("AUT002")
    assert (finding.severity, finding.party, finding.exchange, finding.side) == ("warning", "device", 1, "response")
    assert finding.path == "SyncBody/Status"
    assert "goes on with message 2 (exchange 2) without credentials" in finding.message


def test_warns_in_a_session_after_one_without_a_challenge():
    story = Talk().open(GET).say([header()], [header(2)]).story
    talk = Talk("2", story).say(opening(), [header(1, "407", CHAL)]).say([header(), *opening()], AGAIN)
    assert [finding.exchange for finding in talk.of("AUT002")] == [story.exchanges - 1]


def test_the_challenge_is_found_among_the_other_answers():
    answers = [status("1/2", "Alert", "401"), header(1, "101"), header(1, "407", CHAL)]
    finding = Talk().say(opening(), answers).say([header(), *opening()], AGAIN).of("AUT002")[0]
    assert (finding.path, "Status 407 challenges" in finding.message) == ("SyncBody/Status[3]", True)


def test_the_last_copy_of_a_message_without_credentials_is_named():
    talk = challenged()
    request = talk.device(header(), *opening())
    talk.story.exchange(request, None, failure="timeout")
    talk.story.exchange(request, b"<SyncML")
    assert "goes on with message 2 (exchange 3)" in talk.of("AUT002")[0].message


def test_a_device_may_challenge_the_server():
    talk = Talk().open(GET).say([header(1, "401", CHAL), status("1/9", "Get")], [header(2), GET])
    assert talk.say([header(2), status("2/9", "Get")], [header(3)]).of("AUT002") == []


def test_warns_where_the_device_aborts():
    assert len(challenged().say([header(), alert("1223")], [header(2)]).of("AUT002")) == 1


def test_warns_where_another_session_begins():
    talk = challenged()
    talk.story.ordinary("2")
    assert "opens session 2" in talk.only("AUT002").message


def test_warns_after_the_quiet_time():
    talk = challenged()
    talk.story.watch(30)
    assert talk.nothing()  # credentials may still come
    talk.story.watch(31)
    assert "sends nothing more in that session" in talk.only("AUT002").message
    assert talk.judge(quiet=100.0).findings == []
    assert len(talk.of("AUT002", quiet=None)) == 1


def test_the_quiet_time_is_over_when_it_is():
    talk = challenged(takes=0.0)
    talk.story.watch(64)
    assert [len(talk.of("AUT002", quiet=quiet)) for quiet in (64.0, 64.5)] == [1, 0]


def test_warns_of_an_alert_that_was_not_taken():
    talk = challenged("407", messages.unenrol_alert())
    talk.story.watch(70)
    assert talk.only("AUT002").message.endswith("the server has not taken the alert")


def test_a_challenge_that_may_not_have_arrived_says_nothing():
    talk = challenged(failure="client-closed")
    talk.story.watch(70)
    assert talk.of("AUT002") == []


def test_a_message_that_cannot_be_read_may_have_them():
    talk = challenged()
    talk.story.exchange(b"<SyncML", talk.server(*AGAIN))
    talk.sent += 1
    talk.say([header(2), alert("1224")], [header(3)])
    assert "AUT002" not in rules_of(talk.judge())


@pytest.mark.parametrize("request_", [b"<SyncML", None])
@pytest.mark.parametrize("found", [0, 1])
def test_what_could_not_be_read_may_have_been_the_devices(request_, found):
    for then in (Story.watch, Story.ordinary):
        story = challenged().story
        story.device, story.client = "OTHER", "10.0.0.9:1"
        story.ordinary("7")
        if not found:
            story.device, story.client = Story().device, Story().client
        story.exchange(request_, b"")
        story.device, story.client = Story().device, Story().client
        then(story, 90) if then is Story.watch else then(story, "2")
        judged = story.judge()
        assert judged.errors == []
        assert len([each for each in judged.findings if each.rule == "AUT002"]) == found


@pytest.mark.parametrize("then", ["silence", "session"])
def test_a_connection_that_was_not_read_may_have_been_the_devices(then):
    story = challenged().story
    story.watch(5).line("connect", conn="x", client=story.client, sni=None, host="mdm.example.test")
    story.line("failure", id=None, conn="x", cause="other", detail="odd")
    story.watch(90) if then == "silence" else story.watch(20).ordinary("2")
    assert rules_of(story.judge()) == []


def test_nobody_knows_what_came_while_nobody_was_watching():
    assert rules_of(challenged().story.wait(500).ordinary("2").judge()) == []


@pytest.mark.parametrize(("timed", "stretched"), [(False, False), (True, False), (False, True)])
def test_without_times_only_another_session_shows_that_nothing_more_came(timed, stretched):
    for story, found in ((challenged().story.watch(70), []), (challenged().story.ordinary("2"), ["AUT002"])):
        capture = read(io.BytesIO(story.text()), "story.jsonl")
        capture.stretches = capture.stretches if stretched else []
        for exchange in capture.exchanges:
            exchange.at = exchange.at if timed else None
        assert rules_of(judge(capture, Options(quiet=0.0))) == found


def test_a_second_challenge_need_not_be_answered():
    talk = challenged().say([header(), *opening()], [header(2, "401", CHAL)], cred=CRED)
    talk.story.watch(70)
    assert talk.of("AUT002") == []


def test_credentials_that_are_refused_without_a_challenge():
    for code, chal, cred, found in (
        ("401", "", CRED, []),
        ("401", CHAL, CRED, ["AUT002"]),
        ("407", "", CRED, ["AUT002"]),
        ("401", "", "", ["AUT002"]),
    ):
        talk = Talk().say(opening(), [header(1, code, chal)], cred=cred)
        talk.story.watch(70)
        assert [finding.rule for finding in talk.of("AUT002")] == found


def test_a_challenge_that_the_proxy_made_is_one_to_the_device():
    talk = challenged(by="proxy").say([header(), *opening()], AGAIN)
    assert len(talk.of("AUT002")) == 1


def test_credentials_in_the_wrong_place_are_aut001():
    misplaced = opening()[0].replace("</CmdID>", f"</CmdID>{CRED}")
    assert rules_of(challenged().say([header(), misplaced, *opening()[1:]], AGAIN).judge()) == ["AUT001"]


def test_a_status_401_for_a_command_is_no_challenge():
    assert Talk().open(GET).say([header(), status("1/9", "Get", "401")], [header(2)]).nothing()
    assert Talk().say(opening(), [OPENED[0], status("1/2", "Alert", "401"), *OPENED[2:]]).of("AUT002") == []
