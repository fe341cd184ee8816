"""Fuzzing of everything that reads what others wrote: one module a target, each with `seeds()` (a corpus that is built, not
stored) and `check(data)`, which fails where anything but a documented error comes out, or where what was read breaks a promise.

`make fuzz` runs each under atheris for a bounded time (`python -m tests.fuzz TARGET… --seconds N`). The tests run each for a
moment, with atheris where it is installed, and with the mutations of `mutate` in any case.
"""

#: The targets, by the names of their modules.
TARGETS = (
    "xml", "wbxml", "journal", "zst", "flows", "har", "viewer", "folder", "scenario", "noise", "accept", "evidence",
    "redact", "diff",
)  # fmt: skip
