from tests.story import Story, user

ENVELOPE = b"\x30\x82\x01\x00\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x03" + b"\x00" * 50


def test_passes_with_plain_bodies():
    assert user().watch(70).judge().findings == []


def test_reports_an_envelope_as_an_info():
    story = Story().ordinary("1")
    story.exchange(ENVELOPE, ENVELOPE)
    finding = story.judge().findings[0]
    assert (finding.rule, finding.severity, finding.party, finding.side) == ("CAP004", "info", "proxy", "request")


def test_an_envelope_from_the_server():
    story = Story()
    story.exchange(story.package_one("1"), ENVELOPE)
    assert [(f.rule, f.side) for f in story.judge().findings] == [("CAP004", "response")]
