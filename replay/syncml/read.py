"""One way in: bytes to a message, whichever form they are in; and what can be said of bytes without reading them."""

import re
from typing import Final

from msgspec import structs

from replay.syncml import wbxml, xml
from replay.syncml.elements import from_root
from replay.syncml.errors import UnreadableMessageError
from replay.syncml.model import Message
from replay.syncml.shaped import Shape, Shapes

_ROOT: Final = re.compile(rb"<(?:[A-Za-z_][\w.-]*:)?SyncML[\s>/]")
_WBXML_VERSIONS: Final = (0x01, 0x02, 0x03)
#: Public ids of SyncML in WBXML: 1.2 and 1.1 (facts D), as multi-byte integers.
_WBXML_PUBLIC: Final = (b"\xa4\x01", b"\x9f\x53")
#: The object identifier of PKCS#7 (1.2.840.113549.1.7), as it stands near the start of a signed or enveloped body.
_PKCS7: Final = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07"
_HEAD: Final = 2048
#: The shapes of messages that this process has seen.
_SHAPES: Final = Shapes()


def looks_like_wbxml(body: bytes) -> bool:
    """Whether the bytes begin as SyncML in WBXML does: a WBXML version, then SyncML's public id or its text."""
    if len(body) < 4 or body[0] not in _WBXML_VERSIONS:
        return False
    if body[1:3] in _WBXML_PUBLIC:
        return True
    return body[1] == 0 and b"SYNCML" in body[:_HEAD].upper()


def looks_like_syncml(body: bytes) -> bool:
    """Whether the bytes seem to be SyncML, well-formed or not: a root of that name near the start, or WBXML's head."""
    head = body.lstrip(b" \t\r\n")[:_HEAD].replace(b"\0", b"")  # UTF-16, with its mark or without
    return bool(_ROOT.search(head)) or looks_like_wbxml(body)


def is_enveloped(body: bytes) -> bool:
    """Whether the bytes are a PKCS#7 envelope or signature (MDM 3.1.7.2), whose inside cannot be read."""
    return body[:1] == b"\x30" and _PKCS7 in body[:64]


def read(body: bytes, *, lenient: bool = False) -> Message:
    """A message from its bytes, XML or WBXML; `lenient` repairs XML as document samples have it, and says what it repaired.

    Raises UnreadableMessageError, which says where and why.
    """
    return read_with_shape(body, lenient=lenient)[0]


def read_with_shape(body: bytes, *, lenient: bool = False) -> tuple[Message, Shape | None]:
    """A message as `read` gives it, and its shape, where that was learned."""
    if not body:
        raise UnreadableMessageError("an empty body where a SyncML message was expected", offset=0)
    if body[0] not in _WBXML_VERSIONS:
        return _SHAPES.read(body) or (xml.read(body, lenient=lenient), None)
    text = wbxml.to_xml(wbxml.decode(body))
    message, shape = _SHAPES.read(text, body) or (from_root(xml.parse(text), body), None)
    return structs.replace(message, form="wbxml", declared=None), shape


def source_of(body: bytes) -> str | None:
    """The LocURI of the Source of an XML message, where that can be told at a glance and `read` is sure to read the message; None
    where it cannot, whatever the message is."""
    return _SHAPES.source(body) if body and body[0] not in _WBXML_VERSIONS else None
