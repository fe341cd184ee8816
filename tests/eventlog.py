"""Windows event logs for tests: a binary `.evtx` with valid checksums, made from scratch, and the XML that Windows' tools write.

The binary form is what Windows writes: a file header, one chunk of 64 KiB, and records in binary XML, each an instance of a
template that holds the names and has places for the values ([MS-EVEN6] 2.2.12 and libevtx's description of the format). No real
log is at hand; the tests let the library that reads real ones read these.
"""

import struct
import uuid
import zlib
from collections.abc import Sequence
from datetime import UTC, datetime

from msgspec import Struct

GUID = "3da494e4-0fe2-415c-b895-fb5265c5c83b"
NAME = "Microsoft-Windows-DeviceManagement-Enterprise-Diagnostics-Provider"
OTHER_GUID = "e13c0d23-ccbc-4e12-931b-d9cc2eee27e4"
CHANNEL = f"{NAME}/Admin"
NAMESPACE = "http://schemas.microsoft.com/win/2004/08/events/event"
ENROLMENT = "9B5DC01F-D64E-488A-BB24-F0E9DA4FBF47"


class Event(Struct, frozen=True):
    """One event: when (seconds since 1970, the device's clock), its id, its data in order, and its rendered text."""

    at: float
    id: int
    values: tuple[tuple[str, str], ...] = ()
    message: str = ""
    computer: str = "DESKTOP-1"
    guid: str = GUID
    name: str = NAME


def iso(at: float) -> str:
    """A time as events have it: UTC with seven digits, of which the last is none of ours."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f0Z")


# -- XML ------------------------------------------------------------------------------------------------------------------


def xml(events: Sequence[Event], *, rendered: bool = False, root: bool = False, declared: str | None = None) -> str:
    """What `wevtutil qe /f:xml` writes; `/f:RenderedXml`; and with a root what Event Viewer saves."""
    each = [_event(event, number, rendered=rendered) for number, event in enumerate(events, 1)]
    text = "".join(each) if root else "\r\n".join(each) + "\r\n"
    head = f'<?xml version="1.0" encoding="{declared}" standalone="yes"?>\r\n' if declared else ""
    return f"{head}<Events>{text}</Events>" if root else head + text


def _event(event: Event, number: int, *, rendered: bool) -> str:
    data = "".join(f"<Data Name='{name}'>{_escaped(value)}</Data>" for name, value in event.values)
    info = f"<RenderingInfo Culture='en-US'><Message>{_escaped(event.message)}</Message><Level>Information</Level></RenderingInfo>"
    return (
        f"<Event xmlns='{NAMESPACE}'><System><Provider Name='{event.name}' Guid='{{{event.guid}}}'/><EventID>{event.id}</EventID>"
        "<Version>0</Version><Level>4</Level><Task>0</Task><Opcode>0</Opcode><Keywords>0x8000000000000000</Keywords>"
        f"<TimeCreated SystemTime='{iso(event.at)}'/><EventRecordID>{number}</EventRecordID><Correlation/>"
        f"<Execution ProcessID='4888' ThreadID='8612'/><Channel>{CHANNEL}</Channel><Computer>{event.computer}</Computer>"
        f"<Security UserID='S-1-5-18'/></System><EventData>{data}</EventData>{info if rendered else ''}</Event>"
    )


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;")


# -- EVTX -----------------------------------------------------------------------------------------------------------------

_CHUNK = 0x10000
_FIRST = 0x200  # where the records of a chunk begin
_STRING, _U16, _U32, _U64, _GUID_, _FILETIME, _HEX64 = 0x01, 0x06, 0x08, 0x0A, 0x0F, 0x11, 0x15


def policy(at: float, id: int = 819, result: str = "0x80070005", enrolment: str = ENROLMENT) -> Event:
    """A policy is deleted (819), or cannot be (818)."""
    values = [("Message1", "AllowCamera"), ("Message2", "Camera"), ("Message3", enrolment), ("Message4", "Device")]
    more = [("HexInt1", "0x0")] if id == 819 else [("HexInt1", "0x0"), ("HexInt2", result), ("HexInt3", "0x0")]
    return Event(at, id, tuple(values + more))


def app(at: float, id: int, code: str = "{C1A2}", result: str = "0x0") -> Event:
    """The removal of an app begins (1921), is done (1923) or failed (1925)."""
    names = ("Message1", "Message2", "Message3", "Message4", "HexInt1")
    if id == 1925:
        return Event(at, id, tuple(zip(names, ("msi.log", "msiexec /x", code, "S-0", result), strict=True)))
    return Event(at, id, (("Message1", code), ("Message2", "S-0"), *([("HRESULT", result)] if id == 1923 else [])))


def result(at: float, id: int, code: str = "0x0") -> Event:
    """An event whose data is a result alone: 49, 64, 65, 67, 209."""
    return Event(at, id, (("HRESULT", code),))


def begun(at: float, id: int = 61) -> Event:
    """The trigger: by the user (61), not by the user (60), the Exec was accepted (1600)."""
    return Event(at, id, (("Message1", ENROLMENT if id == 1600 else "MS DM Server"),))


def unenrolment(alert: float, trigger: int = 61) -> list[Event]:
    """A log of an unenrolment as it should be; the alert is sent at a moment of the device's clock."""
    account = Event(alert + 1.2, 1120, (("Message1", ENROLMENT), ("Message2", ENROLMENT), ("HRESULT", "0x0")))
    steps = [app(alert + 0.4, 1921), app(alert + 0.8, 1923), policy(alert + 0.9), account, result(alert + 1.3, 64)]
    return [
        begun(alert - 0.6, trigger), Event(alert - 0.1, 48), *steps, Event(alert + 1.5, 73), Event(alert + 1.6, 74)
    ]  # fmt: skip


