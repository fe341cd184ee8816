import base64
import re

import pytest

from replay.capture import har, journal_reader, viewer
from replay.lab import messages
from replay.syncml import credentials
from replay.syncml.credentials import Secret
from tests.rules.talk import OPENED, Talk, alert, header, opening, status
from tests.story import DEVICE, Story

ALICE, BOB, WRONG = Secret("alice", "p:w"), Secret("bob", "b"), Secret("alice", "other")
AGAIN = [text.replace("<MsgRef>1<", "<MsgRef>2<") for text in OPENED]


def chal(nonce: bytes) -> str:
    return (
        '<Chal><Meta><Type xmlns="syncml:metinf">syncml:auth-md5</Type><Format xmlns="syncml:metinf">b64</Format>'
        f'<NextNonce xmlns="syncml:metinf">{base64.b64encode(nonce).decode()}</NextNonce></Meta></Chal>'
    )


def digest(secret: Secret, nonce: bytes) -> str:
    return (
        '<Cred><Meta><Format xmlns="syncml:metinf">b64</Format><Type xmlns="syncml:metinf">syncml:auth-md5</Type></Meta>'
        f"<Data>{credentials.md5(secret, nonce)}</Data></Cred>"
    )


class Known(Talk):
    """A session of a device that names its user."""

    user: str | None = "alice"

    def device(self, *commands: str, **more) -> bytes:
        named = f"<LocURI>{DEVICE}</LocURI><LocName>{self.user}</LocName></Source>"
        message = super().device(*commands, **more)
        return message.replace(f"<LocURI>{DEVICE}</LocURI></Source>".encode(), named.encode()) if self.user else message


def session(proof: str, *, accepted: bool = True, user: str | None = "alice", nonce: bytes = b"one", **more) -> Known:
    """Challenged with a nonce; package 1 again with a proof."""
    talk = Known()
    talk.user = user
    talk.say(opening(), [header(1, "407", chal(nonce))])
    answer = [header(2, "212"), *AGAIN[1:]] if accepted else [header(2, "401", chal(b"next"))]
    return talk.say([header(), *opening()], answer, cred=proof, **more)


def test_passes_with_a_digest_that_verifies():
    assert session(digest(ALICE, b"one")).nothing(secrets=(ALICE,))


def test_says_nothing_without_a_secret():
    assert session(digest(WRONG, b"one")).nothing()


@pytest.mark.parametrize("proof", [digest(ALICE, b"two"), digest(WRONG, b"one")])
def test_fails_with_one_that_does_not(proof):
    finding = session(proof, accepted=False).of("AUT003", secrets=(ALICE,))[0]
    assert (finding.severity, finding.party, finding.exchange) == ("error", "device", 2)
    assert finding.path == "SyncHdr/Cred/Data"
    assert "the MD5 digest of user 'alice'" in finding.message
    assert "the nonce from exchange 1" in finding.message
    assert not finding.message.endswith("accepted it")
    assert "p:w" not in finding.message


def test_fails_and_says_so_where_the_server_accepted_it():
    finding = session(digest(WRONG, b"one")).only("AUT003", secrets=(ALICE,))
    assert finding.message.endswith("although the server accepted it")
    talk = session(digest(WRONG, b"one"))
    talk.story.lines[-1]["body"]["text"] = talk.story.lines[-1]["body"]["text"].replace("<Data>212</Data>", "")
    assert not talk.of("AUT003", secrets=(ALICE,))[0].message.endswith("accepted it")


def test_the_secret_of_another_user_says_nothing():
    assert session(digest(WRONG, b"one")).nothing(secrets=(BOB,))
    assert session(digest(BOB, b"one"), user="bob").nothing(secrets=(ALICE, BOB))


def test_a_message_that_names_nobody_is_held_against_all():
    assert session(digest(BOB, b"one"), user=None).nothing(secrets=(ALICE, BOB))
    finding = session(digest(WRONG, b"one"), user=None).only("AUT003", secrets=(ALICE, BOB))
    assert "of user" not in finding.message


def test_two_secrets_of_one_user_are_both_tried():
    assert session(digest(WRONG, b"one")).nothing(secrets=(ALICE, WRONG))


