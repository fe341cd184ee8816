"""The bytes of a played server's answers."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from replay.lab import messages
from replay.play.answers import AnswerMaker, Call, answer_headers
from replay.play.pointing import beside
from replay.play.proofs import Proofs
from replay.play.renew import Addresses, Renewals
from replay.play.server_script import server_parts
from replay.syncml import credentials
from replay.syncml.credentials import BASIC, MD5
from replay.syncml.names import METINF
from replay.syncml.read import read
from tests.play.caller import others, statuses, traffic_of
from tests.rules.talk import GET, Talk, header, opening, results, status
from tests.story import URL, Story

NONCES = [b"one", b"two"]


def maker(story: Story) -> AnswerMaker:
    (part,) = server_parts(traffic_of(story))
    nonces = itertools.chain(NONCES)
    return AnswerMaker(part, Proofs(None), lambda: next(nonces))


def call(body: bytes, **more) -> Call:
    return Call(read(body), URL, (), **more)


def plain(body: bytes, story: Story | None = None, **more):
    written, headers = maker(story or Story().ordinary("1")).plain(call(body), "3", **more)
    return read(written), dict(headers)


@pytest.mark.parametrize("wbxml", [False, True])
def test_the_plain_answer_owes_a_status_to_everything_and_no_more(wbxml):
    body = Story().package_one("77")
    answer, headers = plain(messages.to_wbxml(body) if wbxml else body)
    commands = [each for each in read(body).commands if each.name != "Status"]
    assert statuses(answer) == [("1", "0", "SyncHdr", "200")] + [
        ("1", each.cmd_id, each.name, "200") for each in commands
    ]
    assert (others(answer), answer.final, answer.header.session_id, answer.header.msg_id) == ([], True, "77", "3")
    assert headers == {"Content-Type": messages.WBXML_TYPE if wbxml else messages.CONTENT_TYPE}


def test_a_package_that_is_not_at_its_end_is_asked_for_the_rest():
    answer, _ = plain(Story().package_one("1").replace(b"<Final/>", b""))
    assert (others(answer), answer.commands[-1].code, answer.final) == (["Alert"], "1222", False)
    ids = [each.cmd_id for each in answer.commands]
    assert len(ids) == len(set(ids))


def test_chunks_get_213_and_whole_results_nothing():
    talk = Talk().open(GET)
    chunk = "<Item><Source><LocURI>./DevDetail/SwV</LocURI></Source><Data>1</Data><MoreData/></Item>"
    for inside, code in ((chunk, ["213"]), ("", [])):
        body = talk.story.to_server("1", 2, [results("1/9", inside).replace("{id}", "2")])
        answer, _ = plain(body)
        assert [each[3] for each in statuses(answer) if each[2] == "Results"] == code


def test_codes_are_those_that_were_recorded_for_such_commands():
    story = Story()
    request = story.package_one("1")
    story.exchange(request, story.answer(request, code="406"))
    answer, _ = plain(Story().package_one("2"), story)
    assert {each[3] for each in statuses(answer)[1:]} == {"406"}


@pytest.mark.parametrize("kind", [BASIC, MD5])
def test_a_challenge_has_a_fresh_nonce_but_for_basic(kind):
    made = maker(Story().ordinary("1"))
    written, _ = made.plain(call(Story().package_one("1")), "1", code="407", challenge=kind)
    answer = read(written)
    assert {each[3] for each in statuses(answer)} == {"407"}
    chal = answer.commands[0].chal
    assert chal.type.text == kind
    assert chal.type.namespace == METINF
    assert credentials.next_nonce(chal) == (None if kind == BASIC else NONCES[0])
    assert made.device_nonce == (None if kind == BASIC else NONCES[0])


def recorded(story: Story, body: bytes, **more):
    made = maker(story)
    step = made.part.sessions[0].steps[0]
    live = read(body)
    heard = {step.number: beside(step.turn.request, live, 0)}
    written, headers = made.recorded(step, call(body, **more), "9", heard)
    return read(written), dict(headers)


def test_a_recorded_answer_points_at_what_was_sent():
    story = Talk().open(GET).story
    live = Story(device="LIVE").package_one("55", number=4)
    answer, _ = recorded(story, live)
    assert {each[0] for each in statuses(answer)} == {"4"}
    assert (answer.header.session_id, answer.header.msg_id, answer.header.target.uri) == ("55", "9", "LIVE")
    assert others(answer) == ["Get"]


def test_212_is_200_where_nobody_proved_anything():
    story = Story()
    cred = '<Cred><Meta><Type xmlns="syncml:metinf">syncml:auth-basic</Type></Meta><Data>dTpw</Data></Cred></SyncHdr>'
    request = story.package_one("1").replace(b"</SyncHdr>", cred.encode())
    story.exchange(request, story.answer(request, header_code="212"))
    for proved, code in ((False, "200"), (True, "212")):
        answer, _ = recorded(story, Story().package_one("2"), proved=proved)
        assert statuses(answer)[0][3] == code


def test_a_command_that_was_not_recorded_gets_a_status_in_its_place():
    extra = "<Alert><CmdID>77</CmdID><Data>1226</Data></Alert>"
    body = Story().to_server("1", 1, [*opening(), extra])
    answer, _ = recorded(Talk().open(GET).story, body)
    assert ("1", "77", "Alert", "200") in statuses(answer)
    assert statuses(answer)[-1][1] == "77"


def test_headers_of_one_hop_and_of_the_transfer_are_not_kept():
    given = (
        ("Server", "x"), ("Date", "y"), ("Connection", "close"), ("Content-Length", "5"), ("Alt-Svc", "h3"),
        ("Location", "https://mdm.example.test/next"), ("content-type", "application/vnd.syncml.dm+wbxml; x=1"),
    )  # fmt: skip
    renewals = Renewals(address=Addresses("https://127.0.0.1:8443", {URL}).address)
    assert answer_headers(given, renewals, "xml") == (
        ("Server", "x"), ("Location", "https://127.0.0.1:8443/next"), ("content-type", "application/vnd.syncml.dm+xml; x=1"),
    )  # fmt: skip
    assert answer_headers((), renewals, None) == ()


@given(st.text(max_size=30), st.text(max_size=30))
def test_no_header_brings_another_along(name, value):
    for found in answer_headers(((name, value),), Renewals(), None):
        assert not set("".join(found)) & set("\r\n\0")


def test_an_answer_without_the_devices_message_answers_the_header_alone(tmp_path):
    """A capture of the server's messages alone."""
    story = Talk().open(GET).story
    answer = next(line for line in story.lines if line["type"] == "response")["body"]["text"]
    assert status("1/2", "Alert").split("{id}")[1] in answer
    (tmp_path / "01_response.xml").write_text(answer)
    from replay.capture.readers import read as read_capture
    from replay.capture.sessions import assemble

    (part,) = server_parts(assemble(read_capture(str(tmp_path))))
    made = AnswerMaker(part, Proofs(None), lambda: b"")
    step = part.sessions[0].steps[0]
    body = Story().package_one("8", number=3)
    written, _ = made.recorded(step, call(body), "1", {step.number: beside(None, read(body), 0)})
    assert statuses(read(written))[0] == ("3", "0", "SyncHdr", "200")
    assert {each[0] for each in statuses(read(written))} == {"3"}
    assert header(1).split("{id}")[1] not in written.decode()
