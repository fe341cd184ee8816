import pytest

from replay.lab import messages
from replay.syncml.names import UNENROL_TYPE
from tests.story import Story, only, rules_of, user

RIGHT = messages.unenrol_alert()
TYPE = f'<Type xmlns="syncml:metinf">{UNENROL_TYPE}</Type>'


def test_passes_with_the_exact_type():
    assert user().watch(70).judge().findings == []


@pytest.mark.parametrize(
    "wrong",
    [
        f'<Type xmlns="syncml:metinf"> {UNENROL_TYPE}</Type>',
        f'<Type xmlns="syncml:metinf">{UNENROL_TYPE.upper()}</Type>',
        f'<Type xmlns="syncml:metinfo">{UNENROL_TYPE}</Type>',
        f"<Type>{UNENROL_TYPE}</Type>",
        '<Type xmlns="syncml:metinf"></Type>',
        "",
    ],
)
def test_fails_and_counts_as_the_alert(wrong):
    judged = Story().ordinary("1").alert("2", text=RIGHT.replace(TYPE, wrong)).watch(70).judge()
    finding = only(judged, "UNE004")
    assert (finding.severity, finding.party) == ("error", "device")
    assert finding.path == "SyncBody/Alert[3]/Item/Meta" + ("/Type" if wrong else "")
    assert [each.episode.scenario for each in judged.episodes] == ["user"]


def test_shows_the_exact_text():
    text = RIGHT.replace(TYPE, f'<Type xmlns="syncml:metinf"> {UNENROL_TYPE}</Type>')
    assert repr(f" {UNENROL_TYPE}") in only(Story().alert("2", text=text).watch(70).judge(), "UNE004").message


@pytest.mark.parametrize(
    "other",
    [
        "org.openmobilealliance.dm.firmwareupdate.userrequest",
        "com.example:mdm.unenrollment.userrequest",
        "com.microsoft:mdm.refresh",
    ],
)
def test_another_type_is_no_unenrolment(other):
    judged = Story().alert("2", text=RIGHT.replace(UNENROL_TYPE, other)).watch(70).judge()
    assert judged.episodes == []
    assert judged.findings == []


def beside_the_item(data: str) -> str:
    """The alert with Meta in the Alert itself, not in its Item."""
    described = (
        f'<Meta><Type xmlns="syncml:metinf">{UNENROL_TYPE}</Type><Format xmlns="syncml:metinf">int</Format></Meta>'
    )
    return f"<Alert><CmdID>{{id}}</CmdID><Data>1226</Data>{described}<Item><Data>{data}</Data></Item></Alert>"


def test_fails_where_meta_stands_in_the_alert_and_not_in_its_item():
    finding = only(Story().ordinary("1").alert("2", text=beside_the_item("1")).watch(70).judge(), "UNE004")
    assert "Type is in the Meta of the Alert" in finding.message
    assert finding.path == "SyncBody/Alert[3]/Meta/Type"


def test_such_an_alert_is_judged_like_any_other():
    judged = Story().ordinary("1").alert("2", text=beside_the_item("7")).watch(70).judge()
    assert rules_of(judged) == ["UNE004", "UNE006"]


@pytest.mark.parametrize(("wrong", "what"), [("", "missing"), ('<Type xmlns="syncml:metinf"> </Type>', "empty")])
def test_a_type_that_is_missing_is_told_from_one_that_is_empty(wrong, what):
    judged = Story().ordinary("1").alert("2", text=RIGHT.replace(TYPE, wrong)).watch(70).judge()
    assert only(judged, "UNE004").message.startswith(f"Type is {what}; expected")


def test_an_alert_that_is_right_does_not_hide_another_that_is_not():
    """The first could not be delivered, and was tried again."""
    story = Story().ordinary("1").alert("2", response=None, failure="connect-failed")
    finding = only(story.alert("3", text=RIGHT.replace(UNENROL_TYPE, UNENROL_TYPE + " ")).watch(70).judge(), "UNE004")
    assert finding.exchange == 3
