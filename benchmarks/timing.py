"""Timing side by side: what is compared takes turns, so that whatever else the machine does falls on both alike."""

import time
from collections.abc import Callable, Sequence


def best(runs: Sequence[Callable[[], object]], *, rounds: int, each: int = 1) -> list[float]:
    """The least seconds that one call of each run took, over rounds in which they take turns."""
    least = [float("inf")] * len(runs)
    for _ in range(rounds):
        for place, run in enumerate(runs):
            start = time.perf_counter()
            for _ in range(each):
                run()
            least[place] = min(least[place], (time.perf_counter() - start) / each)
    return least


def row_of(what: str, against: str, measured: Sequence[float], aim: float) -> dict[str, object]:
    """A row of the table from the seconds of ours and theirs."""
    ours, theirs = measured
    return {"row": what, "against": against, "ratio": round(ours / theirs, 2), "aim": aim, "s": ours}
