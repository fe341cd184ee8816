"""Texts from a capture in findings, and what findings make of a verdict."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from replay.expect.finding import LONGEST, Finding, Party, Severity, Verdict, shortened, verdicts, worst
from replay.lab import messages
from replay.report.as_json import as_json
from replay.report.shapes import report
from replay.report.text import check_text
from tests.story import Story


@given(st.text("'\"\\ aé\n", max_size=600))
def test_nothing_long_is_left_and_nothing_short_is_touched(text):
    short = shortened(text)
    assert len(short) <= len(text) + 600
    assert max(map(len, short.split()), default=0) <= LONGEST + 2
    if len(text) <= LONGEST:
        assert short == text


def test_what_stands_around_a_long_text_stays():
    text = f"SessionID {'9' * 5000!r} is 5000 bytes long; the server's SessionID {'a b ' * 900!r} is long too"
    short = shortened(text)
    assert short.endswith("is long too")
    assert "…' is 5000 bytes long; the server's SessionID 'a b a b" in short
    assert len(short) < 600


def test_quotes_that_end_a_text_do_not_begin_another():
    text = "DevId is './x/', and Source 'y'; " + "expected the same; " * 40
    assert shortened(text) == text


@pytest.mark.parametrize(
    ("long", "short"),
    [
        ("a " + "X" * 200, "a " + "X" * 200),
        ("X" * 201, "X" * 199 + "…"),
        ("'" + "a b" * 66 + "'", "'" + "a b" * 66 + "'"),
        ("'" + "a b" * 66 + "c'", "'" + "a b" * 66 + "…'"),
        ("a b " * 1000, "a b " * 1000),
        ("a b " * 1000 + "c", ("a b " * 1000)[:3999] + "…"),
    ],
)
def test_where_a_long_text_ends(long, short):
    assert shortened(long) == short


def finding(severity: Severity, party: Party = Party.DEVICE, accepted: str | None = None) -> Finding:
    return Finding(rule="XXX001", severity=severity, party=party, message="", accepted=accepted)


@pytest.mark.parametrize("party", Party)
@pytest.mark.parametrize(
    ("severity", "accepted", "verdict"),
    [
        (Severity.ERROR, None, Verdict.FAIL),
        (Severity.INCONCLUSIVE, None, Verdict.INCONCLUSIVE),
        (Severity.WARNING, None, Verdict.PASS),
        (Severity.INFO, None, Verdict.PASS),
        (Severity.ERROR, "known", Verdict.PASS),
        (Severity.ERROR, "", Verdict.PASS),
        (Severity.INCONCLUSIVE, "known", Verdict.PASS),
    ],
)
def test_a_finding_weighs_on_its_party_alone(severity, accepted, verdict, party):
    found = finding(severity, party, accepted)
    assert verdicts([found]) == dict.fromkeys(Party, Verdict.PASS) | {party: verdict}


def test_the_worst_finding_decides_whatever_their_order():
    error, unsure, info = map(finding, (Severity.ERROR, Severity.INCONCLUSIVE, Severity.INFO))
    for found in ([error, unsure, info], [info, unsure, error]):
        assert verdicts(found)[Party.DEVICE] is Verdict.FAIL


def test_who_was_not_asked_about_and_what_was_not_judged_has_no_verdict():
    findings = [finding(Severity.ERROR, party) for party in Party]
    asked = verdicts(iter(findings), parties=iter([Party.SERVER]))
    assert asked == {Party.DEVICE: Verdict.NONE, Party.SERVER: Verdict.FAIL, Party.PROXY: Verdict.NONE}
    assert verdicts(findings, judged=False) == dict.fromkeys(Party, Verdict.NONE)


def test_the_worst_of_verdicts():
    assert worst(iter(Verdict)) is Verdict.ERROR
    assert worst([Verdict.PASS, Verdict.NONE]) is Verdict.PASS
    assert worst([]) is Verdict.NONE


@pytest.mark.parametrize("long", ["S" * 100_000, "a b " * 30_000])
def test_a_hostile_capture_does_not_fill_the_report(long):
    story = Story(device=f"D{long}")
    request = story.package_one(long)
    story.exchange(request, story.answer(request, messages.get(9, f"/{long}")))
    story.alert(f"2{long}", data=long).watch(3)
    judged = story.judge()
    assert {"MSG006", "MSG014", "UNE006"} <= {finding.rule for finding in judged.findings}
    assert max(len(finding.message) for finding in judged.findings) <= 4_000
    shaped = report([judged])
    assert max(map(len, check_text(shaped, detail=1).splitlines())) <= 4_400
    assert as_json(shaped)
