import pytest

from tests.story import Story, only, server, user


@pytest.mark.parametrize(("scenario", "story"), [("user", user), ("server", server)])
def test_passes_where_the_scenario_is_there(scenario, story):
    assert story().watch(70).judge(expect=scenario).findings == []


@pytest.mark.parametrize("scenario", ["server", "unjoin-failed"])
def test_fails_where_it_is_absent(scenario):
    judged = user().watch(70).judge(expect=scenario)
    finding = only(judged, "UNE021")
    assert (finding.severity, finding.party) == ("error", "device")
    assert "episode 1: user" in finding.message
    assert judged.verdict.word == "fail"


def test_inconclusive_for_the_user_whose_alert_is_best_effort():
    judged = Story().ordinary("1").watch(70).judge(expect="user")
    assert only(judged, "UNE021").severity == "inconclusive"


def test_says_nothing_where_nothing_was_expected():
    assert Story().ordinary("1").watch(70).judge().findings == []


@pytest.mark.parametrize("answer", [b"<SyncML>", None])
def test_inconclusive_where_the_exec_may_be_in_what_could_not_be_read(answer):
    story = Story().ordinary("1").watch(5)
    story.exchange(story.package_one("2"), b"x")
    story.lines[-1]["body"] = {"text": answer.decode()} if answer else None
    judged = story.wait(1).alert("3").watch(70).judge(expect="server")
    finding = next(finding for finding in judged.findings if finding.rule == "UNE021")
    assert (finding.severity, "exchange 2 could not be read" in finding.message) == ("inconclusive", True)


def test_an_answer_that_was_empty_hid_nothing():
    story = Story().ordinary("1").watch(5)
    story.exchange(story.package_one("2"), b"")
    assert only(story.wait(1).alert("3").watch(70).judge(expect="server"), "UNE021").severity == "error"


def test_inconclusive_where_the_alert_may_be_in_a_request_that_could_not_be_read():
    story = Story().exec("1").wait(1)
    story.exchange(b"<SyncML>", None, failure="server-closed")
    judged = story.watch(70).judge(expect="unjoin-failed")
    assert next(f.severity for f in judged.findings if f.rule == "UNE021") == "inconclusive"


ENVELOPE = b"\x30\x82\x01\x00\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02" + bytes(241)
OTHER = {"url": "https://mdm.example.test/logo.png", "headers": [], "response_headers": [["Content-Type", "image/png"]]}


def absent(story: Story, expect: str) -> str:
    found = [each.severity for each in story.watch(70).judge(expect=expect).findings if each.rule == "UNE021"]
    assert len(found) == 1
    return found[0]


@pytest.mark.parametrize("expect", ["server", "unjoin-failed"])
def test_inconclusive_where_something_was_in_an_envelope(expect):
    story = Story().ordinary("1")
    story.exchange(ENVELOPE, b"")
    assert absent(story, expect) == "inconclusive"


@pytest.mark.parametrize("expect", ["server", "unjoin-failed"])
def test_what_is_not_oma_dm_shows_no_unenrolment(expect):
    story = Story().ordinary("1")
    story.exchange(None, b"\x89PNG", **OTHER)
    assert absent(story, expect) == "error"


def test_a_message_that_was_not_kept_may_have_been_the_alert_but_not_the_exec():
    for expect, severity in (("unjoin-failed", "inconclusive"), ("server", "error")):
        story = Story().ordinary("1")
        story.exchange(None, b"")
        story.exchange(None, b"")
        assert absent(story, expect) == severity
    (finding,) = [each for each in story.judge(expect="unjoin-failed").findings if each.rule == "UNE021"]
    assert finding.message == (
        "an unenrolment of the scenario 'unjoin-failed' was expected; the capture holds no unenrolment at all; but exchange 2 "
        "and 1 more could not be read"
    )
