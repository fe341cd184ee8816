"""silence-not-proved

## What it does
Checks that the window, in which the capture proves that nothing was sent, is at least the quiet time (60 s unless
--quiet says otherwise).

## Why it matters
Silence is only as good as the time for which somebody listened. A capture that stops right after the alert proves
nothing about what came next.

## Known exceptions
Where the silence is contradicted nothing needs to be proved. A capture without a clock has no window: silence is
unobservable then, and this rule does not fire.

## Good
Alert at 12:00:00, the recorder was watching until 12:01:30.

## Bad
Alert at 12:00:00, the recording ends at 12:00:05.
"""

from collections.abc import Iterable

from replay.expect.case import EpisodeCase, Rule, Spot
from replay.expect.finding import Finding, Party, Severity

RULE = Rule(
    id="UNE014",
    name="silence-not-proved",
    severity=Severity.INCONCLUSIVE,
    party=Party.PROXY,
    source="UNENR; contract, window",
    scope="episode",
)


def check(subject: EpisodeCase) -> Iterable[Finding]:
    """Findings of UNE014."""
    window, silence = subject.window, subject.silence
    if silence is None or silence.broken_by:
        return
    seen = subject.episode.alert or subject.episode.trigger
    after = "alert session" if subject.episode.alert else "Exec"
    source = f" ({subject.quiet.source})" if subject.quiet.source else ""
    if window is not None and silence.short:
        message = (
            f"the recording shows {window.seconds:.1f} s after the {after}, less than the quiet time of "
            f"{subject.quiet.seconds:g} s{source}: silence is not proved. Record longer, or set --quiet"
        )
    elif window is None and subject.case.traffic.capture.stretches:
        message = f"the {after} has no time in the recording, though other lines have: silence is not proved"
    else:
        return
    yield subject.case.finding(RULE, message, spot=Spot(seen.turn if seen else None), episode=subject.episode)
