"""The expected sequences: the three that ship (rules, "The expected sequence"), and those that users write.

A scenario is a list of steps in the order in which they are expected (contract, "Scenario files"). The TOML files beside
this module are the ones that ship; `read.py` reads them and users' own alike, `replay/expect/steps.py` holds a capture
against one.
"""

from functools import cache
from pathlib import Path
from typing import Final

from replay.expect.nearest import unknown
from replay.expect.scenarios.model import Scenario
from replay.expect.scenarios.read import load_scenario, shipped_path
from replay.expect.toml_lines import TomlError

USER: Final = "user"
SERVER: Final = "server"
UNJOIN_FAILED: Final = "unjoin-failed"

#: The names of those that ship.
SHIPPED: Final = (USER, SERVER, UNJOIN_FAILED)


class UnknownScenarioError(TomlError):
    """A word that is no scenario's name, nor a file's: says which names are near."""


@cache
def shipped(name: str) -> Scenario:
    """One of the scenarios that ship, by its name."""
    return load_scenario(shipped_path(name))


def find_scenario(name: str) -> Scenario:
    """A scenario by its name, if it is one that ships, or else by the path of its file.

    Raises UnknownScenarioError where it is neither, and TomlError with every mistake in the file.
    """
    if name in SHIPPED:
        return shipped(name)
    if not Path(name).exists() and "." not in name and "/" not in name:
        raise UnknownScenarioError(f"{unknown('scenario', name, SHIPPED)}; nor is there a file of that name")
    return load_scenario(name)
