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


def found(body: bytes | None = b"<Sy", **more) -> list[str]:
    story = Story().ordinary("1")
    story.exchange(story.package_one("2"), body, **{"failure": "truncated", "received": 3, **more})
    return [each.message for each in story.judge().findings if each.rule == "HTP004"]


def test_only_the_servers_own_answer_to_a_message_is_looked_at():
    assert len(found()) == 1
    assert found(by="proxy") == []
    assert found(None) == []
    assert found(failure=None, received=None) == []
    assert found(status=400) == []
    assert len(found(status=399)) == 1
    other = {
        "url": "https://mdm.example.test/logo.png",
        "headers": [],
        "response_headers": [["Content-Type", "image/png"]],
    }
    story = Story().ordinary("1")
    story.exchange(None, b"\x89P", failure="truncated", **other)
    assert story.judge().findings == []


def test_one_that_the_recorder_did_not_see_to_the_end_hides_no_other():
    story = Story()
    story.exchange(story.package_one("1"), b"x", status=500, failure="truncated")
    story.exchange(story.package_one("2"), b"<Sy", failure="truncated", received=3)
    assert [each.exchange for each in story.judge().findings if each.rule == "HTP004"] == [2]


def test_says_what_is_known_of_the_length():
    assert found()[0] == "the response is cut: 3 bytes came (truncated)"
    assert (
        found(response_headers=LENGTH)[0]
        == "the response is cut: 3 bytes came of the 100 that were promised (truncated)"
    )
    assert found(received=None)[0] == "the response is cut: fewer bytes came than there should be (truncated)"
    assert found(received=None, response_headers=LENGTH)[0] == (
        "the response is cut: fewer bytes came than the 100 that were promised (truncated)"
    )
