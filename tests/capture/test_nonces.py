import base64
import io

from replay.capture.journal_reader import read
from replay.capture.nonces import Secrets, check_credentials
from replay.capture.sessions import assemble
from replay.syncml import credentials
from replay.syncml.credentials import Secret
from tests.story import Story

DEVICE, SERVER = Secret("device", "secret"), Secret("server", "geheim")


def with_cred(message: bytes, digest: str) -> bytes:
    cred = (
        '<Cred><Meta><Format xmlns="syncml:metinf">b64</Format><Type xmlns="syncml:metinf">syncml:auth-md5</Type></Meta>'
        f"<Data>{digest}</Data></Cred></SyncHdr>"
    )
    return message.replace(b"</SyncHdr>", cred.encode())


def with_chal(message: bytes, nonce: bytes) -> bytes:
    chal = (
        '<Chal><Meta><Format xmlns="syncml:metinf">b64</Format><Type xmlns="syncml:metinf">syncml:auth-md5</Type>'
        f'<NextNonce xmlns="syncml:metinf">{base64.b64encode(nonce).decode()}</NextNonce></Meta></Chal></Status>'
    )
    return message.replace(b"</Status>", chal.encode(), 1)


def checked(story: Story, **more) -> list[tuple[int, str, str, bool | None]]:
    traffic = assemble(read(io.BytesIO(story.text()), "x"))
    found = check_credentials(traffic.enrolments[0], Secrets(device=DEVICE, server=SERVER, **more))
    return [(each.turn.number, each.side, each.kind, each.right) for each in found]


def test_a_challenge_its_answer_and_the_next_session():
    story = Story()
    first = story.package_one("1")
    story.exchange(first, with_chal(story.answer(first, header_code="407"), b"one"))
    again = with_cred(story.package_one("1", number=2), credentials.md5(DEVICE, b"one"))
    story.exchange(again, with_chal(story.answer(again, header_code="212"), b"two"))
    for session, nonce in (("2", b"two"), ("3", b"wrong")):  # the last nonce of a session is kept for the next
        request = with_cred(story.package_one(session), credentials.md5(DEVICE, nonce))
        story.exchange(request, story.answer(request))
    assert checked(story) == [
        (2, "request", "syncml:auth-md5", True),
        (3, "request", "syncml:auth-md5", True),
        (4, "request", "syncml:auth-md5", False),
    ]


def test_the_server_is_verified_with_what_the_device_challenged_it_with():
    story = Story().get_session("1")
    request = with_chal(
        story.to_server("1", 2, ["<Status><CmdID>1</CmdID><CmdRef>0</CmdRef></Status>"]), b"for the server"
    )
    answer = with_cred(story.answer(request), credentials.md5(SERVER, b"for the server"))
    story.exchange(request, answer)
    assert checked(story) == [(2, "response", "syncml:auth-md5", True)]


def test_a_nonce_from_before_the_capture():
    story = Story()
    request = with_cred(story.package_one("1"), credentials.md5(DEVICE, b"before"))
    story.exchange(request, story.answer(request))
    assert checked(story) == [(1, "request", "syncml:auth-md5", None)]
    assert checked(story, device_nonce=b"before") == [(1, "request", "syncml:auth-md5", True)]


def test_macs_are_verified_over_the_bytes_on_the_wire():
    story = Story()
    request = story.package_one("1")
    kind = ["Content-Type", story.content_type]
    for nonce, body in ((b"n", request), (b"n", request + b" ")):
        value = credentials.hmac_header(DEVICE, nonce, request)
        story.exchange(body, story.answer(request), headers=[kind, ["X-SyncML-HMAC", value]])
    story.exchange(request, b"", headers=[kind, ["x-syncml-hmac", "rubbish"]])
    assert checked(story, device_nonce=b"n") == [
        (1, "request", "syncml:auth-MAC", True),
        (2, "request", "syncml:auth-MAC", False),
        (3, "request", "syncml:auth-MAC", False),
    ]


def test_the_real_peers_basic_credentials(shared_data):
    from replay.capture.readers import read as read_any

    traffic = assemble(read_any(str(shared_data / "peers" / "client-normal-xml-then-wbxml.mitm")))
    found = check_credentials(traffic.enrolments[0], Secrets(device=Secret("funambol", "funambol")))
    assert [each.right for each in found] == [True, True]  # once in XML, once in WBXML


def test_an_empty_nonce_is_one():
    story = Story()
    first = story.package_one("1")
    story.exchange(first, with_chal(story.answer(first, header_code="407"), b""))
    again = with_cred(story.package_one("1", number=2), credentials.md5(DEVICE, b""))
    story.exchange(again, story.answer(again))
    assert checked(story, device_nonce=b"old") == [(2, "request", "syncml:auth-md5", True)]


def test_a_challenge_that_may_not_have_arrived_leaves_the_nonce_unknown():
    story = Story()
    first = story.package_one("1")
    story.exchange(first, with_chal(story.answer(first), b"new"), failure="client-closed")
    request = with_cred(story.package_one("2"), credentials.md5(DEVICE, b"old"))
    story.exchange(request, story.answer(request))
    assert checked(story, device_nonce=b"old") == [(2, "request", "syncml:auth-md5", None)]
