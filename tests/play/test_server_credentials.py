"""Challenges of a played server: as recorded, with fresh nonces; credentials taken, or verified where the secret is known."""

import base64

import pytest

from replay.lab import messages
from replay.play.server import Secrets
from replay.syncml import credentials
from replay.syncml.credentials import BASIC, MAC, MD5, Secret
from replay.syncml.read import read as read_message
from tests.play.caller import Caller, others, statuses
from tests.play.meeting import HERE, Live, ok
from tests.rules.talk import GET, Talk, header, opening, status
from tests.story import Story

DEVICE = Secret("dev", "p:w")
SERVER = Secret("srv", "s")
KINDS = [BASIC, MD5, MAC]


def meta(kind: str, nonce: str | None = None) -> str:
    told = f"<NextNonce xmlns='syncml:metinf'>{nonce}</NextNonce>" if nonce else ""
    return f"<Meta><Format xmlns='syncml:metinf'>b64</Format><Type xmlns='syncml:metinf'>{kind}</Type>{told}</Meta>"


def chal(kind: str, nonce: str = "b2xk") -> str:
    return f"<Chal>{meta(kind, nonce)}</Chal>"


def cred(kind: str, data: str) -> str:
    return f"<Cred>{meta(kind)}<Data>{data}</Data></Cred>"


def challenged(kind: str, code: str = "407", first: str = "") -> Story:
    """A recording: package 1 (with `first` in its header) is challenged, sent again with credentials, and taken with a Get."""
    talk = Talk()
    refused = [header(1, code, chal(kind)), *(status(f"1/{number}", name, code) for number, name in _COMMANDS)]
    talk.say(opening(), refused, cred=first)
    taken = [header(2, "212"), *(status(f"2/{number}", name) for number, name in _COMMANDS), GET]
    talk.say(opening(), taken, cred=cred(kind, "x") if kind != MAC else "", **_mac("x") if kind == MAC else {})
    return talk.story


_COMMANDS = ((2, "Alert"), (3, "Alert"), (4, "Replace"))


def _mac(value: str) -> dict:
    return {"headers": [["x-syncml-hmac", f'algorithm=MD5, username="dev", mac={value}']]}


class Prover(Live):
    """A device that can prove itself."""

    def __init__(self, kind: str, secret: Secret = DEVICE) -> None:
        super().__init__()
        self.kind, self.secret = kind, secret
        self.nonce = b"stale"

    def hear(self, answer) -> None:
        """Keeps the nonce of a challenge."""
        nonce = credentials.next_nonce(answer.commands[0].chal)
        self.nonce = self.nonce if nonce is None else nonce

    def proved(self, session: str, number: int, wbxml: bool = False) -> tuple[bytes, list[tuple[str, str]]]:
        """Package 1 with credentials, and the headers that go with it."""
        data = credentials.basic(self.secret) if self.kind == BASIC else credentials.md5(self.secret, self.nonce)
        body = self.package_one(session, number=number)
        if self.kind != MAC:
            body = body.replace(b"</SyncHdr>", cred(self.kind, data).encode() + b"</SyncHdr>")
        body = messages.to_wbxml(body) if wbxml else body
        mac = [("x-syncml-hmac", credentials.hmac_header(self.secret, self.nonce, body))]
        return body, mac if self.kind == MAC else []


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("secret", [None, DEVICE], ids=["taken", "verified"])
@pytest.mark.parametrize("wbxml", [False, True])
def test_the_recorded_challenge_with_a_fresh_nonce(kind, secret, wbxml):
    caller = Caller(challenged(kind), secrets=Secrets(device=secret))
    nonces = set()
    for session in ("1", "5"):
        device = Prover(kind)
        device.device += session
        asked = caller.ask(device.package_one(session, wbxml=wbxml))
        assert [each[3] for each in statuses(asked)] == ["407"] * 4
        assert asked.commands[0].chal.type.text == kind
        device.hear(asked)
        assert len(device.nonce) == 16
        nonces.add(device.nonce)
        body, headers = device.proved(session, 2, wbxml)
        answer = caller.ask(body, headers=headers)
        assert statuses(answer)[0] == ("2", "0", "SyncHdr", "212")
        assert others(answer) == ["Get"]
    assert len(nonces) == 2
    assert caller.notes == []


