import base64
import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from replay.syncml import credentials, model
from replay.syncml.credentials import Secret
from replay.syncml.names import METINF

SECRET = Secret("Bruce2", "OhBehave")


def cred(kind: str | None, data: str | None) -> model.Cred:
    meta = model.Meta(type=model.Leaf(kind, METINF)) if kind else None
    return model.Cred(meta, data)


def test_basic_is_base64_of_user_and_password():
    assert (
        credentials.basic(Secret("funambol", "funambol")) == "ZnVuYW1ib2w6ZnVuYW1ib2w="
    )  # as the peers' client sends it
    assert credentials.verify(
        cred("syncml:auth-basic", "ZnVuYW1ib2w6ZnVuYW1ib2w="), Secret("funambol", "funambol"), None
    )
    assert credentials.verify(cred(None, "ZnVuYW1ib2w6ZnVuYW1ib2w="), Secret("funambol", "wrong"), None) is False


def test_md5_by_its_formula():
    """H(B64(H(user:password)):nonce), written out; user, password, nonce and digest are the security specification's example."""
    inner = base64.b64encode(hashlib.md5(b"Bruce2:OhBehave").digest())
    expected = base64.b64encode(hashlib.md5(inner + b":" + b"Nonce").digest()).decode()
    assert credentials.md5(SECRET, b"Nonce") == expected == "Zz6EivR3yeaaENcRN6lpAQ=="
    assert credentials.verify(cred("syncml:auth-md5", expected), SECRET, b"Nonce")
    assert credentials.verify(cred("syncml:auth-md5", expected), SECRET, b"Other") is False
    assert credentials.verify(cred("syncml:auth-md5", expected), SECRET, None) is None


def test_mac_by_its_formula():
    """H(B64(H(user:password)):nonce:B64(H(body))), over the bytes on the wire (DMS 5.4)."""
    body = b"<SyncML/>"
    inner = base64.b64encode(hashlib.md5(b"Bruce2:OhBehave").digest())
    digest = base64.b64encode(hashlib.md5(body).digest())
    expected = base64.b64encode(hashlib.md5(inner + b":n:" + digest).digest()).decode()
    header = credentials.parse_hmac_header(credentials.hmac_header(SECRET, b"n", body))
    assert (header.algorithm, header.username, header.mac) == ("MD5", "Bruce2", expected)
    assert credentials.verify_mac(header, SECRET, b"n", body)
    assert credentials.verify_mac(header, SECRET, b"n", body + b" ") is False
    assert credentials.verify_mac(header, SECRET, None, body) is None


@pytest.mark.parametrize(
    "value",
    [
        'algorithm=MD5, username="Robert Jordan", mac=Dgpoz+Pbak==',
        'mac=Dgpoz+Pbak==,username="Robert Jordan"',
        'USERNAME="Robert Jordan" , mac="Dgpoz+Pbak=="',
    ],
)
def test_the_header_in_any_order(value):
    assert credentials.parse_hmac_header(value) == credentials.HmacHeader("Robert Jordan", "Dgpoz+Pbak==", "MD5")


@pytest.mark.parametrize("value", ["", "nonsense", "mac=x", 'username="x"', 'username="x", ,mac=y', "=;="])
def test_a_header_that_is_none(value):
    with pytest.raises(ValueError, match=r"missing|not a list"):
        credentials.parse_hmac_header(value)


@given(st.text(), st.text(), st.binary(), st.binary())
def test_what_is_made_verifies(user, password, nonce, body):
    try:
        secret = Secret(user, password)
        made = credentials.md5(secret, nonce)
    except UnicodeEncodeError:
        return
    assert credentials.verify(cred(credentials.MD5, made), secret, nonce)
    assert credentials.verify(cred(credentials.BASIC, credentials.basic(secret)), secret, None)
    header = credentials.HmacHeader(user, credentials.mac(secret, nonce, body))
    assert credentials.verify_mac(header, secret, nonce, body)


@pytest.mark.parametrize(
    ("text", "form", "nonce"),
    [
        ("bm9uY2U=", "b64", b"nonce"),
        ("bm9uY2U=", None, b"nonce"),
        ("raw nonce", "chr", b"raw nonce"),
        ("not b64!", "b64", b"not b64!"),
    ],
)
def test_the_nonce_of_a_challenge(text, form, nonce):
    chal = model.Meta(next_nonce=model.Leaf(text, METINF), format=model.Leaf(form, METINF) if form else None)
    assert credentials.next_nonce(chal) == nonce
    assert credentials.next_nonce(model.Meta()) is None


def test_an_unknown_type_cannot_be_told():
    assert credentials.verify(cred("syncml:auth-x509", "x"), SECRET, b"n") is None
