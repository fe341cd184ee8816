import pytest

from replay.expect.rules import registry
from replay.expect.sources import FACTS, spelled_out


def test_a_source_is_spelled_out():
    cited = {each.short: each.text for each in spelled_out("UNENR; MDM 2.2.3.6; facts A1.3, B22; contract, window")}
    assert list(cited) == ["UNENR", "MDM 2.2.3.6", "A1.3", "B22", "contract, window"]
    assert cited["UNENR"] == 'Microsoft, "Disconnecting from the management infrastructure (unenrollment)"'
    assert cited["MDM 2.2.3.6"] == "Microsoft, [MS-MDM] Mobile Device Management Protocol, v15.0, 2.2.3.6"
    assert cited["A1.3"].startswith("the alert is best effort")
    assert cited["contract, window"].endswith("formats, words and exit codes, window")


def test_what_was_watched_is_said_in_words():
    assert spelled_out("facts A1.5")[0].text.endswith("(behaviour of the shipped Windows client)")
    assert not [
        fact
        for fact in FACTS
        if any(f"({short})" in spelled_out(f"facts {fact}")[0].text for short in ("CAP", "CODE", "SRV"))
    ]


@pytest.mark.parametrize("rule", sorted(registry()))
def test_every_source_of_a_rule_is_known(rule):
    unknown = [each.short for each in spelled_out(registry()[rule].rule.source) if each.text == each.short]
    assert [each for each in unknown if not each.startswith("the ")] == []


def test_an_unknown_one_is_shown_as_it_stands():
    assert [(each.short, each.text) for each in spelled_out("XYZ 1; facts Z9")] == [("XYZ 1", "XYZ 1"), ("Z9", "Z9")]
