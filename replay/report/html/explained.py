"""The pages of the rules that a report speaks of, as blocks that a template can put out."""

import itertools
import re
from collections.abc import Iterable
from typing import Final

from msgspec import Struct

from replay.expect.rules import registry
from replay.report.rule_pages import Page, page

_FENCE: Final = "```"
_CODE: Final = re.compile("`([^`]*)`")


class Block(Struct, frozen=True):
    """A paragraph, in pieces that alternate between text and code, or a sample."""

    sample: str | None = None
    pieces: tuple[str, ...] = ()


class Explained(Struct, frozen=True):
    """A rule's page: its identity, and its sections as blocks."""

    page: Page
    sections: list[tuple[str, list[Block]]]


def explained(rules: Iterable[str]) -> list[Explained]:
    """The pages of these rules, in order of their ids; a rule that the registry does not know has none."""
    entries = [registry()[rule] for rule in sorted(set(rules)) if rule in registry()]
    pages = [page(entry) for entry in entries]
    return [Explained(each, [(name, _blocks(text)) for name, text in each.sections.items()]) for each in pages]


def _blocks(text: str) -> list[Block]:
    """A section's text: what stands between fences, and lines that begin with `<`, are samples."""
    inside, kinds = False, []
    for line in text.splitlines():
        if line.startswith(_FENCE):
            inside = not inside
        else:
            kinds.append(("sample" if inside or line.startswith("<") else "text" if line.strip() else "", line))
    blocks = []
    for kind, group in itertools.groupby(kinds, key=lambda each: each[0]):
        lines = [line for _, line in group]
        if kind == "sample":
            blocks.append(Block(sample="\n".join(lines)))
        elif kind:
            blocks.append(Block(pieces=tuple(_CODE.split(" ".join(lines)))))
    return blocks
