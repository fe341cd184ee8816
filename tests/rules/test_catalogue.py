"""The catalogue, the modules, the pages in docs/rules, the tests and the captures agree: every rule has all of them."""

import importlib
import inspect
import re
from pathlib import Path

import pytest

from replay.expect.case import Case, EpisodeCase, Said
from replay.expect.rules import registry
from replay.report.rule_pages import files
from tests import timetable
from tests.conftest import ROOT, SHARED_DATA

CATALOGUE = SHARED_DATA.parent / "design" / "rules.md"
PAGES = ROOT / "docs" / "rules"
FINDS = ("test_fails", "test_warns", "test_reports", "test_inconclusive", "test_is_an_info")
HEADINGS = ["What it does", "Why it matters", "Known exceptions", "Good", "Bad"]
RULES = sorted(registry())


@pytest.mark.parametrize("rule", RULES)
def test_its_module_bears_its_name(rule):
    entry = registry()[rule]
    assert importlib.import_module(f"replay.expect.rules.{rule.lower()}").RULE is entry.rule
    assert entry.page.splitlines()[0] == entry.rule.name


@pytest.mark.parametrize("rule", RULES)
def test_its_check_takes_what_its_scope_says(rule):
    """A scope that the judge does not know would be taken for that of an episode, and the rule left out of a live judgement."""
    entry = registry()[rule]
    taken = {"episode": EpisodeCase, "message": Said, "capture": Case}[entry.rule.scope]
    assert inspect.signature(entry.check).parameters["subject"].annotation is taken


@pytest.mark.parametrize("rule", RULES)
def test_its_page_has_every_heading_and_a_text_below(rule):
    parts = re.split(r"^## (.+)$", registry()[rule].page, flags=re.MULTILINE)
    assert parts[1::2] == HEADINGS
    assert all(text.strip() for text in parts[2::2])


@pytest.mark.parametrize("rule", RULES)
def test_it_has_captures_that_keep_it_and_break_it(rule):
    module = importlib.import_module(f"tests.rules.test_{rule.lower()}")
    shown = {path.stem.split("-")[0] for path in (timetable.FOLDER / rule).glob("*.txt")}
    assert "passes" in shown
    assert shown - {"passes"}
    names = [name for name in vars(module) if name.startswith("test_")]
    assert any(name.startswith("test_passes") for name in names)
    assert any(name.startswith(FINDS) for name in names)


@pytest.fixture
def catalogue() -> dict[str, list[str]]:
    """The rows of the catalogue by their ids: the cells of each."""
    if not CATALOGUE.is_file():
        pytest.skip("needs ../shared/design/rules.md, which is not here")
    rows = re.findall(r"^\| ([A-Z]{3}\d{3}) (\|.*)\|$", CATALOGUE.read_text("utf-8"), flags=re.MULTILINE)
    return {rule: [rule, *(cell.strip() for cell in cells.strip("|").split("|"))] for rule, cells in rows}


def test_every_rule_of_the_catalogue_is_there_and_no_other(catalogue):
    assert set(catalogue) == set(RULES)


@pytest.mark.parametrize("rule", RULES)
def test_it_is_as_the_catalogue_has_it(rule, catalogue):
    cells = catalogue[rule]
    known = registry()[rule].rule
    assert cells[1] == known.name
    if cells[2] != "the scenario file's":
        assert cells[2].split()[0].strip(";,") == known.severity
    # MSG and STA rules have no column for it and fall to the sender, as those of "either" and the steps of a scenario do
    assert (cells[3] if len(cells) == 5 else "either") in (
        known.party,
        *(("either", "the step's sender") * (not known.party)),
    )


def test_no_module_is_left_out():
    here = Path(importlib.import_module("replay.expect.rules").__file__).parent
    assert {path.stem.upper() for path in here.glob("[a-z]*.py")} == set(RULES)


def test_no_capture_is_of_another_rule():
    assert {path.name for path in timetable.FOLDER.iterdir() if path.is_dir()} == set(RULES)


def test_the_pages_in_the_docs_are_what_the_modules_say():
    """`make docs` writes them."""
    assert {path.name: path.read_text("utf-8") for path in PAGES.iterdir()} == files()
