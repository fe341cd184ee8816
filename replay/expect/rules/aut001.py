"""cred-misplaced

## What it does
Checks that credentials (Cred) stand in SyncHdr and nowhere else, and that a MAC is not among them: that one comes in
the HTTP header `x-syncml-hmac`.

## Why it matters
Credentials in another place are not looked at, so that the message comes without any. A MAC covers the bytes of the
message and cannot be part of them.

## Known exceptions
None is known. A message that is sent again is judged once.

## Good
`<SyncHdr>…<Cred><Meta><Type xmlns="syncml:metinf">syncml:auth-md5</Type></Meta><Data>…</Data></Cred></SyncHdr>`

## Bad
`<Alert><CmdID>2</CmdID><Cred>…</Cred></Alert>`; or `syncml:auth-MAC` as the Type of a Cred.
"""

from collections.abc import Iterable, Iterator

from replay.capture.contents import Contents
from replay.expect.case import Case, Rule, Spot
from replay.expect.dialogue import Line
from replay.expect.finding import Finding, Severity
from replay.expect.rules._credentials import misplaced
from replay.expect.rules._dialogue import in_a_row, message_name

RULE = Rule(
    id="AUT001",
    name="cred-misplaced",
    severity=Severity.ERROR,
    party=None,
    source="DMRP 6.1.2; DMS 5.4; facts Authentication",
    scope="capture",
)


def check(subject: Case) -> Iterable[Finding]:
    """Findings of AUT001."""
    for dialogue in subject.unsettled:
        for line in dialogue.lines:
            contents = line.contents
            if contents is None or not (contents.parts.cred or contents.message.header.cred is not None):
                continue
            if line.judged:
                yield from _on(subject, line, contents)


def _on(subject: Case, line: Line, contents: Contents) -> Iterator[Finding]:
    found = list(misplaced(contents))
    if found:
        places, tail = found[0][0]
        text = f"in {message_name(line)}: {in_a_row([what for _, what in found])}"
        yield subject.finding(RULE, text, spot=Spot(line.turn, line.side, places, tail))
