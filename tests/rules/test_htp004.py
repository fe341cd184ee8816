from tests.story import Story, only, user

LENGTH = [["Content-Type", "application/vnd.syncml.dm+xml"], ["Content-Length", "100"]]


def test_passes_with_whole_bodies():
    assert user().watch(70).judge().findings == []


def test_fails_where_the_body_is_cut():
    story = Story()
    story.exchange(story.package_one("1"), b"<Sy", failure="truncated", received=3, response_headers=LENGTH)
    finding = only(story.judge(), "HTP004")
    assert (finding.severity, finding.party) == ("error", "server")
    assert "3 bytes came of the 100" in finding.message


def test_a_warning_in_the_answer_to_an_alert():
    judged = Story().alert("1", response=b"<Sy", failure="truncated", response_headers=LENGTH).watch(70).judge()
    assert only(judged, "HTP004").severity == "warning"
    assert judged.verdict.word == "pass"


def test_says_nothing_of_a_recorder_that_was_stopped_nor_beside_an_http_error():
    story = Story().ordinary("1")
    story.exchange(story.package_one("2"), b"<Sy", failure="proxy-stopped")
    assert story.judge().findings == []
    story = Story()
    story.exchange(story.package_one("1"), b"<Sy", status=500, failure="truncated")
    only(story.judge(), "HTP003")
