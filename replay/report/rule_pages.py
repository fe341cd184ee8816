"""The rules' pages: what `omadm explain` shows, and the files in docs/rules.

A page is a rule's docstring, with its identity above and its sources spelled out. Everything is made from the registry: there is no
second text.

    python -m replay.report.rule_pages docs/rules    # writes the files anew
"""

import itertools
import re
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import click
from msgspec import Struct

from replay.expect.rules import Entry, registry
from replay.expect.sources import Cited, spelled_out
from replay.report.words import Word, words_in

#: The groups of the catalogue, by the letters that an id begins with.
GROUPS: Final = {
    "UNE": "Unenrolment",
    "MSG": "Messages",
    "STA": "Status and Results",
    "AUT": "Authentication",
    "LOB": "Large objects",
    "HTP": "HTTP",
    "CAP": "The capture itself",
}
_INTRO: Final = """\
# The rules

One rule is one thing that a capture can get wrong. `omadm explain ID` shows the same pages. A severity is the one that a rule has
unless its page says otherwise; an `error` makes the party that the rule falls to fail, an `inconclusive` makes it inconclusive,
`warning` and `info` change no verdict. A rule that falls to the sender falls to whoever sent the message.

Captures that keep and that break each rule, with the report on them, are in [tests/rules/captures](../../tests/rules/captures).

These files are generated: `make docs` writes them from the rules' modules in [replay/expect/rules](../../replay/expect/rules).
"""
_FENCE: Final = "```"
_CODE, _XML, _TEXT = "code", "xml", "text"
_CODE_OR_LESS: Final = re.compile(r"`[^`]*`|<")


class Row(Struct, frozen=True):
    """A rule in the list."""

    id: str
    name: str
    group: str
    severity: str
    party: str


class Page(Struct, frozen=True):
    """A rule, explained. `party` is who must obey it, `sender` where it falls to whoever sent the message; `sections` are the
    headings of its page with their texts, as Markdown; `words` what the words in them mean."""

    id: str
    name: str
    severity: str
    party: str
    source: str
    sources: list[Cited]
    sections: dict[str, str]
    words: list[Word]


def page(entry: Entry) -> Page:
    """The page of a rule."""
    parts = re.split(r"^## (.+)$", entry.page, flags=re.MULTILINE)
    sections = {heading: text.strip() for heading, text in zip(parts[1::2], parts[2::2], strict=True)}
    rule = entry.rule
    return Page(
        id=rule.id,
        name=rule.name,
        severity=rule.severity.value,
        party=_party(entry),
        source=rule.source,
        sources=spelled_out(rule.source),
        sections=sections,
        words=words_in(sections.values()),
    )


def rows() -> list[Row]:
    """Every rule, group by group."""
    entries = sorted(registry().values(), key=lambda entry: (_place(entry), entry.rule.id))
    return [Row(e.rule.id, e.rule.name, _group(e), e.rule.severity.value, _party(e)) for e in entries]


def _group(entry: Entry) -> str:
    return GROUPS.get(entry.rule.id[:3], entry.rule.id[:3])


def _place(entry: Entry) -> int:
    return [*GROUPS, entry.rule.id[:3]].index(entry.rule.id[:3])


def _party(entry: Entry) -> str:
    return entry.rule.party.value if entry.rule.party else "sender"


# -- for a terminal ---------------------------------------------------------------------------------------------------------


def page_text(shown: Page) -> str:
    """A page for a terminal, without Markdown's marks."""
    whom = {"sender": "the sender of the message", "proxy": "the recording (proxy)"}.get(
        shown.party, f"the {shown.party}"
    )
    lines = [f"{click.style(f'{shown.id} {shown.name}', bold=True)}  {shown.severity}, falls to {whom}", ""]
    for heading, text in shown.sections.items():
        lines += [click.style(heading, bold=True), *_indented(_plain(text)), ""]
    if shown.words:
        lines += [click.style("Words", bold=True), *(line for each in shown.words for line in _word_lines(each)), ""]
    cited = [f"{each.short}: {each.text}" if each.text != each.short else each.text for each in shown.sources]
    lines += [click.style("Source", bold=True), *_indented("\n".join(cited))]
    return "\n".join(lines) + "\n"


