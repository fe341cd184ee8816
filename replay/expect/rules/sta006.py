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

from collections.abc import Iterable

from replay.expect.case import Case, Rule
from replay.expect.finding import Finding, Severity
from replay.expect.rules._dialogue import CODES, command_name, on_answers
from replay.syncml.model import Status

RULE = Rule(
    id="STA006",
    name="unknown-code",
    severity=Severity.WARNING,
    party=None,
    source="RP 10; facts, Status codes",
    scope="capture",
)


def check(subject: Case) -> Iterable[Finding]:
    """Findings of STA006."""
    for dialogue in subject.dialogues:
        for line in dialogue.judged:
            unknown = (
                (answer, f"{command_name(answer.command)} has {_code(answer.code)}")
                for answer in line.carries
                if isinstance(answer.command, Status) and answer.code not in CODES
            )
            yield from on_answers(subject, RULE, unknown, "Data")


def _code(code: str | None) -> str:
    return f"the undefined code {code!r}" if code else "no code"
