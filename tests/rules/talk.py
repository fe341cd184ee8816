"""One session told message by message, for the rules about answers, credentials and large objects.

Commands are XML with `{id}` for a CmdID of no interest; those get the numbers that are free. Ids that something refers to are
written out. MsgIDs count by themselves on both sides.
"""

import itertools
import re

from replay.lab import messages
from replay.lab.messages import DeviceInfo
from tests.story import DEVICE, Story, rules_of

SWV = "./DevDetail/SwV"
FINAL = b"<Final/>"


def status(to: str, name: str, code: str = "200", inside: str = "") -> str:
    """A Status that answers `MsgRef/CmdRef`."""
    msg_ref, cmd_ref = to.split("/")
    return (
        f"<Status><CmdID>{{id}}</CmdID><MsgRef>{msg_ref}</MsgRef><CmdRef>{cmd_ref}</CmdRef><Cmd>{name}</Cmd>{inside}"
        f"<Data>{code}</Data></Status>"
    )


def header(message: int = 1, code: str = "200", inside: str = "") -> str:
    """The Status for SyncHdr of a message."""
    return status(f"{message}/0", "SyncHdr", code, inside)


def results(to: str, item: str = "", name: str = "Get") -> str:
    """Results for `MsgRef/CmdRef`."""
    msg_ref, cmd_ref = to.split("/")
    item = item or f"<Item><Source><LocURI>{SWV}</LocURI></Source><Data>1</Data></Item>"
    return f"<Results><CmdID>{{id}}</CmdID><MsgRef>{msg_ref}</MsgRef><CmdRef>{cmd_ref}</CmdRef><Cmd>{name}</Cmd>{item}</Results>"


def group(name: str, number: int, *commands: str) -> str:
    """Atomic or Sequence with the commands inside."""
    return f"<{name}><CmdID>{number}</CmdID>{''.join(commands)}</{name}>"


def replace(number: int, uri: str = "./Vendor/MSFT/X", inside: str = "") -> str:
    """A server's Replace."""
    return f"<Replace><CmdID>{number}</CmdID>{inside}<Item><Target><LocURI>{uri}</LocURI></Target><Data>1</Data></Item></Replace>"


def alert(code: str, number: str = "{id}") -> str:
    """An Alert without an item."""
    return f"<Alert><CmdID>{number}</CmdID><Data>{code}</Data></Alert>"


#: What the server owes to package 1, whose commands are Alert 2, Alert 3 and Replace 4.
OPENED = [header(), status("1/2", "Alert"), status("1/3", "Alert"), status("1/4", "Replace")]
GET = messages.get(9, SWV)


def opening(alert_text: str | None = None) -> list[str]:
    """The commands of package 1."""
    return messages.package_one(DeviceInfo(DEVICE), alert=alert_text)


class Talk:
    """A session in the making."""

    def __init__(self, session: str = "1", story: Story | None = None) -> None:
        self.story = story or Story()
        self.session = session
        self.sent = self.heard = 0

    def device(self, *commands: str, final: bool = True, cred: str = "") -> bytes:
        """The device's next message."""
        self.sent += 1
        return _whole(self.story.to_server(self.session, self.sent, _numbered(commands)), final=final, cred=cred)

    def server(self, *commands: str, final: bool = True) -> bytes:
        """The server's next message."""
        self.heard += 1
        return _whole(self.story.to_device(self.session, self.heard, _numbered(commands)), final=final)

    def say(self, device: list[str], server: list[str] | None, *, cred: str = "", **more) -> "Talk":
        """One exchange; `more` goes to `Story.exchange`."""
        request = self.device(*device, cred=cred)
        answer = None if server is None else self.server(*server)
        self.story.exchange(request, answer, **more)
        return self

    def open(self, *more: str) -> "Talk":
        """Package 1 and its answer, with further commands of the server."""
        return self.say(opening(), [*OPENED, *more])

    def judge(self, **options):
        return self.story.judge(**options)

    def of(self, rule: str, **options):
        """What one rule finds."""
        judgement = self.judge(**options)
        assert judgement.errors == []  # a rule that crashed finds nothing either
        return [finding for finding in judgement.findings if finding.rule == rule]

    def only(self, rule: str, **options):
        """The one finding of a rule; fails where there are more, or others that are not infos."""
        judgement = self.judge(**options)
        assert rules_of(judgement) == [rule], [f"{f.rule}: {f.message}" for f in judgement.findings]
        return next(finding for finding in judgement.findings if finding.rule == rule)

    def nothing(self, **options) -> bool:
        """Whether no rule finds anything but infos."""
        judgement = self.judge(**options)
        assert rules_of(judgement) == [], [f"{f.rule}: {f.message}" for f in judgement.findings]
        return True


def _numbered(commands: tuple[str, ...]) -> list[str]:
    used = set(re.findall(r"<CmdID>(\d+)</CmdID>", "".join(commands)))
    free = (number for number in itertools.count(1) if str(number) not in used)
    return [re.sub(r"\{id\}", lambda _: str(next(free)), command) for command in commands]


def _whole(message: bytes, *, final: bool, cred: str = "") -> bytes:
    message = message.replace(b"</SyncHdr>", cred.encode() + b"</SyncHdr>")
    return message if final else message.replace(FINAL, b"")


def by_device(text: str):
    """The judgement of a session whose package 1 has this command besides."""
    story = Story()
    request = story.to_server("1", 1, [*messages.package_one(DeviceInfo(story.device)), text])
    story.exchange(request, story.answer(request))
    return story.judge()
