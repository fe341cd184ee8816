import json

import pytest
from click.testing import CliRunner

from replay.capture.readers import read
from replay.cli import main
from tests.story import Story, user


def convert(*args: str, stdin: bytes | None = None):
    return CliRunner().invoke(main, ["convert", *map(str, args)], input=stdin)


@pytest.fixture
def journal(tmp_path):
    return user().watch(70).save(tmp_path / "in.jsonl")


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("out.jsonl", "omadm-journal"), ("out.jsonl.zst", "omadm-journal"), ("out.har", "har"), ("out", "folder"),
        pytest.param("out.mitm", "mitmproxy-flows", marks=pytest.mark.mitmproxy),
    ],
)  # fmt: skip
def test_the_ending_tells_the_format(tmp_path, journal, name, form):
    result = convert(journal, tmp_path / name)
    assert result.exit_code == 0, result.stderr
    assert result.stdout == ""
    assert read(str(tmp_path / name)).format == form
    assert ("lost:" in result.stderr) is (form != "omadm-journal")


def test_to_tells_it_whatever_the_ending(tmp_path, journal):
    assert convert(journal, tmp_path / "out.txt", "--to", "har").exit_code == 0
    assert read(str(tmp_path / "out.txt")).format == "har"
    unknown = convert(journal, tmp_path / "other.txt")
    assert unknown.exit_code == 2
    assert "give --to journal|flows|har|folder" in unknown.stderr
    assert convert(journal, tmp_path / "x", "--to", "pcap").exit_code == 2


def test_nothing_is_overwritten_without_force(tmp_path, journal):
    (tmp_path / "out.har").write_text("mine")
    refused = convert(journal, tmp_path / "out.har")
    assert refused.exit_code == 2
    assert "is there already" in refused.stderr
    assert (tmp_path / "out.har").read_text() == "mine"
    assert convert(journal, tmp_path / "out.har", "--force").exit_code == 0
    assert convert(journal, journal).exit_code == 2
    assert convert(journal, journal, "--force").exit_code == 0
    assert len(read(str(journal)).exchanges) == 2


def test_through_pipes():
    result = convert("-", "-", "--to", "har", stdin=user().text())
    assert result.exit_code == 0
    assert len(json.loads(result.stdout)["log"]["entries"]) == 2
    assert convert("-", "-", stdin=user().text()).exit_code == 2


def test_what_is_wrong_with_the_source_is_said(tmp_path, journal):
    journal.write_bytes(journal.read_bytes()[:-20])
    result = convert(journal, tmp_path / "out.jsonl")
    assert result.exit_code == 0
    assert "in the middle of a line" in result.stderr
    assert [trouble.kind for trouble in read(str(tmp_path / "out.jsonl")).troubles] == ["cut"]


def test_bad_input(tmp_path):
    (tmp_path / "x").write_bytes(b"\x1b[31m?")
    for source in (tmp_path / "none", tmp_path / "x"):
        result = convert(source, tmp_path / "out.jsonl")
        assert result.exit_code == 2
        assert "\x1b" not in result.stderr
        assert not (tmp_path / "out.jsonl").exists()


def test_no_flood_of_losses(tmp_path):
    story = Story()
    for _ in range(100):
        story.lines.append("{")
    result = convert(story.ordinary("1").save(tmp_path / "in.jsonl"), tmp_path / "out.jsonl")
    assert len(result.stderr.splitlines()) == 21
    assert "80 more" in result.stderr


def test_a_stream_of_the_viewer_becomes_a_journal(tmp_path, shared_data):
    sample = next((shared_data / "viewer").glob("*.xml"))
    assert convert(sample, tmp_path / "out.jsonl").exit_code == 0
    checked = [
        CliRunner().invoke(main, ["check", "--format", "json", str(path)]) for path in (sample, tmp_path / "out.jsonl")
    ]
    reports = [json.loads(each.stdout)["captures"][0] for each in checked]
    assert reports[0]["verdicts"] == reports[1]["verdicts"]
    assert reports[0]["sessions"] == reports[1]["sessions"]
