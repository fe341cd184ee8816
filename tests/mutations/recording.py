"""One thing wrong at a time: the recording."""

import base64

from tests.generated import World
from tests.mutations.change import alert_of, edit, lives, response_line, says_good_bye
from tests.story import Story


@edit("CAP001", "ordinary")
def the_proxy_answered(story: Story) -> None:
    response_line(story)["by"] = "proxy"


@edit("CAP002", "user")
def a_line_that_is_cut(story: Story) -> None:
    story.lines.append('{"type":"watching","t":18000')


@edit("CAP004", "ordinary")
def an_envelope(story: Story) -> None:
    line = response_line(story)
    line["headers"] = [["Content-Type", "application/pkcs7-mime"]]
    line["body"] = {
        "base64": base64.b64encode(
            b"\x30\x82\x01\x00\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02" + bytes(241)
        ).decode()
    }


@edit("CAP005", "ordinary")
def the_clock_goes_back(story: Story) -> None:
    for line in story.lines[len(story.lines) // 2 :]:
        line["t"] -= 300


@edit("CAP006")
def nobody_watched(story: Story) -> None:
    body, _ = alert_of(story)
    place = story.lines.index(body.line)
    late = [line for line in story.lines[place:] if line["type"] == "watching"][-8:-2]
    story.lines = [line for line in story.lines if line not in late]


@lives("CAP007")
def something_unread(world: World) -> None:
    says_good_bye(world)
    world.story.watch(20)
    where = {"conn": "unread", "client": world.peer.client, "sni": world.peer.host.split(":")[0], "host": None}
    world.story.line("connect", **where)
    world.story.line(
        "failure", id=None, cause="tls-failed", detail="the device refused the certificate", received=None, **where
    )
