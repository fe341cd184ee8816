"""The values of a message in the normal form, each with its path and with what it is about: what a noise profile speaks of.

A path alone does not say which value is meant: `SyncBody/Replace/Item/Data` is the model here and the language there. What it is
about does: the LocURI of its item, or the Type of an alert.
"""

from collections.abc import Iterable, Iterator, Sequence

from msgspec import Struct

from replay.normal.nodes import Node
from replay.syncml.names import COMMANDS, UNENROL_TYPE
from replay.syncml.unenrol import is_unenroll_node


class Leaf(Struct, frozen=True):
    """A value: its path with numbers, the LocURI of the item (of an alert the Type) that it is in, and what it says. `letter` is
    true of the Data of an unenrolment, its alert and its Exec, which never is noise (facts C)."""

    path: str
    about: str
    value: str
    letter: bool = False


def steps(children: Sequence[Node]) -> list[str]:
    """The steps of paths that lead to these elements: their names, numbered where there are several of one."""
    counts: dict[str, int] = {}
    for child in children:
        counts[child.name] = counts.get(child.name, 0) + 1
    seen: dict[str, int] = {}
    found = []
    for child in children:
        seen[child.name] = seen.get(child.name, 0) + 1
        found.append(f"{child.name}[{seen[child.name]}]" if counts[child.name] > 1 else child.name)
    return found


def element_at(node: Node, *names: str) -> Node | None:
    """The first element below a node along these names; None where there is none."""
    for name in names:
        found = next((child for child in node.children if child.name == name), None)
        if found is None:
            return None
        node = found
    return node


def text_at(node: Node, *names: str) -> str:
    """What it says: its text, or the sign in its place; nothing where there is none."""
    found = element_at(node, *names)
    return "" if found is None else found.sign or found.text or ""


def leaves(root: Node | None, headers: Iterable[tuple[str, str]] = ()) -> Iterator[Leaf]:
    """Every value of a message (None: of one that was not read), and of its headers, which have their paths already."""
    for path, value in headers:
        yield Leaf(path, "", value)
    if root is not None:
        for child, step in zip(root.children, steps(root.children), strict=True):
            yield from _below(child, step, None, Leaf("", "", ""))


def _below(node: Node, path: str, command: Node | None, around: Leaf) -> Iterator[Leaf]:
    """The values in an element; `command` is the one that it is in, `around` what is known from its item."""
    if node.name in COMMANDS and "/Item" not in path:
        command = node
    if node.name == "Item" and command is not None:
        around = _item(node, command)
    if not node.children:
        yield Leaf(path, around.about, node.sign or node.text or "", around.letter)
        return
    for child, step in zip(node.children, steps(node.children), strict=True):
        yield from _below(child, f"{path}/{step}", command, around)


def _item(item: Node, command: Node) -> Leaf:
    """What an item is about, and whether it is an unenrolment's. An alert that does not say its Type may be one (UNE004)."""
    uri = text_at(item, "Target", "LocURI") or text_at(item, "Source", "LocURI")
    if command.name != "Alert":
        return Leaf("", uri, "", command.name == "Exec" and is_unenroll_node(uri))
    kinds = [kind for kind in (text_at(item, "Meta", "Type"), text_at(command, "Meta", "Type")) if kind.strip()]
    letter = not kinds or any(kind.strip().casefold() == UNENROL_TYPE for kind in kinds)
    return Leaf("", kinds[0] if kinds else "", "", letter)
