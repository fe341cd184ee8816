"""The rules, one module each, named after its rule. A module has `RULE`, its docstring is the rule's page, and `check` finds."""

import importlib
import pkgutil
from collections.abc import Callable, Iterable
from functools import cache
from typing import Any

from msgspec import Struct

from replay.expect.case import Rule
from replay.expect.finding import Finding
from replay.expect.nearest import nearest


class Entry(Struct, frozen=True):
    """A rule as the registry has it: what it is, its page, and its check."""

    rule: Rule
    page: str
    check: Callable[[Any], Iterable[Finding]]


@cache
def registry() -> dict[str, Entry]:
    """Every rule by its id, in order of ids."""
    entries = {}
    for found in sorted(pkgutil.iter_modules(__path__), key=lambda module: module.name):
        if not found.name.startswith("_"):
            module = importlib.import_module(f"{__name__}.{found.name}")
            entries[module.RULE.id] = Entry(module.RULE, module.__doc__ or "", module.check)
    return entries


def find_rule(word: str) -> Entry | None:
    """The rule of that id or name, whatever its case; None where there is none."""
    wanted = word.strip().casefold()
    return next((e for e in registry().values() if wanted in (e.rule.id.casefold(), e.rule.name)), None)


def unknown_rule(word: str) -> str:
    """Says that there is no such rule, and names the nearest by id and by name."""
    ids = {word: entry.rule.id for entry in registry().values() for word in (entry.rule.id, entry.rule.name)}
    near = list(dict.fromkeys(ids[name] for name in nearest(word, ids)))
    if not near:
        return f"there is no rule {word!r}; `omadm explain` lists them"
    named = ", ".join(f"{rule} ({registry()[rule].rule.name})" for rule in near)
    return f"there is no rule {word!r}; near it {'are' if len(near) > 1 else 'is'} {named}"
