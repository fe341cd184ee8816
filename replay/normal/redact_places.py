"""What a redaction makes of each text of a message: by its place where that is in the identity table, else by what is in it.

Messages in XML and in WBXML are both read as elements and runs: a run is the text between two tags. What rules read (numbers of
messages and commands, codes, types, the nodes of the tree) stays.
"""

import re
from collections.abc import Mapping
from typing import Final, Protocol

from replay.normal.identities import Identity, Redaction, Role, identity_at, named_identity, node_identity
from replay.normal.masks import volatile_kind
from replay.normal.redact_looks import Looks
from replay.normal.redact_sweep import blanked
from replay.normal.redact_words import is_protocol
from replay.syncml.names import LEAVES, STAYS

#: Elements whose short texts number, refer, count or name a form; they say nothing of anybody.
_PROTECTED: Final = frozenset(
    {
        "VerDTD", "VerProto", "SessionID", "MsgID", "CmdID", "MsgRef", "CmdRef", "Cmd", "Format", "Mark", "Size", "MaxMsgSize",
        "MaxObjSize", "Version",
    }
)  # fmt: skip
_SHORT: Final = 8
#: So many names of a path are known; places are told by its end.
_PATH: Final = 6
_HARMLESS: Final = re.compile(r"[0-9]{1,4}|\./[\w%./-]*")
_DEFECTS: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffc\ufffe\uffff]")
_NAMESPACE: Final = ("xmlns", "xml:", "xsi:")


class Element:
    """An element that is open, or was: its name without prefix, what is above it, its attributes, and the texts of its children
    and their children (`Target/LocURI`) as far as they were read."""

    __slots__ = ("above", "attributes", "inside", "item", "name", "names", "texts")

    def __init__(self, name: str, above: "Element | None", attributes: Mapping[str, str] | None = None) -> None:
        self.name = name
        self.above = above
        self.attributes = attributes or {}
        self.names: tuple[str, ...] = (
            *(above.names[-_PATH + 1 :] if above else ()),
            *(() if name == "SyncML" else (name,)),
        )
        self.texts: dict[str, str] = {}
        self.inside: bool = above is not None and (above.inside or (above.name == "Data" and above.in_item))
        self.item: Element | None = self if name == "Item" else above.item if above else None
        if above is not None:
            above.texts.setdefault(name, "")

    @property
    def in_item(self) -> bool:
        """Whether it is a part of an item."""
        return self.above is not None and self.above.name == "Item"

    def read(self, text: str) -> None:
        """Notes its text with the elements above it."""
        above = self.above
        if above is not None:
            above.texts[self.name] = above.texts.get(self.name) or text.strip()
            if above.above is not None:
                above.above.texts.setdefault(f"{above.name}/{self.name}", text.strip())


class Run(Protocol):
    """A text in a message: where it stands, what it says, and how it is made to say something else."""

    element: Element

    @property
    def text(self) -> str:
        """What it says."""

    def say(self, new: str) -> None:
        """Writes another text in its place."""


