"""The rules, one module each, named after its rule. A module has `RULE`, its docstring is the rule's page, and `check` finds."""

import importlib
import pkgutil
from collections.abc import Callable, Iterable
from functools import cache
from typing import Any

from msgspec import Struct

from replay.expect.case import Rule
from replay.expect.finding import Finding


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
