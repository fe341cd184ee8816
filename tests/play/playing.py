"""A recording played to a server that a test makes up: what it answers, and what came of it."""

import base64
import io

from replay.capture.journal_reader import read as read_journal
from replay.capture.sessions import assemble
from replay.lab import messages
from replay.lab.messages import Sender
from replay.play.device import DevicePlayer
from replay.play.renew import Addresses
from replay.play.requests import Settings
from replay.play.script import scripts
from replay.syncml.credentials import Secret
from replay.syncml.read import read
from tests.play.live import converse, outcome
from tests.story import Story

LIVE = "http://127.0.0.1:8000"
SWV, OTHER = "./DevDetail/SwV", "./DevDetail/Ext/Microsoft/OSPlatform"
SECRET = Secret("user1", "p:w")


def answered(session: str, number: int, *commands: str) -> list[str]:
    return [messages.status(1, str(number), "0", "SyncHdr", "200"), *commands]


def recorded(*, alert: bool = True) -> Story:
    """A session in which a Get is answered, then the alert."""
    story = Story()
    story.get_session("1")
    commands = [messages.status(2, "1", "9", "Get", "200"), messages.results(3, "1", "9", SWV, "10.0")]
    story.go_on("1", 2, *commands)
    if alert:
        story.alert("2")
    return story


def traffic_of(story: Story):
    return assemble(read_journal(io.BytesIO(story.text()), "story.jsonl"))


def played(story: Story, server, **more):
    """The player and the result of a story's device."""
    traffic = traffic_of(story)
    (script,) = scripts(traffic)
    chosen = Settings(Addresses(LIVE + more.pop("path", ""), script.addresses), **{"secret": SECRET, **more})
    player = DevicePlayer(script, chosen)
    converse(player, server)
    return player, outcome(traffic, script, player.played, chosen.addresses._path)


def reply(request, *commands: str, code: str = "200", header_code: str = "200", number: int | None = None) -> bytes:
    """What a good server answers, with commands of its own."""
    received = read(request.body)
    head = received.header
    sender = Sender(head.session_id, head.source.uri, head.target.uri)
    owed = messages.answers(received, code=code, header_code=header_code)
    return messages.message(sender, number or int(head.msg_id), [*owed, *commands])


def ok(request, *commands: str, **more):
    return 200, (("Content-Type", messages.CONTENT_TYPE),), reply(request, *commands, **more)


def is_alert(request) -> bool:
    return request.step.alert


def good(request):
    """The server of `recorded`, with a CmdID of its own."""
    return ok(request, messages.get(40, SWV)) if request.step.number == 1 else ok(request)


def challenge(request, kind: str = "md5", nonce: bytes = b"fresh"):
    received = read(request.body)
    meta = f'<Meta><Format xmlns="syncml:metinf">b64</Format><Type xmlns="syncml:metinf">syncml:auth-{kind}</Type>'
    meta += f'<NextNonce xmlns="syncml:metinf">{base64.b64encode(nonce).decode()}</NextNonce></Meta>'
    status = messages.status(1, received.header.msg_id, "0", "SyncHdr", "407")
    status = status.replace("</Cmd>", f"</Cmd><Chal>{meta}</Chal>")
    sender = Sender(received.header.session_id, received.header.source.uri, received.header.target.uri)
    return (
        200,
        (("Content-Type", messages.CONTENT_TYPE),),
        messages.message(sender, int(received.header.msg_id), [status]),
    )


def bodies(player) -> list:
    return [read(each.body) for each in player.played.exchanges]
