"""The expected sequences: the three that ship (rules, "The expected sequence"), and those that users write.

A scenario is a list of steps in the order in which they are expected (contract, "Scenario files"). The TOML files beside
this module are the ones that ship; `read.py` reads them and users' own alike, `replay/expect/steps.py` holds a capture
against one.
"""

from functools import cache
from typing import Final

from replay.expect.scenarios.model import Scenario
from replay.expect.scenarios.read import load_scenario, shipped_path

USER: Final = "user"
SERVER: Final = "server"
UNJOIN_FAILED: Final = "unjoin-failed"

#: The names of those that ship.
SHIPPED: Final = (USER, SERVER, UNJOIN_FAILED)


@cache
def shipped(name: str) -> Scenario:
    """One of the scenarios that ship, by its name."""
    return load_scenario(shipped_path(name))
