"""cleanup-failed

## What it does
With --evidence: checks that no step of the clean-up is reported as failed, and that the end of the unenrolment (event
74 or 73) is there where the evidence reaches past the quiet time.

## Why it matters
A device that said goodbye and kept certificates, policies or apps is not managed any more, and still not clean: nobody
can tell it to let go of them now.

## Known exceptions
A work account that could not be deleted (event 67) is logged, and the unenrolment goes on: a warning. So is a removal
whose result says that there was nothing to remove, what may be ordinary management that failed, and a report that
failed where it is best effort, because the user began, or where the capture shows that the alert was sent. The missing
end is inconclusive where nothing in a log speaks of the unenrolment, where records could not be read, and where a text
shows build 10586, which logs no end. Where the enrolment stays nothing is cleaned up.

## Good
Event 48, then 819, 1120, 73 and 74.

## Bad
Event 48, then 818 (a policy could not be deleted); or event 48, and nothing of its end in a log that goes on for hours.
"""

from collections.abc import Iterable

from replay.capture.times import iso
from replay.expect.case import EpisodeCase, Rule, Spot
from replay.expect.cleanup import Evidence, Item
from replay.expect.finding import Finding, Party, Severity

RULE = Rule(
    id="UNE013",
    name="cleanup-failed",
    severity=Severity.ERROR,
    party=Party.DEVICE,
    source="UNENR; facts A2.6, E",
    scope="episode",
)


def check(subject: EpisodeCase) -> Iterable[Finding]:
    """Findings of UNE013."""
    evidence = subject.evidence
    if evidence is None:
        return
    if evidence.failed:
        message, severity = f"the evidence reports as failed: {_listed(evidence.failed)}", None
    elif evidence.overdue:
        message, severity = _overdue(evidence), Severity.INCONCLUSIVE if evidence.unsure else None
    elif evidence.tolerated:
        message, severity = (
            f"the evidence reports, and the unenrolment goes on: {_listed(evidence.tolerated)}",
            Severity.WARNING,
        )
    else:
        return
    seen = subject.episode.alert or subject.episode.trigger
    spot = Spot(seen.turn if seen else None)
    yield subject.case.finding(RULE, message, spot=spot, severity=severity, episode=subject.episode)


def _listed(items: tuple[Item, ...]) -> str:
    first = items[0]
    more = f"; and {len(items) - 1} more" if len(items) > 1 else ""
    return f"{first.step}, {iso(first.at)} by the device's clock ({first.source}): {first.text}{more}"


def _overdue(evidence: Evidence) -> str:
    clock = f" ({evidence.clock.words})" if evidence.clock else ""
    why = f". That proves nothing: {evidence.unsure}" if evidence.unsure else ""
    return (
        f"the evidence reaches to {iso(evidence.last)} by the device's clock{clock}, past the quiet time, and the end of the "
        f"unenrolment (event 74 or 73, or an item of the step end) is not in it{why}"
    )
