"""The assertion that a device has left device management, and left it the right way."""

import os
import time
from typing import Final, Literal

from replay import report_text
from replay.capture.exchange import CaptureError
from replay.capture.readers import read
from replay.expect.case import Options
from replay.expect.finding import Party, Verdict
from replay.expect.judge import Judgement, Scope, judge, unreadable
from replay.expect.live import PENDING, EpisodeState, LiveJudge
from replay.expect.scenarios import find_scenario
from replay.expect.scenarios.model import Scenario
from replay.expect.schedule import QUIET
from replay.testing.recorder import Recorder

_TICK: Final = 0.1
#: Seconds in which an unenrolment has to begin, where a recorder that still runs is asked.
_TIMEOUT: Final = 60.0


class NotUnenrolledError(AssertionError):
    """A capture that does not show that a device left as it should: why, with the whole report. `judgement` is what was judged."""

    def __init__(self, message: str, judgement: Judgement) -> None:
        super().__init__(message)
        self.judgement = judgement


NotUnenrolledError.__module__ = "replay.testing"  # where it is imported from, and so what pytest shows


def assert_unenrolled(
    capture: str | os.PathLike[str] | Recorder,
    scenario: str | os.PathLike[str] | Scenario | None = None,
    *,
    quiet: float | Literal["auto"] = QUIET,
    device: str | None = None,
    party: str | None = None,
    timeout: float = _TIMEOUT,
) -> Judgement:
    """Asserts that every unenrolment in a capture was as it should be, and that there is one. Gives the judgement.

    `capture` is a path, or a recorder: one that still runs is waited for until the unenrolment is decided, at most `timeout`
    seconds where none begins, and goes on. `scenario` is user, server, unjoin-failed, a scenario file or a scenario; without it
    any will do. `quiet` is the quiet time in seconds, or auto. `device` is the id of the one to look at. With `party`, device or
    server, what the other one got wrong is left out; the recording has to prove its part all the same.

    Raises NotUnenrolledError, an AssertionError with the report, and ValueError for a scenario or party that does not exist.
    """
    __tracebackhide__ = True
    parties = tuple(Party) if party is None else (Party(party), Party.PROXY)
    options = Options(quiet=None if quiet == "auto" else float(quiet), expect=_scenario(scenario))
    scope = Scope(device=device, parties=parties)
    if isinstance(capture, Recorder):
        _watch(capture, options, scope, timeout)
        capture = capture.journal
    judgement = _judged(os.fspath(capture), options, scope)
    why = _shortcoming(judgement, options, device)
    if why is not None:
        raise NotUnenrolledError(f"{why}\n\n{report_text(judgement)}", judgement)
    return judgement


def _scenario(given: str | os.PathLike[str] | Scenario | None) -> Scenario | None:
    """A scenario that is given itself, by its name, or as a file."""
    return find_scenario(os.fspath(given)) if isinstance(given, (str, os.PathLike)) else given


def _watch(recorder: Recorder, options: Options, scope: Scope, timeout: float) -> None:
    """Waits until the journal of a recorder that runs decides every unenrolment of the scenario that it has; at most `timeout`
    seconds, and as long as the silence after an alert is being watched."""
    live = LiveJudge(str(recorder.journal), options, scope)
    end = time.monotonic() + timeout
    with recorder.journal.open("rb") as file:
        while recorder.running:
            live.feed(file.read())
            look = live.look(float("-inf"))  # what the journal does not say itself is not proved yet
            kind = options.expect.kind if options.expect else None
            asked = [each for each in look.episodes if kind in (None, each.scenario)] if look else []
            if asked and all(each.decided for each in asked):
                return
            if time.monotonic() >= end and not any(_is_watched(each) for each in asked):
                return
            recorder.wait(_TICK)


def _is_watched(episode: EpisodeState) -> bool:
    """Whether its silence is being watched, so that it will be decided by itself."""
    return episode.state == PENDING and episode.silent is not None


def _judged(path: str, options: Options, scope: Scope) -> Judgement:
    try:
        return judge(read(path), options, scope)
    except CaptureError as error:
        return unreadable(path, str(error))


def _shortcoming(judgement: Judgement, options: Options, device: str | None) -> str | None:
    """Why a capture does not show that a device has left; None where it does."""
    whose = f" of device {device}" if device is not None else ""
    match judgement.verdict:
        case Verdict.PASS:
            kind = options.expect.kind if options.expect else None
            if any(kind in (None, each.episode.scenario) for each in judgement.episodes):
                return None
            which = f" of the scenario {kind}" if kind is not None else ""
            return f"the capture shows no unenrolment{which}{whose}; what it shows is in order, and proves nothing"
        case Verdict.NONE:
            return "nothing was recorded that could be judged"
        case Verdict.INCONCLUSIVE:
            return f"the capture does not prove the unenrolment{whose}"
        case Verdict.ERROR:
            return "the capture could not be judged"
    return f"the unenrolment{whose} is not as it should be"
