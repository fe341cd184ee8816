import io

from replay.capture.journal_reader import read
from replay.capture.sessions import Traffic, assemble
from replay.compare.compare import compare
from replay.expect.finding import Verdict
from replay.lab import messages
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


def test_the_answer_to_an_envelope_is_read_all_the_same():
    """An Exec Unenroll in it begins an unenrolment: a capture with one is no pass because the request could not be read."""
    story = Story().ordinary("1").wait(5)
    exec_ = story.answer(story.package_one("2"), messages.unenrol_exec(9, "P"))
    story.exchange(ENVELOPE, exec_, headers=[["Content-Type", "application/pkcs7-mime"]])
    capture = story.watch(70).judge()
    assert [(f.rule, f.side) for f in capture.findings] == [("CAP004", "request"), ("UNE001", "response")]
    assert [each.episode.trigger is not None for each in capture.episodes] == [True]
    assert capture.verdict is Verdict.INCONCLUSIVE


def test_what_is_sent_in_an_envelope_differs_from_what_is_not():
    def traffic(request: bytes | None) -> Traffic:
        story = Story().ordinary("1")
        answer = story.answer(story.package_one("2"))
        story.exchange(request or story.package_one("2"), answer)
        return assemble(read(io.BytesIO(story.text()), "x"))

    assert compare(traffic(ENVELOPE), traffic(ENVELOPE + b"another")).equal
    assert not compare(traffic(ENVELOPE), traffic(None)).equal