def test_the_first_nonce_is_not_known():
    assert Known().say(opening(), [header(1, "212"), *OPENED[1:]], cred=digest(WRONG, b"x")).nothing(secrets=(ALICE,))


def test_a_redacted_capture_says_nothing():
    talk = session(digest(WRONG, b"one"))
    talk.story.lines[0]["redacted"] = True
    assert talk.of("AUT003", secrets=(ALICE,)) == []


def later(proof: str, between=lambda story: None, *, before: int = 0, **answer) -> Known:
    """A second session, with the nonce that the first one ended with; of its own messages the capture lacks those `before`."""
    first = session(digest(ALICE, b"one"))
    again = first.say([header(2), alert("1224", "5")], [header(3, "200", chal(b"kept")), status("3/5", "Alert")])
    between(again.story)
    talk = Known("2", again.story)
    talk.sent = talk.heard = before
    return talk.say(opening(), [header(before + 1, **(answer or {"code": "401", "inside": chal(b"new")}))], cred=proof)


def test_the_last_nonce_is_kept_for_the_next_session():
    assert later(digest(ALICE, b"kept"), code="212").of("AUT003", secrets=(ALICE,)) == []
    assert len(later(digest(ALICE, b"stale")).of("AUT003", secrets=(ALICE,))) == 1


def test_a_nonce_from_before_counts_only_where_the_server_refused():
    assert later(digest(ALICE, b"stale"), code="212").of("AUT003", secrets=(ALICE,)) == []


def test_a_nonce_from_before_a_gap_does_not_count():
    assert later(digest(ALICE, b"stale"), lambda story: story.wait(500)).of("AUT003", secrets=(ALICE,)) == []


ENVELOPED = bytes.fromhex("308006092a864886f70d010702") + bytes(32)


@pytest.mark.parametrize(
    ("request_", "answer", "more"),
    [
        (b"<SyncML", b"<SyncML", {}),
        (b"<SyncML", b"", {}),
        (None, b"<SyncML", {}),
        (None, b"<SyncML", {"failure": "server-closed"}),
        (None, b"", {"status": 401}),
        (ENVELOPED, b"", {}),
        ("not kept", b"", {}),
        (None, ENVELOPED, {}),
    ],
)
def test_a_nonce_from_before_something_unreadable_does_not_count(request_, answer, more):
    def between(story):
        if request_ == "not kept":
            story.exchange(None, b"")
            return
        story.exchange(request_ or Known("5", story).device(*opening()), answer, **more)

    assert later(digest(ALICE, b"stale"), between).of("AUT003", secrets=(ALICE,)) == []


def test_a_nonce_from_before_a_connection_that_was_not_read_does_not_count():
    def between(story):
        story.watch(5).line("connect", conn="x", client=story.client, sni=None, host="mdm.example.test")
        story.line("failure", id=None, conn="x", cause="other", detail="odd")
        story.watch(20)

    assert later(digest(ALICE, b"stale"), between).of("AUT003", secrets=(ALICE,)) == []


def test_what_is_silent_or_another_devices_does_not_hide_the_nonce():
    def silent(story):
        story.exchange(Known("5", story).device(*opening()), b"")

    def of_another(story):
        body = Known("5", story).device(*opening()).replace(DEVICE.encode(), b"F" * 32)
        story.exchange(body, b"<SyncML", failure="server-closed")

    def of_no_device(story):
        story.exchange(None, b"x", url="https://mdm.example.test/robots.txt", headers=[], response_headers=[])

    def unread_of_another(story):
        story.device, story.client = "OTHER", "10.0.0.9:1"
        story.ordinary("7").exchange(b"<SyncML", b"<SyncML")
        story.device, story.client = Story().device, Story().client

    for between in (silent, of_another, of_no_device, unread_of_another):
        assert len(later(digest(ALICE, b"stale"), between).of("AUT003", secrets=(ALICE,))) == 1


def test_a_nonce_from_before_messages_that_the_capture_lacks_does_not_count():
    assert later(digest(ALICE, b"stale"), before=2).of("AUT003", secrets=(ALICE,)) == []
    talk = Known().say(opening(), [header(1, "407", chal(b"one"))])
    talk.sent = talk.heard = 3
    talk.say([header(3), *opening()], [header(4, "401")], cred=digest(ALICE, b"other"))
    assert talk.of("AUT003", secrets=(ALICE,)) == []


