import pytest

from tests.story import Story, only, user

VALUES = [("2", "int"), ("AADJ Unregister Failed", "chr")]


def test_passes_where_the_device_leaves():
    assert user().watch(70).judge().findings == []


@pytest.mark.parametrize(("data", "form"), VALUES)
def test_fails_where_it_stays(data, form):
    judged = Story().exec("1").alert("2", data, form).watch(20).ordinary("3").judge()
    finding = only(judged, "UNE010")
    assert (finding.severity, finding.party) == ("error", "device")
    assert judged.episodes[0].episode.scenario == "unjoin-failed"
    assert judged.episodes[0].case.window is None


@pytest.mark.parametrize(("data", "form"), VALUES)
def test_is_an_info_where_it_was_expected(data, form):
    judged = Story().exec("1").alert("2", data, form).watch(20).ordinary("3").judge(expect="unjoin-failed")
    assert [(f.rule, f.severity) for f in judged.findings] == [("UNE010", "info")]
    assert judged.verdict.word == "pass"


def test_a_later_unenrolment_is_another_episode():
    judged = Story().alert("1", "2").watch(20).alert("2").watch(70).judge(expect="user")
    assert [each.episode.scenario for each in judged.episodes] == ["unjoin-failed", "user"]


def test_two_alerts_in_one_message_are_both_looked_at():
    from replay.lab import messages

    both = messages.unenrol_alert() + messages.unenrol_alert("2").replace("{id}", "77")
    assert "UNE010" in [f.rule for f in Story().alert("1", text=both).watch(70).judge().findings]


def test_another_scenario_does_not_expect_it():
    judged = Story().exec("1").wait(1).alert("2", "2").watch(5).judge(expect="server")
    assert [(each.rule, each.severity) for each in judged.findings] == [("UNE021", "error"), ("UNE010", "error")]
    assert judged.findings[1].path == "SyncBody/Alert[3]/Item/Data"
