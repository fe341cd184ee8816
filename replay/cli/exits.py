"""Exit codes (contract), and the one way in which commands stop with an error."""

import os
import sys
from collections.abc import Collection, Set
from typing import NoReturn

import click

from replay.expect.finding import Severity, Verdict, worst
from replay.expect.judge import Judgement

_MOST_SAID = 20

PASS = 0
FAIL = 1
ERROR = 2
INCONCLUSIVE = 3

OF_VERDICT = {
    Verdict.PASS: PASS,
    Verdict.FAIL: FAIL,
    Verdict.ERROR: ERROR,
    Verdict.INCONCLUSIVE: INCONCLUSIVE,
    Verdict.NONE: INCONCLUSIVE,
}

#: From which findings on the exit code is 1 (`--fail-on`); `error` leaves inconclusive at 3.
FAIL_ON: dict[str, set[Severity]] = {
    "error": set(),
    "inconclusive": {Severity.INCONCLUSIVE},
    "warning": {Severity.INCONCLUSIVE, Severity.WARNING},
}


def exit_code(judgements: list[Judgement], fail_on: str = "error") -> int:
    """The exit code of a judgement of one or more captures: the worst decides."""
    severities = {finding.severity for each in judgements for finding in each.findings if finding.accepted is None}
    return exit_code_of([each.verdict for each in judgements], severities, fail_on)


def exit_code_of(verdicts: Collection[Verdict], severities: Set[Severity], fail_on: str) -> int:
    """The exit code from the verdicts on captures and the severities of the findings that count."""
    verdict = worst(verdicts)
    if verdict is Verdict.ERROR:
        return ERROR
    if severities & FAIL_ON[fail_on]:
        return FAIL
    if verdict is Verdict.PASS and Verdict.NONE in verdicts:
        return INCONCLUSIVE  # one of them saw nothing, and that is no success
    return OF_VERDICT[verdict]


def stop(message: str) -> NoReturn:
    """Says what is wrong on stderr and ends with exit code 2."""
    from replay.report.safe import visible_lines

    click.echo(f"omadm: {visible_lines(message)}", err=True)
    raise SystemExit(ERROR)


def say(what: list[str]) -> None:
    """Says texts on stderr, a line each, and of many how many more there are."""
    from replay.report.safe import visible

    for text in what[:_MOST_SAID]:
        click.echo(f"omadm: {visible(text)}", err=True)
    if len(what) > _MOST_SAID:
        click.echo(f"omadm: and {len(what) - _MOST_SAID} more of these", err=True)


def nobody_reads() -> None:
    """Lets go of stdout, whose reader has gone (`omadm check … | head`), so that nothing stumbles over it any more."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
