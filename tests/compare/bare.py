"""Captures in which HTTP is not carried, as there are formats that have messages alone."""

import json

from tests.story import Story


def without_http(story: Story) -> bytes:
    """The same journal without addresses and headers."""
    lines = [json.loads(line) for line in story.text().splitlines()]
    for line in lines:
        for member in ("url", "headers", "method", "http", "conn", "client"):
            line.pop(member, None)
    return b"".join(json.dumps(line).encode() + b"\n" for line in lines)
