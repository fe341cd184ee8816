import pytest

from replay.expect.judge import Scope
from tests.story import Story, only, rules_of, user


def test_passes_with_readable_messages():
    assert user().watch(70).judge().findings == []


@pytest.mark.parametrize(
    "body",
    [b"<SyncML><SyncHdr></SyncML>", b"\x00\xff\xfe garbage", b"<html/>", b"\x03\xa4\x01\x6a\x00\xff", b"plain", b""],
)
def test_fails_on_the_devices_side(body):
    story = Story().ordinary("1")
    story.exchange(body, b"")
    judged = story.judge()
    finding = next(f for f in judged.findings if f.rule == "MSG001")
    assert (finding.severity, finding.party, finding.exchange, finding.side) == ("error", "device", 2, "request")
    assert len(judged.traffic.sessions) == 1  # the rest is judged


def test_fails_on_the_servers_side_and_says_where():
    story = Story()
    story.exchange(story.package_one("1"), b'<SyncML xmlns="SYNCML:SYNCML1.2">\n<SyncHdr>\n</SyncHd>')
    finding = only(story.judge(), "MSG001")
    assert (finding.party, finding.side, finding.line) == ("server", "response", 3)
    assert "</SyncHd>" in finding.message


def test_a_body_under_an_http_error_is_not_judged():
    story = Story()
    story.exchange(story.package_one("1"), b"<html>", status=500)
    assert rules_of(story.judge()) == ["HTP003"]


def test_entities_are_not_read():
    story = Story()
    bomb = (
        b'<!DOCTYPE x [<!ENTITY a "1"><!ENTITY b "&a;&a;">]><SyncML><SyncHdr/><SyncBody><Final/>&b;</SyncBody></SyncML>'
    )
    story.exchange(bomb, b"")
    assert rules_of(story.judge()) == ["MSG001"]


def test_a_capture_without_one_readable_message_has_no_verdict():
    story = Story()
    story.exchange(b"<SyncML", b"", status=400)
    judged = story.judge()
    assert judged.verdict.word == "none"
    assert "MSG001" in rules_of(judged)


def test_a_readable_answer_to_an_unreadable_request_is_judged():
    from replay.lab import messages

    story = Story()
    request = story.package_one("1")
    story.exchange(b"<SyncML", story.answer(request, messages.unenrol_exec(9, "P")))
    judged = story.watch(20).ordinary("2").watch(70).judge()
    assert rules_of(judged) == ["MSG001", "UNE001"]
    assert judged.verdict.word == "fail"


def test_what_the_proxy_made_is_not_the_servers():
    story = Story()
    story.exchange(story.package_one("1"), b"<SyncML", by="proxy")
    assert rules_of(story.judge()) == ["CAP003"]


def test_reports_what_a_lenient_reader_repaired():
    """Typographic quotes, as documents have them."""
    story = Story()
    request = story.package_one("1")
    bodies = [
        body.replace(b'"syncml:metinf"', "\u201csyncml:metinf\u201d".encode()).replace(
            b'"SYNCML:SYNCML1.2"', "\u201cSYNCML:SYNCML1.2\u201d".encode()
        )
        for body in (request, story.answer(request))
    ]
    story.exchange(*bodies)
    assert rules_of(story.judge()) == ["MSG001", "MSG001"]
    found = [f for f in story.judge(scope=Scope(lenient=True)).findings if f.rule == "MSG001"]
    assert [(f.severity, f.party, f.side) for f in found] == [
        ("info", "device", "request"),
        ("info", "server", "response"),
    ]
    assert "repaired as asked: line 1: typographic quotes in a tag made straight" in found[0].message