def evtx(events: Sequence[Event]) -> bytes:
    """A `.evtx` file with one chunk; the events have to fit into it."""
    chunk = bytearray(_FIRST)
    for number, event in enumerate(events, 1):
        chunk += _record(number, event, len(chunk))
    free = len(chunk)
    if free > _CHUNK:
        raise ValueError("the events do not fit into one chunk")
    last = 0 if not events else _last_record(chunk)
    struct.pack_into(
        "<8s4Q4I", chunk, 0, b"ElfChnk\0", 1, len(events), 1, len(events), 128, last, free, zlib.crc32(chunk[_FIRST:])
    )
    struct.pack_into("<I", chunk, 124, zlib.crc32(chunk[:120] + chunk[128:_FIRST]))
    chunk += bytes(_CHUNK - free)
    head = bytearray(4096)
    struct.pack_into("<8s3QI4H", head, 0, b"ElfFile\0", 0, 0, len(events) + 1, 128, 1, 3, 4096, 1)
    struct.pack_into("<I", head, 124, zlib.crc32(head[:120]))
    return bytes(head + chunk)


def _last_record(chunk: bytes) -> int:
    place, last = _FIRST, _FIRST
    while place < len(chunk):
        last, place = place, place + struct.unpack_from("<I", chunk, place + 4)[0]
    return last


def _filetime(at: float) -> int:
    return (round(at * 1_000_000) + 11_644_473_600_000_000) * 10


def _record(number: int, event: Event, place: int) -> bytes:
    content = _instance(event, number, place + 24)
    size = 24 + len(content) + 4
    size += -size % 8
    content += bytes(size - 28 - len(content))
    return struct.pack("<2sxxIQQ", b"**", size, number, _filetime(event.at)) + content + struct.pack("<I", size)


