"""Exit codes (contract), and the one way in which commands stop with an error."""

from typing import NoReturn

import click

from replay.expect.finding import Verdict

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


def stop(message: str) -> NoReturn:
    """Says what is wrong on stderr and ends with exit code 2."""
    from replay.report.safe import visible_lines

    click.echo(f"omadm: {visible_lines(message)}", err=True)
    raise SystemExit(ERROR)
