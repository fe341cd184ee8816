import subprocess
import sys

import pytest
from click.testing import CliRunner

from replay.cli import COMMANDS, main
from replay.version import __version__


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
