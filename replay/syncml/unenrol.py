"""How an unenrolment is recognised in a message: the server's Exec and the device's alert.

The recognition is wider than what is right, so that a wrong one is judged and not overlooked (rules UNE004, UNE015 and UNE016);
it never takes another vendor's alert, a firmware update's `.userrequest`, or LinkedEnrollment for an unenrolment.
"""

import re
from collections.abc import Iterator
from typing import Final

from msgspec import Struct

from replay.syncml.model import Alert, Exec, Item, Leaf, Message
from replay.syncml.names import GENERIC_ALERT, LEAVES, STAYS, UNENROL_TYPE

#: DMClient/Unenroll or DMClient/Provider/ID/Unenroll under any root (DMC, DDF). LinkedEnrollment/Unenroll is not one.
_UNENROLL_NODE: Final = re.compile(r"(?:^|/)DMClient/(?:Provider/[^/]*/)?Unenroll/?$")


class UnenrolExec(Struct, frozen=True):
    """An Exec on an Unenroll node: the command, the item that addresses the node, and the places that lead there."""

    command: Exec
    item: Item
    target: str
    place: tuple[int, ...]


class UnenrolAlert(Struct, frozen=True):
    """A generic alert of the unenrolment type: the command, its item (numbered from 1) and the places that lead there."""

    command: Alert
    item: Item
    item_number: int
    place: tuple[int, ...]

    @property
    def data(self) -> str | None:
        """Data of the item, as it stands; with the elements in it, where there are any."""
        inside = "".join(f"<{each.name}>{each.tail}" for each in self.item.embedded)
        return self.item.data + inside if self.item.data is not None else None

    @property
    def enrolment_stays(self) -> bool:
        """Whether the alert says that the directory unjoin failed: the device remains enrolled (facts A1.5)."""
        return self.data in STAYS

    @property
    def type(self) -> Leaf | None:
        """Type of the item, as it stands."""
        return self.item.meta.type if self.item.meta else None

    @property
    def type_beside(self) -> Leaf | None:
        """Type in the Meta of the Alert itself, where the item has none: the wrong place for it (DMP 8.7.1)."""
        return self.command.meta.type if self.type is None and self.command.meta else None

    @property
    def format(self) -> Leaf | None:
        """Format of the item, as it stands; beside the item where its Type is."""
        if self.type_beside is not None and self.command.meta and not (self.item.meta and self.item.meta.format):
            return self.command.meta.format
        return self.item.meta.format if self.item.meta else None


def is_unenroll_node(uri: str | None) -> bool:
    """Whether a LocURI addresses a DMClient Unenroll node (DMC), under whatever root."""
    return bool(uri) and bool(_UNENROLL_NODE.search(uri or ""))


def execs(message: Message) -> Iterator[UnenrolExec]:
    """Every Exec Unenroll of a message, those inside Atomic and Sequence too."""
    for place, command in message.walk():
        if isinstance(command, Exec):
            for item in command.items:
                if item.target and item.target.uri and is_unenroll_node(item.target.uri):
                    yield UnenrolExec(command, item, item.target.uri, place)


def alerts(message: Message) -> Iterator[UnenrolAlert]:
    """Every unenrolment alert of a message, one of a wrong Type (rule UNE004) included."""
    for place, command in message.walk():
        if isinstance(command, Alert) and command.code == GENERIC_ALERT:
            for number, item in enumerate(command.items, 1):
                if _is_unenrolment(item, command):
                    yield UnenrolAlert(command, item, number, place)


def _is_unenrolment(item: Item, alert: Alert) -> bool:
    """Whether an item of a generic alert is the unenrolment's. A Type in the Meta of the Alert itself is in the wrong place, and
    counts where the item has none."""
    kinds = [
        meta.type.text.strip() for meta in (item.meta, alert.meta) if meta and meta.type and meta.type.text.strip()
    ]
    if kinds:
        return kinds[0].casefold() == UNENROL_TYPE
    return item.data == LEAVES or item.data in STAYS
