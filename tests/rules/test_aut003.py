import base64

import pytest

from replay.lab import messages
from replay.syncml import credentials
from replay.syncml.credentials import Secret
from tests.rules.talk import OPENED, Talk, alert, header, opening, status
from tests.story import DEVICE

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


def later(proof: str, between=lambda story: None, **answer) -> Known:
    """A second session, with the nonce that the first one ended with."""
    first = session(digest(ALICE, b"one"))
    again = first.say([header(2), alert("1224", "5")], [header(3, "200", chal(b"kept")), status("3/5", "Alert")])
    between(again.story)
    talk = Known("2", again.story)
    return talk.say(opening(), [header(1, **(answer or {"code": "401", "inside": chal(b"new")}))], cred=proof)


def test_the_last_nonce_is_kept_for_the_next_session():
    assert later(digest(ALICE, b"kept"), code="212").of("AUT003", secrets=(ALICE,)) == []
    assert len(later(digest(ALICE, b"stale")).of("AUT003", secrets=(ALICE,))) == 1


def test_a_nonce_from_before_counts_only_where_the_server_refused():
    assert later(digest(ALICE, b"stale"), code="212").of("AUT003", secrets=(ALICE,)) == []


def test_a_nonce_from_before_a_gap_does_not_count():
    assert later(digest(ALICE, b"stale"), lambda story: story.wait(500)).of("AUT003", secrets=(ALICE,)) == []


def test_a_nonce_from_before_something_unreadable_does_not_count():
    unread = later(digest(ALICE, b"stale"), lambda story: story.exchange(b"<SyncML", b"<SyncML"))
    assert unread.of("AUT003", secrets=(ALICE,)) == []


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


def test_a_mac_of_another_user_says_nothing():
    assert mac(BOB, b"one", spoilt=True).nothing(secrets=(ALICE,))


def test_a_header_that_is_none_cannot_verify():
    assert mac(ALICE, b"one", value="rubbish").only("AUT003", secrets=(ALICE,))


def test_a_mac_in_a_har_is_not_verified(tmp_path):
    from replay.capture.readers import read
    from replay.capture.writers import write
    from replay.expect.case import Options
    from replay.expect.judge import judge

    journal = mac(ALICE, b"one", spoilt=True).story.save(tmp_path / "x.jsonl")
    write(read(str(journal)), str(tmp_path / "x.har"), "har")
    found = judge(read(str(tmp_path / "x.har")), Options(secrets=(ALICE,))).findings
    assert [finding.rule for finding in found if finding.rule == "AUT003"] == []


def test_a_basic_credential_is_not_judged():
    basic = (
        '<Cred><Meta><Type xmlns="syncml:metinf">syncml:auth-basic</Type></Meta>'
        f"<Data>{credentials.basic(WRONG)}</Data></Cred>"
    )
    assert session(basic).nothing(secrets=(ALICE,))


def test_a_challenge_that_may_not_have_arrived_leaves_the_nonce_unknown():
    talk = Known().say(opening(), [header(1, "407", chal(b"one"))], failure="client-closed")
    talk.say([header(), *opening()], [header(2), *AGAIN[1:]], cred=digest(ALICE, b"other"))
    assert talk.of("AUT003", secrets=(ALICE,)) == []
