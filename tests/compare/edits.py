"""One random edit of a made-up capture at a time, and the one change that must come of it."""

import copy
import io
import itertools
import random
from collections import Counter
from collections.abc import Callable
from typing import Any, NamedTuple

from lxml import etree

from replay.capture.journal_reader import read
from replay.capture.sessions import Traffic, assemble
from replay.syncml.names import COMMANDS
from tests.generated import World, cmd, target
from tests.mutations.change import Body, bodies, q
from tests.story import MONO0, T0, Story


class Edited(NamedTuple):
    """What an edit did: the story afterwards, and the kind, path and class of the one change; `other_path` where it may as well
    be said of another thing."""

    story: Story
    kind: str
    path: str
    of: str
    other_path: str | None = None


def traffic(story: Story) -> Traffic:
    return assemble(read(io.BytesIO(story.text()), "story.jsonl"))


def world(seed: int, scenario: str, *, wbxml: bool = False, tidy: bool = False, plain: bool = False) -> Story:
    """A made-up capture with even gaps, so that lines can go and come; `tidy` or at least `plain` (see `World`) where an edit must
    find its way in it."""
    return evenly(World(seed, scenario, wbxml=wbxml, tidy=tidy, plain=plain).story)


def evenly(story: Story) -> Story:
    for number, line in enumerate(story.lines):
        line["t"], line["mono"] = T0 + number / 10, MONO0 + number / 10
    return story


def copied(story: Story) -> Story:
    other = Story()
    other.lines = copy.deepcopy(story.lines)
    return other


# -- what makes no difference ---------------------------------------------------------------------------------------


def in_wbxml(story: Story) -> Story:
    """The same capture with every message in WBXML."""
    other = copied(story)
    for type_ in ("request", "response"):
        for body in bodies(other, type_):
            body.wbxml = True
            body.put()
            for header in body.line["headers"]:
                header[1] = header[1].replace("dm+xml", "dm+wbxml")
    return other


def renamed(story: Story, seed: int) -> Story:
    """The same capture of other devices at other servers."""
    other = copied(story)
    names: dict[str, str] = {}
    draw = random.Random(seed)

    def new(text: str | None) -> str:
        if text not in names:
            names[text or ""] = f"urn:uuid:{draw.getrandbits(64):x}"
        return names[text or ""]

    devices = {body.header.findtext(f"{q('Source')}/{q('LocURI')}") for body in bodies(other, "request")}
    for line in other.lines:
        if "url" in line:
            line["url"] = _moved(line["url"])
        for header in line.get("headers", []):
            if header[0] == "Location":
                header[1] = _moved(header[1])
    for type_ in ("request", "response"):
        for body in bodies(other, type_):
            for element in body.root.iter(etree.Element):
                if element.text in devices:
                    element.text = new(element.text)
                elif (element.text or "").startswith("https://"):
                    element.text = _moved(element.text)
            body.put()
    return other


def _moved(url: str) -> str:
    """The same address at another host; two hosts stay two."""
    _, _, host, path = url.split("/", 3)
    name, _, port = host.partition(":")
    return f"http://{name.split('.')[0]}.elsewhere.example.test:{port or 81}/{path}"


def renumbered(story: Story, seed: int) -> Story:
    """The same capture with other SessionIDs and CmdIDs."""
    other = copied(story)
    draw = random.Random(seed)
    every = [(type_, body) for type_ in ("request", "response") for body in bodies(other, type_)]
    numbers: dict[tuple[str, ...], str] = {}
    for type_, body in every:
        key = _session(type_, body)
        taken: set[str] = set()
        for command in body.all(*COMMANDS):
            number = str(draw.randrange(1, 100_000))
            while number in taken:
                number = str(draw.randrange(1, 100_000))
            taken.add(number)
            numbers[(*key, type_, body.header.findtext(q("MsgID")), command.findtext(q("CmdID")))] = number
    sessions: dict[tuple[str, ...], str] = {}
    for type_, body in every:
        key = _session(type_, body)
        peer = "response" if type_ == "request" else "request"
        for command in body.all(*COMMANDS):
            reference = command.find(q("CmdRef"))
            if reference is not None and reference.text != "0":
                reference.text = numbers[(*key, peer, command.findtext(q("MsgRef")), reference.text)]
            name = command.find(q("CmdID"))
            name.text = numbers[(*key, type_, body.header.findtext(q("MsgID")), name.text)]
        if key not in sessions:
            sessions[key] = f"{len(sessions) + 0xA000:X}"
        body.header.find(q("SessionID")).text = sessions[key]
        body.put()
    return other


