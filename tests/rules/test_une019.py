import re

import pytest

from replay.lab import messages
from tests.story import Story, user

ALERT = messages.unenrol_alert()
MARK = '<Mark xmlns="syncml:metinf">critical</Mark>'


def found(mark: str) -> list[tuple[str, str, str, str | None]]:
    judged = Story().ordinary("1").alert("2", text=ALERT.replace(MARK, mark)).watch(70).judge()
    assert judged.verdict.word == "pass"
    return [(f.rule, f.severity, f.party, f.path) for f in judged.findings]


def test_passes_with_critical():
    assert user().watch(70).judge().findings == []


def test_passes_without():
    assert found("") == []


@pytest.mark.parametrize("value", ["informational", "fatal", "Critical", ""])
def test_reports_another_value_as_an_info(value):
    assert found(MARK.replace("critical", value)) == [("UNE019", "info", "device", "SyncBody/Alert[3]/Item/Meta/Mark")]


def test_another_alert_may_be_marked_as_it_likes():
    text = ALERT.replace("com.microsoft:mdm.unenrollment.userrequest", "com.microsoft:mdm.refresh")
    assert Story().alert("1", text=text.replace("critical", "minor")).judge().findings == []


def test_is_said_once_of_one_unenrolment():
    text = ALERT.replace("critical", "fatal")
    judged = Story().alert("1", text=text).watch(5).alert("2", text=text).watch(70).judge()
    assert [f.rule for f in judged.findings].count("UNE019") == 1


def test_an_alert_without_meta_has_no_mark():
    text = re.sub("<Meta>.*</Meta>", "", ALERT)
    judged = Story().ordinary("1").alert("2", text=text).watch(70).judge()
    assert judged.errors == []
    assert {finding.rule for finding in judged.findings} == {"UNE004", "UNE005"}
