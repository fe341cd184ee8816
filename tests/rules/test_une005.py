import pytest

from replay.lab import messages
from tests.story import Story, only, user

FORMAT = '<Format xmlns="syncml:metinf">int</Format>'


def test_passes_with_int():
    assert user().watch(70).judge().findings == []


@pytest.mark.parametrize("wrong", ["", FORMAT.replace("int", "chr"), FORMAT.replace("int", "INT")])
def test_fails_without_int(wrong):
    text = messages.unenrol_alert().replace(FORMAT, wrong)
    finding = only(Story().alert("1", text=text).watch(70).judge(), "UNE005")
    assert (finding.severity, finding.party) == ("error", "device")
    assert finding.path == "SyncBody/Alert[3]/Item/Meta" + ("/Format" if wrong else "")


def test_passes_with_chr_for_the_unjoin_text():
    judged = Story().alert("1", "AADJ Unregister Failed", "chr").judge(expect="unjoin-failed")
    assert judged.verdict.word == "pass"


def test_fails_with_int_for_the_unjoin_text():
    judged = Story().alert("1", "AADJ Unregister Failed", "int").judge(expect="unjoin-failed")
    only(judged, "UNE005")


def test_an_alert_that_is_right_does_not_hide_another_that_is_not():
    """The first could not be delivered, and was tried again."""
    text = messages.unenrol_alert().replace(FORMAT, FORMAT.replace("int", "chr"))
    story = Story().alert("1", response=None, failure="connect-failed").alert("2", text=text)
    finding = only(story.watch(70).judge(), "UNE005")
    assert finding.exchange == 2
    assert "Format is 'chr'; expected 'int'" in finding.message
