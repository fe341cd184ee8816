"""The command line: click, one module a command, thin. Commands are imported when they are called, not before."""

import errno
import importlib
import os
import traceback
from typing import Any, Final

import click

from replay.version import __version__

#: Every command, the module that has it, and its one line in the list of commands.
COMMANDS: Final = {
    "record": ("replay.cli.record", "Record OMA DM traffic through mitmproxy into a journal."),
    "note": ("replay.cli.note", "Put a mark into a journal that is being written."),
    "show": ("replay.cli.show", "Show a capture: enrolments, sessions and messages."),
    "check": ("replay.cli.check", "Judge captures: verdicts, and findings with their evidence."),
    "index": ("replay.cli.index", "Put what is found in many captures into a catalogue."),
    "find": ("replay.cli.find", "Ask a catalogue: which captures, sessions, unenrolments, findings."),
    "explain": ("replay.cli.explain", "What a rule checks, why it matters, and where it is written."),
    "diff": ("replay.cli.diff", "Show what differs between two captures, or from the expected sequence."),
    "normalize": (
        "replay.cli.normalize",
        "Print the normal form of a capture: the same text for what differs only in what is volatile.",
    ),
    "learn": ("replay.cli.learn", "Learn from several captures what varies between good runs: a noise profile."),
    "convert": ("replay.cli.convert", "From any readable capture format to any writable one."),
    "shrink": ("replay.cli.shrink", "The smallest capture that still breaks a rule, or still has a difference."),
    "redact": ("replay.cli.redact", "Replace secrets and identities in a capture by stable pseudonyms."),
    "decode": ("replay.cli.decode", "One message from WBXML to XML."),
    "encode": ("replay.cli.encode", "One message from XML to WBXML."),
    "replay": ("replay.cli.replay", "Play the device's side of a capture against a live server."),
    "serve": ("replay.cli.serve", "Play the server's side of a capture to live devices."),
    "lab": ("replay.cli.lab", "A small OMA DM server and device to try things on."),
    "demo": ("replay.cli.demo", "Record and judge an unenrolment on this machine, from end to end."),
    "addons": ("replay.cli.addons", "Print the folder of the mitmproxy scripts."),
    "completion": ("replay.cli.completion", "Let the shell complete commands, options and their values."),
}


class _Commands(click.Group):
    """A group whose commands are imported when they are needed: `omadm --version` must not pay for lxml and mitmproxy."""

    def __call__(self, *args: Any, **more: Any) -> Any:
        """The program. What nobody has foreseen ends with 2: Python's own 1 would be a verdict."""
        try:
            return super().__call__(*args, **more)
        except Exception as error:  # noqa: BLE001 - the program ends here
            from replay.cli.exits import stop
            from replay.report.safe import visible_lines

            click.echo(visible_lines(traceback.format_exc()), err=True, nl=False)
            stop(f"a fault in omadm itself: {type(error).__name__}: {error}; please report it with the lines above")

    def main(self, *args: Any, **more: Any) -> Any:
        """Runs a command line, or completes one for the shell."""
        if "_OMADM_COMPLETE" in os.environ:
            importlib.import_module("replay.cli.completion").register()
        try:
            return super().main(*args, **more)
        except OSError as error:
            if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO):
                raise
            from replay.capture.access import cannot_be_written
            from replay.cli.exits import stop

            stop(cannot_be_written("the output", error))  # what is left of stdout is no result: 1 would be a verdict

    def invoke(self, ctx: click.Context) -> Any:
        """Runs the command. An end that comes from outside is no verdict either."""
        try:
            return super().invoke(ctx)
        except (KeyboardInterrupt, click.Abort, BrokenPipeError) as error:
            from replay.cli.exits import ERROR, nobody_reads, stop

            if isinstance(error, BrokenPipeError):
                nobody_reads()
                raise SystemExit(ERROR) from None
            stop("interrupted")

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names, in the order in which they are used."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name, imported now."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(COMMANDS[cmd_name][0]).command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list of commands, without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in COMMANDS.items()])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Names what was meant where a command does not exist."""
        if args and args[0] not in COMMANDS and not args[0].startswith("-") and not ctx.resilient_parsing:
            from replay.expect.nearest import nearest

            near = nearest(args[0], COMMANDS)
            hint = f" Did you mean {near[0]!r}?" if near else f" There are: {', '.join(COMMANDS)}."
            ctx.fail(f"No such command {args[0]!r}.{hint}")
        return super().resolve_command(ctx, args)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="omadm-replay", message="%(prog)s %(version)s")
def main() -> None:
    """Records and judges OMA DM traffic of Windows devices that leave device management.

    What is expected of an unenrolment: the alert first, then clean-up, and no reply.
    """
