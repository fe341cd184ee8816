"""omadm-replay: record, judge, replay and compare OMA DM (SyncML) traffic of devices that leave management.

What a program of one's own needs is here, and stays as it is: a capture is read, judged, compared, and written as text. For tests
there are `replay.testing` and the pytest plugin. Everything else may move.
"""

import os
from typing import TYPE_CHECKING

from replay.version import __version__

if TYPE_CHECKING:
    from replay.capture.exchange import Capture
    from replay.compare.changes import Comparison
    from replay.expect.judge import Judgement

__all__ = ["__version__", "compare_captures", "judge_capture", "normal_text", "read_capture", "report_text"]
_QUIET = 60.0


def read_capture(path: str | os.PathLike[str]) -> "Capture":
    """A capture in any format that can be read: a file, a folder of messages, or a URL that fsspec knows.

    Raises `replay.capture.exchange.CaptureError`, which names the file, the place in it, and the reason.
    """
    from replay.capture.readers import read

    return read(os.fspath(path))


def judge_capture(
    capture: "Capture", *, expect: str | None = None, quiet: float | None = _QUIET, until: float | None = None
) -> "Judgement":
    """The judgement of a capture by every rule, as `omadm check` gives it. `expect` is the scenario that it must hold: `user`,
    `server`, `unjoin-failed`, or the path of a scenario file. `quiet` is the quiet time in seconds, None the device's own
    schedule; `until` the end of the time to be judged, in seconds since 1970.

    Raises `replay.expect.toml_lines.TomlError` where the scenario file is wrong, or there is no such scenario.
    """
    from replay.expect.case import Options
    from replay.expect.judge import judge
    from replay.expect.scenarios import find_scenario

    scenario = None if expect is None else find_scenario(expect)
    return judge(capture, Options(quiet=quiet, expect=scenario, until=until))


def compare_captures(
    expected: "Capture", actual: "Capture", *, timing: bool = False, other_machines: bool = False
) -> "Comparison":
    """What differs between two captures once all that is volatile is gone, as `omadm diff` finds it. `timing` adds gaps in time;
    `other_machines` leaves out what names the machine."""
    from replay.capture.sessions import assemble
    from replay.compare.compare import compare
    from replay.normal.form import Profile

    return compare(assemble(expected), assemble(actual), profile=Profile(other_machines=other_machines), timing=timing)


def normal_text(capture: "Capture") -> str:
    """The normal form of a capture as text, as `omadm normalize` prints it: the same for two captures that differ only in what is
    volatile."""
    from replay.capture.sessions import assemble
    from replay.normal.form import normal_form, normal_others
    from replay.normal.text import normal_text as text
    from replay.report.safe import visible_lines

    traffic = assemble(capture)
    return visible_lines(text(normal_form(traffic), normal_others(traffic))) + "\n"


def report_text(judgement: "Judgement") -> str:
    """A judgement as text for people, without colours: the verdict, the phases of each unenrolment, and the findings."""
    from click import unstyle

    from replay.report.shapes import report
    from replay.report.text import check_text

    return unstyle(check_text(report([judgement])))
