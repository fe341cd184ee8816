"""Everything in docs/reference: the commands from click, the sequence machine from its table, and the JSON schemas.

    python docs/generate.py docs/reference    # writes the files anew

The rules' pages are made by `python -m replay.report.rule_pages docs/rules`; `make docs` does both.
"""

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import click  # noqa: E402 - found in the work tree, whatever folder this is run in

from replay.cli import COMMANDS, main  # noqa: E402
from replay.expect.sources import DOCUMENTS, FACTS, spelled_out  # noqa: E402
from replay.report import schemas  # noqa: E402
from replay.report.journal_shapes import TYPES  # noqa: E402
from replay.report.machine_drawing import machine_page  # noqa: E402

INTRO = """\
# Commands

Results go to stdout (or `-o FILE`), everything else to stderr; `-` is stdin or stdout where a file is expected. More on that is in
[terminal.md](../terminal.md).

| command | |
| --- | --- |
"""
GENERATED = "\nThis file is generated: `make docs` writes it from what `omadm COMMAND --help` says.\n"
SOURCES = """\
# Sources

What the source of a rule cites. A fact is one statement that the rules rest on, with where it comes from.

This file is generated: `make docs` writes it from [replay/expect/sources.py](../../replay/expect/sources.py).

## Documents

| short | |
| --- | --- |"""
FACT_TABLE = """\

## Facts

| fact | |
| --- | --- |"""

JOURNAL = """\
# The journal

`*.jsonl`: UTF-8, one JSON object a line, appended as things happen and never rewritten. A recorder that is killed at any moment has
lost nothing; a half-written last line is known for what it is. Unknown types and members are skipped.
[Formats](../formats.md) says what else a capture can be, and [the schema](schemas/journal-line.schema.json) says the following to
programs.

Every line has `type`, `t` (seconds since 1970, for people) and `mono` (seconds of a clock that never jumps; windows are computed
from it), the last two null where a converted capture had none. A gap is more than three intervals without any line, or a second
`open`.

This file is generated: `make docs` writes it from [replay/report/journal\\_shapes.py](../../replay/report/journal_shapes.py).
"""


def commands_page() -> str:
    """Every command with its help, as Markdown."""
    rows = [f"| [omadm {name}](#omadm-{name}) | {line} |" for name, (_, line) in COMMANDS.items()]
    context = click.Context(main, info_name="omadm")
    sections = [part for name in COMMANDS for part in _command(main.get_command(context, name), name, context)]
    return INTRO + "\n".join(rows) + "\n" + GENERATED + "\n" + "\n".join(sections)


def _command(command: click.Command | None, name: str, parent: click.Context) -> Iterator[str]:
    """The section of a command, and of those below it."""
    if command is None:
        raise LookupError(f"there is no command {name}")
    context = click.Context(command, info_name=name, parent=parent)
    words = " ".join(piece for piece in command.collect_usage_pieces(context))
    yield f"## {context.command_path}\n\n```text\n{context.command_path} {words}\n```\n"
    yield _prose(command.help or "") + "\n"
    options = [
        row for each in command.get_params(context) if isinstance(each, click.Option) for row in _option(each, context)
    ]
    if options:
        yield "\n".join(["| option | |", "| --- | --- |", *options]) + "\n"
    if isinstance(command, click.Group):
        for below in command.list_commands(context):
            yield from _command(command.get_command(context, below), below, context)


def _prose(text: str) -> str:
    """A help text as Markdown: lines that only broke for the width go together."""
    paragraphs = re.split(r"\n\s*\n", text.replace("\b", "").replace("\f", "").strip())
    return "\n\n".join(_escaped(" ".join(each.split())) for each in paragraphs)


def _option(option: click.Option, context: click.Context) -> Iterator[str]:
    """A row of the table; what click says of defaults goes with it."""
    record = option.get_help_record(context)
    if record is not None and "--help" not in option.opts:
        names, about = record
        yield f"| `{_cell(names)}` | {_cell(_escaped(' '.join(about.split())))} |"


def _cell(text: str) -> str:
    """A text that ends no cell of a table."""
    return text.replace("|", r"\|")


def _escaped(text: str) -> str:
    """A text in which nothing is taken for markup; what is between backticks is code, and stays as it is."""
    return re.sub(r"`[^`]*`|[*_<]", lambda found: found[0] if len(found[0]) > 1 else f"\\{found[0]}", text)


def sources_page() -> str:
    """What the short names in a rule's source stand for, as Markdown."""
    documents = [f"| {short} | {_cell(about)} |" for short, about in DOCUMENTS.items()]
    facts = [
        f"| {short} | {_cell(_escaped(cited.text))} |" for short in FACTS for cited in spelled_out(f"facts {short}")
    ]
    return "\n".join([SOURCES, *documents, FACT_TABLE, *facts, ""])


def journal_page() -> str:
    """Every type of line of a journal with its members, as Markdown."""
    definitions = schemas.schema("journal-line")["$defs"]
    parts = [JOURNAL]
    for type_, shape in TYPES.items():
        definition = definitions[shape.__name__]
        own = {name: each for name, each in definition["properties"].items() if name not in ("type", "t", "mono")}
        rows = [f"| `{name}` | {_cell(_kind(each, name in definition['required']))} |" for name, each in own.items()]
        parts += [f"## {type_}", "", definition["description"], ""]
        parts += ["| member | |", "| --- | --- |", *rows, ""] if rows else []
    for name in ("Body", "Certificate"):
        parts += [f"## {name}", "", definitions[name]["description"], ""]
    return "\n".join(parts)


def _kind(schema: dict[str, Any], required: bool) -> str:
    """What a member can be, in words."""
    return _value(schema) + ("" if required else "; may be absent")


def _value(schema: dict[str, Any]) -> str:
    if "anyOf" in schema:
        return " or ".join(_value(each) for each in schema["anyOf"])
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if "const" in schema or "enum" in schema:
        return ", ".join(f"`{each}`" for each in schema.get("enum", [schema.get("const")]))
    return "list of [name, value]" if schema["type"] == "array" else str(schema["type"])


def files() -> dict[str, str]:
    """The files of docs/reference, by their paths in it."""
    return {
        "commands.md": commands_page(),
        "journal.md": journal_page(),
        "sequence-machine.md": machine_page(),
        "sources.md": sources_page(),
        **{f"schemas/{name}": text for name, text in schemas.files().items()},
    }


def write(folder: Path) -> None:
    """Writes the files, and removes what is none of them any more."""
    made = files()
    for left in [
        path for path in folder.rglob("*") if path.is_file() and path.relative_to(folder).as_posix() not in made
    ]:
        left.unlink()
    for name, text in made.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1]))
