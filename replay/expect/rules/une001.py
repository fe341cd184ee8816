"""alert-missing

## What it does
Looks for the generic alert after an Exec Unenroll that was delivered to the device. It is decided when the episode
closes: with the capture, or with the next episode.

## Why it matters
The alert is the only word that the server gets: it receives no Status for the Exec. A device that goes on with
ordinary sessions has ignored the command; one that went silent may have sent its alert in vain.

## Known exceptions
The alert is best effort. Where the device went silent after the Exec, its absence is inconclusive, not an error. So it is
where a request or a connection of the device could not be read, or the recorder was not watching: that may have been the
alert.

## Good
Exec in session 3; the device opens session 4, whose package 1 carries Alert 1226; then silence.

## Bad
Exec in session 3; the device opens sessions 4 and 5, and neither carries the alert.
"""

from collections.abc import Iterable

from replay.capture.episodes import ExecSeen
from replay.capture.sessions import Session
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
    opened = subject.run.opened
    severity: Severity | None = Severity.INCONCLUSIVE
    if not opened or subject.silence is None or subject.silence.unattributed is not None:
        message = "the Exec was delivered and no alert followed; the alert is best effort, so the state of the device is unknown"
    else:
        message = f"the Exec was delivered, no alert followed, and the device went on with {name_sessions(opened)}"
        doubt = _may_be_missing(subject, trigger, opened[0])
        if doubt:
            message += f"; but {doubt}, and may have been the alert"
        else:
            severity = None
    spot = Spot(trigger.turn, "response", trigger.exec.place)
    yield subject.case.finding(RULE, message, spot=spot, episode=episode, severity=severity)


def _may_be_missing(subject: EpisodeCase, trigger: ExecSeen, first: Session) -> str | None:
    """Why an alert may have been sent all the same, in words; None where nothing of what the device sent is missing."""
    unseen, enrolment = subject.case.unseen, subject.episode.enrolment
    turn = unseen.first_request(enrolment, trigger.order)
    if turn is not None and (enrolment.ended_by is None or turn.number < enrolment.ended_by):
        return f"exchange {turn.number} could not be read"
    missed = unseen.in_window(enrolment, subject.window) if subject.window is not None else None
    if missed is None and unseen.between(trigger.turn, first.turns[0]) != 0:
        return "the recording lacks something before that"
    return missed.text if missed is not None else None
