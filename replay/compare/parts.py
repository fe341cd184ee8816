"""What two commands (or headers) that belong together are made of, side by side; DeepDiff finds the values that differ.

Items are paired by their URI, other elements by their names; then both sides become plain dictionaries in which what was paired
has the same key. DeepDiff never sees more than that: one pair of commands.
"""

from collections.abc import Hashable, Iterable, Iterator
from operator import itemgetter
from typing import Any, Final

from msgspec import Struct

from replay.compare.aliases import Aliases
from replay.compare.changes import Change, Class, Kind
from replay.compare.commands import uri_of
from replay.compare.sequence import align, rows
from replay.compare.shapes import Mark, digest_of, is_answer, mark_of, shape_of
from replay.normal.leaves import steps
from replay.normal.nodes import Node
from replay.syncml.names import METINF

#: So many elements within each other are looked into: the time that DeepDiff takes grows with the square of their number.
_DEEPEST: Final = 16
#: Names of ids and references: what is odd about them is a matter of what can be referred to.
_IDS: Final = frozenset({"SessionID", "MsgID", "CmdID", "MsgRef", "CmdRef"})
_NAMESPACE: Final = "@xmlns"
_TEXT: Final = "#"
#: Where a change stands in a pairing: at which element; its namespace and attributes by their names, behind the element itself.
_Place = tuple[tuple[int, ...], bool, str]


class Side(Struct, frozen=True):
    """An element of one side: its path, and the namespace that it is in."""

    node: Node
    path: str
    namespace: str


class Part(Struct, frozen=True):
    """An element beside its counterpart, and what is in them."""

    one: Side | None
    other: Side | None
    moved: bool = False
    parts: "tuple[Part, ...]" = ()


def pair_up(one: Side, other: Side, depth: int = 0) -> Part:
    """Two elements that belong together, and everything in them; what is deeper than any message needs stays whole."""
    if depth == _DEEPEST:
        return Part(one, other)
    mine, theirs = _children(one), _children(other)
    if len(mine) == len(theirs) == 1 and mine[0].node.name == theirs[0].node.name:
        return Part(one, other, parts=(pair_up(mine[0], theirs[0], depth + 1),))

    shapes = [[shape_of(each.node) for each in side] for side in (mine, theirs)]

    def likeness(here: int, there: int) -> float:
        return float(mine[here].node.name == theirs[there].node.name)

    exact = lambda place: shapes[0][place][0], lambda place: shapes[1][place][0]
    loose = lambda place: _key(mine[place].node), lambda place: _key(theirs[place].node)
    order = shape_of(one.node)[0], shape_of(other.node)[0]
    alignment = align([exact, loose], (len(mine), len(theirs)), likeness, order=order)
    moved = set(alignment.moved)
    parts = []
    for here, there in rows(alignment, (len(mine), len(theirs))):
        if here is None or there is None:
            parts.append(Part(None if here is None else mine[here], None if there is None else theirs[there]))
            continue
        same = shapes[0][here][0] == shapes[1][there][0] and not shapes[0][here][1]
        inner = () if same else pair_up(mine[here], theirs[there], depth + 1).parts
        parts.append(Part(mine[here], theirs[there], (here, there) in moved, inner))
    return Part(one, other, parts=tuple(parts))


def _key(node: Node) -> Hashable:
    return node.name, uri_of(node)


def _children(side: Side) -> list[Side]:
    within = METINF if side.node.name == "Meta" and side.namespace.upper().startswith("SYNCML:") else side.namespace
    prefix = f"{side.path}/" if side.path else ""
    return [
        Side(child, prefix + step, child.namespace if child.namespace is not None else within)
        for child, step in zip(side.node.children, steps(side.node.children), strict=True)
    ]


def aliases_in(part: Part) -> Iterator[tuple[Mark, Mark]]:
    """The aliases that stand beside each other."""
    if part.one is None or part.other is None:
        return
    for each in part.parts:
        yield from aliases_in(each)
    if not part.parts:
        yield from zip(shape_of(part.one.node)[1], shape_of(part.other.node)[1], strict=False)


def changes_in(part: Part, aliases: Aliases) -> list[Change]:
    """What differs between two elements that belong together, in order."""
    one, other = _plain(part, aliases)
    found: list[tuple[_Place, Change]] = [((at, False, ""), _moved(each)) for at, each in _moves(part, ())]
    if one != other:
        from deepdiff import DeepDiff  # takes longer to import than most comparisons take

        different = DeepDiff(one, other, view="tree", threshold_to_diff_deeper=0, verbose_level=0)
        for level in (level for levels in different.values() for level in levels):
            keys = level.path(output_format="list")
            at = tuple(key for key in keys if isinstance(key, int))
            name = keys[-1] if keys and isinstance(keys[-1], str) else None
            place = at, name not in (None, _TEXT), name or ""  # DeepDiff's own order is another in every process
            found.append((place, _change(_at(part, at), name, aliases)))
    return [change for _, change in sorted(found, key=itemgetter(0))]


