"""What programs of one's own rely on: the few functions of the package itself say what the commands say."""

import subprocess
import sys

import pytest
from click.testing import CliRunner

import replay
from replay.capture.exchange import CaptureError
from replay.cli import main
from tests.conftest import ROOT
from tests.story import user

GOLDEN = ROOT / "captures" / "user.jsonl"


def said(*arguments: str) -> str:
    return CliRunner().invoke(main, arguments).stdout


@pytest.fixture
def not_silent(tmp_path):
    return user().watch(5).ordinary("9").watch(60).close().save(tmp_path / "not-silent.jsonl")


def test_a_capture_is_read_and_judged_as_by_the_commands(not_silent):
    for path in (GOLDEN, not_silent):
        capture = replay.read_capture(path)
        assert replay.report_text(replay.judge_capture(capture, quiet=30)) == said("check", "--quiet", "30", str(path))
        assert replay.normal_text(capture) == said("normalize", str(path))


def test_a_scenario_by_its_name_or_its_file(tmp_path):
    capture = replay.read_capture(GOLDEN)
    assert replay.judge_capture(capture, expect="user").verdict.word == "pass"
    assert {each.rule for each in replay.judge_capture(capture, expect="server").findings} == {"UNE021"}
    own = tmp_path / "own.toml"
    own.write_text(
        'scenario = "user"\nname = "own"\n[[step]]\nname = "deletes"\nsender = "server"\ncommand = "Delete"\n'
        '[[step]]\nname = "a"\nwhat = "alert"\n'
    )
    assert {each.rule for each in replay.judge_capture(capture, expect=str(own)).findings} == {"UNE022"}


def test_two_captures_are_compared(not_silent):
    one, other = replay.read_capture(GOLDEN), replay.read_capture(not_silent)
    assert replay.compare_captures(one, replay.read_capture(GOLDEN)).equal
    assert not replay.compare_captures(one, other, timing=True, other_machines=True).equal


def test_what_cannot_be_read(tmp_path):
    with pytest.raises(CaptureError, match="nothing"):
        replay.read_capture(tmp_path / "nothing.jsonl")


def test_importing_the_package_loads_none_of_it():
    heavy = ("replay.c", "replay.e", "lxml", "mitmproxy", "click")
    code = f"import sys, replay; print([name for name in sys.modules if name.startswith({heavy})])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
    assert set(replay.__all__) <= set(dir(replay))
