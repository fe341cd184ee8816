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
