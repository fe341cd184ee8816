"""Patterns over the paths of changes (`--ignore`)."""

import re

from replay.compare.changes import Change


class Pattern:
    """A pattern: `*` stands for any characters, `?` for one. Brackets stand for themselves, because they do in paths; a step
    without a number fits any number: `SyncBody/Alert/Item/Data` fits `SyncBody/Alert[3]/Item/Data`."""

    def __init__(self, text: str) -> None:
        self.text = text
        steps = [_step(step) for step in text.split("/")]
        self._expression = re.compile("/".join(steps), re.DOTALL)

    def fits(self, change: Change) -> bool:
        """Whether the path of a change fits, on either side."""
        return any(
            path is not None and self._expression.fullmatch(path) for path in (change.expected_path, change.actual_path)
        )


def _step(step: str) -> str:
    parts = re.split(r"([*?])", step)
    expression = "".join({"*": ".*", "?": "."}.get(part, re.escape(part)) for part in parts)
    return rf"{expression}(?:\[[0-9]+\])?"  # a number has no number behind it
