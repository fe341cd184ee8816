"""What the tests have processes do: named functions, which can be found again in another process."""

import os
import signal

from replay.expect.judge import Judgement


def plain(judgement: Judgement, number: int) -> str:
    """A piece of a report."""
    return f"{number} {judgement.path} {judgement.verdict.word}{''.join(f': {error}' for error in judgement.errors)}"


def crashing(judgement: Judgement, number: int) -> str:
    """Crashes where the capture says so; the process is killed where it says that."""
    if judgement.traffic is not None and "raises" in judgement.path:
        raise RecursionError("too deep \x1b[2J")
    if judgement.traffic is not None and "dies" in judgement.path:
        os.kill(os.getpid(), signal.SIGKILL)
    return plain(judgement, number)


def deaf(pipe: str) -> None:
    """Never ends, not when it is asked to either; opens a pipe when it has come that far."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    os.close(os.open(pipe, os.O_WRONLY))
    while True:
        signal.pause()
