"""unknown-code

## What it does
Checks that the code of every Status is one that SyncML defines: 101, 200 to 216, 300 to 305, 400 to 428, 500 to 514,
516 and 517.

## Why it matters
Nobody knows what another code means; some take it for success, others for failure. 0 is a frequent mistake for 200.

## Known exceptions
Codes that viewers show from 600 on are states of health attestation, not SyncML's; in a Status they are as unknown as
others. What Windows found is in the attribute `msft:originalerror`, not in the code.

## Good
`<Data>200</Data>`

## Bad
`<Data>0</Data>`; or no Data at all.
"""

from collections.abc import Iterable, Iterator

from replay.expect.case import Case, Rule
from replay.expect.dialogue import Answer
from replay.expect.finding import Finding, Severity
from replay.expect.rules._dialogue import CODES, answer_spot, command_name, in_a_row, message_name
from replay.syncml.model import Status

RULE = Rule(
    id="STA006",
    name="unknown-code",
    severity=Severity.WARNING,
    party=None,
    source="RP 10; facts Status codes",
    scope="capture",
)


def check(subject: Case) -> Iterable[Finding]:
    """Findings of STA006."""
    for dialogue in subject.unsettled:
        if dialogue.codes <= CODES:
            continue
        for line in dialogue.judged:
            unknown = [each for each in line.carries if isinstance(each.command, Status) and each.code not in CODES]
            if unknown:
                message = f"in {message_name(line)}: {'; '.join(_what(unknown))}"
                yield subject.finding(RULE, message, spot=answer_spot(unknown[0], "Data"))


def _what(unknown: list[Answer]) -> Iterator[str]:
    """The codes that are not defined, each with the Status elements that have it."""
    by_code: dict[str, list[str]] = {}
    for answer in unknown:
        by_code.setdefault(answer.code or "", []).append(command_name(answer.command))
    for code, names in by_code.items():
        yield f"{in_a_row(names)} with {f'the undefined code {code!r}' if code else 'no code'}"
