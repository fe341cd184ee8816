"""What the corpora are built from: captures and messages of the stories that the other tests tell."""

import functools
import io

from replay.capture import flow_writer, har_writer
from replay.capture.exchange import Capture
from replay.capture.journal_reader import read as read_journal
from replay.lab import messages
from tests.generated import SCENARIOS, World
from tests.story import Story, server, user


@functools.cache
def journals() -> tuple[bytes, ...]:
    """Journals: good departures, disturbed ones, a second recording, connections without requests, and made-up worlds."""
    disturbed = user().exchange(b"<html>", b"no", status=500, by="proxy")
    told = [
        user().watch(70).close(),
        server().watch(70).close(),
        Story().ordinary("1").alert("2", data="2").go_on("2", 2).ordinary("3").watch(70).close(),
        user(interval=1.0).wait(30).watch(70).close(),
    ]
    story = user()
    story.line("connect", conn="c9", client=["10.0.0.5", 5000], sni="mdm.example.test", host="mdm.example.test")
    story.line("failure", id=None, conn="c9", cause="tls-failed", detail="alert", received=0)
    story.line("disconnect", conn="c9", side="client")
    story.line("note", text="a mark", name="push")
    story.exchange(b"\x30\x82", None, failure="server-closed")
    story.exchange(b"part", b"<Syn", failure="truncated", received=4)
    told.append(story.watch(70).close())
    worlds = [
        World(seed, scenario, wbxml=wbxml).story.text()
        for seed, scenario in enumerate(SCENARIOS)
        for wbxml in (False, True)
    ]
    assert disturbed
    return (*(each.text() for each in told), *(each for each in worlds if len(each) < 60_000))


@functools.cache
def captures() -> tuple[Capture, ...]:
    """The same, read."""
    return tuple(read_journal(io.BytesIO(each), "seed.jsonl") for each in journals())


@functools.cache
def bodies() -> tuple[bytes, ...]:
    """The messages in them, XML and WBXML, each once."""
    found: dict[bytes, None] = {}
    for capture in captures():
        for exchange in capture.exchanges:
            for body in (exchange.body, exchange.response.body if exchange.response else None):
                if body:
                    found[body] = None
    return tuple(found)


@functools.cache
def xml_bodies() -> tuple[bytes, ...]:
    """The messages in XML."""
    return tuple(each for each in bodies() if each.lstrip()[:1] == b"<" or each[:2] in (b"\xff\xfe", b"\xfe\xff"))


@functools.cache
def wbxml_bodies() -> tuple[bytes, ...]:
    """The messages in WBXML, and those of the others that can be written in it."""
    own = [each for each in bodies() if each[:1] in b"\x01\x02\x03"]
    story = Story()
    return (*own, *(messages.to_wbxml(story.package_one("1", alert=messages.unenrol_alert(each))) for each in "12"))


def as_flows() -> list[bytes]:
    """The captures as flow files."""
    return [_written(flow_writer, each) for each in captures()]


def as_hars() -> list[bytes]:
    """The captures as HARs."""
    return [_written(har_writer, each) for each in captures()]


def _written(writer, capture: Capture) -> bytes:
    out = io.BytesIO()
    writer.write(capture, out)
    return out.getvalue()
