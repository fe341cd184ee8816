"""Where something stands in a message: the path that a report names, and its line in the XML.

Neither is kept in the model: only a finding needs them, so they are worked out from the bytes when one is made.
"""

from collections.abc import Sequence
from typing import Any

from replay.syncml import wbxml, xml
from replay.syncml.elements import name_of
from replay.syncml.lenient import repair
from replay.syncml.model import Message
from replay.syncml.names import COMMANDS


class Place:
    """A place in a message, found by walking from SyncML's root: first along child places, then by names."""

    def __init__(self, message: Message, node: Any, path: str) -> None:
        self._message = message
        self._node = node
        self.path = path

    @property
    def line(self) -> int | None:
        """The line in the message's XML, from 1; None for WBXML, which has no lines."""
        if self._message.form != "xml":
            return None
        return int(self._node.sourceline) + _skipped_lines(self._message.raw)


def _root(message: Message) -> Any:
    """The root element that the message was read from."""
    if message.form == "wbxml":
        return xml.parse(wbxml.to_xml(wbxml.decode(message.raw)))
    return xml.parse(repair(message.raw)[0] if message.repairs else message.raw)


def _skipped_lines(raw: bytes) -> int:
    return raw[: len(raw) - len(raw.lstrip(b" \t\r\n"))].count(b"\n")


def locate(message: Message, places: Sequence[int] = (), tail: Sequence[str | tuple[str, int]] = ()) -> Place:
    """The place of a command (as `Message.walk` numbers it) and of something below it.

    `tail` is a list of element names, or of (name, number from 1). Where the message has no such element, the place is
    that of the nearest element above it: what is missing has no line of its own.
    """
    node: Any = _root(message)
    steps: list[str] = []
    first: list[str | tuple[str, int]] = ["SyncBody"] if places else []
    for name in first:
        node, step = _by_name(node, name)
        steps.append(step)
    for place in places:
        node, step = _by_place(node, place)
        steps.append(step)
    for name in tail:
        below, step = _by_name(node, name)
        if below is None:
            break
        node = below
        steps.append(step)
    return Place(message, node, "/".join(steps))


def _local(node: Any) -> str:
    return str(node.tag).rpartition("}")[2]


def _named(parent: Any, name: str) -> list[Any]:
    """The children that the reader takes for ones of this name: those that are SyncML's, in Meta those of any namespace (UNE004).
    Where there is none, those that are called so and somebody else's."""
    alike = [child for child in parent if _local(child) == name]
    if _local(parent) == "Meta":
        return alike
    return [child for child in alike if name_of(child) == name] or alike


def _step(parent: Any, node: Any) -> str:
    name = _local(node)
    same = _named(parent, name)
    return name if len(same) == 1 else f"{name}[{same.index(node) + 1}]"


def _by_place(node: Any, place: int) -> tuple[Any, str]:
    child = [child for child in node if name_of(child) in COMMANDS][place]
    return child, _step(node, child)


def _by_name(node: Any, wanted: str | tuple[str, int]) -> tuple[Any, str]:
    name, number = (wanted, 1) if isinstance(wanted, str) else wanted
    same = _named(node, name)
    if len(same) < number:
        return None, name
    return same[number - 1], _step(node, same[number - 1])
