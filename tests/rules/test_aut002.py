import pytest

from replay.lab import messages
from tests.rules.talk import GET, OPENED, Talk, alert, header, opening, status
from tests.story import rules_of

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
    assert talk.of("AUT002") == []


def test_a_second_challenge_need_not_be_answered():
    talk = challenged().say([header(), *opening()], [header(2, "401", CHAL)], cred=CRED)
    talk.story.watch(70)
    assert talk.of("AUT002") == []


def test_credentials_that_are_refused_without_a_challenge():
    for chal, found in (("", []), (CHAL, ["AUT002"])):
        talk = Talk().say(opening(), [header(1, "401", chal)], cred=CRED)
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
