import pytest

from replay.lab import messages
from tests.story import Story, only, user


def test_passes_with_one():
    assert user().watch(70).judge().findings == []


@pytest.mark.parametrize("data", ["0", "3", "true", "aadj unregister failed", "", " 1"])
def test_fails_with_another_value(data):
    judged = Story().alert("1", data).watch(70).judge()
    finding = only(judged, "UNE006")
    assert (finding.severity, finding.party, finding.path) == ("error", "device", "SyncBody/Alert[3]/Item/Data")
    assert repr(data) in finding.message


def test_fails_without_data():
    text = messages.unenrol_alert().replace("<Data>1</Data></Item>", "</Item>")
    assert "missing" in only(Story().alert("1", text=text).watch(70).judge(), "UNE006").message


@pytest.mark.parametrize(("data", "form"), [("2", "int"), ("AADJ Unregister Failed", "chr")])
def test_the_two_values_of_a_failed_unjoin_are_no_fault_of_this_rule(data, form):
    assert Story().alert("1", data, form).judge(expect="unjoin-failed").verdict.word == "pass"


def test_data_with_elements_in_it_is_not_one():
    text = messages.unenrol_alert().replace("<Data>1</Data></Item>", "<Data>1<b/>7</Data></Item>")
    only(Story().alert("1", text=text).watch(70).judge(), "UNE006")


def test_fails_with_data_that_stands_there_twice():
    text = messages.unenrol_alert().replace("<Data>1</Data>", "<Data>1</Data><Data>2</Data>")
    finding = only(Story().ordinary("1").alert("2", text=text).watch(70).judge(), "UNE006")
    assert "Data is '1', and stands there again" in finding.message


def test_an_alert_that_is_right_does_not_hide_another_that_is_not():
    """The first could not be delivered, and was tried again."""
    story = Story().alert("1", response=None, failure="connect-failed").alert("2", "3")
    assert only(story.watch(70).judge(), "UNE006").exchange == 2
