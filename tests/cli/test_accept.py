import json

import pytest
from click.testing import CliRunner

from replay.cli import main
from tests.story import Story, user

ENTRY = '[[accept]]\nrule = "UNE011"\nreason = "ticket 4711 \\u001b[2J"\n'


@pytest.fixture
def capture(tmp_path) -> str:
    return str(user().watch(5).ordinary("3").watch(70).save(tmp_path / "goes-on.jsonl"))


@pytest.fixture
def check(tmp_path):
    def run(text: str, *args: str):
        path = tmp_path / "known.toml"
        path.write_text(text)
        return CliRunner().invoke(main, ["check", "--accept", str(path), *args])

    return run


def test_text(check, capture):
    result = check(ENTRY, capture)
    assert result.exit_code == 0
    assert "proxy pass (1 finding accepted)\n" in result.stdout
    assert "  Accepted\n    UNE011 error (device): the device opens session 3" in result.stdout
    assert "      accepted: ticket 4711 \\x1b[2J\n" in result.stdout
    assert "Findings" not in result.stdout
    assert result.stderr == ""


def test_brief_says_that_something_was_accepted(check, capture):
    assert check(ENTRY, "-q", capture).stdout.endswith("(1 finding accepted)\n")


def test_json(check, capture):
    result = check(ENTRY, "--format", "json", capture)
    report = json.loads(result.stdout)
    assert (result.exit_code, result.stderr, report["accept"]) == (0, "", [])
    assert report["verdict"] == "pass"
    assert report["captures"][0]["findings"][0]["accepted"] == "ticket 4711 \x1b[2J"
    assert "\x1b" not in result.stdout


def test_an_entry_that_is_used_in_one_of_several_captures_is_used(check, capture, tmp_path):
    good = str(user().watch(70).save(tmp_path / "good.jsonl"))
    result = check(ENTRY, capture, good)
    assert result.exit_code == 0
    assert "no finding" not in result.stdout


@pytest.mark.parametrize(("form", "where"), [("text", "stdout"), ("json", "stderr")])
def test_what_is_expired_or_unused_is_said(check, capture, form, where):
    text = ENTRY + "until = 2020-02-02\n" + ENTRY.replace("UNE011", "UNE007")
    result = check(text, "--format", form, capture)
    assert result.exit_code == 1  # the finding counts again
    said = getattr(result, where)
    assert "known.toml, line 1: UNE011 was accepted until 2020-02-02, and is not any more; a finding is like it" in said
    assert "known.toml, line 5: UNE007 is accepted and no finding is like it; the entry may go" in said
    if form == "json":
        assert len(json.loads(result.stdout)["accept"]) == 2


def test_fail_on_leaves_accepted_findings_out(check, tmp_path):
    path = str(Story().ordinary("1").alert("2", status=500).watch(70).save(tmp_path / "refused.jsonl"))
    text = ENTRY.replace("UNE011", "UNE020")
    assert check(text, "--fail-on", "warning", path).exit_code == 0
    assert check(ENTRY, "--fail-on", "warning", path).exit_code == 1


def test_mistakes_are_a_usage_error(check, capture, tmp_path):
    result = check(ENTRY.replace("UNE011", "UNE0111") + "unitl = 2026-01-01\n", capture)
    assert result.exit_code == 2
    assert "Usage:" in result.stderr
    assert "known.toml, line 2: there is no rule 'UNE0111'; near it" in result.stderr
    assert "known.toml, line 4: there is no key 'unitl'; near it is until" in result.stderr
    missing = CliRunner().invoke(main, ["check", "--accept", str(tmp_path / "none.toml"), capture])
    assert missing.exit_code == 2
    assert "none.toml: cannot be read: No such file or directory" in missing.stderr
