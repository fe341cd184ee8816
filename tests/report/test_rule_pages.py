"""The rules' pages, as text and as Markdown, and the files in docs/rules."""

import subprocess
import sys

import click
import pytest

from replay.expect.case import Rule
from replay.expect.finding import Severity
from replay.expect.rules import Entry, registry
from replay.report.rule_pages import files, page, page_markdown, page_text, rows
from tests.conftest import ROOT

DOC = """some-name

## What it does
Looks at `<Type>` and at <Data>.

## Good
```xml
<A>
  text

</A>
```
and so on.

## Bad
First:
<B>1</B>
<C/>
Then `more`.
"""
ENTRY = Entry(
    Rule(
        id="UNE999", name="some-name", severity=Severity.INFO, party=None, source="UNENR; facts A1.4", scope="message"
    ),
    DOC,
    lambda _: [],
)


def test_markdown_shows_xml_as_code_and_no_html():
    text = page_markdown(page(ENTRY))
    assert text.startswith("# UNE999 some-name\n\nSeverity: **info**. Falls to: **sender**.\n\n## What it does\n\n")
    assert "Looks at `<Type>` and at &lt;Data>." in text
    assert "```xml\n<A>\n  text\n\n</A>\n```\nand so on." in text
    assert "First:\n```xml\n<B>1</B>\n<C/>\n```\nThen `more`." in text
    assert "## Source\n\n- UNENR: Microsoft" in text


def test_text_has_no_marks():
    text = click.unstyle(page_text(page(ENTRY)))
    assert "`" not in text
    assert "  Looks at <Type> and at <Data>.\n" in text
    assert "Good\n  <A>\n    text\n\n  </A>\n  and so on.\n" in text
    assert "info, falls to the sender of the message" in text
    assert "Source\n  UNENR: Microsoft" in text


@pytest.mark.parametrize("rule", sorted(registry()))
def test_every_page_can_be_shown(rule):
    shown = page(registry()[rule])
    assert list(shown.sections) == ["What it does", "Why it matters", "Known exceptions", "Good", "Bad"]
    assert all(text in page_markdown(shown) for text in ("# " + rule, *(f"## {heading}" for heading in shown.sections)))
    assert page_markdown(shown).count("```") % 2 == 0
    assert rule in page_text(shown)


def test_the_list_goes_by_groups():
    listed = rows()
    assert len(listed) == len(registry())
    groups = list(dict.fromkeys(row.group for row in listed))
    assert [row.group for row in listed] == [row.group for group in groups for row in listed if row.group == group]
    assert groups[0] == "Unenrolment"


def test_the_index_links_every_page():
    made = files()
    assert set(made) == {"README.md", *(f"{rule}.md" for rule in registry())}
    assert all(f"({name})" in made["README.md"] for name in made if name != "README.md")


def test_the_writer_writes_them_and_takes_away_what_is_none(tmp_path):
    (tmp_path / "UNE000.md").write_text("left over")
    subprocess.run([sys.executable, "-m", "replay.report.rule_pages", str(tmp_path)], cwd=ROOT, check=True)
    assert {path.name: path.read_text("utf-8") for path in tmp_path.iterdir()} == files()
