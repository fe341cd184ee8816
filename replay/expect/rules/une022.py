"""step

## What it does
With `--expect FILE`: follows the steps of a scenario file through each unenrolment of its kind, and reports a step that is
missing, forbidden, late or out of place. It names everything that would have been accepted there.

## Why it matters
A vendor's server may have to do more than the shipped sequences say, such as three Deletes before the Exec. A test that
knows what it expects can say so in a file, and is told which step went wrong.

## Known exceptions
What other rules report is not reported again: a missing alert (UNE001), Exec (UNE021) or silence (UNE011, UNE014). What no
step speaks of is left alone. Where the recording ended before the quiet time had passed, or a message could not be read that may
have held it, a step that is missing is inconclusive.

## Good
A step `command = "Delete"`, `times = 3` before the step `what = "exec"`, and a server that sends three Deletes, then the
Exec.

## Bad
The same file, and a server that sends the Exec after two Deletes.
"""

from collections.abc import Iterable

from replay.capture.references import REQUEST
from replay.expect.case import EpisodeCase, Rule, Spot
from replay.expect.finding import Finding, Party, Severity
from replay.expect.scenarios.model import Scenario, Step
from replay.expect.steps import Departed, Following, Happening, follow

RULE = Rule(
    id="UNE022",
    name="step",
    severity=Severity.ERROR,
    party=None,
    source="the scenario file",
    scope="episode",
)


def check(subject: EpisodeCase) -> Iterable[Finding]:
    """Findings of UNE022."""
    scenario = subject.case.options.expect
    if scenario is None or scenario.kind != subject.episode.scenario:
        return
    following = follow(scenario, subject.episode)
    for departed in following.departures:
        yield _finding(subject, scenario, following, departed)


def _finding(subject: EpisodeCase, scenario: Scenario, following: Following, departed: Departed) -> Finding:
    step, happening = departed.step, departed.happening
    severity = step.severity
    unread = _unread(subject, step) if departed.how == "missing" and severity is Severity.ERROR else None
    if unread is not None or (happening is None and not _over(subject, following)):
        severity = Severity.INCONCLUSIVE
    if happening is None:
        last = subject.episode.enrolment.sessions[-1].turns[-1]
        spot = Spot(following.met[-1][1].turn if following.met else last)
    else:
        spot = Spot(happening.turn, happening.side, happening.place)
    return subject.case.finding(
        RULE,
        f"scenario {scenario.name!r}: {_message(departed)}" + (f"; but {unread}" if unread else ""),
        spot=spot,
        severity=severity,
        party=Party(step.sender),
        episode=subject.episode,
    )


def _over(subject: EpisodeCase, following: Following) -> bool:
    """Whether the recorder watched for the quiet time after the last step that was met, after the alert (the Exec where none came)
    where none was, so that nothing more was to come."""
    stretches = subject.case.traffic.capture.stretches
    seen = subject.episode.alert or subject.episode.trigger
    last = following.met[-1][1].at if following.met else seen.turn.exchange.at if seen else None
    if not stretches or last is None:
        return False
    return stretches[-1].end.clock - last.clock >= subject.quiet.seconds


def _unread(subject: EpisodeCase, step: Step) -> str | None:
    """What of the enrolment could not be read and may have held a step, in words; None where nothing is missing."""
    enrolment = subject.episode.enrolment
    first = subject.case.unseen.first_request(enrolment)
    unread = [first.number] if first is not None else []
    if step.sender is Party.SERVER:
        unread += [turn.number for _, turn in enrolment.timeline() if turn.response_unread]
    return f"exchange {min(unread)} could not be read" if unread else None


def _message(departed: Departed) -> str:
    step, happening = departed.step, departed.happening
    accepted = "; accepted here: " + "; ".join(each.text for each in departed.accepted) if departed.accepted else ""
    match departed.how:
        case "missing":
            others = "".join(f", and {each.text}" for each in departed.others)
            came = f" when {_what(happening)} came" if happening else " when the episode ended"
            some = f" (it came {departed.came} of {step.at_least} times)" if departed.came else ""
            return f"the step {step.text}{others} is missing{some}{came}{accepted}"
        case "forbidden":
            return f"{_what(happening)} is forbidden here by the step {step.text}{accepted}"
        case "late":
            return f"the step {step.text} came {departed.seconds:.1f} s after the step before it"
        case _:
            return f"{_what(happening)} comes out of place: it belongs to the step {step.text}{accepted}"


def _what(happening: Happening | None) -> str:
    """What happened, in words."""
    if happening is None:
        return "nothing"
    message = happening.turn.request if happening.side == REQUEST else happening.turn.response
    where = f"in the message with MsgID {message.header.msg_id}" if message else "in the response"
    if happening.command is None:
        what = "a new session" if happening.side == REQUEST else "the answer to the alert"
        return f"{what} (SessionID {happening.session.session_id})"
    target = next((item.target.uri for item in happening.command.items if item.target and item.target.uri), None)
    named = f" on {target}" if target else ""
    return f"{happening.command.name} {happening.command.cmd_id or '(no CmdID)'}{named} {where}"
