"""One message in full: its elements, a line each, its normal form beside it, and its bytes as they were."""

from typing import Any, Final
from xml.sax.saxutils import escape

from msgspec import Struct

from replay.capture.exchange import Headers
from replay.normal.nodes import NormalEnrolment, NormalSession
from replay.normal.text import normal_text
from replay.report.html.marks import Mark
from replay.syncml import wbxml, xml
from replay.syncml.lenient import repair
from replay.syncml.model import Message

#: Characters of one text, of one body and bytes of one dump that are shown; `omadm show --raw` has all of them.
_TEXT: Final = 4_000
BODY: Final = 64_000
_DUMP: Final = 8_192
_LINES: Final = 3_000


class Line(Struct, frozen=True):
    """One line of a message's elements: an opening tag, a text and a closing tag, as far as they are on it; `marks` are the
    findings on the element that begins here."""

    depth: int
    begin: str
    text: str = ""
    close: str = ""
    marks: tuple[Mark, ...] = ()


class Body(Struct, frozen=True):
    """What is shown of a body: `head` is the first line and the headers, `elements` and `normal` are of a message that was
    read, `text` or `dump` the body itself; `cut` says what is left out."""

    head: str
    elements: list[Line]
    normal: list[str]
    text: str | None
    dump: str | None
    size: int
    cut: str = ""


def body_of(
    first_line: str,
    headers: Headers,
    content: bytes | None,
    message: Message | None,
    normal: list[str],
    marks: dict[str, list[Mark]],
) -> Body:
    """One side of an exchange in full."""
    content = content or b""
    text = text_of(content)
    lines = elements(message, marks) if message is not None else []
    shown, most = (content, _DUMP) if text is None else (text, BODY)
    cut = (
        f"the first {most:,} of {len(shown):,} {'bytes' if text is None else 'characters'}" if len(shown) > most else ""
    )
    if len(lines) > _LINES:
        cut = f"{cut} and " * bool(cut) + f"the first {_LINES:,} of {len(lines):,} elements"
    return Body(
        head="\n".join([first_line, *(f"{name}: {value}" for name, value in headers)]),
        elements=lines[:_LINES],
        normal=normal[: 2 * _LINES],
        text=None if text is None else text[:BODY],
        dump=dump(content[:_DUMP]) if text is None else None,
        size=len(content),
        cut=cut,
    )


def text_of(content: bytes) -> str | None:
    """A body as text: UTF-8, or UTF-16 with its mark; None where it is neither, or WBXML, whose first byte no text begins with."""
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return _decoded(content, "utf-16")
    return None if content[:1] < b"\x09" and content else _decoded(content, "utf-8")


def _decoded(content: bytes, encoding: str) -> str | None:
    try:
        return content.decode(encoding)
    except UnicodeDecodeError:
        return None


def dump(content: bytes) -> str:
    """Bytes in hexadecimal, sixteen a line, with where they stand and what is printable of them."""
    rows = (content[start : start + 16] for start in range(0, len(content), 16))
    return "\n".join(
        f"{16 * number:06x}  {row.hex(' '):<47}  {''.join(chr(b) if 0x20 <= b < 0x7F else '.' for b in row)}"
        for number, row in enumerate(rows)
    )


# -- elements ---------------------------------------------------------------------------------------------------------------


def elements(message: Message, marks: dict[str, list[Mark]]) -> list[Line]:
    """The elements of a message in the order in which they were sent, WBXML as the XML that it stands for."""
    if message.form == "wbxml":
        root = xml.parse(wbxml.to_xml(wbxml.decode(message.raw)))
    else:
        root = xml.parse(repair(message.raw)[0] if message.repairs else message.raw)
    lines: list[Line] = []
    _Elements(lines, marks).add(root, 0, "", {})
    return lines


class _Elements:
    """Puts elements into lines."""

    def __init__(self, lines: list[Line], marks: dict[str, list[Mark]]) -> None:
        self.lines, self.marks = lines, marks

    def add(self, node: Any, depth: int, path: str, outside: dict[str | None, str]) -> None:
        """An element with all that is in it; `path` as findings write it, `outside` the namespaces in force around it."""
        name, declared = _qualified(node), dict(node.nsmap)
        tag = " ".join([f"<{name}", *_declarations(declared, outside), *_attributes(node)])
        text, marks = _cut((node.text or "").strip() if len(node) else node.text or ""), tuple(self.marks.get(path, ()))
        if not len(node):
            end = (">", f"</{name}>") if text else ("/>", "")
            self.lines.append(Line(depth, tag + end[0], text, end[1], marks if path else ()))
            return
        self.lines.append(Line(depth, f"{tag}>", text, "", marks if path else ()))
        steps = _steps(node)
        for child, step in zip(node, steps, strict=True):
            self.add(child, depth + 1, f"{path}/{step}" if path else step, declared)
            if tail := _cut((child.tail or "").strip()):
                self.lines.append(Line(depth + 1, "", tail))
        self.lines.append(Line(depth, "", "", f"</{name}>"))


def _steps(node: Any) -> list[str]:
    """The children of an element as paths name them: with a number where there are several of a name (contract)."""
    names = [_local(child) for child in node]
    counts: dict[str, int] = {}
    steps = []
    for name in names:
        counts[name] = counts.get(name, 0) + 1
        steps.append(f"{name}[{counts[name]}]")
    return [step if counts[name] > 1 else name for name, step in zip(names, steps, strict=True)]


def _local(node: Any) -> str:
    return str(node.tag).rpartition("}")[2]


def _qualified(node: Any) -> str:
    return f"{node.prefix}:{_local(node)}" if node.prefix else _local(node)


def _declarations(declared: dict[str | None, str], outside: dict[str | None, str]) -> list[str]:
    found = [(prefix, uri) for prefix, uri in declared.items() if outside.get(prefix) != uri]
    return [f'xmlns{":" + prefix if prefix else ""}="{_cut(uri)}"' for prefix, uri in found]


def _attributes(node: Any) -> list[str]:
    prefixes = {uri: prefix for prefix, uri in node.nsmap.items() if prefix}
    found = []
    for name, value in node.attrib.items():
        uri, brace, local = str(name).rpartition("}")
        shown = f"{prefixes.get(uri[1:], 'xml')}:{local}" if brace else local
        found.append(f'{shown}="{_cut(str(value))}"')
    return found


def _cut(text: str) -> str:
    """A text as XML writes it, as much of it as is shown."""
    return escape(text) if len(text) <= _TEXT else f"{escape(text[:_TEXT])}… ({len(text):,} characters)"


# -- the normal form --------------------------------------------------------------------------------------------------------


def normal_sides(enrolment: NormalEnrolment, session: NormalSession, number: int) -> tuple[list[str], list[str]]:
    """The normal form of the exchange of that number (from 0) in a session: the lines of the device's side, and of the server's."""
    alone = NormalSession(session.alias, None, (session.exchanges[number],))
    text = normal_text([NormalEnrolment(enrolment.device, enrolment.server, (alone,), (session.alias,))])
    lines = text.splitlines()
    return [line[2:] for line in lines if line[:2] == "> "], [line[2:] for line in lines if line[:2] == "< "]
