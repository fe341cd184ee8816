"""Bodies of every form redacted: SyncML in XML and WBXML, enrolment requests, envelopes; and proof that what could be read can be
read, and what could not cannot."""

import hashlib
import re
import secrets
from collections import OrderedDict
from typing import Final, TypeVar

from msgspec import Struct

from replay.normal.redact_looks import Looks
from replay.normal.redact_places import Places
from replay.normal.redact_sweep import Sweep, blanked
from replay.normal.redact_table import Table
from replay.normal.redact_wbxml import redact_wbxml
from replay.normal.redact_xml import encoding_of, redact_bytes, redact_text, root_of
from replay.syncml import xml
from replay.syncml.errors import UnreadableMessageError
from replay.syncml.names import COMMANDS
from replay.syncml.read import is_enveloped, read
from replay.syncml.wbxml_encode import VERSIONS

#: The object identifier by which an envelope is known (1.2.840.113549.1.7), and what stands behind it.
_ENVELOPE: Final = re.compile(rb"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07.", re.DOTALL)
_SYNCML: Final = frozenset({"SyncML", "SyncHdr", "SyncBody", *COMMANDS})
_SOAP: Final = "Envelope"
_FORM: Final = re.compile(rb"[\w.%+*~$-]{1,100}=[^\s<>{]*")
_ROUNDS: Final = 4
#: Bodies that are remembered as they were redacted, and what is known of bodies.
_REMEMBERED, _REMEMBERED_READINGS = 256, 100_000
_K = TypeVar("_K")
_V = TypeVar("_V")


class RedactionError(Exception):
    """Something that could not be redacted: names the place, never the value."""


class _Read(Struct, frozen=True):
    """What is known of a body: the name of its root, whether its structure is certain, and whether it can be read as a message."""

    root: str
    sure: bool
    readable: bool


class Bodies:
    """Redacts bodies. The same bytes from the same sender become the same: by that a message that was sent again is known."""

    def __init__(self, table: Table) -> None:
        self._sweep = Sweep(table)
        self.looks = Looks(table, self._sweep, self._document)
        self._key = secrets.token_bytes(32)
        self._done: OrderedDict[tuple[str, bytes], bytes] = OrderedDict()
        self._read: OrderedDict[bytes, _Read] = OrderedDict()
        self.final = False

    def refresh(self) -> None:
        """From now on values that are new in the table are found everywhere."""
        self._sweep.refresh()
        self.looks.forget()

    def body(self, body: bytes, sender: str, place: str) -> bytes:
        """A body redacted. Raises RedactionError where that cannot be done."""
        if not body:
            return body
        digest = hashlib.sha256(body).digest()
        key = (sender, digest)
        if not self.final:
            return self._done.get(key) or self._redacted(body, sender, self._known(body, digest))
        if key not in self._done:
            known = self._known(body, digest)
            made = self._clean(self._redacted(body, sender, known), place)
            if made != body and _can_be_read(made) != known.readable:
                raise RedactionError(f"{place}: cannot be redacted without changing how it is read; it is not written")
            self._done[key] = made
            _shorten(self._done, _REMEMBERED)
        self._done.move_to_end(key)
        return self._done[key]

    def _known(self, body: bytes, digest: bytes) -> _Read:
        if digest not in self._read:
            self._read[digest] = _reading(body)
            _shorten(self._read, _REMEMBERED_READINGS)
        return self._read[digest]

    def checked(self, text: str, place: str) -> str:
        """A text that is about to be written, without any known value. Raises RedactionError where one cannot be got rid of."""
        if not self.final:
            return text
        for _ in range(_ROUNDS):
            if not self._sweep.leaves(text):
                return text
            text = self._sweep.cleaned(text)
        raise RedactionError(f"{place}: a value that is to be replaced comes back; it is not written")

    def _clean(self, body: bytes, place: str) -> bytes:
        return self.checked(body.decode("latin-1"), place).encode("latin-1", "replace")

    def _redacted(self, body: bytes, sender: str, known: _Read) -> bytes:
        if is_enveloped(body):
            return self._filled(body)
        places = Places(self.looks, sender, syncml=known.root in _SYNCML, sure=known.sure)
        if body[0] in VERSIONS:
            return redact_wbxml(body, places)
        return redact_bytes(body, places) if b"<" in body else self._no_markup(body)

    def _no_markup(self, body: bytes) -> bytes:
        """A form, JSON, or anything else: of that nothing is kept but its length."""
        try:
            text = body.decode("utf-8")
        except UnicodeDecodeError:
            return self._filled(body)
        if _FORM.fullmatch(body):
            return self.looks.values.query(text, "form").encode()
        if text.lstrip()[:1] in ("{", "["):
            return self.looks.free(text, "json").encode()
        return blanked(text).encode()

    def _filled(self, body: bytes) -> bytes:
        """Bytes that say nothing, as many, and the same for the same; by which an envelope is known stays."""
        found = _ENVELOPE.search(body[:80])
        head = body[: found.end()] if found and is_enveloped(body) else b""
        return head + hashlib.shake_256(self._key + body).digest(len(body) - len(head))

    def _document(self, text: str, place: str) -> str:
        """A document within a text."""
        syncml = root_of(text.encode("utf-8", "replace")) in _SYNCML
        return redact_text(text, Places(self.looks, "device", syncml=syncml, sure=True))


def _can_be_read(body: bytes) -> bool:
    try:
        read(body)
    except UnreadableMessageError:
        return False
    return True


def _reading(body: bytes) -> _Read:
    """What a body is: its structure is certain where it is well-formed, or can be repaired, and is of a kind that is known."""
    readable = _can_be_read(body)
    if body[0] in VERSIONS:
        return _Read("SyncML", readable, readable)
    root = root_of(body)
    sure = encoding_of(body)[1] is not None and (readable or _is_well_formed(body, root))
    return _Read(root, sure, readable)


def _is_well_formed(body: bytes, root: str) -> bool:
    try:
        if root == "SyncML":
            read(body, lenient=True)
        elif root in _SYNCML or root == _SOAP:
            xml.parse(body)
        else:
            return False
    except UnreadableMessageError:
        return False
    return True


def _shorten(remembered: OrderedDict[_K, _V], most: int) -> None:
    while len(remembered) > most:
        remembered.popitem(last=False)
