"""exec-in-atomic

## What it does
Reports an Exec Unenroll inside Atomic, also where a Sequence in it holds it.

## Why it matters
By OMA an Exec stands in SyncBody or in Sequence alone. Microsoft's document allows it in Atomic, but an unenrolment cannot
be rolled back, and a device that refuses the Atomic does not leave.

## Known exceptions
An Exec in Sequence alone is fine.

## Good
```xml
<SyncBody><Exec><CmdID>5</CmdID>…</Exec><Final/></SyncBody>
```

## Bad
```xml
<SyncBody><Atomic><CmdID>4</CmdID><Exec><CmdID>5</CmdID>…</Exec></Atomic><Final/></SyncBody>
```
"""

from collections.abc import Iterable

from replay.expect.case import Case, Rule
from replay.expect.finding import Finding, Party, Severity
from replay.expect.rules._exec import ExecSent, on_every_exec
from replay.syncml.model import Group

RULE = Rule(
    id="UNE017",
    name="exec-in-atomic",
    severity=Severity.WARNING,
    party=Party.SERVER,
    source="DMRP 6.6.6; MDM 2.2.7.3; facts A2.4",
    scope="capture",
)


def check(subject: Case) -> Iterable[Finding]:
    """Findings of UNE017."""
    return on_every_exec(subject, RULE, _mistake)


def _mistake(sent: ExecSent) -> str | None:
    commands = sent.said.message.commands
    for number in sent.place[:-1]:
        group = commands[number]
        if group.name == "Atomic":
            return f"the Exec Unenroll stands in Atomic (CmdID {group.cmd_id}); expected it in SyncBody or Sequence"
        commands = group.commands if isinstance(group, Group) else ()
    return None
