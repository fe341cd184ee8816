"""How a check grows with its capture: peak memory and time of the whole command, a hundred times and ten times the sessions."""

import subprocess
import sys
from pathlib import Path

from benchmarks import captures
from benchmarks.timing import best

_SMALL, _MIDDLE, _LARGE = 1_000, 10_000, 100_000
#: One in so many sessions of the last capture is an unenrolment.
_EVERY = 10
#: Exchanges of flow files.
_FLOWS = (10_000, 40_000)


def rows(folder: Path) -> list[dict[str, object]]:
    """Memory of the largest against the smallest, time of the largest against the middle one, and memory for each unenrolment, with
    the report as text and in JSON; and the memory that flow files take."""
    paths = [captures.journal(folder / f"level-{size}.jsonl", size) for size in (_SMALL, _MIDDLE, _LARGE)]
    leaving = captures.journal(folder / "leaving.jsonl", _LARGE, unenrol_every=_EVERY)
    small, middle, large = (_run(path) for path in paths)
    middle_s, large_s = best([lambda: _run(paths[1]), lambda: _run(paths[2])], rounds=2)
    for_each = [(_run(leaving, "--format", form) - large) / (_LARGE // _EVERY) for form in ("text", "json")]
    few, many = (_run(captures.flow_file(folder / f"level-{size}.mitm", size)) for size in _FLOWS)
    return [
        _row("peak memory, 100,000 sessions", "1,000 sessions", large / small, None, large_s),
        _row("peak memory, 10,000 sessions", "1,000 sessions", middle / small, None, middle_s),
        _row("kB for each enrolment that sent an alert", "one kB", for_each[0], 2, large_s),
        _row("the same, report in JSON", "one kB", for_each[1], 2, large_s),
        _row("peak memory, flow file of 40,000 exchanges", "10,000 exchanges", many / few, None, large_s),
        _row("time, 100,000 sessions", "10,000 sessions", large_s / middle_s, 10.5, large_s),
    ]


#: Runs a command and says its exit code and peak memory in kB. A process of its own, which is small: the peak of a child is never
#: below what its parent had when it began.
_PEAK = (
    "import resource, subprocess, sys; code = subprocess.call(sys.argv[1:], stdout=subprocess.DEVNULL); "
    "print(code, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
)


def _row(what: str, against: str, ratio: float, aim: float | None, seconds: float) -> dict[str, object]:
    return {"row": what, "against": against, "ratio": round(ratio, 2), "aim": aim, "s": seconds}


def _run(path: Path, *options: str) -> float:
    """Checks a capture with the command; gives its peak memory in kB. Raises RuntimeError where the verdict is not `pass`."""
    command = [sys.executable, "-m", "replay", "check", *options, str(path)]
    done = subprocess.run([sys.executable, "-c", _PEAK, *command], capture_output=True, text=True, check=True)
    code, peak = done.stdout.split()
    if code != "0":
        raise RuntimeError(f"{path.name} was expected to pass; exit code {code}")
    return float(peak)
