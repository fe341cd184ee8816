import os
import subprocess
import sys

import pytest
from click.testing import CliRunner

from replay.cli import COMMANDS, addons, main
from replay.version import __version__
from tests.story import user


def test_version_imports_neither_lxml_nor_mitmproxy():
    program = (
        "import sys\nfrom replay.cli import main\ntry:\n    main(['--version'])\nexcept SystemExit:\n    pass\n"
        "print(sorted({name.split('.')[0] for name in sys.modules} & {'lxml', 'mitmproxy', 'msgspec', 'cryptography'}))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == [f"omadm-replay {__version__}", "[]"]


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_and_option_has_help(name):
    from click import Group

    command = main.get_command(None, name)
    for each in [command, *(command.commands.values() if isinstance(command, Group) else [])]:
        assert each.help
        for parameter in each.params:
            if parameter.param_type_name == "option":
                assert parameter.help or parameter.metavar or parameter.type.name == "choice", (name, parameter.name)
    assert CliRunner().invoke(main, [name, "--help"]).exit_code == 0


def test_the_list_of_commands():
    result = CliRunner().invoke(main, ["--help"])
    assert all(name in result.stdout for name in COMMANDS)


def test_an_unknown_command_gets_the_nearest():
    result = CliRunner().invoke(main, ["chekc"])
    assert result.exit_code == 2
    assert "Did you mean 'check'?" in result.stderr


def test_addons_prints_a_folder_that_has_the_recorder():
    from pathlib import Path

    result = CliRunner().invoke(main, ["addons"])
    assert (Path(result.stdout.strip()) / "record.py").is_file()


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (
            TypeError("a\x1b[2J"),
            "omadm: a fault in omadm itself: TypeError: a\\x1b[2J; please report it with the lines above",
        ),
        (MemoryError(), "omadm: a fault in omadm itself: MemoryError: ; please report it with the lines above"),
        (PermissionError(1, "no"), "omadm: a fault in omadm itself: PermissionError: [Errno 1] no"),
        (KeyboardInterrupt(), "omadm: interrupted"),
    ],
)
def test_an_end_that_nobody_has_foreseen_is_no_verdict(monkeypatch, capsys, error, said):
    def ends():
        raise error

    monkeypatch.setattr(addons, "folder", ends)
    with pytest.raises(SystemExit) as ended:
        main(["addons"])
    out, err = capsys.readouterr()
    assert (ended.value.code, out) == (2, "")
    assert said in err
    assert "\x1b" not in err


@pytest.mark.slow
@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("check run.jsonl", 3),
        ("check run.jsonl --ignore UNE014", 0),
        ("check run.jsonl --format json --fail-on inconclusive", 1),
        ("diff run.jsonl run.jsonl", 0),
        ("diff scenario:server run.jsonl", 1),
        ("addons", 2),
    ],
)
def test_who_reads_no_further_changes_no_verdict(tmp_path, line, code):
    user().watch(5).save(tmp_path / "run.jsonl")
    reads, writes = os.pipe()
    os.close(reads)
    words = [sys.executable, "-m", "replay", *line.split()]
    done = subprocess.run(words, cwd=tmp_path, stdout=writes, stderr=subprocess.PIPE, text=True, check=False)
    os.close(writes)
    assert (done.returncode, done.stderr) == (code, "")
