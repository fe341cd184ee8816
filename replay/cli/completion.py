"""`omadm completion`: what the shell needs to complete commands, options and their values."""

import contextlib
import io
import os
import sys
from typing import Any, Final

import click
from click.shell_completion import (
    BashComplete,
    CompletionItem,
    FishComplete,
    ShellComplete,
    ZshComplete,
    add_completion_class,
)

_PROGRAM: Final = "omadm"
#: With this variable set the program completes a command line and does nothing else.
VARIABLE: Final = "_OMADM_COMPLETE"
#: How the output is made the shell's own, for every shell of it that starts from then on.
_INSTALL: Final = {
    "bash": "omadm completion bash > ~/.omadm.bash && echo 'source ~/.omadm.bash' >> ~/.bashrc",
    "zsh": 'omadm completion zsh > "${fpath[1]}/_omadm"',
    "fish": "omadm completion fish > ~/.config/fish/completions/omadm.fish",
}


class _FilesElse(ShellComplete):
    """Completes file names where nobody knows better: most of what is typed here are captures."""

    def get_completions(self, args: list[str], incomplete: str) -> list[CompletionItem]:
        """What a command line may go on with. What is wrong with it so far is said when it is run, not here."""
        found: list[CompletionItem] = []
        with contextlib.redirect_stderr(io.StringIO()), contextlib.suppress(SystemExit, click.ClickException):
            found = super().get_completions(args, incomplete)
        if found or not args or incomplete.startswith("-"):
            return found
        return [CompletionItem(incomplete, type="file")]


class _Bash(_FilesElse, BashComplete):
    """Of bash, 4.4 or newer."""


class _Zsh(_FilesElse, ZshComplete):
    """Of zsh."""


class _Fish(_FilesElse, FishComplete):
    """Of fish."""


_SHELLS: Final[dict[str, type[ShellComplete]]] = {"bash": _Bash, "zsh": _Zsh, "fish": _Fish}


def register() -> None:
    """Makes these click's own, before it completes a command line."""
    for name, shell in _SHELLS.items():
        add_completion_class(shell, name)


@click.command("completion", epilog="\b\nTo install it:\n" + "\n".join(f"  {line}" for line in _INSTALL.values()))
@click.argument("shell", type=click.Choice(list(_SHELLS)), required=False, metavar="[bash|zsh|fish]")
@click.pass_context
def command(ctx: click.Context, shell: str | None) -> None:
    """Print the script that lets a shell complete commands, options and their values: rules, scenarios, faults, variants, formats,
    and files.

    Without an argument it is the one for the shell in $SHELL.
    """
    name = shell or os.path.basename(os.environ.get("SHELL", ""))  # noqa: PTH119 - a name, nothing on this machine
    if name not in _SHELLS:
        known = ", ".join(_SHELLS)
        raise click.UsageError(f"$SHELL is no shell that is known here; name one of {known}: omadm completion bash")
    given: dict[str, Any] = {}
    click.echo(_SHELLS[name](ctx.find_root().command, given, _PROGRAM, VARIABLE).source())
    if sys.stdout.isatty():
        click.echo(f"omadm: to install it: {_INSTALL[name]}", err=True)