def test_sessions_may_overlap():
    story = Story()
    one, other, last = (Known(number, story) for number in "123")
    one.say(opening(), OPENED)
    other.say(opening(), OPENED)
    story.exchange(other.device(header(), alert("1224")), b"<SyncML")
    other.sent, other.heard = 2, 2
    other.say([alert("1224")], [header(3, "407", chal(b"one"))])
    story.exchange(one.device(header(), alert("1224")), b"<SyncML")
    last.say(opening(), [header(1, "401")], cred=digest(ALICE, b"other"))
    assert last.of("AUT003", secrets=(ALICE,)) == []


def test_an_answer_that_cannot_be_read_says_nothing_of_what_it_answers():
    talk = Known().say(opening(), [header(1, "407", chal(b"one"))])
    talk.story.exchange(talk.device(header(), *opening(), cred=digest(ALICE, b"other")), b"<SyncML")
    assert [finding.exchange for finding in talk.of("AUT003", secrets=(ALICE,))] == [2]


def test_where_none_verifies_it_is_one_finding_and_may_be_the_secret():
    talk = session(digest(ALICE, b"one"))
    talk.say([header(2), alert("1224", "5")], [header(3), status("3/5", "Alert")], cred=digest(ALICE, b"one"))
    finding = talk.only("AUT003", secrets=(WRONG,))
    assert "nor do 1 more" in finding.message
    assert "may be them" in finding.message
    one_is_right = session(digest(ALICE, b"one"))
    one_is_right.say([header(2), alert("1224", "5")], [header(3), status("3/5", "Alert")], cred=digest(ALICE, b"x"))
    assert [finding.exchange for finding in one_is_right.of("AUT003", secrets=(ALICE,))] == [3]


def mac(secret: Secret, nonce: bytes, *, spoilt: bool = False, value: str | None = None) -> Known:
    talk = Known()
    talk.say(opening(), [header(1, "407", chal(nonce))])
    request = talk.device(header(), *opening())
    value = value or credentials.hmac_header(secret, nonce, request + (b" " if spoilt else b""))
    headers = [["Content-Type", messages.CONTENT_TYPE], ["x-syncml-hmac", value]]
    talk.story.exchange(request, talk.server(header(2), *AGAIN[1:]), headers=headers)
    return talk


def test_a_mac_is_verified_over_the_bytes():
    assert mac(ALICE, b"one").nothing(secrets=(ALICE,))
    finding = mac(ALICE, b"one", spoilt=True).only("AUT003", secrets=(ALICE,))
    assert "the MAC of user 'alice'" in finding.message
    assert finding.exchange == 2


def test_two_that_do_not_verify_beside_one_that_does_are_two_findings():
    talk = session(digest(ALICE, b"one"))
    for number, code in ((3, "1224"), (4, "1225")):
        request = talk.device(header(number - 1), alert(code, "5"), cred=digest(ALICE, b"x"))
        talk.story.exchange(request, talk.server(header(number), status(f"{number}/5", "Alert")))
    found = talk.of("AUT003", secrets=(ALICE,))
    assert [(each.exchange, each.also) for each in found] == [(3, (4,))]
    assert "may be them" not in found[0].message


def test_each_user_is_judged_alone():
    talk = session(digest(WRONG, b"one"))
    for number, (user, proof) in enumerate(
        ((("bob"), digest(BOB, b"one")), (None, digest(BOB, b"one")), ("alice", digest(WRONG, b"one"))), 3
    ):
        talk.user = user
        talk.say([header(number - 1), alert("1224", "5")], [header(number), status(f"{number}/5", "Alert")], cred=proof)
    finding = talk.only("AUT003", secrets=(ALICE, BOB))
    assert (finding.exchange, "nor do 1 more" in finding.message) == (2, True)


def test_a_name_that_is_empty_is_none():
    talk = Known().say(opening(), [header(1, "407", chal(b"one"))])
    talk.user = " "
    request = talk.device(header(), *opening(), cred=digest(WRONG, b"one")).replace(b"<LocName> <", b"<LocName><")
    talk.story.exchange(request, talk.server(header(2, "401")))
    finding = talk.of("AUT003", secrets=(ALICE,))[0]
    assert (finding.exchange, "of user" in finding.message) == (2, False)


