"""Captures as no recorder writes them: made-up worlds (tests/generated.py) with lines, elements and bytes changed at random."""

import base64
import copy
import json
import random
from typing import Any

from lxml import etree

from replay.lab import messages
from replay.syncml import wbxml
from tests.forms import NS
from tests.generated import SCENARIOS, World

_TEXTS = (
    "", "0", "1", "2", "-1", "1e9", " ", "9" * 30, "9" * 5000, "²", "\u202e", "x" * 300, "/", "./DevInfo/DevId", "1226", "1223",
    "1222", "1200", "407", "401", "200", "212", "213", "101", "com.microsoft:mdm.unenrollment.userrequest",
    "AADJ Unregister Failed",
    "./Vendor/MSFT/DMClient/Provider/P/Unenroll", "https://mdm.example.test/x", "int", "chr", "%", "é", "\n1\n", "SyncHdr", "Exec",
)  # fmt: skip
_NAMES = (  # noqa: SIM905 - a list of words is read as one
    "Alert Status Results Get Exec Replace Atomic Sequence Put Item Meta Data Target Source LocURI CmdID MsgRef CmdRef Cmd Final "
    "MoreData Chal Cred Type Format Size NextNonce SyncHdr SyncBody MsgID SessionID RespURI NoResp Correlator TargetRef"
).split()
_VALUES = (
    None, 0, -1, 1e300, "x", [], {}, True, 200, 401, 500, 301, "server", "proxy", "connect-failed", "client-closed",
    "proxy-stopped", "truncated",
)  # fmt: skip
_CAUSES = ("truncated", "client-closed", "proxy-stopped", "server-closed", "connect-failed")
_WORLDS = 40
_worlds: list[list[Any]] = []


def mutant(seed: int) -> bytes:
    """A journal, changed in one to five places; perhaps cut or with bytes changed at the end."""
    pick = random.Random(seed)
    if not _worlds:
        for number in range(_WORLDS):
            world = World(number + 1000, SCENARIOS[number % len(SCENARIOS)], wbxml=number % 3 == 0)
            _worlds.append(world.story.lines)
    lines = copy.deepcopy(pick.choice(_worlds))
    for _ in range(pick.choice([1, 1, 2, 3, 5])):
        pick.choice(_CHANGES)(pick, lines)
    text = bytearray(b"".join(json.dumps(line).encode() + b"\n" for line in lines))
    if pick.random() < 0.1:
        for _ in range(pick.choice([1, 5])):
            text[pick.randrange(len(text))] = pick.randrange(256)
        del text[pick.choice([len(text), pick.randrange(len(text))]) :]
    return bytes(text)


def _with_body(pick: random.Random, lines: list[Any]) -> dict[str, Any] | None:
    found = [line for line in lines if isinstance(line.get("body"), dict) and {"text", "base64"} & set(line["body"])]
    return pick.choice(found) if found else None


def content_of(line: dict[str, Any]) -> bytes:
    """The body of a line."""
    body = line["body"]
    return body["text"].encode() if "text" in body else base64.b64decode(body["base64"])


def put(line: dict[str, Any], content: bytes) -> None:
    """Gives a line another body."""
    try:
        line["body"] = {"text": content.decode()}
    except UnicodeDecodeError:
        line["body"] = {"base64": base64.b64encode(content).decode()}


def _elements(pick: random.Random, lines: list[Any]) -> None:
    """Changes a message as XML: elements taken out, put in, doubled, moved, renamed, and other texts."""
    line = _with_body(pick, lines)
    if line is None:
        return
    content = content_of(line)
    binary = content[:1] == b"\x02"
    try:
        root = etree.fromstring(wbxml.to_xml(wbxml.decode(content)) if binary else content)
    except (etree.XMLSyntaxError, ValueError):
        return
    for _ in range(pick.choice([1, 1, 2, 6])):
        _element(pick, root)
    changed = etree.tostring(root)
    try:
        put(line, messages.to_wbxml(changed) if binary else changed)
    except ValueError:  # WBXML has no token for such an element
        put(line, changed)


def _element(pick: random.Random, root: Any) -> None:
    nodes = [node for node in root.iter() if isinstance(node.tag, str)]
    node, other = pick.choice(nodes), pick.choice(nodes)
    parent = node.getparent()
    match pick.randrange(8):
        case 0 if parent is not None:
            parent.remove(node)
        case 1 if parent is not None:
            parent.insert(pick.randrange(len(parent) + 1), copy.deepcopy(node))
        case 2 if parent is not None and node is not other and node not in list(other.iterancestors()):
            other.append(node)
        case 3:
            node.tag = f"{{{pick.choice([NS, 'syncml:metinf', 'urn:x'])}}}{pick.choice(_NAMES)}"
        case 4:
            etree.SubElement(node, f"{{{NS}}}{pick.choice(_NAMES)}").text = pick.choice(_TEXTS)
        case 5:
            node.tail = pick.choice(_TEXTS)
        case _:
            pick.choice([each for each in nodes if not len(each)]).text = pick.choice(_TEXTS)


def _bytes(pick: random.Random, lines: list[Any]) -> None:
    line = _with_body(pick, lines)
    if line is None:
        return
    content = bytearray(content_of(line))
    for _ in range(pick.choice([1, 1, 2, 30])):
        place = pick.randrange(len(content) + 1)
        match pick.randrange(3):
            case 0:
                del content[place : place + pick.choice([1, 5, 50])]
            case 1:
                content[place:place] = pick.randbytes(pick.choice([1, 9]))
            case _:
                content[place : place + 1] = pick.randbytes(1)
    put(line, bytes(content))


def _lines(pick: random.Random, lines: list[Any]) -> None:
    """Takes out, doubles or moves a line."""
    if not lines:
        return
    place = pick.randrange(len(lines))
    match pick.randrange(3):
        case 0:
            del lines[place]
        case 1:
            lines.insert(pick.randrange(len(lines)), copy.deepcopy(lines[place]))
        case _:
            lines.insert(pick.randrange(len(lines)), lines.pop(place))


def _member(pick: random.Random, lines: list[Any]) -> None:
    if lines:
        line = pick.choice(lines)
        line[pick.choice(list(line))] = pick.choice(_VALUES)


def _clock(pick: random.Random, lines: list[Any]) -> None:
    """Sets the clock, from some line on."""
    place = pick.randrange(len(lines) + 1)
    by = pick.choice([-3600, -1, 1, 30, 86400])
    for line in lines[place:]:
        for name in ("t", "mono") if by > 0 else ("t",):
            if isinstance(line.get(name), (int, float)) and not isinstance(line[name], bool):
                line[name] += by


def _ending(pick: random.Random, lines: list[Any]) -> None:
    """Another status, or another end of an exchange."""
    answers = [place for place, line in enumerate(lines) if line.get("type") == "response"]
    if not answers:
        return
    place = pick.choice(answers)
    line = lines[place]
    if pick.random() < 0.5:
        line["status"], line["by"] = pick.choice([100, 204, 302, 401, 404, 429, 500]), pick.choice(["server", "proxy"])
        return
    end = {name: line.get(name) for name in ("t", "mono", "id")}
    lines.insert(place + 1, {"type": "failure", **end, "conn": None, "cause": pick.choice(_CAUSES), "detail": ""})


_CHANGES = (_elements, _elements, _elements, _elements, _bytes, _lines, _lines, _member, _clock, _ending)
