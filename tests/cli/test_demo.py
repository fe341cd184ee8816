import pytest
from click.testing import CliRunner

from replay.cli import main
from tests.report.pages import Report

pytestmark = [pytest.mark.slow, pytest.mark.mitmproxy]


def test_the_demo_from_end_to_end(tmp_path):
    for _ in range(2):  # a second one takes the place of the first
        result = CliRunner().invoke(main, ["demo", "-o", str(tmp_path / "out")])
        assert result.exit_code == 0, result.output
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        "demo.jsonl",
        "report.html",
        "demo-server.jsonl",
        "demo-not-silent.jsonl",
    }
    assert "UNE011" in result.stdout
    page = tmp_path / "out" / "report.html"
    assert page.as_uri() in result.stdout.partition("Look:  ")[2]
    shown = Report(page.read_text())
    shown.closed()
    assert len(shown.all("//figure")) == 3
    assert shown.marks == ["UNE011"]
    assert "quiet time is 3 s here" in result.stdout
    checked = CliRunner().invoke(
        main, ["check", "--quiet", "3", "--expect", "user", str(tmp_path / "out" / "demo.jsonl")]
    )
    assert checked.exit_code == 0, checked.output


def test_it_overwrites_nothing_of_others(tmp_path):
    (tmp_path / "demo.jsonl").write_text("precious")
    result = CliRunner().invoke(main, ["demo", "-o", str(tmp_path)])
    assert result.exit_code == 2
    assert (tmp_path / "demo.jsonl").read_text() == "precious"
    (tmp_path / "other" / "report.html").mkdir(parents=True)
    result = CliRunner().invoke(main, ["demo", "-o", str(tmp_path / "other")])
    assert result.exit_code == 2
    assert "report.html: cannot be written: Is a directory" in result.stderr
