"""session-not-ended

## What it does
Checks that earlier sessions of the enrolment end: none goes on after the alert session began, and none after the
Exec was delivered.

## Why it matters
All active sessions end before the alert is sent, to avoid deadlocks. A session that goes on works on an enrolment
that is being removed.

## Known exceptions
A closing Alert 1223 is not going on. Between Exec and alert, sessions other than the one that carried the Exec may
finish within 10 s, which is a warning. A session that goes on only to answer the Exec, or to carry the alert, is
judged by UNE009 and UNE003.

## Good
Exec in session 3; session 3 ends there.

## Bad
Alert in session 4; then session 3 goes on with MsgID 3.
"""

from collections.abc import Iterable

from replay.expect.case import EpisodeCase, Rule
from replay.expect.finding import Finding, Party, Severity
from replay.expect.machine import Event

RULE = Rule(
    id="UNE008",
    name="session-not-ended",
    severity=Severity.ERROR,
    party=Party.DEVICE,
    source="UNENR; facts A1.2, A2.5, A2.6",
    scope="episode",
)


def check(subject: EpisodeCase) -> Iterable[Finding]:
    """Findings of UNE008."""
    departures = subject.run.by_rule(RULE.id)
    gone_on = {departure.session.number for departure in departures if departure.event is Event.GOES_ON}
    for departure in departures:
        finishes = departure.event is Event.FINISHES
        if finishes and departure.session.number in gone_on:  # it did not finish
            continue
        since = (
            "the alert session began"
            if subject.run.alerted_at is not None and (departure.turn.exchange.order > subject.run.alerted_at)
            else "the Exec was delivered"
        )
        message = (
            f"session {departure.session.number} (SessionID {departure.session.session_id}) goes on with MsgID "
            f"{departure.turn.message_id} after {since}"
        )
        if finishes:
            message += ", within the 10 s that another session is given to finish"
        severity = Severity.WARNING if finishes else None
        yield subject.case.departure(RULE, departure, message, subject.episode, severity)
