"""Every rule has its module, its page, and captures that keep it and break it."""

import importlib
import re
from pathlib import Path

import pytest

from replay.expect.rules import registry
from tests import timetable
from tests.conftest import SHARED_DATA

CATALOGUE = SHARED_DATA.parent / "design" / "rules.md"
HEADINGS = ["What it does", "Why it matters", "Known exceptions", "Good", "Bad"]
RULES = sorted(registry())


@pytest.mark.parametrize("rule", RULES)
def test_its_module_bears_its_name(rule):
    entry = registry()[rule]
    assert importlib.import_module(f"replay.expect.rules.{rule.lower()}").RULE is entry.rule
    assert entry.page.splitlines()[0] == entry.rule.name


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
    assert names


@pytest.mark.parametrize("rule", RULES)
def test_it_is_as_the_catalogue_has_it(rule):
    if not CATALOGUE.is_file():
        pytest.skip("needs ../shared/design/rules.md, which is not here")
    row = next(line for line in CATALOGUE.read_text().splitlines() if line.startswith(f"| {rule} "))
    cells = [cell.strip() for cell in row.strip("|").split("|")]
    known = registry()[rule].rule
    assert cells[1] == known.name
    assert cells[2].split()[0].strip(";,") == known.severity
    # MSG and STA rules have no column for it and fall to the sender, as those of "either" do
    assert (cells[3] if len(cells) == 5 else "either") == (known.party or "either")


def test_no_module_is_left_out():
    here = Path(importlib.import_module("replay.expect.rules").__file__).parent
    assert {path.stem.upper() for path in here.glob("[a-z]*.py")} == set(RULES)