def test_a_message_without_a_source_names_nobody():
    request = re.sub(b"<Source>.*?</Source>", b"", Talk().device(*opening(), cred=digest(WRONG, b"one")), count=1)
    story = Story()
    story.exchange(request, story.answer(request))
    assert story.judge(secrets=(ALICE,)).errors == []


def test_a_mac_of_another_user_says_nothing():
    assert mac(BOB, b"one", spoilt=True).nothing(secrets=(ALICE,))


def test_a_header_that_is_none_cannot_verify():
    assert mac(ALICE, b"one", value="rubbish").only("AUT003", secrets=(ALICE,))
    headers = [["Content-Type", messages.CONTENT_TYPE], ["x-syncml-hmac", "rubbish"]]
    finding = Known().say(opening(), [header(1, "401")], headers=headers).of("AUT003", secrets=(ALICE,))[0]
    assert (finding.exchange, "nonce" in finding.message) == (1, False)


def test_what_the_server_proves_is_not_judged():
    headers = [["Content-Type", messages.CONTENT_TYPE], ["x-syncml-hmac", "rubbish"]]
    assert Known().say(opening(), OPENED, response_headers=headers).nothing(secrets=(ALICE,))


def test_a_mac_in_a_har_is_not_verified(tmp_path):
    from replay.capture.readers import read
    from replay.capture.writers import write
    from replay.expect.case import Options
    from replay.expect.judge import judge

    talk = mac(ALICE, b"one", spoilt=True)
    talk.say([header(2), alert("1224", "5")], [header(3), status("3/5", "Alert")], cred=digest(ALICE, b"x"))
    journal = talk.story.save(tmp_path / "x.jsonl")
    write(read(str(journal)), str(tmp_path / "x.har"), "har")
    judged = judge(read(str(tmp_path / "x.har")), Options(secrets=(ALICE,)))
    assert [finding.exchange for finding in judged.findings if finding.rule == "AUT003"] == [
        3
    ]  # a digest is in the message


@pytest.mark.parametrize(("name", "found"), [(har.NAME, 0), (viewer.NAME, 0), (journal_reader.NAME, 1)])
def test_a_mac_is_verified_where_the_bytes_of_the_wire_are_kept(tmp_path, name, found):
    from replay.capture.readers import read
    from replay.expect.case import Options
    from replay.expect.judge import judge

    capture = read(str(mac(ALICE, b"one", spoilt=True).story.save(tmp_path / "x.jsonl")))
    capture.format = name
    judged = judge(capture, Options(secrets=(ALICE,)))
    assert len([finding for finding in judged.findings if finding.rule == "AUT003"]) == found


def test_a_nonce_from_before_counts_without_times_too(tmp_path):
    from replay.capture.readers import read
    from replay.expect.case import Options
    from replay.expect.judge import judge

    for code, found in (("401", [4]), ("212", [])):
        capture = read(str(later(digest(ALICE, b"stale"), code=code).story.save(tmp_path / "x.jsonl")))
        for exchange in capture.exchanges:
            exchange.at = None
        judged = judge(capture, Options(secrets=(ALICE,)))
        assert judged.errors == []
        assert [finding.exchange for finding in judged.findings if finding.rule == "AUT003"] == found


def test_a_basic_credential_is_not_judged():
    basic = (
        '<Cred><Meta><Type xmlns="syncml:metinf">syncml:auth-basic</Type></Meta>'
        f"<Data>{credentials.basic(WRONG)}</Data></Cred>"
    )
    assert session(basic).nothing(secrets=(ALICE,))
    talk = session(basic)
    talk.say([header(2), alert("1224", "5")], [header(3), status("3/5", "Alert")], cred=digest(ALICE, b"x"))
    assert [finding.exchange for finding in talk.of("AUT003", secrets=(ALICE,))] == [3]


def test_a_challenge_that_may_not_have_arrived_leaves_the_nonce_unknown():
    talk = Known().say(opening(), [header(1, "407", chal(b"one"))], failure="client-closed")
    talk.say([header(), *opening()], [header(2), *AGAIN[1:]], cred=digest(ALICE, b"other"))
    assert talk.of("AUT003", secrets=(ALICE,)) == []
