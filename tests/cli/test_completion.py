"""What the shell completes: the scripts that `omadm completion` prints, in real shells."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from replay.cli import COMMANDS, main
from replay.cli.options import fault, quiet_time, rule_id, scenario
from replay.play import faults
from tests.conftest import tool
from tests.processes import PATIENCE, environment
from tests.pseudo_terminal import terminal
from tests.story import user

#: What is typed, and what it can become.
TYPED = [
    ("omadm che", ["check"]),
    ("omadm check --ignore UNE02", ["UNE020", "UNE021", "UNE022", "UNE023"]),
    ("omadm explain une007", ["UNE007"]),
    ("omadm check --expect ", ["server", "unjoin-failed", "user"]),
    ("omadm record --expect u", ["unjoin-failed", "user"]),
    ("omadm check --quiet a", ["auto"]),
    ("omadm check --format j", ["json", "junit"]),
    ("omadm lab server --variant no", ["no-reply"]),
    ("omadm lab device --variant exec", ["exec-answered"]),
    ("omadm lab de", ["device"]),
    ("omadm check --fail", ["--fail-on"]),
    ("omadm nonsense --fail", []),
]


@pytest.fixture
def path(monkeypatch) -> str:
    """A PATH with `omadm` as it is installed."""
    place = Path(sys.executable).parent
    if not (place / "omadm").exists():
        pytest.skip("omadm is not installed beside this Python")
    found = f"{place}{os.pathsep}{os.environ['PATH']}"
    monkeypatch.setenv("PATH", found)
    return found


def script(shell: str) -> str:
    result = CliRunner().invoke(main, ["completion", shell])
    assert result.exit_code == 0
    return result.stdout


def run(*command: str, cwd: Path) -> str:
    done = subprocess.run(
        command, capture_output=True, text=True, cwd=cwd, env=environment(), timeout=PATIENCE, check=True
    )
    assert done.stderr == ""
    return done.stdout


@pytest.mark.slow
@pytest.mark.parametrize(("typed", "words"), TYPED)
def test_bash_completes(path, tmp_path, typed, words):
    """The function that bash would call, with what bash would give it."""
    (tmp_path / "completion").write_text(script("bash"))
    line = f'{typed}""' if typed.endswith(" ") else typed
    ask = (
        "source completion; compopt() { :; }; "
        f"COMP_WORDS=({line}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)); "
        "_omadm_completion omadm; printf '%s\\n' \"${COMPREPLY[@]}\""
    )
    said = run("bash", "--norc", "-c", ask, cwd=tmp_path)
    assert sorted(said.split()) == words


@pytest.mark.slow
@pytest.mark.parametrize(("typed", "words"), TYPED)
def test_fish_completes(path, tmp_path, typed, words):
    (tmp_path / "completion").write_text(script("fish"))
    said = run(tool("fish", "fish"), "-N", "-c", f"source completion; complete -C {typed!r}", cwd=tmp_path)
    assert sorted(line.split("\t")[0] for line in said.splitlines()) == words


SHELLS = {
    "bash": (["bash", "--norc", "--noprofile", "-i"], "source ./completion\n"),
    "zsh": (["zsh", "-f", "-i"], "autoload -U compinit; compinit -D; source ./completion\n"),
}


@pytest.mark.slow
@pytest.mark.parametrize("shell", SHELLS)
def test_a_shell_in_which_somebody_types(path, tmp_path, shell):
    """A word and a file name, completed with the Tab key."""
    command, begin = SHELLS[shell]
    tool(shell, shell)
    (tmp_path / "completion").write_text(script(shell))
    (tmp_path / "captures").mkdir()
    user().watch(70).save(tmp_path / "captures" / "of-a-user.jsonl")
    more = {"PATH": path, "HOME": str(tmp_path), "PS1": "$ ", "HISTFILE": "", "NO_COLOR": "1"}
    with terminal(command, on=("stdin", "stdout", "stderr"), columns=120, cwd=tmp_path, **more) as shown:
        shown.press(begin + "echo ready-$((1 + 1))\n")
        shown.wait_for("ready-2")
        start = len(shown.text)
        shown.press("omadm check --party pro\t")
        shown.wait_for("proxy", start)
        shown.press("--expect us\t")
        shown.wait_for("user", start)
        shown.press("captures/of\t")
        shown.wait_for("captures/of-a-user.jsonl", start)
        shown.press("\n")
        shown.wait_for("PASS  captures/of-a-user.jsonl", start)
        shown.press("exit\n")
        assert shown.end()[0] == 0


def test_without_an_argument_it_is_the_shell_of_who_asks(monkeypatch):
    monkeypatch.setenv("SHELL", "/usr/bin/fish")
    assert CliRunner().invoke(main, ["completion"]).stdout == script("fish")
    monkeypatch.setenv("SHELL", "/bin/tcsh")
    result = CliRunner().invoke(main, ["completion"])
    assert result.exit_code == 2
    assert "name one of bash, zsh, fish" in result.stderr


@pytest.mark.slow
def test_on_a_terminal_it_says_how_to_install_it(tmp_path):
    command = [sys.executable, "-m", "replay", "completion", "bash"]
    with terminal(command, on=("stdout",), cwd=tmp_path) as shown:
        _, _, errors = shown.end()
        assert "_omadm_completion" in shown.text
        assert b"omadm: to install it: omadm completion bash > " in errors


def complete(*words: str, incomplete: str = "") -> list[str]:
    from replay.cli.completion import _Bash

    found = _Bash(main, {}, "omadm", "_OMADM_COMPLETE").get_completions(list(words), incomplete)
    return [f"({item.type})" if item.type != "plain" else item.value for item in found]


def test_what_is_wrong_before_the_cursor_is_not_said_here(capsys, tmp_path):
    assert complete("check", "--evidence", str(tmp_path / "none")) == ["(file)"]
    assert complete("check", "--quiet", "soon", "--party") == ["device", "server", "proxy"]
    assert complete("nonsense", incomplete="--x") == []
    assert capsys.readouterr() == ("", "")


def test_files_where_nobody_knows_better():
    for words in (["check"], ["show"], ["convert"], ["check", "-o"], ["check", "--accept"], ["record", "-o"]):
        assert complete(*words) == ["(file)"], words
    assert complete() == list(COMMANDS)


def test_every_fault_is_known():
    kinds = {item.value for item in fault.shell_complete(None, None, "")}
    assert {kind.rstrip("=") for kind in kinds} == set(faults._VALUES)
    for kind in kinds:
        assert fault(kind + ("400" if kind.endswith("=") else "")) is not None
    assert [item.value for item in fault.shell_complete(None, None, "DEL")] == ["delay="]


def test_the_types_are_still_functions():
    assert rule_id("exec-answered") == "UNE009"
    assert scenario("user").name == "user"
    assert quiet_time("auto") is None
    assert quiet_time(2.5) == 2.5
