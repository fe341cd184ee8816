"""watching-gap

## What it does
Reports that the recorder was not watching for a part of the window: no line for more than three intervals, or a
recording that ended and another that was appended.

## Why it matters
The device may have called in the gap: silence is not proved there.

## Known exceptions
None is known. To judge the time before the gap alone, give --until.

## Good
A watching line every 5 s until the end.

## Bad
No line between 12:00:20 and 12:01:10.
"""

from collections.abc import Iterable

from replay.expect.case import EpisodeCase, Rule, Spot
from replay.expect.finding import Finding, Party, Severity

RULE = Rule(
    id="CAP006",
    name="watching-gap",
    severity=Severity.INCONCLUSIVE,
    party=Party.PROXY,
    source="contract, journal",
    scope="episode",
)


def check(subject: EpisodeCase) -> Iterable[Finding]:
    """Findings of CAP006."""
    window, silence = subject.window, subject.silence
    if window is None or not window.unwatched or silence is None or silence.broken_by:
        return
    missed = sum(after.clock - before.clock for before, after in window.unwatched)
    first = window.unwatched[0][0]
    message = (
        f"the recorder was not watching for {missed:.1f} s of the window, first {first.clock - window.start.clock:.1f} s "
        "after its start"
    )
    seen = subject.episode.alert or subject.episode.trigger
    yield subject.case.finding(RULE, message, spot=Spot(seen.turn if seen else None), episode=subject.episode)
