import pytest

from replay.lab import messages
from tests.rules.talk import OPENED, Talk, header, opening, status

REFRESH = (
    "<Alert><CmdID>{id}</CmdID><Data>1226</Data><Item><Meta>"
    '<Type xmlns="syncml:metinf">com.microsoft:mdm.refresh</Type><Format xmlns="syncml:metinf">int</Format></Meta>'
    "<Data>1</Data></Item></Alert>"
)


def reported(code: str, alert: str = REFRESH) -> Talk:
    """A session whose package 1 has a generic alert (CmdID 4), answered with a code."""
    owed = [*OPENED[:3], status("1/4", "Alert", code), status("1/5", "Replace")]
    return Talk().say(opening(alert), owed)


@pytest.mark.parametrize("code", ["200", "202", "401", "406", "407", "412", "415", "500"])
def test_passes_with_a_fitting_code(code):
    assert reported(code).of("STA007") == []


@pytest.mark.parametrize("code", ["201", "204", "212", "404", "503"])
def test_warns_of_another(code):
    finding = reported(code).only("STA007")
    assert (finding.severity, finding.party, finding.exchange) == ("warning", "server", 1)
    assert finding.path == "SyncBody/Status[4]/Data"
    assert f"answers the generic Alert (CmdID 4) with {code}" in finding.message


def test_a_code_that_is_not_defined_is_sta006():
    reported("299").only("STA006")


def test_a_refusal_of_the_unenrolment_alert_is_une020():
    assert [f.rule for f in reported("404", messages.unenrol_alert()).judge().findings if f.severity == "warning"] == [
        "UNE020"
    ]


def test_warns_of_another_success_for_the_unenrolment_alert():
    assert len(reported("204", messages.unenrol_alert()).of("STA007")) == 1


def test_other_alerts_have_what_codes_they_like():
    assert Talk().say(opening(), [header(), status("1/2", "Alert", "204"), *OPENED[2:]]).nothing()