def test_without_a_secret_anything_is_taken_and_nothing_too():
    caller = Caller(challenged(MD5))
    caller.ask(Live().package_one("1"))
    answer = caller.ask(Live().package_one("1", number=2))
    assert statuses(answer)[0][3] == "200", "212 would say that credentials were taken"
    assert others(answer) == ["Get"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_device_that_shows_its_credentials_at_once_is_not_challenged(kind):
    caller = Caller(challenged(kind))
    body, headers = Prover(kind).proved("1", 1)
    answer = caller.ask(body, headers=headers)
    assert (statuses(answer)[0][3], others(answer)) == ("212", ["Get"])
    assert caller.notes == ["exchange 1: the recorded challenge is left out, because the device has shown credentials"]


def test_a_challenge_of_wrong_credentials_is_given_though_some_are_shown():
    caller = Caller(challenged(MD5, "401", cred(MD5, "stale")))
    body, _ = Prover(MD5).proved("1", 1)
    assert {each[3] for each in statuses(caller.ask(body))} == {"401"}


@pytest.mark.parametrize("kind", KINDS)
def test_wrong_credentials_are_challenged_until_they_are_right(kind):
    caller = Caller(challenged(kind), secrets=Secrets(device=DEVICE))
    device = Prover(kind, Secret("dev", "wrong"))
    device.hear(caller.ask(device.package_one("1")))
    for number in (2, 3):
        body, headers = device.proved("1", number)
        asked = caller.ask(body, headers=headers)
        assert [each[3] for each in statuses(asked)] == ["401"] * 4
        assert others(asked) == []
        assert asked.commands[0].chal.type.text == kind
        assert (asked.commands[0].chal.next_nonce is None) == (kind == BASIC)
        device.hear(asked)
    assert len(caller.notes) == 2
    device.secret = DEVICE
    body, headers = device.proved("1", 4)
    answer = caller.ask(body, headers=headers)
    assert (statuses(answer)[0], others(answer)) == (("4", "0", "SyncHdr", "212"), ["Get"])
    assert answer.header.msg_id == "4"


@pytest.mark.parametrize("kind", KINDS)
def test_a_device_without_credentials_gets_nothing_where_they_are_verified(kind):
    talk = Talk().say(
        opening(),
        [header(1, "212"), GET],
        cred=cred(kind, "x") if kind != MAC else "",
        **_mac("x") if kind == MAC else {},
    )
    caller = Caller(talk.story, secrets=Secrets(device=DEVICE))
    asked = caller.ask(Live().package_one("1"))
    assert (others(asked), {each[3] for each in statuses(asked)}) == ([], {"407"})
    assert asked.commands[0].chal.type.text == kind
    assert "no credentials" in caller.notes[0]
    device = Prover(kind)
    device.hear(asked)
    body, headers = device.proved("1", 2)
    assert others(caller.ask(body, headers=headers)) == ["Get"]


def test_the_nonce_outlives_the_session():
    caller = Caller(challenged(MD5), secrets=Secrets(device=DEVICE))
    device = Prover(MD5)
    device.hear(caller.ask(device.package_one("1")))
    body, _ = device.proved("1", 2)
    caller.ask(body)
    body, _ = device.proved("2", 1)
    caller.ask(body)
    assert "is not in the recording" in caller.notes[0], "and its credentials were good"


def test_https_own_challenge():
    story = Story()
    request = story.package_one("1")
    story.exchange(request, b"", status=401, response_headers=[["WWW-Authenticate", 'Basic realm="x"']])
    story.exchange(
        request,
        story.answer(request, GET),
        headers=[["Authorization", "Basic eA=="], ["Content-Type", messages.CONTENT_TYPE]],
    )
    body = Live().package_one("1")
    caller = Caller(story, secrets=Secrets(device=DEVICE))
    asked = caller.call(body)
    assert (asked.status, asked.headers) == (401, (("WWW-Authenticate", 'Basic realm="x"'),))
    good = [("Authorization", f"Basic {credentials.basic(DEVICE)}")]
    assert others(caller.ask(body, headers=good)) == ["Get"]
    assert caller.notes == []
    caller = Caller(story, secrets=Secrets(device=DEVICE))
    caller.call(body)
    assert others(caller.ask(body, headers=[("Authorization", "Basic eA==")])) == []
    assert "do not verify" in caller.notes[0]


@pytest.mark.parametrize("secret", [None, SERVER])
def test_the_servers_own_credentials(secret):
    talk = Talk()
    request = talk.device(*opening())
    answer = talk.server(header(), *(status(f"1/{number}", name) for number, name in _COMMANDS), GET)
    answer = answer.replace(b"</SyncHdr>", cred(MD5, "old").encode() + b"</SyncHdr>")
    talk.story.exchange(
        request,
        answer,
        response_headers=[
            ["Content-Type", messages.CONTENT_TYPE],
            ["X-Syncml-Hmac", 'algorithm=MD5, username="srv", mac=old'],
        ],
    )
    caller = Caller(talk.story, secrets=Secrets(server=secret))
    nonce = base64.b64encode(b"given").decode()
    asks = messages.status(9, "1", "0", "SyncHdr", "407").replace("<Data>", f"{chal(MD5, nonce)}<Data>")
    reply = caller.call(Live().message("1", 1, [*opening(), asks]), url=HERE)
    given = read_message(reply.body).header.cred
    mac = dict(reply.headers)["X-Syncml-Hmac"]
    if secret is None:
        assert (given.data, mac) == ("old", 'algorithm=MD5, username="srv", mac=old')
        assert "the server's own credentials" in caller.notes[0]
    else:
        assert credentials.verify(given, SERVER, b"given") is True
        assert credentials.verify_mac(credentials.parse_hmac_header(mac), SERVER, b"given", reply.body) is True
        assert caller.notes == []


def test_ok_is_not_a_challenge():
    """The device's Status 200 for our header changes no nonce."""
    caller = Caller(challenged(MD5), secrets=Secrets(device=DEVICE))
    device = Prover(MD5)
    device.hear(caller.ask(device.package_one("1")))
    body, _ = device.proved("1", 2)
    caller.ask(body)
    answer = caller.ask(Live().message("1", 3, [ok("2"), messages.status(2, "2", "9", "Get", "200")]))
    assert statuses(answer) == [("3", "0", "SyncHdr", "200")]
