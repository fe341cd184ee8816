"""not-silent

## What it does
Checks that the device opens no further session of that enrolment after the alert session.

## Why it matters
After its alert the device cleans up, its account and its scheduled task with the rest, and stays silent. A further
session shows that it is still managed.

## Known exceptions
A session after the device was enrolled again belongs to the new enrolment. An enrolment request that cannot be
attributed to a device makes this inconclusive where several enrolments share the host. A session that repeats the
alert is UNE007.

## Good
Alert in session 4; nothing until the recording ends 90 s later.

## Bad
Alert in session 4; session 5 opens 20 s later with Alert 1201.
"""

from collections.abc import Iterable

from replay.expect.case import EpisodeCase, Rule, name_sessions
from replay.expect.finding import Finding, Party, Severity

RULE = Rule(
    id="UNE011",
    name="not-silent",
    severity=Severity.ERROR,
    party=Party.DEVICE,
    source="UNENR; facts A1.3, A2.5",
    scope="episode",
)


def check(subject: EpisodeCase) -> Iterable[Finding]:
    """Findings of UNE011."""
    departures = subject.run.by_rule(RULE.id)
    if not departures or subject.silence is None:
        return
    departure = departures[0]
    opened = [s for s in subject.run.opened if s.order >= departure.session.order]
    message = f"the device opens {name_sessions(opened)} after the alert session; silence was due"
    if subject.silence.probe is not None and subject.silence.probe.answered_by is not None:
        message += f"; {subject.silence.probe.text}"
    severity = None
    if subject.silence.unattributed is not None:
        severity = Severity.INCONCLUSIVE
        message += (
            f". An enrolment request (exchange {subject.silence.unattributed.number}) whose device cannot be told came before, "
            "so that it may have been enrolled again"
        )
    yield subject.case.departure(RULE, departure, message, subject.episode, severity)