def _session(type_: str, body: Body) -> tuple[str, ...]:
    device = "Source" if type_ == "request" else "Target"
    return body.header.findtext(f"{q(device)}/{q('LocURI')}"), body.header.findtext(q("SessionID"))


# -- what makes one -------------------------------------------------------------------------------------------------


class NothingToEditError(Exception):
    """This capture has nothing of the kind."""


def path_of(element: Any) -> str:
    """The path of an element as reports name it."""
    steps: list[str] = []
    while element.getparent() is not None:
        same = [each for each in element.getparent() if each.tag == element.tag]
        name = etree.QName(element).localname
        steps.append(name if len(same) == 1 else f"{name}[{same.index(element) + 1}]")
        element = element.getparent()
    return "/".join(reversed(steps))


def _some(story: Story, draw: random.Random, having: Callable[[Body], list[Any]]) -> tuple[Body, Any]:
    """A message, and one of what it has of a kind. A message that was sent again is left alone: another byte in it, and it is no
    retransmission but a session of its own (contract)."""
    every = [body for type_ in ("request", "response") for body in bodies(story, type_)]
    sent = Counter(str(body.line["body"]) for body in every)
    found = [(body, each) for body in every if sent[str(body.line["body"])] == 1 for each in having(body)]
    if not found:
        raise NothingToEditError
    return draw.choice(found)


def _commands(body: Body) -> list[Any]:
    return [each for each in body.body if etree.QName(each).localname in COMMANDS]


def change_data(story: Story, draw: random.Random) -> Edited:
    """Another text in Data of an item, or of an alert or Status."""

    def having(body: Body) -> list[Any]:
        return [each for each in body.body.iter(q("Data")) if len(each) == 0 and "1226" not in (each.text or "")]

    other = copied(story)
    body, element = _some(other, draw, having)
    path, is_status = path_of(element), etree.QName(element.getparent()).localname == "Status"
    element.text = "418" if is_status else "changed by an edit"
    body.put()
    return Edited(other, "changed", path, "status" if is_status else "value")


def change_target(story: Story, draw: random.Random) -> Edited:
    """Another LocURI in an item of a command."""
    other = copied(story)
    body, element = _some(other, draw, lambda body: list(body.body.iter(q("LocURI"))))
    element.text = "./Vendor/MSFT/Edited"
    body.put()
    return Edited(other, "changed", path_of(element), "value")


def remove_meta(story: Story, draw: random.Random) -> Edited:
    """An item without its Meta."""
    other = copied(story)
    body, element = _some(other, draw, lambda body: [item.find(q("Meta")) for item in _described(body)])
    path = path_of(element)
    element.getparent().remove(element)
    body.put()
    return Edited(other, "removed", path, "structure")


def _described(body: Body) -> list[Any]:
    return [item for item in body.body.iter(q("Item")) if item.find(q("Meta")) is not None]


def remove_final(story: Story, draw: random.Random) -> Edited:
    other = copied(story)
    body, element = _some(other, draw, lambda body: list(body.body.iter(q("Final"))))
    element.getparent().remove(element)
    body.put()
    return Edited(other, "removed", "SyncBody/Final", "structure")


def remove_command(story: Story, draw: random.Random) -> Edited:
    """A command that is missing."""
    other = copied(story)
    body, element = _some(other, draw, lambda body: body.all(*COMMANDS))
    path = path_of(element)
    element.getparent().remove(element)
    body.put()
    return Edited(other, "removed", path, "sequence")


def insert_command(story: Story, draw: random.Random) -> Edited:
    """A command more."""
    other = copied(story)
    body, element = _some(other, draw, _commands)
    text = cmd("Get", f"<Item>{target('./Vendor/MSFT/New')}</Item>").replace("{id}", "9000")
    new = etree.fromstring(f'<x xmlns="SYNCML:SYNCML1.2">{text}</x>')[0]
    element.addprevious(new)
    body.put()
    return Edited(other, "added", path_of(new), "sequence")


