import json

import pytest
from click.testing import CliRunner

from replay.cli import main
from replay.expect.rules import registry


def explain(*args: str):
    return CliRunner().invoke(main, ["explain", *args])


@pytest.mark.parametrize("word", ["UNE001", "une001", "alert-missing", "Alert-Missing"])
def test_by_id_or_name_whatever_the_case(word):
    result = explain(word)
    assert result.exit_code == 0
    assert result.stdout.startswith("UNE001 alert-missing  error, falls to the device\n\nWhat it does\n  Looks for")


def test_text_has_everything_and_spells_the_source_out():
    text = explain("UNE004").stdout
    headings = [line for line in text.splitlines() if line and not line.startswith(" ")]
    assert headings[1:] == ["What it does", "Why it matters", "Known exceptions", "Good", "Bad", "Words", "Source"]
    assert '  UNENR: Microsoft, "Disconnecting from the management infrastructure (unenrollment)"\n' in text
    assert "  A1.4: Alert 1226, Type com.microsoft:mdm.unenrollment.userrequest" in text
    assert "`" not in text


def test_json():
    found = json.loads(explain("une014", "--format", "json").stdout)
    assert (found["id"], found["name"], found["severity"], found["party"]) == (
        "UNE014", "silence-not-proved", "inconclusive", "proxy"
    )  # fmt: skip
    assert list(found["sections"]) == ["What it does", "Why it matters", "Known exceptions", "Good", "Bad"]
    assert found["sources"][0]["short"] == "UNENR"


def test_markdown_is_the_file_in_the_docs(tmp_path):
    from replay.report.rule_pages import files

    assert explain("UNE016", "--format", "markdown").stdout == files()["UNE016.md"]
    assert explain("UNE016", "--format", "markdown", "-o", str(tmp_path / "page.md")).stdout == ""
    assert (tmp_path / "page.md").read_text("utf-8") == files()["UNE016.md"]
    assert explain("--format", "markdown").stdout == files()["README.md"]


def test_the_list():
    result = explain()
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert lines[0] == "Unenrolment"
    assert next(line.split()[0] for line in lines if line.startswith("  ")) == "UNE001"
    assert all(f"  {rule}  {entry.rule.name} " in result.stdout for rule, entry in registry().items())
    listed = json.loads(explain("--format", "json").stdout)
    assert {row["id"]: row["severity"] for row in listed} == {r: e.rule.severity for r, e in registry().items()}
    assert next(row for row in listed if row["id"] == "MSG001")["party"] == "sender"


@pytest.mark.parametrize(
    ("word", "near"),
    [
        ("UNE01", "UNE011 (not-silent)"),
        ("alert-mising", "UNE001 (alert-missing)"),
        ("xyz", "`omadm explain` lists them"),
    ],
)
def test_an_unknown_one_gets_the_nearest(word, near):
    result = explain(word)
    assert result.exit_code == 2
    assert f"there is no rule {word!r}" in result.stderr
    assert near in result.stderr
    again = CliRunner().invoke(main, ["check", "--ignore", word, "x"])
    assert again.exit_code == 2
    assert near in again.stderr
