"""commands-in-reply

## What it does
Reports commands other than Status in the server's answer to the alert.

## Why it matters
The device does not wait for an answer, and begins its clean-up once its message is sent. Nothing says that what the server
asks of it there is carried out, and a server that waits for the outcome may wait for ever.

## Known exceptions
Alert 1222 asks for the rest of a package that the device has not finished (no Final), and is due then. Alert 1223 ends
the session, and asks nothing. An answer that the proxy made is not the server's.

## Good
```xml
<Status>… <Cmd>SyncHdr</Cmd><Data>200</Data></Status>
<Status>… <Cmd>Alert</Cmd><Data>200</Data></Status>
<Final/>
```

## Bad
```xml
<Status>… <Cmd>SyncHdr</Cmd><Data>200</Data></Status>
<Status>… <Cmd>Alert</Cmd><Data>200</Data></Status>
<Get><CmdID>9</CmdID><Item><Target><LocURI>./DevDetail/SwV</LocURI></Target></Item></Get>
<Final/>
```
"""

from collections.abc import Iterable

from replay.expect.case import EpisodeCase, Rule, Spot
from replay.expect.finding import Finding, Party, Severity
from replay.expect.rules._alert import turns_of_alerts
from replay.expect.rules._dialogue import command_name, in_a_row
from replay.syncml.model import Alert, Command, Status
from replay.syncml.names import NEXT_MESSAGE, SESSION_ABORT

RULE = Rule(
    id="UNE018",
    name="commands-in-reply",
    severity=Severity.WARNING,
    party=Party.SERVER,
    source="facts A1.23, B27, B28; DMP 6.2, 8.1",
    scope="episode",
)


def check(subject: EpisodeCase) -> Iterable[Finding]:
    """Findings of UNE018."""
    for turn in turns_of_alerts(subject.episode):
        answer = turn.response
        if answer is None or not turn.exchange.answered:
            continue
        finished = turn.request is None or turn.request.final
        asked = [(place, each) for place, each in enumerate(answer.commands) if not _due(each, finished)]
        if asked:
            names = in_a_row([command_name(each) for _, each in asked])
            message = f"the answer to the alert carries {names}; only Status was due"
            spot = Spot(turn, "response", (asked[0][0],))
            yield subject.case.finding(RULE, message, spot=spot, episode=subject.episode)
            return


def _due(command: Command, finished: bool) -> bool:
    """Whether a command belongs in the answer: Status, and what keeps or ends the session."""
    if isinstance(command, Alert):
        return command.code == SESSION_ABORT or (command.code == NEXT_MESSAGE and not finished)
    return isinstance(command, Status)