def swap_commands(story: Story, draw: random.Random) -> Edited:
    """Two neighbours of which the second comes first."""

    def having(body: Body) -> list[Any]:
        commands = _commands(body)
        return [one for one, other in itertools.pairwise(commands) if _content(one) != _content(other)]

    other = copied(story)
    body, element = _some(other, draw, having)
    path, other_path = path_of(element), path_of(element.getnext())
    element.getnext().addnext(element)
    body.put()
    return Edited(other, "moved", path, "sequence", other_path)


def _content(element: Any) -> bytes:
    bare = copy.deepcopy(element)
    bare.tail = None
    bare.find(q("CmdID")).text = "0"
    return etree.tostring(bare)


def remove_answer(story: Story, draw: random.Random) -> Edited:
    """A message of the server's that is missing."""
    other = copied(story)
    answers = [line for line in other.lines if line["type"] == "response" and line["body"]]
    if not answers:
        raise NothingToEditError
    other.lines.remove(draw.choice(answers))
    return Edited(evenly(other), "removed", "SyncML", "sequence")


def insert_message(story: Story, draw: random.Random) -> Edited:
    """A message more at the end of a session, which nobody answers."""
    other = copied(story)
    last: dict[tuple[str, ...], Body] = {}
    for body in bodies(other, "request"):
        last[_session("request", body)] = body
    body = draw.choice(list(last.values()))
    line = copy.deepcopy(body.line)
    line["id"] = "x"
    more = Body(line, etree.tostring(body.root), False)
    more.wbxml = body.wbxml
    number = more.header.find(q("MsgID"))
    number.text = str(int(number.text) + 1)
    more.put()
    place = max(number for number, each in enumerate(other.lines) if each.get("id") == body.line["id"])
    other.lines.insert(place + 1, line)
    return Edited(evenly(other), "added", "SyncML", "sequence")


def _ids(story: Story, draw: random.Random) -> set[str]:
    """The exchanges of one session."""
    found: dict[tuple[str, ...], set[str]] = {}
    for body in bodies(story, "request"):
        found.setdefault(_session("request", body), set()).add(body.line["id"])
    return draw.choice(list(found.values()))


def remove_session(story: Story, draw: random.Random) -> Edited:
    other = copied(story)
    ids = _ids(other, draw)
    other.lines = [line for line in other.lines if line.get("id") not in ids]
    return Edited(evenly(other), "removed", "session", "sequence")


def insert_session(story: Story, draw: random.Random) -> Edited:
    """A session once more, under another SessionID, somewhere later."""
    other = copied(story)
    ids = _ids(other, draw)
    more = Story()
    more.lines = copy.deepcopy([line for line in other.lines if line.get("id") in ids])
    for type_ in ("request", "response"):
        for body in bodies(more, type_):
            body.header.find(q("SessionID")).text = "FFFE"
            body.put()
    for line in more.lines:
        line["id"] = f"again {line['id']}"
    ends = _between_sessions(other)
    first = min(number for number, line in enumerate(other.lines) if line.get("id") in ids)
    place = draw.choice([end for end in ends if end > first])
    other.lines[place:place] = more.lines
    return Edited(evenly(other), "added", "session", "sequence")


def _between_sessions(story: Story) -> list[int]:
    """The places between lines where no session is under way."""
    session: dict[str, tuple[str, ...]] = {
        body.line["id"]: _session("request", body) for body in bodies(story, "request")
    }
    whose = [session.get(line.get("id", "")) for line in story.lines]
    return [place for place in range(2, len(whose)) if not set(whose[:place]) & set(whose[place:]) - {None}]


def change_status(story: Story, draw: random.Random) -> Edited:
    """Another status in HTTP."""
    other = copied(story)
    answers = [line for line in other.lines if line["type"] == "response" and line["status"] == 200]
    if not answers:
        raise NothingToEditError
    draw.choice(answers)["status"] = 202
    return Edited(other, "changed", "HTTP/status", "http")


def change_content_type(story: Story, draw: random.Random) -> Edited:
    other = copied(story)
    requests = [line for line in other.lines if line["type"] == "request"]
    draw.choice(requests)["headers"][0][1] = "application/vnd.syncml+xml"
    return Edited(other, "changed", "HTTP/content-type", "http")


EDITS: list[Callable[[Story, random.Random], Edited]] = [
    change_data,
    change_target,
    remove_meta,
    remove_final,
    remove_command,
    insert_command,
    swap_commands,
    remove_answer,
    insert_message,
    remove_session,
    insert_session,
    change_status,
    change_content_type,
]
