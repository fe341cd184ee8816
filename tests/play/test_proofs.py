"""Credentials of a played device made anew, and kept out of what is written."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from replay.capture.exchange import Response, header
from replay.play.body import take_apart
from replay.play.proofs import Asked, Proofs, hidden, proves_itself
from replay.syncml import credentials
from replay.syncml.credentials import BASIC, HMAC_HEADER, MAC, MD5, Secret
from replay.syncml.read import read
from tests.rules.talk import header as header_status
from tests.story import Story

SECRET = Secret("user1", "p:w")
NONCE = base64.b64encode(b"fresh").decode()


def chal(kind: str) -> str:
    inside = f'<Type xmlns="syncml:metinf">{kind}</Type><Format xmlns="syncml:metinf">b64</Format>'
    return f'<Chal><Meta>{inside}<NextNonce xmlns="syncml:metinf">{NONCE}</NextNonce></Meta></Chal>'


def answer(code: str, inside: str = ""):
    return read(Story().to_device("1", 1, [header_status(1, code, inside).replace("{id}", "1")]))


def with_cred(kind: str, data: str = "old") -> bytes:
    cred = f'<Cred><Meta><Type xmlns="syncml:metinf">{kind}</Type></Meta><Data>{data}</Data></Cred></SyncHdr>'
    return Story().package_one("1").replace(b"</SyncHdr>", cred.encode())


def proved(body: bytes, asked: Asked, proofs: Proofs):
    parts = take_apart(body)
    proofs.prove(asked, parts.root)
    return read(parts.written())


@pytest.mark.parametrize("kind", [BASIC, MD5])
def test_a_challenge_is_answered_with_what_verifies(kind):
    proofs, asked = Proofs(SECRET), Asked()
    proofs.heard(asked, None, answer("407", chal(kind)))
    assert (asked.kind, proofs.nonce, proofs.can_answer(asked)) == (kind, b"fresh", True)
    message = proved(Story().package_one("1"), asked, proofs)
    assert credentials.verify(message.header.cred, SECRET, b"fresh")
    assert message.header.source.name == ("user1" if kind == MD5 else None)


@pytest.mark.parametrize(("recorded", "wanted"), [(BASIC, MD5), (MD5, BASIC), (MD5, MD5), (BASIC, BASIC)])
def test_a_recorded_credential_gives_way_to_the_kind_that_is_asked_for(recorded, wanted):
    message = proved(with_cred(recorded), Asked(wanted), Proofs(SECRET))
    assert credentials.auth_type(message.header.cred) == wanted
    assert credentials.verify(message.header.cred, SECRET, b"")


def test_a_credential_that_was_recorded_is_made_anew_and_none_is_put_in_unasked():
    proofs = Proofs(SECRET)
    assert credentials.verify(proved(with_cred(BASIC), Asked(), proofs).header.cred, SECRET, None)
    assert proved(Story().package_one("1"), Asked(), proofs).header.cred is None


def test_212_is_good_for_the_rest_of_the_session_and_the_nonce_for_longer():
    proofs, asked = Proofs(SECRET), Asked()
    proofs.heard(asked, None, answer("401", chal(MD5)))
    proofs.heard(asked, None, answer("212"))
    assert (asked.kind, proofs.nonce) == (None, b"fresh")


def test_without_a_secret_nothing_is_made():
    proofs = Proofs(None)
    assert not proofs.can_answer(Asked(MD5))
    assert proved(with_cred(MD5), Asked(MD5), proofs).header.cred.data == "old"
    assert proofs.headers(Asked(MAC, http=True), (("A", "b"),), b"body") == (("A", "b"),)


def test_a_kind_that_is_not_known_cannot_be_answered():
    assert not Proofs(SECRET).can_answer(Asked("syncml:auth-x509"))
    assert proved(Story().package_one("1"), Asked("syncml:auth-x509"), Proofs(SECRET)).header.cred is None


@pytest.mark.parametrize("recorded", [(), ((HMAC_HEADER, 'algorithm=MD5, username="u", mac=x'),)])
def test_a_mac_is_made_over_these_bytes(recorded):
    proofs = Proofs(SECRET)
    proofs.nonce = b"fresh"
    made = proofs.headers(Asked(None if recorded else MAC), recorded, b"these bytes")
    found = credentials.parse_hmac_header(header(made, HMAC_HEADER))
    assert credentials.verify_mac(found, SECRET, b"fresh", b"these bytes")
    assert not credentials.verify_mac(found, SECRET, b"fresh", b"other bytes")


def test_https_own_challenge():
    proofs, asked = Proofs(SECRET), Asked()
    proofs.heard(asked, Response(401, 1.0, headers=(("WWW-Authenticate", 'Basic realm="x"'),)), None)
    assert proofs.can_answer(asked)
    assert proofs.headers(asked, (), b"") == (("Authorization", f"Basic {credentials.basic(SECRET)}"),)


def test_https_bearer_challenge_is_none_that_can_be_answered():
    proofs, asked = Proofs(SECRET), Asked()
    proofs.heard(asked, Response(401, 1.0, headers=(("WWW-Authenticate", 'Bearer realm="x"'),)), None)
    assert not proofs.can_answer(asked)


@pytest.mark.parametrize("kind", [BASIC, MD5])
def test_what_a_message_proves_itself_with(kind):
    assert proves_itself(read(with_cred(kind)), ()) == kind
    assert proves_itself(read(with_cred(kind)), ((HMAC_HEADER, "x"),)) == MAC
    assert proves_itself(read(Story().package_one("1")), ()) is None


@given(
    st.text(min_size=1, max_size=20),
    st.text(min_size=1, max_size=20),
    st.binary(max_size=30),
    st.sampled_from(["utf-8", "utf-16-le", "utf-16-be"]),
)
def test_a_password_cannot_be_read_from_what_is_hidden(user, password, around, codec):
    secret = Secret(user, password)
    basic = credentials.basic(secret).encode(codec)
    found = hidden(around + basic, secret)
    assert len(found) == len(around + basic)
    if password.strip("*"):
        assert basic not in found
