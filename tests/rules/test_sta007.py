import pytest

from replay.lab import messages
from tests.rules.talk import GET, OPENED, Talk, header, opening, status
from tests.story import rules_of

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


@pytest.mark.parametrize("code", ["200", "202", "401", "406", "407", "412", "415", "500"])
def test_a_fitting_code_fits_beside_others_too(code):
    owed = [
        header(),
        status("1/2", "Alert", "204"),
        *OPENED[2:3],
        status("1/4", "Alert", code),
        status("1/5", "Replace"),
    ]
    assert Talk().say(opening(REFRESH), owed).of("STA007") == []


@pytest.mark.parametrize("code", ["201", "204", "212", "404", "503"])
def test_warns_of_another(code):
    finding = reported(code).only("STA007")
    assert (finding.severity, finding.party, finding.exchange) == ("warning", "server", 1)
    assert finding.path == "SyncBody/Status[4]/Data"
    assert f"answers the generic Alert (CmdID 4) with {code}" in finding.message


def test_a_code_that_is_not_defined_is_sta006():
    reported("299").only("STA006")


def test_a_refusal_of_the_unenrolment_alert_is_une020():
    for code in ("400", "404"):
        judged = reported(code, messages.unenrol_alert()).judge()
        assert [f.rule for f in judged.findings if f.severity == "warning"] == ["UNE020"]


def test_warns_of_another_success_for_the_unenrolment_alert():
    assert len(reported("204", messages.unenrol_alert()).of("STA007")) == 1


def test_warns_in_a_session_after_one_that_fits():
    owed = [*OPENED[:3], status("1/4", "Alert", "204"), status("1/5", "Replace")]
    story = Talk().open(GET).say([header()], [header(2)]).story
    assert len(Talk("2", story).say(opening(REFRESH), owed).of("STA007")) == 1


@pytest.mark.parametrize(
    ("more", "rules"),
    [
        ([status("1/4", "Alert"), status("1/4", "Replace", "204"), status("1/5", "Replace")], ["STA003"]),
        ([status("1/4", "Replace", "204"), status("1/5", "Replace")], ["STA003"]),
        ([status("1/4", "Alert"), status("1/4", "Alert", "204"), status("1/5", "Replace")], ["STA005"]),
        ([status("1/4", "Alert"), status("1/77", "Alert", "204"), status("1/5", "Replace")], ["STA002"]),
    ],
)
def test_an_answer_with_a_wrong_reference_may_mean_something_else(more, rules):
    assert rules_of(Talk().say(opening(REFRESH), [*OPENED[:3], *more]).judge()) == rules


def test_other_alerts_have_what_codes_they_like():
    assert Talk().say(opening(), [header(), status("1/2", "Alert", "204"), *OPENED[2:]]).nothing()
