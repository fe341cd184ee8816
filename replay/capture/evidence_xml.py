"""Windows events as XML: what `wevtutil qe /f:xml` and `/f:RenderedXml` write (one event after the other, without a root), what
Event Viewer saves (`Events` around them), and single records of an `.evtx`.

The parser is as hardened as the one for messages: no entities, no DTD, nothing over the network, libxml2's limits.
"""

import codecs
import re
from collections.abc import Iterator
from typing import Any, Final

from replay.capture.evidence import EvidenceError, EvidenceFile, Logged, is_provider
from replay.capture.times import seconds_of
from replay.syncml.write import NOT_XML

_DECLARATION: Final = re.compile(r"<\?xml\b[^<>]*\?>")
_CHUNK: Final = 1 << 20
_Element = Any  # lxml's stubs do not know iteration with a tag, nor sourceline


def begins_like_xml(text: str) -> bool:
    """Whether a text begins as XML does; Event Viewer's view puts a dash before an element."""
    return text.startswith("<") or bool(re.match(r"-\s*<", text))


def decoded(data: bytes) -> str:
    """The text of an export. PowerShell writes UTF-16, `wevtutil /uni:true` too; a console writes its own code page, in which
    everything but words of a message is ASCII."""
    for mark, name in (
        (codecs.BOM_UTF8, "utf-8-sig"),
        (codecs.BOM_UTF16_LE, "utf-16"),
        (codecs.BOM_UTF16_BE, "utf-16"),
    ):
        if data.startswith(mark):
            return data.decode(name, "replace")
    if data[1:2] == b"\0":
        return data.decode("utf-16-le", "replace")
    if data[:1] == b"\0":
        return data.decode("utf-16-be", "replace")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


class LogReader:
    """Collects the events of a log. `seen` counts all of them, `unread` those without a time or an id."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.seen = 0
        self.unread = 0
        self.others = 0
        self.logged: list[Logged] = []
        self.times: tuple[float, float] | None = None

    def result(self, form: str) -> EvidenceFile:
        """What was collected, as a file of that format."""
        first, last = self.times or (None, None)
        return EvidenceFile(self.path, form, tuple(self.logged), (), self.others, self.unread, first, last)

    def record(self, xml: str, place: str) -> None:
        """Takes one event as XML; one that is not well-formed is counted as unread."""
        from lxml import etree

        text = NOT_XML.sub("\ufffd", _DECLARATION.sub("", xml))
        try:
            event = etree.fromstring(text.encode("utf-8"), etree.XMLParser(**_hardened()))
        except etree.XMLSyntaxError:
            self.seen += 1
            self.unread += 1
            return
        self.event(event, place)

    def event(self, event: _Element, place: str) -> None:
        """Takes one Event element."""
        self.seen += 1
        parts = _children(event)
        system = _children(parts.get("System"))
        created, number = system.get("TimeCreated"), _digits(_text(system.get("EventID")))
        at = seconds_of(created.get("SystemTime")) if created is not None else None
        if at is None or number is None:
            self.unread += 1
            return
        first, last = self.times or (at, at)
        self.times = min(first, at), max(last, at)
        provider = system.get("Provider")
        if provider is None or not is_provider(provider.get("Name"), provider.get("Guid")):
            self.others += 1
            return
        message = _text(_children(parts.get("RenderingInfo")).get("Message"))
        self.logged.append(
            Logged(
                at=at,
                event=number & 0xFFFF,
                values=tuple(_values(parts)),
                message=" ".join(message.split()) if message else None,
                computer=_text(system.get("Computer")),
                channel=_text(system.get("Channel")),
                record=_digits(_text(system.get("EventRecordID"))),
                place=f"{self.path}, {place}",
            )
        )


def read_xml(path: str, data: bytes) -> EvidenceFile:
    """The events of an export.

    Raises EvidenceError, with line and column, where it is not well-formed, has a DTD, or holds no event at all.
    """
    from lxml import etree

    # a root of our own around whatever there is; declarations become blanks, so that lines stay what they are
    text = _DECLARATION.sub(lambda found: " " * len(found.group()), decoded(data).removeprefix("\ufeff"))
    text = NOT_XML.sub("\ufffd", text)
    log, parser = LogReader(path), etree.XMLPullParser(events=("end",), tag="{*}Event", **_hardened())
    pieces = ["<_>", *(text[start : start + _CHUNK] for start in range(0, len(text), _CHUNK)), "</_>"]
    try:
        for piece in pieces:
            parser.feed(piece.encode("utf-8"))
            for _, element in parser.read_events():
                _take(element, log)
        parser.close()
    except etree.XMLSyntaxError as error:
        line, column = error.position
        reason = (error.msg or "unknown error").rsplit(", line ", 1)[0]
        if piece is pieces[-1]:
            reason = "it ends in the middle of an event"
        raise EvidenceError(
            f"{path}: line {line}, column {column - len('<_>') * (line == 1)}: not well-formed XML: {reason}; export the log again"
        ) from None
    if not log.seen:
        raise EvidenceError(
            f"{path}: holds no Windows event: expected elements Event, alone or within Events; export the log with wevtutil qe LOG "
            "/f:RenderedXml"
        )
    return log.result("xml")


def _take(event: _Element, log: LogReader) -> None:
    """Takes an Event that has ended, where it stands alone or within Events, and lets go of it."""
    parent = event.getparent()
    if parent is None or (parent.getparent() is not None and _name(parent) != "Events"):
        return
    log.event(event, f"line {event.sourceline}")
    event.clear()
    while event.getprevious() is not None:
        del parent[0]


def _hardened() -> dict[str, Any]:
    return {
        "resolve_entities": False,
        "no_network": True,
        "huge_tree": False,
        "load_dtd": False,
        "dtd_validation": False,
        "remove_comments": True,
        "remove_pis": True,
    }


def _values(parts: dict[str, _Element]) -> Iterator[tuple[str, str]]:
    """The data of an event in order: those of EventData, or the leaves of UserData."""
    data = parts.get("EventData")
    if data is not None:
        for each in data:
            yield each.get("Name") or "", (_text(each) or "")
        return
    data = parts.get("UserData")
    for each in data.iter() if data is not None else ():
        if isinstance(each.tag, str) and not len(each):
            yield _name(each), (_text(each) or "")


def _name(element: _Element) -> str:
    """An element's name without its namespace; nothing for what is no element."""
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def _children(element: _Element | None) -> dict[str, _Element]:
    """The elements in an element by their names; the first, where there are several."""
    return {_name(each): each for each in reversed(element)} if element is not None else {}


def _text(element: _Element | None) -> str | None:
    text = (element.text or "").strip() if element is not None else ""
    return text or None


def _digits(text: str | None) -> int | None:
    return int(text) if text and text.isdecimal() and len(text) < 20 else None
