"""Runs of one scenario whose values vary in every way."""

import random

from tests.compare.stories import replace, session
from tests.story import Story

KINDS = {"At": "time", "Host": "alias", "Ram": "counter", "Token": "random", "Word": "text"}


def node(name: str) -> str:
    return f"./Vendor/MSFT/Run/{name}"


def run(
    seed: int, *, word: str | None = None, token: str | None = None, ram: int | None = None, host: str = ""
) -> Story:
    """A run: three sessions, and the alert. What is given stands in the last of them."""
    pick, story = random.Random(seed), Story()
    free, name = 1000 + 10 * seed, f"HOST-{seed}-x"
    for number in range(3):
        free += pick.randrange(1, 4)
        last = number == 2
        values = {
            "At": f"2026-11-2{pick.randrange(9)} 09:1{number}:00",
            "Host": (last and host) or name,
            "Ram": str(ram if last and ram is not None else free),
            "Same": "1",
            "Token": (last and token) or f"{pick.getrandbits(128):032x}",
            "Word": (last and word) or f"{pick.choice(['fine', 'rainy', 'what a day'])} {seed}",
        }
        commands = [replace(9 + place, node(each), value) for place, (each, value) in enumerate(values.items())]
        session(story, str(number + 1), *commands)
    return story.watch(30).alert("9")
