"""Moments in words and from words: ISO 8601 and seconds since 1970."""

import math
from datetime import UTC, datetime
from typing import Any


def iso(seconds: float) -> str:
    """A moment as ISO 8601 in UTC with milliseconds; a time that no calendar has as its number."""
    try:
        at = datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, ValueError, OSError):
        return f"{seconds:.3f}"
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def seconds_of(value: Any) -> float | None:
    """A time in seconds since 1970: ISO 8601 (without an offset it is UTC), or a number of seconds; None where it is neither."""
    try:
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return float(value) if math.isfinite(value) else None
        at = datetime.fromisoformat(str(value).strip())
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None
