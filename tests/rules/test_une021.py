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