def _word_lines(word: Word) -> list[str]:
    """A word and its meaning, in lines for a terminal."""
    text = f"{word.word}: {word.meaning}"
    return textwrap.wrap(text, 116, initial_indent="  ", subsequent_indent="      ", break_long_words=False)


def rows_text(shown: list[Row]) -> str:
    """The list for a terminal, in columns, under the names of the groups."""
    lines: list[str] = []
    name, severity = (
        max(len(value) for value in column) for column in zip(*((r.name, r.severity) for r in shown), strict=True)
    )
    group = ""
    for row in shown:
        if row.group != group:
            lines += ["", click.style(row.group, bold=True)]
            group = row.group
        lines.append(f"  {row.id}  {row.name:<{name}}  {row.severity:<{severity}}  {row.party}")
    return (
        "\n".join(lines[1:]) + "\n\nomadm explain RULE says what one checks, why it matters, and where it is written.\n"
    )


def _plain(text: str) -> str:
    """A text without the fences around code, and without the marks of code in a line."""
    return "\n".join(
        line.replace("`", "") if kind == _TEXT else line for kind, line in _lines(text) if not line.startswith(_FENCE)
    )


def _indented(text: str) -> list[str]:
    return [f"  {line}".rstrip() for line in text.strip("\n").splitlines()]


# -- as Markdown ------------------------------------------------------------------------------------------------------------


def page_markdown(shown: Page) -> str:
    """A page as Markdown."""
    lines = [f"# {shown.id} {shown.name}", "", f"Severity: **{shown.severity}**. Falls to: **{shown.party}**.", ""]
    for heading, text in shown.sections.items():
        lines += [f"## {heading}", "", _escaped(text), ""]
    cited = [
        f"- {_escaped(each.text) if each.text == each.short else f'{each.short}: {_escaped(each.text)}'}"
        for each in shown.sources
    ]
    words = [f"- **{each.word}**: {_escaped(each.meaning)}" for each in shown.words]
    words = ["## Words", "", *words, ""] if words else []
    return "\n".join([*lines, *words, "## Source", "", *cited]) + "\n"


def rows_markdown(shown: list[Row]) -> str:
    """The list as Markdown, with a link to each page."""
    lines = [_INTRO]
    group = ""
    for row in shown:
        if row.group != group:
            lines += [
                *([""] if group else []),
                f"## {row.group}",
                "",
                "| rule | name | severity | falls to |",
                "| --- | --- | --- | --- |",
            ]
            group = row.group
        lines.append(f"| [{row.id}]({row.id}.md) | {row.name} | {row.severity} | {row.party} |")
    return "\n".join(lines) + "\n"


def _escaped(text: str) -> str:
    """A text in which no `<` can be taken for HTML: XML on lines of its own is put between fences."""
    out: list[str] = []
    for kind, group in itertools.groupby(_lines(text), key=lambda each: each[0]):
        lines = [line for _, line in group]
        if kind == _TEXT:
            lines = [_CODE_OR_LESS.sub(lambda found: "&lt;" if found[0] == "<" else found[0], line) for line in lines]
        out += [f"{_FENCE}xml", *lines, _FENCE] if kind == _XML else lines
    return "\n".join(out)


# -- both -------------------------------------------------------------------------------------------------------------------


def _lines(text: str) -> Iterator[tuple[str, str]]:
    """The lines of a text, and what each is: code between fences, with the fences; XML that stands without; or text."""
    inside = False
    for line in text.splitlines():
        fence = line.startswith(_FENCE)
        yield _CODE if inside or fence else _XML if line.startswith("<") else _TEXT, line
        inside ^= fence


# -- as files ---------------------------------------------------------------------------------------------------------------


def files() -> dict[str, str]:
    """The files of docs/rules by their names: the index, and a page for each rule."""
    pages = {f"{entry.rule.id}.md": page_markdown(page(entry)) for entry in registry().values()}
    return {"README.md": rows_markdown(rows()), **pages}


def _write(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    made = files()
    for left in folder.glob("*.md"):
        if left.name not in made:
            left.unlink()
    for name, text in made.items():
        (folder / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    _write(Path(sys.argv[1]))
