import pytest

from replay.lab import messages
from tests.story import Story, only, rules_of, user


def answered_by(change):
    story = Story()
    request = story.package_one("1")
    story.exchange(request, change(story.answer(request)))
    return story.judge()


def test_passes_in_the_namespace_of_1_2():
    assert user().watch(70).judge().findings == []


@pytest.mark.parametrize("wrong", ["SYNCML:SYNCML1.3", "syncml:syncml1.2", "SYNCML:SYNCML1.0"])
def test_fails_in_another_namespace(wrong):
    finding = only(answered_by(lambda body: body.replace(b"SYNCML:SYNCML1.2", wrong.encode())), "MSG002")
    assert (finding.severity, finding.party, finding.side) == ("error", "server", "response")
    assert repr(wrong) in finding.message


def test_in_a_namespace_of_somebody_else_nothing_is_read_and_that_is_one_cause():
    assert rules_of(answered_by(lambda body: body.replace(b"SYNCML:SYNCML1.2", b"urn:other"))) == ["MSG002"]


def test_fails_in_none():
    finding = only(answered_by(lambda body: body.replace(b' xmlns="SYNCML:SYNCML1.2"', b"")), "MSG002")
    assert "no namespace" in finding.message


def test_warns_of_1_1():
    judged = answered_by(lambda body: body.replace(b"SYNCML1.2", b"SYNCML1.1"))
    finding = only(judged, "MSG002")
    assert finding.severity == "warning"
    assert judged.verdict.word == "pass"


def test_a_message_of_version_1_1_is_one_finding_and_an_error():
    def older(body):
        return body.replace(b"SYNCML1.2", b"SYNCML1.1").replace(b"DM/1.2", b"DM/1.1")

    assert rules_of(answered_by(older)) == ["MSG003"]


def test_in_wbxml_the_public_id_decides():
    story = Story()
    request = story.package_one("1")
    binary = messages.to_wbxml(request)
    assert binary[1:3] == b"\xa4\x01"
    old = binary[:1] + b"\x9f\x53" + binary[3:]
    headers = [["Content-Type", messages.WBXML_TYPE]]
    story.exchange(old, messages.to_wbxml(story.answer(request)), headers=headers, response_headers=headers)
    finding = only(story.judge(), "MSG002")
    assert (finding.severity, finding.party) == ("warning", "device")


def test_a_sender_that_writes_every_message_so_is_reported_once():
    story = Story()
    for session in ("1", "2"):
        first = story.package_one(session)
        story.exchange(
            first, story.answer(first, messages.get(9, "./DevDetail/SwV")).replace(b"SYNCML1.2", b"SYNCML1.1")
        )
        second = story.to_server(
            session, 2, [messages.status(1, "1", "0", "SyncHdr", "200"), messages.status(2, "1", "9", "Get", "404")]
        )
        story.exchange(second, story.answer(second).replace(b"SYNCML1.2", b"SYNCML1.1"))
    found = story.judge().findings
    assert [(f.rule, f.exchange, f.also) for f in found] == [("MSG002", 1, (2, 3, 4))]
