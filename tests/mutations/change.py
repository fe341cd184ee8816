"""One thing wrong at a time: a made-up capture that obeys everything (`tests/generated.py`) is changed in one way for each rule.

`MUTATIONS` names for every rule how a capture that breaks it, and nothing else, is made: from a seed and an encoding, a story,
and the options with which it is judged.
"""

import base64
from collections.abc import Callable
from typing import Any

from lxml import etree

from replay.lab import messages
from replay.syncml import wbxml
from replay.syncml.model import Message
from replay.syncml.names import UNENROL_TYPE
from tests.generated import Conversation, World, cmd, meta, target
from tests.story import Story

NS = "SYNCML:SYNCML1.2"
METINF = "syncml:metinf"
Changed = tuple[Story, dict[str, Any]]
MUTATIONS: dict[str, Callable[[int, bool], Changed]] = {}


class CannotBeError(Exception):
    """This capture has nothing that could be changed so: another seed has."""


def q(name: str, namespace: str = NS) -> str:
    return f"{{{namespace}}}{name}"


class Body:
    """One message in a story, as a tree that can be changed and put back."""

    def __init__(self, line: dict[str, Any], raw: bytes, wbxml_form: bool) -> None:
        self.line, self.wbxml = line, wbxml_form
        self.root = etree.fromstring(wbxml.to_xml(wbxml.decode(raw)) if wbxml_form else raw)
        self.header = self.root.find(q("SyncHdr"))
        self.body = self.root.find(q("SyncBody"))

    def all(self, *names: str) -> list[Any]:
        """The commands of these names, wherever they stand."""
        return [each for each in self.body.iter() if isinstance(each.tag, str) and etree.QName(each).localname in names]

    def status_of(self, command: str) -> list[Any]:
        return [each for each in self.all("Status") if each.findtext(q("Cmd")) == command]

    def put(self) -> None:
        self.put_raw(etree.tostring(self.root))

    def put_raw(self, content: bytes) -> None:
        content = messages.to_wbxml(content) if self.wbxml else content
        try:
            self.line["body"] = {"text": content.decode()}
        except UnicodeDecodeError:
            self.line["body"] = {"base64": base64.b64encode(content).decode()}


def bodies(story: Story, type_: str) -> list[Body]:
    """Every SyncML message of requests (`request`) or responses (`response`) of a story."""
    found = []
    for line in story.lines:
        if line["type"] == type_ and line.get("body"):
            body = line["body"]
            raw = body["text"].encode() if "text" in body else base64.b64decode(body["base64"])
            if raw.startswith(b"\x02"):
                found.append(Body(line, raw, True))
            elif b"<SyncML" in raw:
                found.append(Body(line, raw, False))
    return found


def first(story: Story, type_: str, having: Callable[[Body], bool]) -> Body:
    """The first message that has something."""
    for body in bodies(story, type_):
        if having(body):
            return body
    raise CannotBeError


def is_alert(body: Body) -> bool:
    return any(element.text == UNENROL_TYPE for element in body.root.iter(q("Type", METINF)))


def alert_of(story: Story) -> tuple[Body, Any]:
    """The message with the alert, and the alert."""
    body = first(story, "request", is_alert)
    return body, next(each for each in body.all("Alert") if each.findtext(q("Data")) == "1226")


def exec_of(story: Story) -> tuple[Body, Any]:
    """The message with the Exec Unenroll, and the Exec."""
    body = first(
        story, "response", lambda b: any((u.text or "").endswith("/Unenroll") for u in b.root.iter(q("LocURI")))
    )
    return body, next(each for each in body.all("Exec") if each.findtext(f".//{q('LocURI')}").endswith("/Unenroll"))


def edit(
    rule: str, scenario: str = "user", **options: Any
) -> Callable[[Callable[[Story], None]], Callable[[Story], None]]:
    """Declares a change of a finished story."""

    def declare(change: Callable[[Story], None]) -> Callable[[Story], None]:
        def make(seed: int, wbxml_form: bool) -> Changed:
            story = World(seed, scenario, wbxml=wbxml_form, tidy=True).story
            change(story)
            return story, dict(options)

        MUTATIONS[rule] = make
        return change

    return declare


def lives(
    rule: str, scenario: str = "user", **options: Any
) -> Callable[[Callable[[World], None]], Callable[[World], None]]:
    """Declares another way to leave: what the first device does in place of what it should."""

    def declare(leave: Callable[[World], None]) -> Callable[[World], None]:
        def make(seed: int, wbxml_form: bool) -> Changed:
            kind = type("Wrong", (World,), {"_leave": leave})
            return kind(seed, scenario, wbxml=wbxml_form, tidy=True).story, dict(options)

        MUTATIONS[rule] = make
        return leave

    return declare


def the_alert(data: str = "1", form: str = "int") -> str:
    return cmd("Alert", f"<Data>1226</Data><Item>{meta(UNENROL_TYPE, form)}<Data>{data}</Data></Item>")


def the_exec(provider: str = "P", node: str | None = None) -> str:
    uri = node or f"./Vendor/MSFT/DMClient/Provider/{provider}/Unenroll"
    return cmd("Exec", f"<Item>{target(uri)}{meta(None, 'chr')}<Data>{provider}</Data></Item>")


def says_good_bye(world: World) -> None:
    Conversation(world.peer, alert=the_alert()).open([])


def del_header(line: dict[str, Any], name: str) -> None:
    line["headers"] = [header for header in line["headers"] if header[0].lower() != name.lower()]


def ordinary(story: Story, type_: str, having: Callable[[Body], bool] = lambda body: True) -> Body:
    """A message of an ordinary session."""
    return first(story, type_, lambda body: not is_alert(body) and having(body))


def is_last_response(story: Story) -> Callable[[Body], bool]:
    """Whether a response is the last of its session."""
    seen: dict[tuple[str, str], Body] = {}
    for body in bodies(story, "response"):
        seen[body.header.findtext(f"{q('Target')}/{q('LocURI')}"), body.header.findtext(q("SessionID"))] = body
    lines = {id(body.line) for body in seen.values()}
    return lambda body: id(body.line) in lines


def status(msg_ref: str, cmd_ref: str, name: str, code: str = "200") -> str:
    return cmd("Status", f"<MsgRef>{msg_ref}</MsgRef><CmdRef>{cmd_ref}</CmdRef><Cmd>{name}</Cmd><Data>{code}</Data>")


def owed_for(answer: Message, command: Any) -> list[str]:
    """The Status elements for a message with one command."""
    ref = answer.header.msg_id
    return [status(ref, "0", "SyncHdr"), status(ref, command.cmd_id, command.name)]


def response_line(story: Story) -> dict[str, Any]:
    return ordinary(story, "response", is_last_response(story)).line


def _another(status: str, name: str, text: str) -> str:
    """A copy of a Status with another CmdID, and another text somewhere."""
    tree = etree.fromstring(status)
    tree.find(q("CmdID")).text = "900"
    tree.find(q(name)).text = text
    return etree.tostring(tree).decode()


def _data(status: str, code: str) -> str:
    tree = etree.fromstring(status)
    tree.find(q("Data")).text = code
    return etree.tostring(tree).decode()
