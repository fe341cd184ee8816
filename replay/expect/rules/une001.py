"""alert-missing

## What it does
Looks for the generic alert after an Exec Unenroll that was delivered to the device. It is decided when the episode
closes: with the capture, or with the next episode.

## Why it matters
The alert is the only word that the server gets: it receives no Status for the Exec. A device that goes on with
ordinary sessions has ignored the command; one that went silent may have sent its alert in vain.

## Known exceptions
The alert is best effort. Where the device went silent after the Exec, its absence is inconclusive, not an error.

## Good
Exec in session 3; the device opens session 4, whose package 1 carries Alert 1226; then silence.

## Bad
Exec in session 3; the device opens sessions 4 and 5, and neither carries the alert.
"""

from collections.abc import Iterable

from replay.expect.case import EpisodeCase, Rule, Spot, name_sessions
from replay.expect.finding import Finding, Party, Severity

RULE = Rule(
    id="UNE001",
    name="alert-missing",
    severity=Severity.ERROR,
    party=Party.DEVICE,
    source="UNENR; facts A1.3, A2.5",
    scope="episode",
)


def check(subject: EpisodeCase) -> Iterable[Finding]:
    """Findings of UNE001."""
    episode, trigger = subject.episode, subject.episode.trigger
    if trigger is None or episode.alerts:
        return
    spot = Spot(trigger.turn, "response", trigger.exec.place)
    opened = subject.run.opened
    if opened and subject.silence is not None and subject.silence.unattributed is None:
        message = f"the Exec was delivered, no alert followed, and the device went on with {name_sessions(opened)}"
        yield subject.case.finding(RULE, message, spot=spot, episode=episode)
    else:
        message = "the Exec was delivered and no alert followed; the alert is best effort, so the state of the device is unknown"
        yield subject.case.finding(RULE, message, spot=spot, episode=episode, severity=Severity.INCONCLUSIVE)