def _plain(part: Part, aliases: Aliases) -> tuple[Any, Any]:
    """Both sides, each as a dictionary of what is in it, by its place in the pairing; None where there is no such side. What is
    equal is left out: DeepDiff has nothing to find in it."""
    one, other = (_itself(part, aliases, second=second) for second in (False, True))
    for place, each in enumerate(part.parts):
        mine, theirs = _plain(each, aliases)
        if mine != theirs:
            one[place], other[place] = mine, theirs
    return one, other


def _itself(part: Part, aliases: Aliases, *, second: bool) -> Any:
    """One side without what is in it. Of texts there are digests alone: DeepDiff would look for lines in them."""
    side = part.other if second else part.one
    if side is None:
        return None
    content: object = _value(side.node, aliases, second=second)
    if side.node.children and not part.parts:  # it stays whole, and is no text that is written like it
        digest, marks = shape_of(side.node)
        content = digest, [aliases.name(mark, second=second) for mark in marks]
    found: dict[str | int, Any] = {_TEXT: digest_of(content).hex(), _NAMESPACE: side.node.namespace}
    return found | {f"@{name}": digest_of(value).hex() for name, value in side.node.attributes}


def _value(node: Node, aliases: Aliases, *, second: bool) -> str:
    """A text, marked as one; or the sign in its place."""
    mark = mark_of(node.sign)
    if mark is not None:
        return aliases.name(mark, second=second)
    return node.sign if node.sign is not None else f"={node.text or ''}"


def _at(part: Part, keys: Iterable[int]) -> Part:
    for key in keys:
        part = part.parts[key]
    return part


def _moves(part: Part, at: tuple[int, ...]) -> Iterator[tuple[tuple[int, ...], Part]]:
    for place, each in enumerate(part.parts):
        if each.moved:
            yield (*at, place), each
        yield from _moves(each, (*at, place))


def _moved(part: Part) -> Change:
    one, other = part.one.path if part.one else None, part.other.path if part.other else None
    return Change(kind=Kind.MOVED, of=Class.SEQUENCE, expected_path=one, actual_path=other, expected=one, actual=other)


def _change(part: Part, name: str | None, aliases: Aliases) -> Change:
    """The change that DeepDiff found at a part: of an attribute or the namespace where `name` says so, else of its text, or of
    all of it where one side has no such part."""
    found = []
    for side, second in ((part.one, False), (part.other, True)):
        path = value = None
        if side is not None:
            value = _shown(part, side, name, aliases, second=second)
            path = side.path if name in (None, _TEXT) else f"{side.path}/{name}".lstrip("/")
        found.append((path, value))
    (path, expected), (other_path, actual) = found
    kind = Kind.CHANGED
    if expected is None or actual is None:
        kind = Kind.ADDED if expected is None else Kind.REMOVED
        path, other_path = (path if expected is not None else None), (other_path if actual is not None else None)
    return Change(
        kind=kind,
        of=_class(part, name),
        expected_path=path,
        actual_path=other_path,
        expected=expected,
        actual=actual,
    )


def _shown(part: Part, side: Side, name: str | None, aliases: Aliases, *, second: bool) -> str | None:
    if name == _NAMESPACE:
        return side.namespace
    if name not in (None, _TEXT):
        return dict(side.node.attributes).get((name or "")[1:])
    if side.node.children and not part.parts:
        return markup(side.node)
    alone = part.one is None or part.other is None
    if alone and not side.node.sign and not side.node.text:
        return markup(side.node)  # an empty text would not be seen to be an element
    return _value(side.node, aliases, second=second).removeprefix("=")


def _class(part: Part, name: str | None) -> Class:
    side = part.one or part.other
    steps_ = [step.partition("[")[0] for step in side.path.split("/")] if side else [""]
    if steps_[-1] in _IDS:
        return Class.REFERENCE
    if name == _NAMESPACE:
        return Class.STRUCTURE
    if steps_[-2:] == ["Status", "Data"] and name in (None, _TEXT):
        return Class.STATUS
    return Class.STRUCTURE if name is None else Class.VALUE


def markup(node: Node) -> str:
    """An element of the normal form on one line, as XML is written, without namespaces that are as expected."""
    if is_answer(node):
        return f"<CmdRef>{node.sign}</CmdRef>"
    head = node.name if node.namespace is None else f'{node.name} xmlns="{node.namespace}"'
    head += "".join(f' {name}="{value}"' for name, value in node.attributes)
    inside = (node.sign or node.text or "") + "".join(markup(child) for child in node.children)
    return f"<{head}>{inside}</{node.name}>" if inside else f"<{head}/>"