class Places:
    """Redacts the runs of one message. `sender` is `device` or `server`; `syncml` says whether it is SyncML; what is not `sure`,
    because the message cannot be read as a whole, is blanked where nothing is known of it."""

    def __init__(self, looks: Looks, sender: str, *, syncml: bool, sure: bool) -> None:
        self._looks = looks
        self._sender = sender
        self._syncml = syncml
        self._sure = sure

    def redact(self, run: Run) -> None:
        """Redacts a run in its place."""
        text = run.text
        run.say(_with_defects(text, self._treated(run.element, text)))

    def _treated(self, element: Element, text: str) -> str:
        bare = text.strip()
        if not bare:
            return text
        path = "/".join(element.names)
        row, place = self._row(element, path)
        if row is not None and row.redaction is not Redaction.KEPT:
            return self._looks.values.whole(row, text, place)
        if len(bare) < _SHORT and (row is not None or self._is_protected(element)):
            return text
        if element.name in ("TargetRef", "SourceRef") and self._syncml:
            return self._reference(text, path)
        if element.name == "LocURI" and self._syncml and not element.inside:
            return self._looks.loc_uri(text, path)
        if self._names_device(element, bare):
            return text.replace(bare, self._looks.values.device(bare, path), 1)
        if element.name == "Data" and element.in_item and element.item is not None:
            text = self._looks.piece(text, _uri_of(element.item), more="MoreData" in element.item.texts)
        return self._free(text, place)

    def attribute(self, name: str, value: str, beside: Mapping[str, str]) -> str:
        """What the value of an attribute becomes; `beside` are all attributes of its tag, names in lower case."""
        lower = name.lower()
        if lower.startswith(_NAMESPACE) or not value.strip():
            return value
        named = beside.get("name", "") if lower == "value" else lower
        row = named_identity(named.rpartition(":")[2])
        if row is not None and row.redaction is not Redaction.KEPT:
            return _with_defects(value, self._looks.values.whole(row, value, f"@{named}"))
        if volatile_kind(value) == "thumbprint":
            return self._looks.table.of(Role.CERTIFICATE, value, f"@{lower}")
        return self._free(value, f"@{lower}")

    def loose(self, text: str) -> str:
        """What becomes of a text inside a tag that is no attribute, as in messages that are not well-formed."""
        if not any(char.isalnum() for char in text):
            return text
        return self._free(text, "@")

    def aside(self, text: str) -> str:
        """What a comment, a processing instruction or a text outside of every element becomes: nobody reads it, so that nothing
        of it is kept."""
        return blanked(text)

    def _free(self, text: str, place: str) -> str:
        made = self._looks.free(text, place)
        bare = text.strip()
        return made if self._sure or _is_harmless(bare) else self._looks.alone(text)

    def _row(self, element: Element, path: str) -> tuple[Identity | None, str]:
        """The row of the identity table for a text, and the place that it stands in, as patterns see it."""
        if not self._syncml or element.inside:
            row = named_identity(element.name)
            if row is None and element.above is not None:  # <ContextItem Name="DeviceID"><Value>…
                row = named_identity(element.above.attributes.get("name", ""))
            return row, path
        if element.name == "Data" and element.in_item and element.item is not None:
            uri = _uri_of(element.item)
            if not uri:
                return None, path
            row = node_identity(uri, self._sender)
            return (row if row is not None else named_identity(uri.rstrip("/").rpartition("/")[2])), uri
        return identity_at(path, self._sender), path

    def _is_protected(self, element: Element) -> bool:
        if not self._syncml or element.inside or element.above is None:
            return False
        return element.name in _PROTECTED or (element.name == "Data" and element.above.name in ("Status", "Alert"))

    def _reference(self, text: str, path: str) -> str:
        bare = text.strip()
        known = self._looks.table.known(bare)
        if known is not None and known.role is Role.DEVICE:
            return text.replace(bare, self._looks.values.device(bare, path), 1)
        url = self._looks.values.url(bare, path)
        return self._looks.loc_uri(text, path) if url is None else text.replace(bare, url, 1)

    def _names_device(self, element: Element, bare: str) -> bool:
        """Whether an item's Data is a device's id, however short: the normal form takes it for one as well."""
        if not self._syncml or element.name != "Data" or not element.in_item or bare == LEAVES or bare in STAYS:
            return False
        known = self._looks.table.known(bare)
        return known is not None and known.role is Role.DEVICE


def _uri_of(item: Element) -> str:
    """The node that an item is about: its Target, else its Source; of an alert without either its Type."""
    texts = item.texts
    return texts.get("Target/LocURI") or texts.get("Source/LocURI") or texts.get("Meta/Type", "")


def _with_defects(text: str, made: str) -> str:
    """A text with what no message may have left in its place: bytes that are no text, characters that XML has not, entities that
    nobody declared. They are what is wrong with the message, and it has to stay wrong."""
    if len(made) != len(text) or not _DEFECTS.search(text):
        return made
    return "".join(one if _DEFECTS.match(one) else other for one, other in zip(text, made, strict=True))


def _is_harmless(bare: str) -> bool:
    return bool(_HARMLESS.fullmatch(bare)) or is_protocol(bare) or named_identity(bare) is not None