class _Writer:
    """Binary XML in the making: `place` is where it begins in its chunk, because names are referred to by their place there."""

    def __init__(self, place: int) -> None:
        self.place = place
        self.out = bytearray()
        self.values: list[tuple[int, bytes]] = []

    def name(self, name: str) -> None:
        """A reference to a name, which follows at once."""
        here = self.place + len(self.out) + 4
        units = name.encode("utf-16-le")
        code = 0
        for unit in struct.unpack(f"<{len(name)}H", units):
            code = (code * 65599 + unit) & 0xFFFFFFFF
        self.out += struct.pack("<IIHH", here, 0, code & 0xFFFF, len(name)) + units + b"\0\0"

    def value(self, kind: int, data: bytes) -> None:
        """A place in the template for a value of the instance."""
        self.out += struct.pack("<BHB", 0x0D, len(self.values), kind)
        self.values.append((kind, data))

    def text(self, text: str) -> None:
        """A text that is the same in every instance."""
        self.out += struct.pack("<BBH", 0x05, _STRING, len(text)) + text.encode("utf-16-le")

    def put(self, content: "str | tuple[int, bytes]") -> None:
        """A fixed text, or a value."""
        if isinstance(content, str):
            self.text(content)
        else:
            self.value(*content)

    def element(
        self, name: str, attributes: dict[str, "str | tuple[int, bytes]"] | None = None, *children: object
    ) -> None:
        """An element: attributes, then texts, values and elements (callables) within it."""
        self.out += struct.pack("<BHI", 0x41 if attributes else 0x01, 0xFFFF, 0)
        size_at = len(self.out) - 4
        self.name(name)
        if attributes:
            self.out += bytes(4)
            list_at = len(self.out)
            for place, (key, content) in enumerate(attributes.items(), 1):
                self.out.append(0x46 if place < len(attributes) else 0x06)
                self.name(key)
                self.put(content)
            struct.pack_into("<I", self.out, list_at - 4, len(self.out) - list_at)
        if children:
            self.out.append(0x02)
            for child in children:
                if callable(child):
                    child()
                else:
                    self.put(child)  # type: ignore[arg-type]
            self.out.append(0x04)
        else:
            self.out.append(0x03)
        struct.pack_into("<I", self.out, size_at, len(self.out) - size_at - 4)


def _string(text: str) -> tuple[int, bytes]:
    return _STRING, text.encode("utf-16-le")


def _instance(event: Event, number: int, place: int) -> bytes:
    """A fragment: an instance of a template, with the template itself where it stands for the first time (here always)."""
    template = place + 4 + 10  # after the fragment's head and the instance's
    writer = _Writer(template + 24)
    writer.out += b"\x0f\x01\x01\x00"
    guid = (_GUID_, uuid.UUID(event.guid).bytes_le)

    def leaf(name: str, content: "str | tuple[int, bytes]") -> object:
        return lambda: writer.element(name, None, content)

    def system() -> None:
        writer.element(
            "System",
            None,
            lambda: writer.element("Provider", {"Name": event.name, "Guid": guid}),
            leaf("EventID", (_U16, struct.pack("<H", event.id))),
            leaf("Level", "4"),
            leaf("Keywords", (_HEX64, struct.pack("<Q", 1 << 63))),
            lambda: writer.element("TimeCreated", {"SystemTime": (_FILETIME, struct.pack("<Q", _filetime(event.at)))}),
            leaf("EventRecordID", (_U64, struct.pack("<Q", number))),
            leaf("Channel", CHANNEL),
            leaf("Computer", _string(event.computer)),
        )

    def data() -> None:
        def one(name: str, value: str) -> object:
            return lambda: writer.element("Data", {"Name": name}, _string(value))

        writer.element("EventData", None, *(one(name, value) for name, value in event.values))

    writer.element("Event", {"xmlns": NAMESPACE}, system, data)
    writer.out.append(0x00)
    identity = uuid.uuid5(uuid.NAMESPACE_OID, f"{number}").bytes_le
    out = b"\x0f\x01\x01\x00" + struct.pack("<BB4sI", 0x0C, 1, identity[:4], template)
    out += struct.pack("<I16sI", 0, identity, len(writer.out)) + bytes(writer.out)
    out += struct.pack("<I", len(writer.values))
    out += b"".join(struct.pack("<HBB", len(value), kind, 0) for kind, value in writer.values)
    return out + b"".join(value for _, value in writer.values) + b"\0"
