"""What the source of a rule stands for, and that the page of the docs has all of it."""

import re

import pytest

from replay.expect.rules import registry
from replay.expect.sources import DOCUMENTS, FACTS, spelled_out
from tests.conftest import ROOT


def test_a_source_is_spelled_out():
    cited = {each.short: each.text for each in spelled_out("UNENR; MDM 2.2.3.6; facts A1.3, B22; contract, window")}
    assert list(cited) == ["UNENR", "MDM 2.2.3.6", "A1.3", "B22", "contract, window"]
    assert cited["UNENR"] == 'Microsoft, "Disconnecting from the management infrastructure (unenrollment)"'
    assert cited["MDM 2.2.3.6"] == "Microsoft, [MS-MDM] Mobile Device Management Protocol, v15.0, 2.2.3.6"
    assert cited["A1.3"].startswith("the alert is best effort")
    assert cited["contract, window"].endswith("formats, words and exit codes, window")


def test_what_was_watched_is_said_in_words():
    assert spelled_out("facts A1.5")[0].text.endswith("(behaviour of the shipped Windows client)")
    short = re.compile(r"\((?:[^()]*; )?(CAP|CAP11|CODE|SRV)[;)]")
    assert {found[1] for fact in FACTS.values() if (found := short.search(fact))} == {"CAP", "CAP11", "CODE", "SRV"}
    assert [fact for fact in FACTS if short.search(spelled_out(f"facts {fact}")[0].text)] == []


@pytest.mark.parametrize("rule", sorted(registry()))
def test_every_source_of_a_rule_is_known(rule):
    unknown = [each.short for each in spelled_out(registry()[rule].rule.source) if each.text == each.short]
    assert [each for each in unknown if not each.startswith("the ")] == []


def test_an_unknown_one_is_shown_as_it_stands():
    assert [(each.short, each.text) for each in spelled_out("XYZ 1; facts Z9")] == [("XYZ 1", "XYZ 1"), ("Z9", "Z9")]


def test_the_page_of_the_docs_has_all_of_them():
    rows = re.findall(
        r"^\| ([^|]+) \| [^|]", (ROOT / "docs" / "reference" / "sources.md").read_text("utf-8"), re.MULTILINE
    )
    assert [row for row in rows if row not in ("short", "fact", "---")] == [*DOCUMENTS, *FACTS]


def test_every_fact_that_the_code_cites_is_known():
    cited = re.compile(r"\b(?:A[1-3]\.\d+|B\d{1,2})\b(?!\()")  # B64(…) is base64
    texts = [path.read_text("utf-8") for path in (ROOT / "replay").rglob("*.py")]
    found = {fact for text in texts for fact in cited.findall(text)}
    assert {"A1.10", "A2.6", "B10"} <= found
    assert found <= FACTS.keys()
