"""Reports as JSON, indented for people, safe to print on a terminal."""

from typing import Any

import msgspec

from replay.report.safe import visible_json


def as_json(value: Any) -> str:
    """A value as JSON text, with a line feed at its end."""
    return visible_json(msgspec.json.format(msgspec.json.encode(value), indent=2).decode("utf-8")) + "\n"
