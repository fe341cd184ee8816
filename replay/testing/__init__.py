"""For tests of one's own: a recording proxy, and the assertion that a device has left. No pytest in here; `replay.pytest_plugin`
makes fixtures of it."""

from replay.testing.recorder import Recorder, RecorderError
from replay.testing.unenrolled import NotUnenrolledError, assert_unenrolled

__all__ = ["NotUnenrolledError", "Recorder", "RecorderError", "assert_unenrolled"]
